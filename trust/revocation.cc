#include "trust/revocation.h"

#include <algorithm>

#include "base/reject.h"
#include "trust/identity_document.h"

namespace entente::trust {
namespace {

absl::Status RefuseNext(std::string_view what) { return RefuseDocument(what, RejectReason::kIdentityChain); }

absl::Time CutoffOf(const v1::Revocation& revocation) { return absl::FromUnixMicros(revocation.cutoff_us()); }

const v1::Revocation* RevocationIn(const v1::IdentityDocument& document, ByteView key_id) {
  for (const v1::Revocation& revocation : document.revocations()) {
    if (revocation.key_id() == key_id) return &revocation;
  }
  return nullptr;
}

}  // namespace

absl::Status KeyStanding::Stands(absl::Time at, std::optional<absl::Time> dated) const {
  if (!revocation.has_value()) return absl::OkStatus();
  const bool superseded = revocation->reason() == v1::REVOCATION_REASON_SUPERSEDED;
  const bool before = superseded ? at < CutoffOf(*revocation) : dated.has_value() && *dated < CutoffOf(*revocation);
  if (before) return absl::OkStatus();
  return Reject(RejectReason::kRevoked,
                superseded ? "signed by a key after it was replaced; its owner must sign again with the new one"
                           : "signed by a stolen key, and nothing shows that it is from before the theft; ask its owner");
}

bool KeyStanding::MayStandIn(absl::Time issued) const {
  if (!revocation.has_value()) return true;
  // A root that stayed would count towards the next version's threshold long after its cut-off.
  const bool overlaps = key.usage() != v1::KEY_USAGE_ROOT && revocation->reason() == v1::REVOCATION_REASON_SUPERSEDED;
  return overlaps && CutoffOf(*revocation) > issued;
}

const KeyStanding* KeyRegister::Find(ByteView key_id) const {
  const auto found = public_keys_.find(key_id);
  return found == public_keys_.end() ? nullptr : &keys_.at(found->second);
}

std::vector<Bytes> KeyRegister::PublicKeys() const {
  std::vector<Bytes> out;
  for (const auto& [public_key, standing] : keys_) out.push_back(public_key);
  return out;
}

const KeyStanding* KeyRegister::Standing(ByteView public_key) const {
  const auto found = keys_.find(public_key);
  return found == keys_.end() ? nullptr : &found->second;
}

absl::Status KeyRegister::CheckRevocation(const v1::Revocation& revocation) const {
  const KeyStanding* known = Find(revocation.key_id());
  if (known == nullptr) return RefuseNext("it revokes a key that no earlier version holds");
  const bool compromised = revocation.reason() == v1::REVOCATION_REASON_COMPROMISED;
  if (revocation.has_cutoff() && !compromised) return RefuseNext("it names a log's last good state for a key that is not stolen");
  if (revocation.cutoff_us() > known->key.not_after_us()) return RefuseNext("a cut-off is behind the end of its key");
  if (!known->revocation.has_value()) return absl::OkStatus();
  // That a replaced key was stolen is learnt late; nothing else changes a revocation.
  const bool worse = compromised && known->revocation->reason() == v1::REVOCATION_REASON_SUPERSEDED &&
                     revocation.cutoff_us() <= known->revocation->cutoff_us();
  return worse ? absl::OkStatus() : RefuseNext("it revokes a key that is revoked already");
}

absl::Status KeyRegister::CheckKey(const v1::PublicKey& key, const v1::IdentityDocument& next) const {
  const auto found = keys_.find(key.public_key());
  if (found == keys_.end()) return absl::OkStatus();
  KeyStanding known = found->second;
  if (known.key.key_id() != key.key_id()) return RefuseNext("a key changed its usage");
  if (known.key.not_before_us() != key.not_before_us() || known.key.not_after_us() != key.not_after_us()) {
    return RefuseNext("a key changed its lifetime");
  }
  if (const v1::Revocation* now = RevocationIn(next, key.key_id()); now != nullptr) known.revocation = *now;
  return known.MayStandIn(IssuedAt(next)) ? absl::OkStatus() : RefuseNext("it holds a key that is revoked");
}

absl::Status KeyRegister::CheckNext(const v1::IdentityDocument& before, const v1::IdentityDocument& next) const {
  for (const v1::Revocation& revocation : next.revocations()) {
    if (absl::Status status = CheckRevocation(revocation); !status.ok()) return status;
  }
  const std::vector<const v1::PublicKey*> keys = KeysOf(next);
  for (const v1::PublicKey* key : keys) {
    if (absl::Status status = CheckKey(*key, next); !status.ok()) return status;
  }
  for (const v1::PublicKey* key : KeysOf(before)) {
    const bool kept = std::any_of(keys.begin(), keys.end(), [&](const auto* k) { return k->key_id() == key->key_id(); });
    const bool ended = absl::FromUnixMicros(key->not_after_us()) <= IssuedAt(next);
    const bool revoked = RevocationIn(next, key->key_id()) != nullptr || Find(key->key_id())->revocation.has_value();
    if (!kept && !ended && !revoked) return RefuseNext("a key vanished that had not ended and is not revoked");
  }
  return absl::OkStatus();
}

void KeyRegister::Enter(const v1::IdentityDocument& document) {
  for (const v1::PublicKey* key : KeysOf(document)) {
    KeyStanding& standing = keys_[key->public_key()];
    standing.key = *key;
    standing.documents_end = absl::FromUnixMicros(document.expires_us());
    public_keys_[key->key_id()] = key->public_key();
  }
  for (const v1::Revocation& revocation : document.revocations()) {
    keys_.at(public_keys_.at(revocation.key_id())).revocation = revocation;
  }
}

}  // namespace entente::trust
