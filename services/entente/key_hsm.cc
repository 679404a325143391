#include <memory>

#include "crypto/encoding.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entented/token_trial.h"

namespace entente::cli {
namespace {

constexpr size_t kShownDigits = 16;

struct HsmFlags {
  std::string uri, pin_file, passphrase_file;
};

void WriteTrial(JsonWriter& json, const node::TokenTrial& trial) {
  json.BeginObject().Field("name", trial.name).Field("uri", trial.uri);
  json.Field("key_id", crypto::ToHex(trial.key_id.view())).Field("public_key", crypto::ToHex(trial.view.public_key));
  json.Field("token", trial.view.label).Field("manufacturer", trial.view.manufacturer);
  json.Field("model", trial.view.model).Field("serial", trial.view.serial).Field("ok", trial.outcome.ok());
  json.Field("reason", trial.outcome.ok() ? "" : std::string(Describe(ReasonOf(trial.outcome)).name)).EndObject();
}

void PrintTrial(const node::TokenTrial& trial) {
  std::vector<std::vector<std::string>> rows = {{"key", trial.name.empty() ? "not enrolled" : Shown(trial.name)},
                                                {"URI", Shown(trial.uri)}};
  if (!trial.view.serial.empty()) {
    rows.push_back({"token", Shown(trial.view.label) + ", " + Shown(trial.view.manufacturer) + " " +
                                 Shown(trial.view.model) + ", serial " + Shown(trial.view.serial)});
  }
  if (trial.outcome.ok()) {
    rows.push_back({"key id", crypto::ToHex(trial.key_id.view()).substr(0, kShownDigits)});
    rows.push_back({"public key", crypto::ToHex(trial.view.public_key)});
    rows.push_back(
        {"checked", "one token, one key pair on edwards25519, its key id, a signature verified here, random bytes"});
  }
  Print(Columns(rows, 0));
}

Exit RunTest(const Invocation& invocation, const HsmFlags& flags) {
  if (flags.uri.empty() && invocation.node.empty()) {
    return Fail(RejectReason::kUsage, "no node and no token is named",
                "give --node DIR, or --token URI with --pin-file FILE");
  }
  std::vector<node::TokenTrial> trials;
  if (flags.uri.empty()) {
    auto tried = node::TryTokenKeys(invocation.node, flags.passphrase_file, flags.pin_file);
    if (!tried.ok()) return Fail(tried.status());
    trials = *std::move(tried);
  } else {
    auto tried = node::TryToken(flags.uri, flags.pin_file);
    if (!tried.ok()) return Fail(tried.status());
    trials.push_back(*std::move(tried));
  }
  JsonWriter json;
  json.BeginObject().Key("keys").BeginArray();
  absl::Status failed;
  for (const node::TokenTrial& trial : trials) {
    if (failed.ok()) failed = trial.outcome;
    WriteTrial(json, trial);
    if (!invocation.json) PrintTrial(trial);
  }
  if (invocation.json) Print(json.EndArray().EndObject().text());
  return failed.ok() ? Exit::kOk : Fail(failed);
}

}  // namespace

void AddKeyHsm(Command family, Invocation& invocation) {
  Command hsm = family.AddCommand("hsm", "Keys in a token (PKCS#11)");
  Command test = hsm.AddCommand("test", "Open the token, sign once and say what was found");
  const auto flags = std::make_shared<HsmFlags>();
  Option token =
      test.AddOption("--token", flags->uri, "A key that need not be enrolled, by its PKCS#11 URI").Kind("URI");
  Option pin = test.AddOption("--pin-file", flags->pin_file,
                              "File with the token's PIN, mode 0600 (default: the one in the keystore)")
                   .Kind("FILE");
  token.OnlyWith(pin);
  test.AddOption("--passphrase-file", flags->passphrase_file,
                 "File with the node's passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  test.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunTest(invocation, *flags); }; });
}

}  // namespace entente::cli
