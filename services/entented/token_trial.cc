#include "services/entented/token_trial.h"

#include "base/reject.h"
#include "crypto/token_process.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

void Try(const Secrets& secrets, const crypto::TokenReference& reference, v1::KeyUsage usage,
         const crypto::SecretBytes* pin, TokenTrial& trial) {
  trial.uri = reference.uri;
  trial.key_id = reference.key_id;
  auto view = crypto::LookAtToken(reference.uri, nullptr, crypto::kTokenPatience);
  trial.outcome = view.status();
  if (!view.ok()) return;
  trial.view = *std::move(view);
  trial.view.public_key = reference.public_key;
  const auto key = OpenTokenKey(secrets, reference, usage, pin);
  trial.outcome = key.ok() ? (*key)->Hedged("entente/1/trial", {}).status() : key.status();
}

}  // namespace

absl::StatusOr<std::vector<TokenTrial>> TryTokenKeys(const std::string& folder, const std::string& passphrase_file,
                                                     const std::string& pin_file) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  std::optional<crypto::SecretBytes> pin;
  if (!pin_file.empty()) {
    auto read = crypto::ReadPassphrase(pin_file);
    if (!read.ok()) return read.status();
    pin = *std::move(read);
  }
  const NodePaths paths(folder);
  const auto keystore = OpenKeystore(paths, paths.keystore, passphrase_file);
  if (!keystore.ok()) return keystore.status();
  std::vector<TokenTrial> out;
  bool pin_refused = false;
  for (const NamedToken& token : TokenKeysOf(keystore->secrets())) {
    TokenTrial trial;
    trial.name = token.name;
    trial.outcome = token.reference.status();
    if (pin_refused) {
      trial.outcome = Reject(RejectReason::kHsm,
                             "not tried: another key was refused before, and tokens lock after a few wrong PINs");
    } else if (token.reference.ok()) {
      Try(keystore->secrets(), *token.reference, token.usage, pin ? &*pin : nullptr, trial);
    }
    pin_refused = pin_refused || ReasonOf(trial.outcome) == RejectReason::kHsm;
    out.push_back(std::move(trial));
  }
  if (!out.empty()) return out;
  return Reject(RejectReason::kNotFound,
                "no key of this node is in a token; `entente key rotate --token` enrols one, and "
                "--token tries one that is not enrolled");
}

absl::StatusOr<TokenTrial> TryToken(const std::string& uri, const std::string& pin_file) {
  if (absl::Status status = crypto::Initialise(); !status.ok()) return status;
  const auto pin = crypto::ReadPassphrase(pin_file);
  if (!pin.ok()) return pin.status();
  TokenTrial trial;
  trial.uri = uri;
  auto view = crypto::LookAtToken(uri, &*pin, crypto::kTokenPatience);
  trial.outcome = view.status();
  if (!view.ok()) return trial;
  trial.view = *view;
  const KeyId id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, view->public_key);
  Try({}, {id, view->public_key, uri}, v1::KEY_USAGE_STATEMENT, &*pin, trial);
  return trial;
}

}  // namespace entente::node
