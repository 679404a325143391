#include "exchange/groups.h"

#include <deque>
#include <utility>

#include "crypto/crypto.h"
#include "trust/payload_types.h"

namespace entente::exchange {
namespace {

constexpr size_t kRecordsAtOnce = 1024;

v1::GroupTaken TakenOf(const GroupId& group) {
  v1::GroupTaken taken;
  taken.set_group_id(group.str());
  return taken;
}

v1::GroupTaken TakenOf(const GroupId& group, const trust::GroupDocument& document) {
  v1::GroupTaken taken = TakenOf(group);
  if (const auto* membership = std::get_if<const v1::SignedMembership*>(&document)) {
    *taken.mutable_membership() = **membership;
  } else {
    *taken.mutable_log_entry() = *std::get<const v1::SignedBody*>(document);
  }
  return taken;
}

Bytes IdOf(ByteView payload_type, const v1::SignedBody& wire) {
  return crypto::Sha256(crypto::Pae(payload_type, wire.body())).str();
}

// What is passed over when it comes from the journal: evidence, and documents whose group has expired since.
bool WasTaken(const absl::Status& status) {
  const RejectReason reason = ReasonOf(status);
  return status.ok() || reason == RejectReason::kFreeze || reason == RejectReason::kEquivocation;
}

// Records of one founding run, in their order.
struct Run {
  std::deque<v1::GroupTaken> records;
  int64_t time_us = 0;

