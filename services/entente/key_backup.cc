#include "services/entented/key_backup.h"

#include <map>
#include <memory>

#include "services/entente/checks.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/process.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

constexpr auto kUnknownNation = "ZZ";

struct BackupFlags {
  node::BackupOptions options;
  std::string cost = "sensitive";
};
struct RestoreFlags {
  node::RestoreOptions options;
  std::string root_cost = "sensitive";
};

Exit AskForFolder() {
  return Fail(RejectReason::kUsage, "no node is named", "give --node DIR, or set ENTENTE_NODE");
}

std::string Kinds(const std::vector<std::string>& names) {
  std::map<std::string, size_t> count;
  for (const std::string& name : names) ++count[name.substr(0, name.find('/', name.starts_with("hsm/") ? 4 : 0))];
  std::string out;
  for (const auto& [kind, many] : count) out += (out.empty() ? "" : ", ") + std::to_string(many) + " " + kind;
  return out;
}

void WriteNames(JsonWriter& json, const std::vector<std::string>& names) {
  json.Key("names").BeginArray();
  for (const std::string& name : names) json.Value(name);
  json.EndArray();
}

Exit RunBackup(const Invocation& invocation, BackupFlags flags) {
  if (invocation.node.empty()) return AskForFolder();
  flags.options.folder = invocation.node;
  flags.options.cheap = flags.cost == "daemon";
  const auto facts = node::BackUpKeys(flags.options);
  if (!facts.ok()) return Fail(facts.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject()
        .Field("file", flags.options.file)
        .Field("org_id", facts->org_id)
        .Field("version", facts->version);
    json.Field("identity", facts->identity);
    WriteNames(json, facts->names);
    Print(json.EndObject().text());
    return Exit::kOk;
  }
  Print(
      Columns({{"backup", Shown(flags.options.file)},
               {"keys", Kinds(facts->names)},
               {"identity", facts->identity ? "up to version " + std::to_string(facts->version)
                                            : "too large for a backup: keep a copy of the file `identity` beside it"}},
              0));
  if (!flags.options.root)
    Say("note: no root key is in it; without one the organisation cannot change its keys. See --root");
  Say("Keep it and its passphrase apart from this machine and from each other. Make another behind each change of "
      "keys.");
  return Exit::kOk;
}

void PrintRestored(const node::RestoreFacts& facts) {
  const std::string root = facts.root             ? "restored"
                           : facts.root_was_there ? "the one in the folder stays"
                                                  : "not in the backup";
  Print(Columns(
      {{"node", facts.node.name},
       {"organisation", facts.node.org_id},
       {"backup of", Timestamp(absl::ToUnixMicros(facts.made))},
       {"keys", Kinds(facts.names)},
       {"root keys", root},
       {"store", facts.new_store ? "a new one: nothing of the old one comes back" : "the one in the folder goes on"},
       {"card", Shown(facts.node.card_path)},
       {"passphrase", Shown(facts.node.passphrase_path) + (facts.node.passphrase_made ? " (made at random)" : "")}},
      0));
}

Exit RunRestore(const Invocation& invocation, RestoreFlags flags) {
  if (invocation.node.empty()) return AskForFolder();
  node::InitOptions& made = flags.options.node;
  made.folder = invocation.node;
  made.cheap_root = flags.root_cost == "daemon";
  if (made.nation.empty()) made.nation = kUnknownNation;
  const auto facts = node::RestoreKeys(flags.options);
  if (!facts.ok()) return Fail(facts.status());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("name", facts->node.name).Field("org_id", facts->node.org_id);
    json.Field("fingerprint", facts->node.fingerprint)
        .Field("folder", facts->node.folder)
        .Field("card", facts->node.card_path);
    json.Field("peer_address", facts->node.peer_address).Field("metrics_listen", facts->node.metrics_listen);
    json.Field("version", facts->version).Field("root", facts->root).Field("new_store", facts->new_store);
    WriteNames(json, facts->names);
    Print(json.EndObject().text());
    return Exit::kOk;
  }
  PrintRestored(*facts);
  if (facts->new_store) {
    Say("Peers take up the session again by themselves, and this node takes none before `entente peer add` with each "
        "one's card.");
    Say("Never start a node again that still has these keys: peers refuse whichever has fewer records than they saw.");
  }
  Next(invocation.terminal, "entente run --node " + invocation.node);
  return Exit::kOk;
}

