#pragma once

#include <string>

#include "services/entente/command_tree.h"

namespace entente::cli {

// What a shell sources to complete `entente`: commands, options, closed lists of values, files, folders, and the names
// of parties on file, asked of the daemon with `entente completion peers`. Made from the tree alone.
std::string BashCompletion(const CommandEntry& root);
std::string ZshCompletion(const CommandEntry& root);
std::string FishCompletion(const CommandEntry& root);

}  // namespace entente::cli
