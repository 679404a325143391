#include <memory>

#include "model/marking.h"
#include "services/entente/key_commands.h"

// Prekeys for who is reached by files alone (docs/formats/identity.md, Offline class).
namespace entente::cli {
namespace {

struct OfflineFlags {
  node::KeyChangeOptions options;
  std::string ceiling;
  bool end = false;
};

Exit RunOffline(const Invocation& invocation, OfflineFlags flags) {
  if (invocation.node.empty()) return AskForFolder();
  if (flags.end == !flags.ceiling.empty()) {
    return Fail(RejectReason::kUsage, "say up to which label files may be sealed to this node, or that none are any more",
                "give --ceiling LABEL or --end");
  }
  v1::Label ceiling = v1::LABEL_UNSPECIFIED;
  if (!flags.end) {
    const auto label = model::ParseLabel(flags.ceiling);
    if (!label.ok()) return Fail(label.status());
    ceiling = static_cast<v1::Label>(*label);
  }
  flags.options.folder = invocation.node;
  return TellChange(invocation, node::AnnounceOffline(flags.options, ceiling));
}

}  // namespace

void AddKeyOffline(Command family, Invocation& invocation) {
  Command command = family.AddCommand("offline", "Announce prekeys of 90 days, for who reaches this node by files alone");
  const auto flags = std::make_shared<OfflineFlags>();
  command.AddOption("--ceiling", flags->ceiling, "The strictest label that may be sealed to them").Kind("LABEL");
  command.AddFlag("--end", flags->end, "Announce none any more");
  AddKeystoreOptions(command, flags->options);
  command.OnChosen([&invocation, flags] {
    invocation.command = [&invocation, flags] { return RunOffline(invocation, *flags); };
  });
}

}  // namespace entente::cli
