#include "services/entented/token_keys.h"

#include "base/reject.h"
#include "crypto/encoding.h"
#include "crypto/token_process.h"
#include "services/entented/unlock.h"
#include "trust/payload_types.h"

namespace entente::node {
namespace {

ByteView View(const crypto::SecretBytes& secret) {
  const auto raw = secret.ExposeSecret();
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

v1::KeyUsage UsageOf(std::string_view name) {
  const std::string_view family = name.substr(0, name.find('/'));
  if (family == kStatementSecret) return v1::KEY_USAGE_STATEMENT;
  if (family == kRootSecret) return v1::KEY_USAGE_ROOT;
  if (family == "admin") return v1::KEY_USAGE_GROUP_ADMIN;
  if (family == "log") return v1::KEY_USAGE_LOG;
  return family == "witness" ? v1::KEY_USAGE_WITNESS : v1::KEY_USAGE_UNSPECIFIED;
}

// A function for each: a token's process is handed no state.
template <v1::KeyUsage usage>
bool Signs(ByteView type) {
  return trust::MaySign(usage, type);
}
bool SignsOrEnrols(ByteView type) {
  return type == trust::kIdentityType || trust::MaySign(v1::KEY_USAGE_STATEMENT, type);
}

crypto::Pkcs11Key::Allowed AllowedFor(v1::KeyUsage usage, bool enrols) {
  if (usage == v1::KEY_USAGE_ROOT) return Signs<v1::KEY_USAGE_ROOT>;
  if (usage == v1::KEY_USAGE_GROUP_ADMIN) return Signs<v1::KEY_USAGE_GROUP_ADMIN>;
  return enrols ? SignsOrEnrols : Signs<v1::KEY_USAGE_STATEMENT>;
}

absl::StatusOr<const crypto::SecretBytes*> FindPin(const Secrets& secrets, const crypto::TokenReference& reference) {
  const auto view = crypto::LookAtToken(reference.uri, nullptr, crypto::kTokenPatience);
  if (!view.ok()) return view.status();
  const auto pin = secrets.find(kPinFamily + view->serial);
  if (pin != secrets.end()) return &pin->second;
  return Reject(RejectReason::kKeystore,
                "the keystore holds no PIN for the token with this node's key; enrol the key again with "
                "`entente key rotate --token`, or give --pin-file where a command takes one");
}

}  // namespace

std::optional<crypto::TokenReference> FindTokenKey(const Secrets& secrets, const std::string& name, const KeyId& id) {
  const std::string first = kTokenFamily + name;
  for (const std::string& full : {first + "/" + crypto::ToHex(id.view()), first}) {
    const auto found = secrets.find(full);
    if (found == secrets.end()) continue;
    auto reference = crypto::ReadTokenReference(View(found->second));
    if (reference.ok() && reference->key_id == id) return *std::move(reference);
  }
  return std::nullopt;
}

std::vector<NamedToken> TokenKeysOf(const Secrets& secrets) {
  std::vector<NamedToken> out;
  for (const auto& [full, secret] : secrets) {
    if (!full.starts_with(kTokenFamily)) continue;
    const std::string name = full.substr(sizeof(kTokenFamily) - 1);
    out.push_back({name, UsageOf(name), crypto::ReadTokenReference(View(secret))});
  }
  return out;
}

ByteView TrialTypeOf(v1::KeyUsage usage) {
  if (usage == v1::KEY_USAGE_ROOT) return trust::kIdentityType;
  if (usage == v1::KEY_USAGE_GROUP_ADMIN) return trust::kMembershipType;
  return usage == v1::KEY_USAGE_STATEMENT ? trust::kHeadType : ByteView();
}

absl::StatusOr<std::shared_ptr<const crypto::Signer>> OpenTokenKey(const Secrets& secrets,
                                                                   const crypto::TokenReference& reference,
                                                                   v1::KeyUsage usage, const crypto::SecretBytes* pin,
                                                                   bool enrols) {
  const ByteView trial = TrialTypeOf(usage);
  if (trial.empty())
    return Reject(RejectReason::kKeystore, "keys of this usage sign notes alone; no token is used for them");
  if (trust::MakeKeyId(usage, reference.public_key) != reference.key_id) {
    return Reject(RejectReason::kKeystore, "the reference to a token does not fit its own key id; restore a backup");
  }
  if (pin == nullptr) {
    const auto found = FindPin(secrets, reference);
    if (!found.ok()) return found.status();
    pin = *found;
  }
  auto opened = crypto::TokenProcess::Start(reference, *pin, AllowedFor(usage, enrols), trial);
  if (!opened.ok()) return opened.status();
  return std::shared_ptr<const crypto::Signer>(*std::move(opened));
}

}  // namespace entente::node
