#include <memory>

#include "services/entente/commands.h"
#include "services/entente/process.h"

namespace entente::cli {
namespace {

Exit RunRun(const Invocation& invocation, const std::string& passphrase_file) {
  if (invocation.node.empty()) {
    return Fail(RejectReason::kUsage, "no node is named", "give --node DIR or set ENTENTE_NODE");
  }
  return Fail(ExecDaemon(invocation.node, passphrase_file));
}

}  // namespace

void AddRun(Command app, Invocation& invocation) {
  Command command = app.AddCommand("run", "Run the node's daemon in the foreground");
  const auto passphrase_file = std::make_shared<std::string>();
  command.AddOption("--passphrase-file", *passphrase_file, "File with the passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  command.OnChosen([&invocation, passphrase_file] {
    invocation.command = [&invocation, passphrase_file] { return RunRun(invocation, *passphrase_file); };
  });
}

}  // namespace entente::cli
