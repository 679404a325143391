#include <memory>

#include "absl/time/clock.h"
#include "crypto/encoding.h"
#include "model/timestamp.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/key_commands.h"
#include "services/entente/rows.h"
#include "trust/card.h"

namespace entente::cli {
namespace {

constexpr size_t kShownDigits = 16;
constexpr char kGroupAdmin[] = "group-admin", kRoot[] = "root";

struct KeyFlags {
  node::KeyChangeOptions options;
  std::string key, since, usage = "statement";
};

std::string UsageName(v1::KeyUsage usage) {
  switch (usage) {
    case v1::KEY_USAGE_ROOT:
      return "root";
    case v1::KEY_USAGE_STATEMENT:
      return "statement";
    case v1::KEY_USAGE_GROUP_ADMIN:
      return "group admin";
    case v1::KEY_USAGE_LOG:
      return "log";
    case v1::KEY_USAGE_WITNESS:
      return "witness";
    default:
      return "unknown";
  }
}

bool NoFolder(const Invocation& invocation) {
  return invocation.node.empty();
}
void WriteList(const node::KeyList& list) {
  JsonWriter json;
  json.BeginObject().Field("org_id", crypto::ToHex(list.org.view())).Field("version", list.version);
  json.Field("expires", Timestamp(absl::ToUnixMicros(list.expires))).Key("keys").BeginArray();
  for (const node::ListedKey& one : list.keys) {
    json.BeginObject().Field("key_id", crypto::ToHex(one.key.key_id())).Field("usage", UsageName(one.key.usage()));
    json.Field("state", one.state).Field("not_before", Timestamp(one.key.not_before_us()));
    json.Field("not_after", Timestamp(one.key.not_after_us()));
    json.Field("cutoff", one.cutoff ? Timestamp(absl::ToUnixMicros(*one.cutoff)) : "").EndObject();
  }
  Print(json.EndArray().EndObject().text());
}

Exit RunList(const Invocation& invocation) {
  if (NoFolder(invocation)) return AskForFolder();
  const auto list = node::ListKeys(invocation.node, absl::Now());
  if (!list.ok()) return Fail(list.status());
  if (invocation.json) return WriteList(*list), Exit::kOk;
  Print("version " + std::to_string(list->version) + " of the identity document, until " +
        Timestamp(absl::ToUnixMicros(list->expires)));
  std::vector<std::vector<std::string>> rows = {{"key", "usage", "state", "until"}};
  for (const node::ListedKey& one : list->keys) {
    const int64_t until = one.cutoff ? absl::ToUnixMicros(*one.cutoff) : one.key.not_after_us();
    rows.push_back({crypto::ToHex(one.key.key_id()).substr(0, kShownDigits), UsageName(one.key.usage()), one.state,
                    Timestamp(until)});
  }
  Print(Columns(rows));
  return Exit::kOk;
}

Exit RunRotate(const Invocation& invocation, KeyFlags flags) {
  if (NoFolder(invocation)) return AskForFolder();
  flags.options.folder = invocation.node;
  if (flags.usage == kGroupAdmin) return TellChange(invocation, node::RotateAdminKey(flags.options));
  if (flags.usage == kRoot) return TellChange(invocation, node::RotateRootKey(flags.options));
  return TellChange(invocation, node::RotateKey(flags.options));
}

Exit RunRevoke(const Invocation& invocation, KeyFlags flags) {
  if (NoFolder(invocation)) return AskForFolder();
  flags.options.folder = invocation.node;
  absl::Time since = absl::Now();
  if (!flags.since.empty()) {
    const auto parsed = model::ParseTimestamp(flags.since);
    if (!parsed.ok()) return Fail(RejectReason::kUsage, "--since takes a time, for example 2026-01-02T03:04:05Z");
    since = absl::FromUnixNanos(*parsed);
  }
  return TellChange(invocation, node::RevokeKey(flags.options, flags.key, since));
}

Exit PrintChain(const Invocation& invocation) {
  const auto history = node::ReadOwnHistory(node::NodePaths(invocation.node));
  if (!history.ok()) return Fail(history.status());
  PrintBytes(trust::ArmourChain(*history));
  return Exit::kOk;
}

Exit RunCard(const Invocation& invocation, bool chain) {
  if (NoFolder(invocation)) return AskForFolder();
  if (chain) return PrintChain(invocation);
  const auto path = node::RenewCard(invocation.node);
  if (!path.ok()) return Fail(path.status());
  if (invocation.json) {
    JsonWriter json;
    Print(json.BeginObject().Field("card", *path).EndObject().text());
  } else {
    Print(Shown(*path));
  }
  return Exit::kOk;
}

}  // namespace

Exit AskForFolder() {
  return Fail(RejectReason::kUsage, "no node is named", "give --node DIR, or set ENTENTE_NODE");
}

Exit TellChange(const Invocation& invocation, const absl::StatusOr<node::KeyChangeFacts>& facts) {
  if (!facts.ok()) return Fail(facts.status());
  const std::string key = crypto::ToHex(facts->signs.view());
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("version", facts->version).Field("signs", key).Field("made", facts->made);
    Print(json.Field("card", facts->card_path).EndObject().text());
    return Exit::kOk;
  }
  Print(Columns({{"version", std::to_string(facts->version) + " of the identity document is in force"},
                 {"signs", key.substr(0, kShownDigits) + (facts->made ? ", made now" : "")},
                 {"card", Shown(facts->card_path)}},
                0));
  Next(invocation.terminal, "entente run --node " + invocation.node + "; peers learn of it by themselves for 30 days, else by the card");
  return Exit::kOk;
}

