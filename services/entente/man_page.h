#pragma once

#include <string>

#include "services/entente/command_tree.h"

namespace entente::cli {

// The page of one command in the man macros, for section 1. `root` is the tree that it belongs to.
std::string ManPage(const CommandEntry& command, const CommandEntry& root);
// "entente-peer-add" for `entente peer add`; the file is that with ".1".
std::string PageName(const CommandEntry& command);

}  // namespace entente::cli
