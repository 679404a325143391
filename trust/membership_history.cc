#include "trust/membership_history.h"

#include <algorithm>

#include "base/clock.h"

namespace entente::trust {
namespace {

using enum RejectReason;

// Step 3: the group, the version before and the time. `before` is null for version 1.
absl::Status CheckPlace(const Membership* before, const Membership& next, absl::Time now) {
  if (before != nullptr && next.document().previous_hash() != before->hash().view()) {
    return RefuseMembership("it follows another document than the one that counts", kIdentityChain);
  }
  if (before != nullptr && next.issued() <= before->issued()) {
    return RefuseMembership("it is not newer than the version before", kIdentityChain);
  }
  if (before != nullptr && next.document().exercise_id() != before->document().exercise_id()) {
    return RefuseMembership("it is of another exercise than the version before", kIdentityChain);
  }
  if (next.issued() > now + kClockSkew) return RefuseMembership("it is from the future; compare both clocks", kTime);
  return absl::OkStatus();
}

// Step 5.
absl::Status CheckFloors(const Membership* before, const Membership& next) {
  if (before == nullptr) return absl::OkStatus();
  const bool falls = next.document().min_suite() < before->document().min_suite() || next.document().suite() < before->document().suite();
  return falls ? RefuseMembership("it lowers a suite", kFloor) : absl::OkStatus();
}

bool SameConstituents(const Membership& a, const Membership& b) { return a.members() == b.members() && a.issuers() == b.issuers(); }

}  // namespace

absl::StatusOr<MembershipHistory> MembershipHistory::Begin(const v1::SignedMembership& first, const Parties& parties,
                                                           const Arrival& arrival) {
  absl::StatusOr<Membership> document = Membership::Read(first);
  if (!document.ok()) return document.status();
  if (document->version() != 1) return RefuseMembership("a group begins with version 1 of its document", kIdentityChain);
  MembershipHistory history(document->group());
  if (absl::Status status = history.CheckNext(*document, parties, arrival); !status.ok()) return status;
  history.bytes_ = first.ByteSizeLong();
  history.announced_.push_back(std::make_shared<const Membership>(*std::move(document)));
  return history;
}

absl::Status MembershipHistory::CheckNext(const Membership& next, const Parties& parties, const Arrival& arrival) const {
  const Membership* before = next.version() == 1 ? nullptr : versions_[next.version() - 2].get();
  if (absl::Status status = CheckPlace(before, next, arrival.now); !status.ok()) return status;
  if (absl::Status status = CheckMembershipFields(next); !status.ok()) return status;
  if (absl::Status status = CheckFloors(before, next); !status.ok()) return status;
  return CheckMembershipSignatures(next, before, parties, arrival);
}

absl::Status MembershipHistory::Extend(const v1::SignedMembership& wire, const Parties& parties, const Arrival& arrival,
                                       Persist persist) {
  absl::StatusOr<Membership> next = Membership::Read(wire);
  if (!next.ok()) return next.status();
  if (next->group() != group_) return RefuseMembership("it is another group's", kIdentityChain);
  const uint64_t version = next->version(), newest = versions_.size();
  if (Version(version, next->hash()) != nullptr || Announced(next->hash()) != nullptr) return absl::OkStatus();
  if (version < newest) return RefuseMembership("it is older than the version that counts, and another one", kRollback);
  if (version - 1 > newest) return RefuseMembership("versions between it and the one that counts are missing", kIdentityChain);
  if (version > kMaxMembershipVersions) return RefuseMembership("over 2,048 versions of one group", kLimit);
  if (version > newest && bytes_ + wire.ByteSizeLong() > kMaxGroupDocumentBytes) {
    return RefuseMembership("over 16 MiB of documents of one group; found it anew", kLimit);
  }
  if (absl::Status status = CheckNext(*next, parties, arrival); !status.ok()) return status;

  if (version == newest) {
    const std::optional<LogEntry>& other = log_.contradiction();
    const bool logged = other.has_value() && other->kind == v1::GROUP_LOG_KIND_MEMBERSHIP && other->subject == next->hash();
    return logged ? RefuseMembership("the log has entries for two documents of one version", kEquivocation)
                  : RefuseMembership("another document of this version counts", kIdentityChain);
  }
  // The log may name a document that nobody has: others are taken all the same.
  const LogEntry* awaited = Awaited();
  const bool named = awaited != nullptr && awaited->subject == next->hash();
  if (!named && announced_.size() >= kMaxAnnounced) {
    return RefuseMembership("eight others of this version wait for the log", kLimit);
  }
  if (absl::Status status = persist(); !status.ok()) return status;
  bytes_ += wire.ByteSizeLong();
  announced_.push_back(std::make_shared<const Membership>(*std::move(next)));
  CountLogged();
  return absl::OkStatus();
}

std::shared_ptr<const Membership> MembershipHistory::Announced(const Digest& hash) const {
  const auto found = std::find_if(announced_.begin(), announced_.end(), [&](const auto& document) { return document->hash() == hash; });
  return found == announced_.end() ? nullptr : *found;
}

const LogEntry* MembershipHistory::Awaited() const { return log_.Of(v1::GROUP_LOG_KIND_MEMBERSHIP, versions_.size() + 1); }

// An announced document whose entry is on file counts from here on, and those that lost to it are dropped.
void MembershipHistory::CountLogged() {
  const LogEntry* awaited = Awaited();
  if (awaited == nullptr) return;
  std::shared_ptr<const Membership> logged = Announced(awaited->subject);
  if (logged == nullptr) return;
  versions_.push_back(std::move(logged));
  announced_.clear();
}

// Where the keeper of the log stalled until the version before expired, the next version's own keeper logs it.
bool MembershipHistory::TakesLogOver(const LogEntry& entry, absl::Time now) const {
  if (entry.kind != v1::GROUP_LOG_KIND_MEMBERSHIP || newest() == nullptr || entry.number != newest()->version() + 1) return false;
  const std::shared_ptr<const Membership> next = Announced(entry.subject);
  return next != nullptr && next->log_org() == entry.org && newest()->expires() <= std::min(now, entry.time);
}

absl::Status MembershipHistory::CheckLogger(const LogEntry& entry, absl::Time now) const {
  const LogEntry* on_file = log_.At(entry.index);
  const LogEntry* awaited = Awaited();
  if (on_file == nullptr && awaited != nullptr) {
    return Reject(kMemberHash, "group log entry refused: the document logged last, which says who keeps the log, is not on file; "
                               "ask a member for it");
  }
  const Membership& counting = newest() != nullptr ? *newest() : *announced_.front();
  const bool settled = on_file != nullptr && on_file != awaited;
  const OrgId& keeper = settled ? on_file->org : counting.log_org();
  if (entry.org == keeper || (!settled && TakesLogOver(entry, now))) return absl::OkStatus();
  return Reject(kIssuer, "group log entry refused: its signer does not keep this group's log; ask the group's admins");
}

// An entry without its document has no effect but to stop the log behind it, so it keeps no other out of its place.
bool MembershipHistory::TakesPlaceOfAwaited(const LogEntry& entry) const {
  const LogEntry* awaited = Awaited();
  const bool waits = entry.kind == v1::GROUP_LOG_KIND_MEMBERSHIP && Announced(entry.subject) == nullptr;
  return awaited != nullptr && entry.index == awaited->index && !waits;
}

// The group's id settles which document is version 1.
bool MembershipHistory::MayBeFirst(const LogEntry& entry) const {
  const Membership& first = versions_.empty() ? *announced_.front() : *versions_.front();
  return entry.kind != v1::GROUP_LOG_KIND_MEMBERSHIP || entry.number != 1 || entry.subject == first.hash();
}

void MembershipHistory::ReplaceAwaited(const LogEntry& entry) {
  const LogEntry awaited = *Awaited();
  log_ = log_.WithoutLast();
  log_.Add(entry);
  if (awaited.org == entry.org) log_.Contradict(awaited);
}

absl::Status MembershipHistory::TakeLogEntry(const v1::SignedBody& wire, const Parties& parties, const Arrival& arrival,
                                             Persist persist) {
  const absl::StatusOr<LogEntry> entry = ReadLogEntry(wire);
  if (!entry.ok()) return entry.status();
  if (entry->group != group_) return Reject(kIdentityChain, "group log entry refused: it is another group's; ask a member again");
  const LogEntry* on_file = log_.At(entry->index);
  if (on_file != nullptr && on_file->id == entry->id) return absl::OkStatus();
  if (absl::Status status = CheckLogger(*entry, arrival.now); !status.ok()) return status;
  const PartySignature signature{entry->org, entry->key_id, kGroupLogType, wire.body(), wire.signature(), entry->time};
  if (absl::Status status = CheckPartySignature(parties, signature, arrival); !status.ok()) return status;
  const bool replaces = TakesPlaceOfAwaited(*entry);
  const absl::StatusOr<GroupLog::Place> place =
      replaces ? log_.WithoutLast().Find(*entry, arrival.now) : log_.Find(*entry, arrival.now);
  if (!place.ok()) return place.status();
  if (*place == GroupLog::Place::kNext && !MayBeFirst(*entry)) {
    return Reject(kIdentityChain,
                  "group log entry refused: it logs another version 1 than the one that the group's id is of; ask who "
                  "keeps the log");
  }
  // One pair is evidence enough: more would only fill the disk.
  const bool contradicts = *place == GroupLog::Place::kContradicts;
  if (!contradicts || !log_.contradiction().has_value()) {
    if (absl::Status status = persist(); !status.ok()) return status;
  }
  if (contradicts) {
    log_.Contradict(*entry);
    return Reject(kEquivocation, "who keeps the group's log signed two orders; what is on file stays and both are kept as "
                                 "evidence, tell the group's admins");
  }
  replaces ? ReplaceAwaited(*entry) : log_.Add(*entry);
  CountLogged();
  return absl::OkStatus();
}

absl::Status MembershipHistory::TakeIn(std::span<const GroupDocument> run, const Parties& parties, const Arrival& arrival,
                                       PersistEach persist) {
  const auto is_document = [](const GroupDocument& one) { return std::holds_alternative<const v1::SignedMembership*>(one); };
  const auto documents = static_cast<size_t>(std::count_if(run.begin(), run.end(), is_document));
  if (documents > kMaxCatchUp || run.size() - documents > kMaxCatchUp) {
    return RefuseMembership("over 1,024 documents or log entries in one run", kLimit);
  }
  uint64_t last = UINT64_MAX;
  for (const GroupDocument& one : run) {
    const auto keep = [&] { return persist(one); };
    const v1::SignedMembership* const* document = std::get_if<const v1::SignedMembership*>(&one);
    const absl::Status taken = document != nullptr ? Extend(**document, parties, arrival, keep)
                                                   : TakeLogEntry(*std::get<const v1::SignedBody*>(one), parties, arrival, keep);
    if (!taken.ok()) return taken;
    if (document != nullptr) last = Membership::Read(**document)->version();
  }
  if (last < versions_.size()) return RefuseMembership("the run ends before the version that counts", kRollback);
  return newest() == nullptr ? absl::OkStatus() : CheckFresh(arrival.now);
}

std::shared_ptr<const Membership> MembershipHistory::Version(uint64_t version, const Digest& hash) const {
  if (version == 0 || version > versions_.size() || versions_[version - 1]->hash() != hash) return nullptr;
  return versions_[version - 1];
}

bool MembershipHistory::IsCurrent(const Membership& version) const {
  return std::all_of(versions_.begin() + static_cast<ptrdiff_t>(version.version()), versions_.end(),
                     [&](const auto& later) { return SameConstituents(*later, version); });
}

bool MembershipHistory::IsMemberSince(const OrgId& org, uint64_t from) const {
  if (from == 0 || from > versions_.size()) return false;
  return std::all_of(versions_.begin() + static_cast<ptrdiff_t>(from - 1), versions_.end(),
                     [&](const auto& version) { return version->IsMember(org); });
}

absl::Status MembershipHistory::CheckFresh(absl::Time now) const {
  if (newest() == nullptr) return Reject(kMemberHash, "no version of this group's membership counts yet; wait for its log");
  if (now < newest()->expires()) return absl::OkStatus();
  return Reject(kFreeze, "the newest membership document known of this group has expired; ask the group's admins for the next version");
}

}  // namespace entente::trust
