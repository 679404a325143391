#include "trust/identity_document.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "model/text.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

constexpr std::string_view kOriginPrefix = "entente.example/";

bool IsTime(int64_t us) { return us > 0 && us <= kMaxTimeUs; }

// Version 1 may only hold what builds of level 0 read.
absl::Status CheckFirstFacts(const v1::IdentityDocument& document) {
  if (!document.org_id().empty() || !document.previous_hash().empty()) {
    return RefuseDocument("version 1 must leave the organisation's id and the previous hash empty");
  }
  if (document.issued_us() != 0 || !document.revocations().empty() || document.has_offline() ||
      !document.log_origin().empty()) {
    return RefuseDocument("version 1 says what only later versions may say");
  }
  return absl::OkStatus();
}

absl::Status CheckLaterFacts(const v1::IdentityDocument& document) {
  const std::optional<OrgId> org = OrgId::From(document.org_id());
  if (!org.has_value() || document.previous_hash().size() != Digest::kSize) {
    return RefuseDocument("the organisation's id or the previous hash is not of 32 bytes");
  }
  if (!IsTime(document.issued_us()) || !IsTime(document.expires_us())) {
    return RefuseDocument("one of its times is before 1970 or after 9999");
  }
  if (document.expires_us() <= document.issued_us()) return RefuseDocument("it ends before it was issued");
  if (document.has_offline() && document.offline().ceiling() == v1::LABEL_UNSPECIFIED) {
    return RefuseDocument("its ceiling for prekeys of class offline is no label");
  }
  if (!document.log_origin().empty() && document.log_origin() != LogOrigin(*org)) {
    return RefuseDocument("its log is not named after the organisation");
  }
  return absl::OkStatus();
}

absl::Status CheckName(const std::string& name) {
  if (name.empty() || name.size() > kMaxIdentityNameBytes || model::Escaped(name) != name) {
    return RefuseDocument("its name is empty, over 64 bytes or holds characters that cannot be shown as they are");
  }
  return absl::OkStatus();
}

absl::Status CheckSuites(const v1::IdentityDocument& document) {
  const auto& suites = document.suites();
  if (static_cast<size_t>(suites.size()) > kMaxIdentitySuites) return RefuseDocument("more than 16 suites", RejectReason::kLimit);
  if (std::adjacent_find(suites.begin(), suites.end(), std::greater_equal<>()) != suites.end()) {
    return RefuseDocument("its suites are not in ascending order, each once");
  }
  if (std::find(suites.begin(), suites.end(), crypto::kSuite) == suites.end()) return RefuseDocument("it lacks suite 1");
  // Builds of level 0 refuse a first version that asks for more than their own suite.
  const bool ours = document.version() > 1 || document.min_suite() == crypto::kSuite;
  if (!ours || std::find(suites.begin(), suites.end(), document.min_suite()) == suites.end()) {
    return RefuseDocument("its lowest accepted suite is not one of this version's");
  }
  return absl::OkStatus();
}

bool BelongsInKeys(v1::KeyUsage usage, uint64_t version) {
  if (version == 1) return usage == v1::KEY_USAGE_STATEMENT;
  return usage == v1::KEY_USAGE_STATEMENT || usage == v1::KEY_USAGE_GROUP_ADMIN || usage == v1::KEY_USAGE_LOG ||
         usage == v1::KEY_USAGE_WITNESS;
}

absl::Status CheckKey(const v1::PublicKey& key) {
  if (!crypto::IsValidPoint(key.public_key())) {
    return RefuseDocument("a public key is no valid point of the main subgroup", RejectReason::kKeyPoint);
  }
  if (key.key_id() != MakeKeyId(key.usage(), key.public_key()).view()) return RefuseDocument("a key's id does not belong to the key");
  if (key.not_before_us() >= key.not_after_us()) return RefuseDocument("a key ends before it begins");
  if (!IsTime(key.not_before_us()) || !IsTime(key.not_after_us())) {
    return RefuseDocument("a key begins before 1970 or ends after 9999");
  }
  return absl::OkStatus();
}

// Every key valid and in its list, and each public key once whatever its usage: a key has one usage.
absl::Status CheckKeys(const v1::IdentityDocument& document) {
  const auto roots = static_cast<size_t>(document.root_keys_size()), others = static_cast<size_t>(document.keys_size());
  if (roots + others > kMaxIdentityKeys) return RefuseDocument("more than 32 keys", RejectReason::kLimit);
  const bool speaks = std::any_of(document.keys().begin(), document.keys().end(),
                                  [](const auto& key) { return key.usage() == v1::KEY_USAGE_STATEMENT; });
  if (document.root_threshold() == 0 || document.root_threshold() > roots) {
    return RefuseDocument("its threshold is not between 1 and the number of root keys");
  }
  std::set<ByteView> seen;
  for (const auto* list : {&document.root_keys(), &document.keys()}) {
    for (const v1::PublicKey& key : *list) {
      const bool fits = list == &document.root_keys() ? key.usage() == v1::KEY_USAGE_ROOT
                                                      : BelongsInKeys(key.usage(), document.version());
      if (!fits) return RefuseDocument("a key stands in the wrong list for its usage");
      if (absl::Status status = CheckKey(key); !status.ok()) return status;
      if (!seen.insert(key.public_key()).second) return RefuseDocument("a key occurs twice");
    }
  }
  return speaks ? absl::OkStatus() : RefuseDocument("it needs a statement key");
}

