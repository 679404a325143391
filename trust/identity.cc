#include "trust/identity.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/reject.h"
#include "model/text.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

absl::Status RefuseDocument(std::string_view what) {
  return Reject(RejectReason::kIdentity,
                "identity document refused: " + std::string(what) + "; ask its owner for a new card");
}

absl::Status CheckKey(const v1::PublicKey& key, v1::KeyUsage usage) {
  if (key.usage() != usage) return RefuseDocument("a key stands in the wrong list for its usage");
  if (!crypto::IsValidPoint(key.public_key())) {
    return Reject(RejectReason::kKeyPoint,
                  "identity document refused: a public key is no valid point of the main subgroup; ask its owner for a "
                  "new card");
  }
  if (key.key_id() != MakeKeyId(usage, key.public_key()).view())
    return RefuseDocument("a key's id does not belong to the key");
  if (key.not_before_us() <= 0 || key.not_before_us() >= key.not_after_us() || key.not_after_us() > kMaxTimeUs) {
    return RefuseDocument("a key ends before it begins, or lacks a time");
  }
  const absl::Duration life = absl::Microseconds(key.not_after_us() - key.not_before_us());
  if (usage == v1::KEY_USAGE_STATEMENT && life > kStatementKeyLifetime) {
    return RefuseDocument("a statement key lives for more than 365 days");
  }
  return absl::OkStatus();
}

// The document ends behind the beginning of each key, which is when it was issued.
absl::Status CheckEnd(const v1::IdentityDocument& document) {
  bool behind = document.expires_us() <= kMaxTimeUs;
  for (const auto* list : {&document.root_keys(), &document.keys()}) {
    for (const v1::PublicKey& key : *list) behind = behind && key.not_before_us() < document.expires_us();
  }
  return behind ? absl::OkStatus() : RefuseDocument("it ends before one of its keys begins");
}

// Every key valid, and each public key once whatever its usage: a key has one usage.
absl::Status CheckKeys(const v1::IdentityDocument& document) {
  const auto roots = static_cast<size_t>(document.root_keys_size()), others = static_cast<size_t>(document.keys_size());
  if (roots + others > kMaxIdentityKeys) {
    return Reject(RejectReason::kLimit, "identity document refused: more than 32 keys; ask its owner for a new card");
  }
  if (roots == 0 || others == 0) return RefuseDocument("it needs a root key and a statement key");
  if (document.root_threshold() == 0 || document.root_threshold() > roots) {
    return RefuseDocument("its threshold is not between 1 and the number of root keys");
  }
  std::set<ByteView> seen;
  for (const auto* list : {&document.root_keys(), &document.keys()}) {
    const v1::KeyUsage usage = list == &document.keys() ? v1::KEY_USAGE_STATEMENT : v1::KEY_USAGE_ROOT;
    for (const v1::PublicKey& key : *list) {
      if (absl::Status status = CheckKey(key, usage); !status.ok()) return status;
      if (!seen.insert(key.public_key()).second) return RefuseDocument("a key occurs twice");
    }
  }
  return absl::OkStatus();
}

absl::Status CheckSuites(const v1::IdentityDocument& document) {
  const auto& suites = document.suites();
  if (static_cast<size_t>(suites.size()) > kMaxIdentitySuites) {
    return Reject(RejectReason::kLimit, "identity document refused: more than 16 suites; ask its owner for a new card");
  }
  if (std::adjacent_find(suites.begin(), suites.end(), std::greater_equal<>()) != suites.end()) {
    return RefuseDocument("its suites are not in ascending order, each once");
  }
  if (std::find(suites.begin(), suites.end(), crypto::kSuite) == suites.end())
    return RefuseDocument("it lacks suite 1");
  if (document.min_suite() == 0 || document.min_suite() > crypto::kSuite) {
    return RefuseDocument("its lowest accepted suite is not one of this version's");
  }
  return absl::OkStatus();
}

absl::Status CheckFacts(const v1::IdentityDocument& document, absl::Time now) {
  if (document.version() != 1) return RefuseDocument("its version is not 1, the only one that this software reads");
  if (!document.org_id().empty() || !document.previous_hash().empty()) {
    return RefuseDocument("version 1 must leave the organisation's id and the previous hash empty");
  }
  if (document.issued_us() != 0 || !document.revocations().empty() || document.has_offline() ||
      !document.log_origin().empty()) {
    return RefuseDocument("version 1 says what only later versions may say");
  }
  if (now >= absl::FromUnixMicros(document.expires_us())) return RefuseDocument("it has expired");
  const std::string& name = document.name();
  if (name.empty() || name.size() > kMaxIdentityNameBytes || model::Escaped(name) != name) {
    return RefuseDocument("its name is empty, over 64 bytes or holds characters that cannot be shown as they are");
  }
  return absl::OkStatus();
}

