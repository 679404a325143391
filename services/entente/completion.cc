#include <memory>

#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/completion_script.h"

namespace entente::cli {
namespace {

// For the scripts, at each press of the key: an answer or nothing, soon, and no words about it.
constexpr absl::Duration kKeyPatience = absl::Seconds(1);

Exit PrintPeerNames(const Invocation& invocation) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return ExitOf(client.status());
  const auto status = (*client)->Status(kKeyPatience);
  if (!status.ok()) return ExitOf(status.status());
  for (const v1::PeerStatus& peer : status->peers()) Print(Shown(peer.name()));
  return Exit::kOk;
}

}  // namespace

void AddCompletion(Command app, Invocation& invocation) {
  Command command = app.AddCommand("completion", "Print what makes a shell complete entente's command line");
  const auto what = std::make_shared<std::string>();
  command.AddOption("SHELL", *what, "The shell to print the script for; peers prints the names of parties on file")
      .OneOf({"bash", "zsh", "fish", "peers"})
      .Required();
  command.OnChosen([app, &invocation, what] {
    invocation.command = [app, &invocation, what] {
      if (*what == "peers") return PrintPeerNames(invocation);
      const CommandEntry root = TreeOf(app);
      PrintBytes(*what == "bash" ? BashCompletion(root) : *what == "zsh" ? ZshCompletion(root) : FishCompletion(root));
      return Exit::kOk;
    };
  });
}

}  // namespace entente::cli
