#include <memory>

#include "services/entente/checks.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/process.h"
#include "services/entented/init_node.h"

namespace entente::cli {
namespace {

constexpr auto kUnknownNation = "ZZ";  // user-assigned in ISO 3166: "unknown"

struct InitFlags {
  node::InitOptions options;
  std::string root_cost = "sensitive";
};

std::string LoopbackAddress(uint16_t wanted) {
  return "127.0.0.1:" + std::to_string(PortIsFree(wanted) ? wanted : 0);
}

void PrintFacts(const node::InitFacts& facts) {
  std::vector<std::vector<std::string>> rows = {
      {"node", facts.name},
      {"organisation", facts.org_id},
      {"fingerprint", facts.fingerprint},
      {"card", facts.card_path},
      {"peer port", facts.peer_address.empty() ? "none: this node dials out only" : facts.peer_address},
      {"metrics", facts.metrics_listen.empty() ? "off" : "http://" + facts.metrics_listen + "/metrics"},
      {"passphrase", facts.passphrase_path + (facts.passphrase_made ? " (made at random; keep a copy elsewhere)" : "")},
  };
  for (auto& row : rows) row[1] = Shown(row[1]);
  Print(Columns(rows, 0));
}

Exit RunInit(const Invocation& invocation, InitFlags flags) {
  node::InitOptions& options = flags.options;
  options.folder = invocation.node;
  if (options.folder.empty()) {
    return Fail(RejectReason::kUsage, "no folder is named", "give --node DIR: the folder to make the node in");
  }
  options.cheap_root = flags.root_cost == "daemon";
  if (options.nation.empty()) {
    options.nation = kUnknownNation;
    Say("note: no --nation given, ZZ (unknown) is used; entente.toml names it, set it before you take on peers");
  }
  const auto facts = node::InitNode(options);
  if (ReasonOf(facts.status()) == RejectReason::kConflict) {
    return Fail(facts.status(),
                "name a new or empty folder with --node; `entente run --node DIR` starts a node that is there");
  }
  if (!facts.ok()) return Fail(facts.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("name", facts->name).Field("org_id", facts->org_id);
    json.Field("fingerprint", facts->fingerprint).Field("folder", facts->folder).Field("card", facts->card_path);
    json.Field("nation", options.nation).Field("kind", options.kind).Field("peer_address", facts->peer_address);
    json.Field("metrics_listen", facts->metrics_listen).Field("passphrase_file", facts->passphrase_path);
    Print(json.EndObject().text());
    return Exit::kOk;
  }
  PrintFacts(*facts);
  Next(invocation.terminal, "entente run --node " + options.folder);
  return Exit::kOk;
}

}  // namespace

void AddInit(Command app, Invocation& invocation) {
  Command command = app.AddCommand("init", "Make a node: keys, configuration, card, empty store");
  const auto flags = std::make_shared<InitFlags>();
  node::InitOptions& options = flags->options;
  options.peer_listen.clear();
  options.metrics_listen.clear();
  command.AddOption("--name", options.name, "Name of the organisation, as in cert.norlandia").Required();
  command.AddOption("--nation", options.nation, "ISO 3166-1 code of its nation (default: ZZ, unknown)");
  command.AddOption("--kind", options.kind, "nation, cert, private, research, observer or relay")
      .Kind("KIND")
      .ShowStandard();
  Option listen =
      command.AddOption("--listen", options.peer_listen,
                        "Peer port as host:port (default: 127.0.0.1:7443, or a free port); none: dial only");
  command.AddOption("--address", options.peer_address, "What peers dial, as host:port (default: the peer port)");
  Option metrics = command.AddOption("--metrics", options.metrics_listen,
                                     "Metrics port as host:port (default: 127.0.0.1:9464, or a free port); none: off");
  command
      .AddOption("--passphrase-file", options.passphrase_file,
                 "File with the passphrase, mode 0600 (default: DIR/passphrase, made at random)")
      .Kind("FILE");
  command
      .AddOption("--root-cost", flags->root_cost, "Memory that opening the root key takes: sensitive (1 GiB) or daemon")
      .OneOf({"sensitive", "daemon"})
      .ShowStandard();
  command.OnChosen([&invocation, flags, listen, metrics] {
    node::InitOptions& given = flags->options;
    if (!listen.given()) given.peer_listen = LoopbackAddress(kPeerPort);
    if (!metrics.given()) given.metrics_listen = LoopbackAddress(kMetricsPort);
    if (given.peer_listen == "none") given.peer_listen.clear();
    if (given.metrics_listen == "none") given.metrics_listen.clear();
    invocation.command = [&invocation, flags] { return RunInit(invocation, *flags); };
  });
}

}  // namespace entente::cli