// Each signature by a key of the document, each key once, none false; enough roots; and every key has signed, which
// proves that whoever made the document holds it.
absl::Status CheckSignatures(const v1::IdentityDocument& document, const v1::SignedIdentity& wire) {
  std::set<ByteView> signers;
  uint32_t roots = 0;
  for (const v1::KeySignature& signature : wire.signatures()) {
    const auto named = [&](const v1::PublicKey& key) { return key.key_id() == signature.key_id(); };
    const auto root = std::find_if(document.root_keys().begin(), document.root_keys().end(), named);
    const auto other = std::find_if(document.keys().begin(), document.keys().end(), named);
    const bool is_root = root != document.root_keys().end();
    if (!is_root && other == document.keys().end()) return RefuseDocument("a signature names a key that is not in it");
    if (!signers.insert(signature.key_id()).second) return RefuseDocument("a key signed twice");
    const Bytes& public_key = is_root ? root->public_key() : other->public_key();
    if (!crypto::Verify(public_key, kIdentityType, wire.document(), signature.signature())) {
      return RefuseDocument("a signature does not verify");
    }
    roots += is_root ? 1 : 0;
  }
  if (roots < document.root_threshold()) return RefuseDocument("fewer root keys signed it than its threshold asks for");
  if (signers.size() != static_cast<size_t>(document.root_keys_size() + document.keys_size())) {
    return RefuseDocument("a key did not prove possession by signing it");
  }
  return absl::OkStatus();
}

void AddKey(v1::PublicKey& out, v1::KeyUsage usage, const crypto::SigningKey& key, absl::Time from, absl::Time until) {
  out.set_key_id(MakeKeyId(usage, key.public_key()).str());
  out.set_usage(usage);
  out.set_public_key(key.public_key());
  out.set_not_before_us(absl::ToUnixMicros(from));
  out.set_not_after_us(absl::ToUnixMicros(until));
}

void AddSignature(v1::SignedIdentity& out, v1::KeyUsage usage, const crypto::SigningKey& key) {
  v1::KeySignature& signature = *out.add_signatures();
  signature.set_key_id(MakeKeyId(usage, key.public_key()).str());
  signature.set_signature(*key.Sign(kIdentityType, out.document()));
}

}  // namespace

KeyId MakeKeyId(v1::KeyUsage usage, ByteView public_key) {
  const char number = static_cast<char>(usage);
  return *KeyId::From(crypto::LabeledHash("entente/1/key", {ByteView(&number, 1), public_key}).view());
}

absl::StatusOr<Identity> Identity::Check(const v1::SignedIdentity& signed_identity, absl::Time now) {
  const Bytes& bytes = signed_identity.document();
  if (bytes.size() > kMaxIdentityBytes || static_cast<size_t>(signed_identity.signatures_size()) > kMaxIdentityKeys) {
    return Reject(RejectReason::kLimit,
                  "identity document refused: over 64 KiB or 32 signatures; ask its owner for a new card");
  }
  v1::IdentityDocument document;
  if (absl::Status status = StrictParse(bytes, document); !status.ok()) return status;
  if (absl::Status status = CheckFacts(document, now); !status.ok()) return status;
  if (absl::Status status = CheckSuites(document); !status.ok()) return status;
  if (absl::Status status = CheckKeys(document); !status.ok()) return status;
  if (absl::Status status = CheckEnd(document); !status.ok()) return status;
  if (absl::Status status = CheckSignatures(document, signed_identity); !status.ok()) return status;

  Identity out;
  out.org_ = *OrgId::From(crypto::LabeledHash("entente/1/org", {bytes}).view());
  out.name_ = document.name();
  out.hash_ = crypto::LabeledHash("entente/1/idoc", {bytes});
  out.version_ = document.version();
  out.expires_ = absl::FromUnixMicros(document.expires_us());
  out.wire_ = signed_identity;
  out.keys_.assign(document.root_keys().begin(), document.root_keys().end());
  out.keys_.insert(out.keys_.end(), document.keys().begin(), document.keys().end());
  return out;
}

absl::StatusOr<Bytes> Identity::KeyFor(const KeyId& id, v1::KeyUsage usage, absl::Time at) const {
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const auto& k) { return k.key_id() == id.view(); });
  if (key == keys_.end()) {
    return Reject(RejectReason::kNoKey, "signed by a key that the party's identity does not hold; get its newest card");
  }
  if (key->usage() != usage) return Reject(RejectReason::kKeyUse, "signed by a key that may not sign this; refuse it");
  if (at + kClockSkew < absl::FromUnixMicros(key->not_before_us()) ||
      at >= std::min(absl::FromUnixMicros(key->not_after_us()), expires_)) {
    return Reject(RejectReason::kTime, "signed by a key outside its lifetime; check the clocks or get the newest card");
  }
  return key->public_key();
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
  AddKey(*document.add_root_keys(), v1::KEY_USAGE_ROOT, root, now, now + kIdentityLifetime);
  AddKey(*document.add_keys(), v1::KEY_USAGE_STATEMENT, statement, now, now + kStatementKeyLifetime);

  v1::SignedIdentity out;
  out.set_document(document.SerializeAsString());
  AddSignature(out, v1::KEY_USAGE_ROOT, root);
  AddSignature(out, v1::KEY_USAGE_STATEMENT, statement);
  if (absl::StatusOr<Identity> checked = Identity::Check(out, now); !checked.ok()) return checked.status();
  return out;
}

}  // namespace entente::trust