std::string Loopback(uint16_t wanted) {
  return "127.0.0.1:" + std::to_string(PortIsFree(wanted) ? wanted : 0);
}

void AddBackup(Command family, Invocation& invocation) {
  Command backup = family.AddCommand("backup", "Write the keys into a file under a passphrase of its own");
  const auto flags = std::make_shared<BackupFlags>();
  node::BackupOptions& options = flags->options;
  backup.AddOption("FILE", options.file, "The backup; must not exist yet").Required().Kind("FILE");
  backup
      .AddOption("--backup-passphrase-file", options.backup_passphrase_file,
                 "File with the backup's own passphrase, mode 0600")
      .Required()
      .Kind("FILE");
  backup.AddFlag("--root", options.root, "The root keys as well");
  backup.AddOption("--root-keystore", options.root_keystore, "Where they are (default: DIR/root.keystore)")
      .Kind("FILE");
  backup
      .AddOption("--root-passphrase-file", options.root_passphrase_file,
                 "File with their passphrase (default: the node's passphrase)")
      .Kind("FILE");
  backup
      .AddOption("--passphrase-file", options.passphrase_file,
                 "File with the node's passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  backup.AddOption("--cost", flags->cost, "Memory that opening the backup takes: sensitive (1 GiB) or daemon")
      .OneOf({"sensitive", "daemon"})
      .ShowStandard();
  backup.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunBackup(invocation, *flags); }; });
}

void AddRestore(Command family, Invocation& invocation) {
  Command restore = family.AddCommand("restore", "Make a node from a backup of its keys");
  const auto flags = std::make_shared<RestoreFlags>();
  node::RestoreOptions& options = flags->options;
  options.node.peer_listen.clear();
  options.node.metrics_listen.clear();
  restore.AddOption("FILE", options.file, "The backup").Required().Kind("FILE");
  restore
      .AddOption("--backup-passphrase-file", options.backup_passphrase_file,
                 "File with the backup's passphrase, mode 0600")
      .Required()
      .Kind("FILE");
  restore
      .AddOption("--passphrase-file", options.node.passphrase_file,
                 "File with the node's passphrase from now on (default: DIR/passphrase, made at random)")
      .Kind("FILE");
  restore
      .AddOption("--token-pin-file", options.token_pin_file,
                 "File with the PIN of the token that has a key of this backup")
      .Kind("FILE");
  restore.AddOption("--nation", options.node.nation, "As in init, where DIR has no entente.toml (default: ZZ)");
  restore.AddOption("--kind", options.node.kind, "As in init").Kind("KIND").ShowStandard();
  Option listen = restore.AddOption("--listen", options.node.peer_listen, "Peer port, as in init");
  restore.AddOption("--address", options.node.peer_address, "What peers dial, as in init");
  Option metrics = restore.AddOption("--metrics", options.node.metrics_listen, "Metrics port, as in init");
  restore
      .AddOption("--root-cost", flags->root_cost,
                 "Memory that opening the root keys takes: sensitive (1 GiB) or daemon")
      .OneOf({"sensitive", "daemon"})
      .ShowStandard();
  restore.OnChosen([&invocation, flags, listen, metrics] {
    node::InitOptions& given = flags->options.node;
    if (!listen.given()) given.peer_listen = Loopback(kPeerPort);
    if (!metrics.given()) given.metrics_listen = Loopback(kMetricsPort);
    if (given.peer_listen == "none") given.peer_listen.clear();
    if (given.metrics_listen == "none") given.metrics_listen.clear();
    invocation.command = [&invocation, flags] { return RunRestore(invocation, *flags); };
  });
}

}  // namespace

void AddKeyBackup(Command family, Invocation& invocation) {
  AddBackup(family, invocation);
  AddRestore(family, invocation);
}

}  // namespace entente::cli
