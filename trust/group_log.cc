#include "trust/group_log.h"

#include <algorithm>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/crypto.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

absl::Status RefuseEntry(RejectReason reason, std::string_view what) {
  return Reject(reason, "group log entry refused: " + std::string(what) + "; what is on file stays, ask who keeps the log");
}

}  // namespace

absl::StatusOr<LogEntry> ReadLogEntry(const v1::SignedBody& wire) {
  if (wire.body().size() > kMaxGroupBodyBytes) return RefuseEntry(RejectReason::kLimit, "over 1 KiB");
  v1::GroupLogBody body;
  if (absl::Status status = StrictParse(wire.body(), body); !status.ok()) return status;
  const std::optional<OrgId> org = OrgId::From(body.org_id());
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<GroupId> group = GroupId::From(body.group_id());
  const std::optional<EntryId> previous = EntryId::From(body.previous());
  const std::optional<Digest> subject = Digest::From(body.subject());
  if (!org || !key_id || !group || !previous || !subject) return RefuseEntry(RejectReason::kParse, "an id or hash has the wrong length");
  const bool timed = body.time_us() > 0 && body.time_us() <= kMaxTimeUs;
  if (body.index() == 0 || body.number() == 0 || body.kind() == v1::GROUP_LOG_KIND_UNSPECIFIED || !timed) {
    return RefuseEntry(RejectReason::kParse, "it has no index, number, kind or time");
  }
  const Digest id = crypto::Sha256(crypto::Pae(kGroupLogType, wire.body()));
  return LogEntry{*EntryId::From(id.view()), *org,          *key_id,  *group, body.index(), *previous, body.kind(),
                  body.number(),             *subject, absl::FromUnixMicros(body.time_us())};
}

absl::StatusOr<GroupLog::Place> GroupLog::Find(const LogEntry& entry, absl::Time now) const {
  if (const LogEntry* on_file = At(entry.index); on_file != nullptr) {
    return on_file->id == entry.id ? Place::kOnFile : Place::kContradicts;
  }
  if (entry.index != size() + 1) return RefuseEntry(RejectReason::kIdentityChain, "entries between it and those on file are missing");
  if (entry.previous != (entries_.empty() ? EntryId() : entries_.back().id)) {
    return RefuseEntry(RejectReason::kIdentityChain, "it follows another entry than the last on file");
  }
  if (!entries_.empty() && entry.time < entries_.back().time) return RefuseEntry(RejectReason::kIdentityChain, "it is older than the entry before");
  if (entry.time > now + kClockSkew) return RefuseEntry(RejectReason::kTime, "it is from the future; compare both clocks");
  if (const LogEntry* logged = Of(entry.kind, entry.number); logged != nullptr) {
    if (logged->subject != entry.subject) return Place::kContradicts;
    return RefuseEntry(RejectReason::kIdentityChain, "it logs what is logged already");
  }
  if (entry.number != Last(entry.kind) + 1) return RefuseEntry(RejectReason::kIdentityChain, "its number does not follow the last of its kind");
  if (entries_.size() >= kMaxGroupLogEntries) return RefuseEntry(RejectReason::kLimit, "the group has 16,384 entries; found it anew");
  return Place::kNext;
}

void GroupLog::Add(const LogEntry& entry) {
  entries_.push_back(entry);
  indexes_.emplace(std::pair(entry.kind, entry.number), entry.index);
}

void GroupLog::Contradict(const LogEntry& entry) {
  const LogEntry* beside = contradiction_.has_value() ? At(contradiction_->index) : nullptr;
  if (!contradiction_.has_value() || (beside != nullptr && beside->id == contradiction_->id)) contradiction_ = entry;
}

GroupLog GroupLog::WithoutLast() const {
  GroupLog out = *this;
  out.indexes_.erase({entries_.back().kind, entries_.back().number});
  out.entries_.pop_back();
  return out;
}

const LogEntry* GroupLog::At(uint64_t index) const {
  return index == 0 || index > entries_.size() ? nullptr : &entries_[index - 1];
}

const LogEntry* GroupLog::Of(v1::GroupLogKind kind, uint64_t number) const {
  const auto found = indexes_.find({kind, number});
  return found == indexes_.end() ? nullptr : At(found->second);
}

uint64_t GroupLog::Last(v1::GroupLogKind kind) const {
  const auto behind = indexes_.upper_bound({kind, UINT64_MAX});
  if (behind == indexes_.begin()) return 0;
  const auto last = std::prev(behind);
  return last->first.first == kind ? last->first.second : 0;
}

absl::StatusOr<v1::SignedBody> MakeLogEntry(const Self& self, const GroupId& group, const GroupLog& log,
                                            v1::GroupLogKind kind, uint64_t number, const Digest& subject,
                                            absl::Time now) {
  const LogEntry* last = log.At(log.size());
  v1::GroupLogBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_group_id(group.str());
  body.set_index(log.size() + 1);
  body.set_previous(last == nullptr ? EntryId().str() : last->id.str());
  body.set_kind(kind);
  body.set_number(number);
  body.set_subject(subject.str());
  body.set_time_us(absl::ToUnixMicros(last == nullptr ? now : std::max(now, last->time)));
  return SignBody(self, kGroupLogType, body.SerializeAsString());
}

}  // namespace entente::trust