  bool Continues(const v1::GroupTaken& next) const {
    if (records.empty() || !next.founding() || next.group_id() != records.front().group_id()) return false;
    return !next.has_membership() || trust::GroupOfFirst(next.membership().document()).view() != next.group_id();
  }
  std::vector<trust::GroupDocument> Documents() const {
    std::vector<trust::GroupDocument> out;
    for (const v1::GroupTaken& record : records) {
      if (record.has_membership()) out.emplace_back(&record.membership());
      if (record.has_log_entry()) out.emplace_back(&record.log_entry());
    }
    return out;
  }
};

}  // namespace

Groups::Groups(Room room, std::shared_ptr<const crypto::Signer> admin_key)
    : room_(room), admin_key_(std::move(admin_key)) {
  // Where this is not kept, an envelope of an epoch long over is refused as of an unknown one: no more than that.
  room_.groups.OnOpened([this](const GroupId& group, const trust::EpochId& epoch, const RouteTag& tag) {
    v1::GroupTaken taken = TakenOf(group);
    taken.mutable_opened()->set_epoch_id(epoch.str());
    taken.mutable_opened()->set_route_tag(tag.str());
    Keep(std::move(taken)).IgnoreError();
  });
}

absl::Status Groups::Keep(v1::GroupTaken taken) {
  taken.set_arrived_us(absl::ToUnixMicros(room_.clock.Now()));
  uint64_t seq = 0;
  const absl::Status stored = room_.journal.CommitAndWait([&](storage::Transaction& transaction) {
    const absl::StatusOr<uint64_t> appended = transaction.AppendGroup(taken);
    if (appended.ok()) seq = *appended;
    return appended.status();
  });
  if (!stored.ok()) return stored;
  Note(taken, seq);
  // What this node made for others alone is followed by nothing.
  if (!taken.has_slots() && !taken.has_opened()) duties_wait_ = true;
  return stored;
}

// Behind what changed, which only now counts: who is told of it looks at once.
void Groups::NoteChange(const GroupId& group) {
  {
    const std::lock_guard lock(mutex_);
    NoteChangeLocked(group);
  }
  TellChange();
}

// What others may ask for stays findable.
void Groups::Note(const v1::GroupTaken& taken, uint64_t seq) {
  const std::lock_guard lock(mutex_);
  if (taken.has_log_entry()) places_[IdOf(trust::kGroupLogType, taken.log_entry())] = seq;
  if (taken.has_epoch()) places_[IdOf(trust::kEpochType, taken.epoch())] = seq;
  if (taken.has_leave()) places_[taken.group_id() + IdOf(trust::kLeaveType, taken.leave())] = seq;
}

// --- From the journal ---

absl::Status Groups::Take(const v1::GroupTaken& taken, const trust::Arrival& arrival) {
  const GroupId group = GroupId::From(taken.group_id()).value_or(GroupId());
  const auto kept = [](const trust::GroupDocument&) { return absl::OkStatus(); };
  const auto kept_one = [] { return absl::OkStatus(); };
  switch (taken.kind_case()) {
    case v1::GroupTaken::kMembership: {
      const trust::GroupDocument document = &taken.membership();
      return room_.groups.TakeDocuments(group, std::span(&document, 1), arrival, kept);
    }
    case v1::GroupTaken::kLogEntry: {
      const trust::GroupDocument document = &taken.log_entry();
      return room_.groups.TakeDocuments(group, std::span(&document, 1), arrival, kept);
    }
    case v1::GroupTaken::kEpoch: {
      v1::EpochDelivery delivery;
      *delivery.mutable_epoch() = taken.epoch();
      return room_.groups.TakeEpoch(delivery, arrival, kept_one);
    }
    case v1::GroupTaken::kLeave:
      return room_.groups.TakeLeave(taken.leave(), arrival, kept_one);
    case v1::GroupTaken::kOpened: {
      const auto epoch = trust::EpochId::From(taken.opened().epoch_id());
      const auto tag = RouteTag::From(taken.opened().route_tag());
      if (epoch && tag) room_.groups.NoteTag(group, *epoch, *tag);
      return absl::OkStatus();
    }
    case v1::GroupTaken::kSlots:
    case v1::GroupTaken::KIND_NOT_SET:
      break;
  }
  return absl::OkStatus();
}

absl::StatusOr<absl::Status> Groups::Load() {
  absl::Status problem;
  const auto note = [&](const absl::Status& status) {
    if (problem.ok() && !WasTaken(status)) problem = status;
  };
  const auto arrival = [](int64_t time_us) {
    return trust::Arrival{absl::FromUnixMicros(time_us), absl::FromUnixMicros(time_us)};
  };
  Run run;
  const auto found = [&] {
    if (run.records.empty()) return;
    const GroupId group = GroupId::From(run.records.front().group_id()).value_or(GroupId());
    const std::vector<trust::GroupDocument> documents = run.Documents();
    note(room_.groups.TakeDocuments(group, documents, arrival(run.time_us),
                                    [](const trust::GroupDocument&) { return absl::OkStatus(); }));
    run = Run();
  };
  uint64_t after = 0;
  for (;;) {
    const absl::StatusOr<std::vector<uint64_t>> seqs = room_.journal.GroupRecords(after, kRecordsAtOnce);
    if (!seqs.ok()) return seqs.status();
    for (const uint64_t seq : *seqs) {
      absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
      if (!record.ok()) return record.status();
      if (!record->has_value() || !(*record)->has_group()) {
        return Reject(RejectReason::kStoreCorrupt, "a row of a group points at another record; run entente fsck");
      }
      Note((*record)->group(), seq);
      if (!run.Continues((*record)->group())) found();
      if ((*record)->group().founding()) {
        run.time_us = (*record)->group().arrived_us();
        run.records.push_back(std::move(*(*record)->mutable_group()));
      } else {
        note(Take((*record)->group(), arrival((*record)->group().arrived_us())));
      }
    }
    if (seqs->size() < kRecordsAtOnce) break;
    after = seqs->back();
  }
  found();
  return problem;
}

// --- From others ---

absl::Status Groups::TakeDocuments(const GroupId& group, std::span<const trust::GroupDocument> run, bool asked) {
  const std::lock_guard one_founding(founding_);
  const bool founding = !room_.groups.History(group).has_value();
  bool changed = false;
  const absl::Status status = room_.groups.TakeDocuments(group, run, Now(asked), [&](const trust::GroupDocument& document) {
    v1::GroupTaken taken = TakenOf(group, document);
    taken.set_founding(founding);
    changed = true;
    return Keep(std::move(taken));
  });
  if (changed) NoteChange(group);
  return status;
}

absl::Status Groups::TakeEpoch(const v1::EpochDelivery& delivery, bool asked) {
  const absl::StatusOr<trust::Epoch> epoch = trust::ReadEpoch(delivery.epoch());
  if (!epoch.ok()) return epoch.status();
  const GroupId& group = epoch->membership.group;
  bool changed = false;
  const absl::Status taken = room_.groups.TakeEpoch(delivery, Now(asked), [&] {
    v1::GroupTaken record = TakenOf(group);
    *record.mutable_epoch() = delivery.epoch();
    changed = true;
    return Keep(std::move(record));
  });
  if (changed) NoteChange(group);
  if (delivery.log_entry().body().empty()) return taken;
  const trust::GroupDocument entry = &delivery.log_entry();
  const absl::Status logged = TakeDocuments(group, std::span(&entry, 1), asked);
  // What is missing in front of the entry is asked for, and the entry comes with it.
  return taken.ok() && ReasonOf(logged) != RejectReason::kIdentityChain ? logged : taken;
}

absl::Status Groups::TakeRewrap(const v1::SignedBody& wire, bool asked) {
  return room_.groups.TakeRewrap(wire, Now(asked));
}

absl::Status Groups::TakeLeave(const v1::SignedBody& wire, bool asked) {
  const absl::StatusOr<trust::Leave> leave = trust::ReadLeave(wire);
  if (!leave.ok()) return leave.status();
  bool changed = false;
  const absl::Status taken = room_.groups.TakeLeave(wire, Now(asked), [&] {
    v1::GroupTaken record = TakenOf(leave->group);
    *record.mutable_leave() = wire;
    changed = true;
    return Keep(std::move(record));
  });
  if (changed) NoteChange(leave->group);
  return taken;
}

}  // namespace entente::exchange