// A first document ends behind the beginning of each of its keys, which is when it was issued.
absl::Status CheckFirstEnd(const v1::IdentityDocument& document) {
  const bool behind = IsTime(document.expires_us()) && IssuedAt(document) < absl::FromUnixMicros(document.expires_us());
  return behind ? absl::OkStatus() : RefuseDocument("it ends before one of its keys begins, or after 9999");
}

bool IsOrigin(std::string_view text) {
  if (!text.starts_with(kOriginPrefix)) return false;
  text.remove_prefix(kOriginPrefix.size());
  return text.size() == 2 * OrgId::kSize && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

absl::Status CheckRevocations(const v1::IdentityDocument& document) {
  if (static_cast<size_t>(document.revocations_size()) > kMaxRevocations) {
    return RefuseDocument("more than 32 revocations", RejectReason::kLimit);
  }
  std::set<ByteView> seen;
  for (const v1::Revocation& revocation : document.revocations()) {
    if (revocation.key_id().size() != KeyId::kSize || revocation.reason() == v1::REVOCATION_REASON_UNSPECIFIED ||
        !IsTime(revocation.cutoff_us())) {
      return RefuseDocument("a revocation lacks its key, its reason or its cut-off");
    }
    if (!seen.insert(revocation.key_id()).second) return RefuseDocument("it revokes a key twice");
    const v1::LogCutoff& log = revocation.cutoff();
    if (revocation.has_cutoff() && (!IsOrigin(log.origin()) || log.root().size() != Digest::kSize || log.size() >> 63 != 0)) {
      return RefuseDocument("the last good state of a log is malformed");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RefuseDocument(std::string_view what, RejectReason reason) {
  const bool itself = reason == RejectReason::kIdentity || reason == RejectReason::kKeyPoint || reason == RejectReason::kLimit;
  return Reject(reason, "identity document refused: " + std::string(what) +
                            (itself ? "; ask its owner for a new card"
                                    : "; what is on file stays, ask its owner over a channel you trust"));
}

KeyId MakeKeyId(v1::KeyUsage usage, ByteView public_key) {
  const char number = static_cast<char>(usage);
  return *KeyId::From(crypto::LabeledHash("entente/1/key", {ByteView(&number, 1), public_key}).view());
}
OrgId OrgOfFirst(ByteView document) { return *OrgId::From(crypto::LabeledHash("entente/1/org", {document}).view()); }
Digest IdentityHash(ByteView document) { return crypto::LabeledHash("entente/1/idoc", {document}); }
std::string LogOrigin(const OrgId& org) { return std::string(kOriginPrefix) + crypto::ToHex(org.view()); }

absl::Duration LongestLife(v1::KeyUsage usage, uint64_t version) {
  switch (usage) {
    case v1::KEY_USAGE_STATEMENT: return version == 1 ? kStatementKeyLifetime : kOnlineKeyLifetime;
    case v1::KEY_USAGE_GROUP_ADMIN: return kOnlineKeyLifetime;
    case v1::KEY_USAGE_LOG:
    case v1::KEY_USAGE_WITNESS: return kNoteKeyLifetime;
    default: return absl::InfiniteDuration();
  }
}

std::vector<const v1::PublicKey*> KeysOf(const v1::IdentityDocument& document) {
  std::vector<const v1::PublicKey*> keys;
  for (const v1::PublicKey& key : document.root_keys()) keys.push_back(&key);
  for (const v1::PublicKey& key : document.keys()) keys.push_back(&key);
  return keys;
}

absl::Time IssuedAt(const v1::IdentityDocument& document) {
  if (document.version() != 1) return absl::FromUnixMicros(document.issued_us());
  absl::Time latest = absl::InfinitePast();
  for (const v1::PublicKey* key : KeysOf(document)) latest = std::max(latest, absl::FromUnixMicros(key->not_before_us()));
  return latest;
}

absl::StatusOr<v1::IdentityDocument> ReadDocument(const v1::SignedIdentity& wire) {
  const auto signatures = static_cast<size_t>(wire.signatures_size());
  if (wire.document().size() > kMaxIdentityBytes || signatures > kMaxIdentitySignatures) {
    return RefuseDocument("over 64 KiB or 64 signatures", RejectReason::kLimit);
  }
  v1::IdentityDocument document;
  if (absl::Status status = StrictParse(wire.document(), document); !status.ok()) return status;
  if (document.version() == 0) return RefuseDocument("it has no version");
  if (document.version() == 1 && signatures > kMaxIdentityKeys) {
    return RefuseDocument("over 32 signatures on version 1", RejectReason::kLimit);
  }
  return document;
}

absl::Status CheckDocument(const v1::IdentityDocument& document) {
  const bool first = document.version() == 1;
  if (absl::Status s = first ? CheckFirstFacts(document) : CheckLaterFacts(document); !s.ok()) return s;
  if (absl::Status s = CheckName(document.name()); !s.ok()) return s;
  if (absl::Status s = CheckSuites(document); !s.ok()) return s;
  if (absl::Status s = CheckKeys(document); !s.ok()) return s;
  if (first) return CheckFirstEnd(document);
  return CheckRevocations(document);
}

absl::Status CheckLifetime(const v1::PublicKey& key, uint64_t version) {
  const absl::Duration life = absl::FromUnixMicros(key.not_after_us()) - absl::FromUnixMicros(key.not_before_us());
  return life <= LongestLife(key.usage(), version) ? absl::OkStatus()
                                                   : RefuseDocument("a key lives longer than its usage allows");
}

}  // namespace entente::trust