void AddKeystoreOptions(Command command, node::KeyChangeOptions& options) {
  command.AddOption("--root", options.root_keystore, "The root keystore (default: DIR/root.keystore)").Kind("FILE");
  command
      .AddOption("--root-passphrase-file", options.root_passphrase_file,
                 "File with its passphrase (default: the node's passphrase)")
      .Kind("FILE");
  command
      .AddOption("--passphrase-file", options.passphrase_file,
                 "File with the node's passphrase (default: DIR/passphrase)")
      .Kind("FILE");
}

void AddKey(Command app, Invocation& invocation) {
  Command family = app.AddCommand("key", "The keys of this node's own organisation");
  Command list = family.AddCommand("list", "What the identity document says of each key");
  list.OnChosen([&invocation] { invocation.command = [&invocation] { return RunList(invocation); }; });

  Command rotate = family.AddCommand("rotate", "Sign with a new key from now on; the node is stopped");
  const auto rotation = std::make_shared<KeyFlags>();
  AddKeystoreOptions(rotate, rotation->options);
  rotate
      .AddOption("--usage", rotation->usage,
                 "statement; group-admin: the key that signs documents of groups, the first time too; root")
      .OneOf({"statement", kGroupAdmin, kRoot})
      .ShowStandard();
  Option token =
      rotate.AddOption("--token", rotation->options.token_uri, "The new key is this one in a token, by its PKCS#11 URI")
          .Kind("URI");
  Option pin =
      rotate.AddOption("--token-pin-file", rotation->options.token_pin_file, "File with the token's PIN, mode 0600")
          .Kind("FILE");
  token.OnlyWith(pin);
  pin.OnlyWith(token);
  rotate.OnChosen([&invocation, rotation] {
    invocation.command = [&invocation, rotation] { return RunRotate(invocation, *rotation); };
  });

  Command revoke = family.AddCommand("revoke", "Say that a statement key was stolen; the node is stopped");
  const auto revocation = std::make_shared<KeyFlags>();
  revoke.AddOption("KEY", revocation->key, "Its id, or the first digits of it").Required().Kind("KEY");
  revoke.AddOption("--since", revocation->since, "When it may have been stolen (default: now)").Kind("TIME");
  AddKeystoreOptions(revoke, revocation->options);
  revoke.OnChosen([&invocation, revocation] {
    invocation.command = [&invocation, revocation] { return RunRevoke(invocation, *revocation); };
  });

  AddKeyOffline(family, invocation);
  AddKeyBackup(family, invocation);
  AddKeyHsm(family, invocation);
  Command card = family.AddCommand("card", "Write the card anew from the identity document");
  const auto chain = std::make_shared<bool>(false);
  card.AddFlag("--chain", *chain, "Print every version of the document instead, for who checks signatures without a node");
  card.OnChosen([&invocation, chain] {
    invocation.command = [&invocation, chain] { return RunCard(invocation, *chain); };
  });
}

}  // namespace entente::cli
