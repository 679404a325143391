#include <algorithm>
#include <set>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "trust/identity_document.h"
#include "trust/payload_types.h"

namespace entente::trust {
namespace {

bool Holds(const v1::IdentityDocument& document, ByteView key_id) {
  const auto keys = KeysOf(document);
  return std::any_of(keys.begin(), keys.end(), [&](const v1::PublicKey* key) { return key->key_id() == key_id; });
}

// A key that may stand beside `document`: one of its own, or a root key of the version before.
const v1::PublicKey* FindSigner(const v1::IdentityDocument& document, const v1::IdentityDocument* before, ByteView key_id) {
  for (const v1::PublicKey* key : KeysOf(document)) {
    if (key->key_id() == key_id) return key;
  }
  if (before == nullptr) return nullptr;
  for (const v1::PublicKey& key : before->root_keys()) {
    if (key.key_id() == key_id) return &key;
  }
  return nullptr;
}

// Whether enough root keys of `version` that had begun and not ended when `document` was issued are among `signers`.
bool EnoughRoots(const v1::IdentityDocument& version, const v1::IdentityDocument& document, const std::set<ByteView>& signers) {
  const absl::Time issued = IssuedAt(document);
  const auto counts = [&](const v1::PublicKey& key) {
    const bool lives = document.version() == 1 || (issued + kClockSkew >= absl::FromUnixMicros(key.not_before_us()) &&
                                                   issued < absl::FromUnixMicros(key.not_after_us()));
    return lives && signers.contains(key.key_id());
  };
  return std::count_if(version.root_keys().begin(), version.root_keys().end(), counts) >= version.root_threshold();
}

}  // namespace

absl::Status CheckSignatures(const v1::IdentityDocument& document, const v1::SignedIdentity& wire,
                             const v1::IdentityDocument* before) {
  const auto refuse = [&](std::string_view what) {
    return RefuseDocument(what, before == nullptr ? RejectReason::kIdentity : RejectReason::kIdentityChain);
  };
  std::set<ByteView> signers;
  for (const v1::KeySignature& signature : wire.signatures()) {
    const v1::PublicKey* key = FindSigner(document, before, signature.key_id());
    if (key == nullptr) return refuse("a signature names a key that is not in it");
    if (!signers.insert(signature.key_id()).second) return refuse("a key signed twice");
  }
  if (before != nullptr && !EnoughRoots(*before, document, signers)) {
    return refuse("fewer root keys of the version before signed it than its threshold asks for");
  }
  if (!EnoughRoots(document, document, signers)) return refuse("fewer root keys signed it than its threshold asks for");
  // Behind what costs nothing: whoever names no root key of the version before has no signature looked at.
  for (const v1::KeySignature& signature : wire.signatures()) {
    const v1::PublicKey* key = FindSigner(document, before, signature.key_id());
    if (!crypto::Verify(key->public_key(), kIdentityType, wire.document(), signature.signature())) {
      return refuse("a signature does not verify");
    }
  }
  for (const v1::PublicKey* key : KeysOf(document)) {
    const bool is_new = before == nullptr || !Holds(*before, key->key_id());
    if (is_new && !signers.contains(key->key_id())) return refuse("a key did not prove possession by signing it");
  }
  return absl::OkStatus();
}

}  // namespace entente::trust
