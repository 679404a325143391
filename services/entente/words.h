#pragma once

#include <string>
#include <vector>

namespace entente::cli {

inline constexpr auto kEndOfOptions = "--";

// The command line's words as the parser takes them; everything behind `--` stays as it is.
// `--wait` gets its value behind '=', the default where none was given; `--name=` becomes `--name` and an empty word,
// so that the empty value is seen and refused.
std::vector<std::string> PlainWords(const std::vector<std::string>& words);

// `help COMMAND ...` as `COMMAND ... --help`, where the word behind `help` is one of `commands`; else unchanged.
std::vector<std::string> HelpAsOption(std::vector<std::string> words, const std::vector<std::string>& commands);

}  // namespace entente::cli
