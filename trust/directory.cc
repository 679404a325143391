#include "trust/directory.h"

#include <algorithm>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "model/text.h"
#include "trust/agreement_history.h"

namespace entente::trust {

Directory::Directory(model::Party self_party, Identity self_identity)
    : Directory(std::move(self_party), std::make_shared<const IdentityHistory>(std::move(self_identity))) {}

Directory::Directory(model::Party self_party, std::shared_ptr<const IdentityHistory> self_history)
    : self_(std::make_shared<const Accepted>(
          Accepted{std::move(self_party), self_history->newest(), std::move(self_history)})) {
  for (const Bytes& key : self_->history->keys().PublicKeys()) keys_.emplace(key, self_->identity.org());
}

std::shared_ptr<const Accepted> Directory::Find(const OrgId& org) const {
  if (org == self_->identity.org()) return self_;
  const std::lock_guard lock(mutex_);
  const auto found = parties_.find(org);
  return found == parties_.end() ? nullptr : found->second;
}

std::shared_ptr<const Accepted> Directory::FindByName(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return FindByNameLocked(name);
}

std::shared_ptr<const Accepted> Directory::FindByNameLocked(std::string_view name) const {
  if (name == self_->party.name) return self_;
  for (const auto& [org, accepted] : parties_) {
    if (accepted->party.name == name) return accepted;
  }
  return nullptr;
}

absl::StatusOr<std::shared_ptr<const Accepted>> Directory::Named(std::string_view name) const {
  if (auto found = FindByName(name)) return found;
  std::vector<std::string> names = {self_->party.name};
  for (const auto& accepted : All()) names.push_back(accepted->party.name);
  const std::string near = model::DidYouMean(name, names);
  return Reject(RejectReason::kNotFound, "no party on file is named '" + model::Escaped(name, 80) + "'" +
                                             (near.empty() ? "" : "; did you mean '" + near + "'?") +
                                             " (entente peer list shows them)");
}

std::vector<std::shared_ptr<const Accepted>> Directory::All() const {
  std::vector<std::shared_ptr<const Accepted>> out;
  {
    const std::lock_guard lock(mutex_);
    out.reserve(parties_.size());
    for (const auto& [org, accepted] : parties_) out.push_back(accepted);
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a->party.name < b->party.name; });
  return out;
}

absl::Status Directory::Accept(Accepted accepted) {
  const OrgId org = accepted.identity.org();
  if (accepted.party.org != org) {
    return Reject(RejectReason::kUsage, "record and identity are of two organisations; use the party's own card");
  }
  if (org == self_->identity.org()) {
    return Reject(RejectReason::kUsage, "that is this organisation's own card; use the other party's");
  }
  const std::lock_guard lock(mutex_);
  const std::shared_ptr<const Accepted> named = FindByNameLocked(accepted.party.name);
  if (named != nullptr && named->identity.org() != org) {
    return Reject(RejectReason::kConflict, "another organisation has that name here; choose a name for this one");
  }
  const auto known = parties_.find(org);
  if (known == parties_.end() && parties_.size() >= kMaxParties) {
    return Reject(RejectReason::kLimit, "a node accepts at most 1,000 parties; run another node for more");
  }
  if (known != parties_.end()) {
    accepted.history = known->second->history;
    accepted.taken = known->second->taken;
    accepted.agreements = known->second->agreements;
  } else if (accepted.history == nullptr && accepted.identity.version() == 1) {
    accepted.history = std::make_shared<const IdentityHistory>(accepted.identity);
  } else if (accepted.history == nullptr) {
    return Reject(RejectReason::kUsage, "a party begins with version 1 of its identity document; use its whole card");
  }
  accepted.identity = accepted.history->newest();
  std::vector<Bytes> claimed;
  if (absl::Status status = Claim(org, accepted.history->keys().PublicKeys(), claimed); !status.ok()) return status;
  parties_[org] = std::make_shared<const Accepted>(std::move(accepted));
  return absl::OkStatus();
}

absl::Status Directory::Claim(const OrgId& org, const std::vector<Bytes>& keys, std::vector<Bytes>& claimed) {
  for (const Bytes& key : keys) {
    const auto owner = keys_.find(key);
    if (owner == keys_.end() || owner->second == org) continue;
    return Reject(RejectReason::kConflict, "one of its keys belongs to another organisation; it must make new keys");
  }
  for (const Bytes& key : keys) {
    if (keys_.emplace(key, org).second) claimed.push_back(key);
  }
  return absl::OkStatus();
}

