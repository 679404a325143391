#include "trust/key_maker.h"

#include <algorithm>

namespace entente::trust {
namespace {

void AddKey(v1::PublicKey& out, v1::KeyUsage usage, const crypto::Signer& key, absl::Time from, absl::Duration life) {
  out.set_key_id(MakeKeyId(usage, key.public_key()).str());
  out.set_usage(usage);
  out.set_public_key(key.public_key());
  out.set_not_before_us(absl::ToUnixMicros(from));
  out.set_not_after_us(absl::ToUnixMicros(from + std::min(life, kIdentityLifetime)));
}

absl::Status AddSignature(v1::SignedIdentity& out, v1::KeyUsage usage, const crypto::Signer& key) {
  absl::StatusOr<Bytes> made = key.Sign(kIdentityType, out.document());
  if (!made.ok()) return made.status();
  v1::KeySignature& signature = *out.add_signatures();
  signature.set_key_id(MakeKeyId(usage, key.public_key()).str());
  signature.set_signature(*std::move(made));
  return absl::OkStatus();
}

v1::Revocation Revoke(const KeyId& key, v1::RevocationReason reason, absl::Time cutoff) {
  v1::Revocation out;
  out.set_key_id(key.str());
  out.set_reason(reason);
  out.set_cutoff_us(absl::ToUnixMicros(cutoff));
  return out;
}

// Takes out of `keys` what had ended or may no longer stand in a document issued at `issued`.
void DropPast(google::protobuf::RepeatedPtrField<v1::PublicKey>& keys, const KeyRegister& known, const IdentityChange& change,
              absl::Time issued) {
  const auto past = [&](const v1::PublicKey& key) {
    KeyStanding standing = *known.Find(key.key_id());
    for (const v1::Revocation& revocation : change.revoke) {
      if (revocation.key_id() == key.key_id()) standing.revocation = revocation;
    }
    return absl::FromUnixMicros(key.not_after_us()) <= issued || !standing.MayStandIn(issued);
  };
  keys.erase(std::remove_if(keys.begin(), keys.end(), past), keys.end());
}

}  // namespace

v1::Revocation Supersede(const KeyId& key, absl::Time cutoff) { return Revoke(key, v1::REVOCATION_REASON_SUPERSEDED, cutoff); }
v1::Revocation Compromise(const KeyId& key, absl::Time cutoff) { return Revoke(key, v1::REVOCATION_REASON_COMPROMISED, cutoff); }

IdentityChange Rotation(const IdentityHistory& history, const crypto::Signer& fresh, absl::Time now) {
  IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_STATEMENT, &fresh});
  for (const v1::PublicKey& key : history.newest().keys()) {
    const absl::Time end = absl::FromUnixMicros(key.not_after_us());
    if (key.usage() != v1::KEY_USAGE_STATEMENT || end <= now || history.keys().Find(key.key_id())->revocation.has_value()) continue;
    change.revoke.push_back(Supersede(*KeyId::From(key.key_id()), std::min(now + kKeyOverlap, end)));
  }
  return change;
}

absl::StatusOr<v1::SignedIdentity> MakeIdentity(const std::string& name, const crypto::SigningKey& root,
                                                const crypto::SigningKey& statement, absl::Time now) {
  v1::IdentityDocument document;
  document.set_version(1);
  document.set_name(name);
  document.set_root_threshold(1);
  document.add_suites(crypto::kSuite);
  document.set_min_suite(crypto::kSuite);
  document.set_expires_us(absl::ToUnixMicros(now + kIdentityLifetime));
  AddKey(*document.add_root_keys(), v1::KEY_USAGE_ROOT, root, now, kIdentityLifetime);
  AddKey(*document.add_keys(), v1::KEY_USAGE_STATEMENT, statement, now, kStatementKeyLifetime);

  v1::SignedIdentity out;
  out.set_document(document.SerializeAsString());
  if (absl::Status s = AddSignature(out, v1::KEY_USAGE_ROOT, root); !s.ok()) return s;
  if (absl::Status s = AddSignature(out, v1::KEY_USAGE_STATEMENT, statement); !s.ok()) return s;
  if (absl::StatusOr<Identity> checked = Identity::Check(out, now); !checked.ok()) return checked.status();
  return out;
}

absl::StatusOr<v1::SignedIdentity> MakeNext(const IdentityHistory& history, const IdentityChange& change,
                                            std::span<const crypto::SigningKey* const> roots, absl::Time now) {
  const Identity& newest = history.newest();
  v1::IdentityDocument document = newest.document();
  document.set_version(newest.version() + 1);
  document.set_org_id(newest.org().str());
  document.set_previous_hash(newest.hash().str());
  document.set_issued_us(absl::ToUnixMicros(std::max(now, IssuedAt(newest.document()) + absl::Microseconds(1))));
  document.set_expires_us(absl::ToUnixMicros(now + kIdentityLifetime));
  document.set_root_threshold(change.root_threshold.value_or(document.root_threshold()));
  if (change.name.has_value()) document.set_name(*change.name);
  if (change.offline == v1::LABEL_UNSPECIFIED) {
    document.clear_offline();
  } else if (change.offline.has_value()) {
    document.mutable_offline()->set_ceiling(*change.offline);
  }
  document.mutable_revocations()->Assign(change.revoke.begin(), change.revoke.end());
  DropPast(*document.mutable_root_keys(), history.keys(), change, IssuedAt(document));
  DropPast(*document.mutable_keys(), history.keys(), change, IssuedAt(document));
  for (const NewKey& added : change.add) {
    v1::PublicKey& key = added.usage == v1::KEY_USAGE_ROOT ? *document.add_root_keys() : *document.add_keys();
    AddKey(key, added.usage, *added.key, now, LongestLife(added.usage, document.version()));
  }

  v1::SignedIdentity out;
  out.set_document(document.SerializeAsString());
  for (const crypto::SigningKey* root : roots) {
    if (absl::Status s = AddSignature(out, v1::KEY_USAGE_ROOT, *root); !s.ok()) return s;
  }
  for (const NewKey& added : change.add) {
    if (absl::Status s = AddSignature(out, added.usage, *added.key); !s.ok()) return s;
  }
  IdentityHistory checked = history;
  if (absl::Status status = checked.Extend(out, now); !status.ok()) return status;
  return out;
}

}  // namespace entente::trust
