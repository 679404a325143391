#pragma once

#include <string>
#include <vector>

#include "services/command_line/command_line.h"

namespace entente::cli {

// One command with everything below it.
struct CommandEntry {
  std::string path, about;  // "entente peer add"
  std::vector<OptionEntry> options, arguments;
  std::vector<CommandEntry> commands;
  std::string name() const { return path.substr(path.rfind(' ') + 1); }
};

// The whole tree below `root`. Completion and man pages are made from this and from nothing else.
CommandEntry TreeOf(const Command& root);
// Every command of the tree, each before those below it.
std::vector<const CommandEntry*> Flat(const CommandEntry& root);

}  // namespace entente::cli
