#pragma once

#include "services/entente/commands.h"
#include "services/entented/key_change.h"

// What the commands that make the next version of the identity document have in common.
namespace entente::cli {

// Where the keystores are and what opens them.
void AddKeystoreOptions(Command command, node::KeyChangeOptions& options);
Exit AskForFolder();
Exit TellChange(const Invocation& invocation, const absl::StatusOr<node::KeyChangeFacts>& facts);

}  // namespace entente::cli
