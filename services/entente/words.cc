#include "services/entente/words.h"

#include <algorithm>

#include "services/entente/publish_terms.h"

namespace entente::cli {
namespace {

bool IsNumber(const std::string& word) {
  return !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
}

// The first word from `at` on that is neither an option nor the value of --node.
size_t NextPlain(const std::vector<std::string>& words, size_t at) {
  while (at < words.size() && words[at].starts_with('-')) at += words[at] == "--node" ? 2 : 1;
  return std::min(at, words.size());
}

}  // namespace

std::vector<std::string> PlainWords(const std::vector<std::string>& words) {
  const auto end = std::find(words.begin(), words.end(), kEndOfOptions);
  std::vector<std::string> plain;
  for (auto word = words.begin(); word != end; ++word) {
    if (*word == "--wait") {
      const bool given = word + 1 != end && IsNumber(word[1]);
      plain.push_back("--wait=" + (given ? *++word : std::to_string(kWaitSeconds)));
    } else if (word->starts_with("--") && word->find('=') == word->size() - 1) {
      plain.push_back(word->substr(0, word->size() - 1));
      plain.emplace_back();
    } else {
      plain.push_back(*word);
    }
  }
  plain.insert(plain.end(), end, words.end());
  return plain;
}

std::vector<std::string> HelpAsOption(std::vector<std::string> words, const std::vector<std::string>& commands) {
  const size_t help = NextPlain(words, 0);
  if (help == words.size() || words[help] != "help") return words;
  const size_t topic = NextPlain(words, help + 1);
  if (topic == words.size()) return words;
  if (std::find(commands.begin(), commands.end(), words[topic]) == commands.end()) return words;
  words.erase(words.begin() + static_cast<std::ptrdiff_t>(help));
  words.emplace_back("--help");
  return words;
}

}  // namespace entente::cli