absl::Status Directory::Extend(const OrgId& org, const v1::IdentityChain& chain, absl::Time now,
                               IdentityHistory::Persist persist) {
  const absl::Status unknown = Reject(RejectReason::kUnknownParty, "these documents are of nobody who is accepted here");
  const std::lock_guard one_run(extending_);
  const std::shared_ptr<const Accepted> before = org == self_->identity.org() ? nullptr : Find(org);
  if (before == nullptr) return unknown;
  IdentityHistory history = *before->history;
  const absl::Status taken = history.TakeIn(chain, now, [&](const v1::SignedIdentity& wire) {
    const absl::StatusOr<v1::IdentityDocument> document = ReadDocument(wire);
    if (!document.ok()) return document.status();
    std::vector<Bytes> keys, claimed;
    // A second document for a version counts for nothing, and so do its keys.
    if (document->version() > history.newest().version()) {
      for (const v1::PublicKey* key : KeysOf(*document)) keys.push_back(key->public_key());
    }
    {
      const std::lock_guard lock(mutex_);
      if (absl::Status status = Claim(org, keys, claimed); !status.ok()) return status;
    }
    absl::Status stored = persist(wire);
    if (!stored.ok()) Release(claimed);
    return stored;
  });
  const std::lock_guard lock(mutex_);
  const auto now_known = parties_.find(org);
  if (now_known == parties_.end()) {
    absl::erase_if(keys_, [&](const auto& key) { return key.second == org; });
    return unknown;
  }
  const absl::Time since = history.newest().version() > before->identity.version() ? now : before->taken;
  Accepted extended = *now_known->second;
  extended.identity = history.newest();
  extended.history = std::make_shared<const IdentityHistory>(history);
  extended.taken = since;
  now_known->second = std::make_shared<const Accepted>(std::move(extended));
  return taken;
}

absl::StatusOr<bool> Directory::Agree(const OrgId& org, const Agreement& agreement, const Arrival& arrival, Persist persist) {
  const absl::Status unknown = Reject(RejectReason::kUnknownParty, "an agreement with nobody who is accepted here");
  const std::lock_guard one_run(extending_);
  const std::shared_ptr<const Accepted> before = org == self_->identity.org() ? nullptr : Find(org);
  if (before == nullptr) return unknown;
  AgreementHistory agreements =
      before->agreements == nullptr ? AgreementHistory(self_->identity.org(), org) : *before->agreements;
  absl::StatusOr<bool> news = agreements.IsNews(agreement);
  if (!news.ok() || !*news) return news;
  if (absl::Status status = agreement.Check(*this, arrival); !status.ok()) return status;
  if (absl::Status status = persist(); !status.ok()) return status;
  agreements.Take(agreement);
  const std::lock_guard lock(mutex_);
  const auto now_known = parties_.find(org);
  if (now_known == parties_.end()) return unknown;
  Accepted changed = *now_known->second;
  changed.agreements = std::make_shared<const AgreementHistory>(std::move(agreements));
  now_known->second = std::make_shared<const Accepted>(std::move(changed));
  ++agreement_changes_;
  return true;
}

void Directory::Release(const std::vector<Bytes>& keys) {
  const std::lock_guard lock(mutex_);
  for (const Bytes& key : keys) keys_.erase(key);
}

void Directory::Forget(const OrgId& org) {
  const std::lock_guard lock(mutex_);
  if (parties_.erase(org) == 0) return;
  absl::erase_if(keys_, [&](const auto& key) { return key.second == org; });
}

std::optional<OrgId> Directory::SpeaksAs(std::string_view identity) const {
  const std::lock_guard lock(mutex_);
  for (const auto& [org, accepted] : parties_) {
    const std::vector<std::string>& ids = accepted->party.identities;
    if (std::binary_search(ids.begin(), ids.end(), identity)) return org;
  }
  return std::nullopt;
}

std::string Directory::NameOf(const OrgId& org) const {
  const std::shared_ptr<const Accepted> found = Find(org);
  return found != nullptr ? found->party.name : crypto::ToHex(org.view().substr(0, 8));
}

}  // namespace entente::trust
