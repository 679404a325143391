#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace entente::cli {

// One option or argument as the parser knows it.
struct OptionEntry {
  std::vector<std::string> names;  // "-n", "--last"; empty for an argument
  std::string argument;            // name of an argument: "FILE"
  std::string value;  // kind of its value: "FILE", "DIR", "PEER", "LABEL", "KIND", "TEXT"; empty for a flag
  std::vector<std::string> choices;  // where the values are a closed list
  std::string help, standard;        // standard: the default that the parser fills in
  bool required = false, repeats = false;
};

// One command with everything below it.
struct CommandEntry {
  std::string path, about;  // "entente peer add"
  std::vector<OptionEntry> options, arguments;
  std::vector<CommandEntry> commands;
  std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

// The whole tree below `app`. Completion and man pages are made from this and from nothing else.
CommandEntry TreeOf(const CLI::App& app);
// Every command of the tree, each before those below it.
std::vector<const CommandEntry*> Flat(const CommandEntry& root);

}  // namespace entente::cli
