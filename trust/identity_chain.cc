#include "trust/identity_chain.h"

#include <algorithm>

#include "base/reject.h"

namespace entente::trust {
namespace {

using enum RejectReason;

// Step 5: the organisation, the version before and the time.
absl::Status CheckPlace(const Identity& before, const v1::IdentityDocument& next, absl::Time now) {
  if (next.org_id() != before.org().view()) return RefuseDocument("it is another organisation's", kIdentityChain);
  if (next.previous_hash() != before.hash().view()) {
    return RefuseDocument("it follows another document than the one on file", kIdentityChain);
  }
  const absl::Time issued = IssuedAt(next);
  if (issued <= IssuedAt(before.document())) return RefuseDocument("it is not newer than the version before", kIdentityChain);
  if (issued > now + kClockSkew) return RefuseDocument("it is from the future; compare both clocks", kTime);
  return absl::OkStatus();
}

// Steps 6 and 7: the fields by themselves, the lives of the keys that it enrols, and the floor.
absl::Status CheckContent(const Identity& before, const v1::IdentityDocument& next, const KeyRegister& keys) {
  if (absl::Status status = CheckDocument(next); !status.ok()) return status;
  for (const v1::PublicKey* key : KeysOf(next)) {
    if (keys.Find(key->key_id()) != nullptr) continue;
    if (absl::Status status = CheckLifetime(*key, next.version()); !status.ok()) return status;
  }
  if (next.min_suite() >= before.document().min_suite()) return absl::OkStatus();
  return RefuseDocument("it accepts a lower suite than the version before", kFloor);
}

}  // namespace

IdentityHistory::IdentityHistory(Identity first) : bytes_(first.wire().ByteSizeLong()) {
  keys_.Enter(first.document());
  versions_.push_back(std::make_shared<const Identity>(std::move(first)));
}

absl::StatusOr<IdentityHistory> IdentityHistory::Begin(const v1::SignedIdentity& first) {
  absl::StatusOr<Identity> identity = Identity::Check(first, absl::InfinitePast());
  if (!identity.ok()) return identity.status();
  return IdentityHistory(*std::move(identity));
}

KeyRegister IdentityHistory::KeysUpTo(uint64_t version) const {
  KeyRegister keys;
  for (uint64_t i = 0; i < version; ++i) keys.Enter(versions_[i]->document());
  return keys;
}

absl::StatusOr<IdentityHistory::Place> IdentityHistory::Check(const v1::IdentityDocument& document,
                                                              const v1::SignedIdentity& wire, absl::Time now) const {
  const uint64_t version = document.version(), newest = versions_.size();
  if (version <= newest && versions_[version - 1]->wire().document() == wire.document()) return Place::kOnFile;
  if (version < newest) return RefuseDocument("it is older than the version on file, and another one", kRollback);
  if (version - 1 > newest) return RefuseDocument("versions between it and the one on file are missing", kIdentityChain);
  if (version == 1) return RefuseDocument("it is another organisation's", kIdentityChain);
  if (version > kMaxIdentityVersions) return RefuseDocument("over 2,048 versions of one organisation", kLimit);
  if (bytes_ + wire.ByteSizeLong() > kMaxIdentityChainBytes) {
    return RefuseDocument("over 1 MiB of documents of one organisation", kLimit);
  }

  const Identity& before = *versions_[version - 2];
  if (absl::Status status = CheckPlace(before, document, now); !status.ok()) return status;
  const KeyRegister earlier = version > newest ? KeyRegister() : KeysUpTo(version - 1);
  const KeyRegister& keys = version > newest ? keys_ : earlier;
  if (absl::Status status = CheckContent(before, document, keys); !status.ok()) return status;
  if (absl::Status status = keys.CheckNext(before.document(), document); !status.ok()) return status;
  if (absl::Status status = CheckSignatures(document, wire, &before.document()); !status.ok()) return status;
  if (contradiction_.has_value()) {
    return RefuseDocument("its owner signed two documents for one version, and nobody has decided which counts", kEquivocation);
  }
  return version == newest ? Place::kContradicts : Place::kNext;
}

absl::Status IdentityHistory::Take(v1::IdentityDocument document, const v1::SignedIdentity& wire, absl::Time now,
                                   Persist persist) {
  absl::StatusOr<Place> place = Check(document, wire, now);
  if (!place.ok()) return place.status();
  if (*place == Place::kOnFile) return absl::OkStatus();
  if (absl::Status status = persist(wire); !status.ok()) return status;
  if (*place == Place::kContradicts) {
    contradiction_ = wire;
    return RefuseDocument("its owner signed two documents for one version; both are kept as evidence", kEquivocation);
  }
  keys_.Enter(document);
  bytes_ += wire.ByteSizeLong();
  versions_.push_back(std::make_shared<const Identity>(Identity(org(), std::move(document), wire)));
  return absl::OkStatus();
}

absl::Status IdentityHistory::Extend(const v1::SignedIdentity& signed_identity, absl::Time now) {
  absl::StatusOr<v1::IdentityDocument> document = ReadDocument(signed_identity);
  if (!document.ok()) return document.status();
  return Take(*std::move(document), signed_identity, now, [](const v1::SignedIdentity&) { return absl::OkStatus(); });
}

absl::Status IdentityHistory::TakeIn(const v1::IdentityChain& chain, absl::Time now, Persist persist) {
  if (chain.documents().empty()) return RefuseDocument("a chain without a document", kParse);
  if (static_cast<size_t>(chain.documents_size()) > kMaxCatchUp) {
    return RefuseDocument("over 1,024 documents in one run", kLimit);
  }
  uint64_t last = 0;
  for (const v1::SignedIdentity& wire : chain.documents()) {
    absl::StatusOr<v1::IdentityDocument> document = ReadDocument(wire);
    if (!document.ok()) return document.status();
    if (last != 0 && document->version() != last + 1) {
      return RefuseDocument("the versions of a chain do not ascend without a gap", kIdentityChain);
    }
    last = document->version();
    if (absl::Status status = Take(*std::move(document), wire, now, persist); !status.ok()) return status;
  }
  if (last < versions_.size()) return RefuseDocument("it ends before the version on file", kRollback);
  return CheckFresh(now);
}

const Identity* IdentityHistory::Version(uint64_t version, const Digest& hash) const {
  if (version == 0 || version > versions_.size() || versions_[version - 1]->hash() != hash) return nullptr;
  return versions_[version - 1].get();
}

const Identity* IdentityHistory::WithHash(const Digest& hash) const {
  // From the newest, which is meant nearly always.
  const auto found = std::find_if(versions_.rbegin(), versions_.rend(), [&](const auto& version) { return version->hash() == hash; });
  return found == versions_.rend() ? nullptr : found->get();
}

absl::Status IdentityHistory::CheckFresh(absl::Time now) const {
  if (now < newest().expires()) return absl::OkStatus();
  return Reject(kFreeze, "the newest identity document known of this organisation has expired; ask its owner for the next version");
}

absl::StatusOr<Bytes> IdentityHistory::KeyFor(const KeyUse& use) const {
  const KeyStanding* known = keys_.Find(use.key_id.view());
  if (use.identity.has_value()) {
    const Identity* named = Version(use.identity->version, use.identity->hash);
    if (named == nullptr) return Reject(kNoKey, "signed under an identity document that is not on file; ask its owner for it");
    const bool holds = std::any_of(named->keys().begin(), named->keys().end(),
                                   [&](const v1::PublicKey& key) { return key.key_id() == use.key_id.view(); });
    if (!holds) known = nullptr;
  }
  if (known == nullptr) return Reject(kNoKey, "signed by a key that the party's identity does not hold; ask its owner for the newest version");
  if (!MaySign(known->key.usage(), use.payload_type)) return Reject(kKeyUse, "signed by a key that may not sign this; refuse it");
  const absl::Time end = std::min(absl::FromUnixMicros(known->key.not_after_us()), known->documents_end);
  if (use.at + kClockSkew < absl::FromUnixMicros(known->key.not_before_us()) || use.at >= end) {
    return Reject(kTime, "signed by a key outside its lifetime; check the clocks or ask its owner for the newest version");
  }
  if (absl::Status status = known->Stands(use.at, use.dated); !status.ok()) return status;
  if (use.acted_on.has_value()) {
    if (absl::Status status = CheckFresh(*use.acted_on); !status.ok()) return status;
  }
  return known->key.public_key();
}

v1::IdentityChain ChainOf(const IdentityHistory& history) {
  v1::IdentityChain chain;
  for (const auto& version : history.versions()) *chain.add_documents() = version->wire();
  return chain;
}

IdentityHistory HistoryOf(const Self& self) {
  return self.history != nullptr ? *self.history : IdentityHistory(self.identity);
}

}  // namespace entente::trust
