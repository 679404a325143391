#include "exchange/file_import.h"

#include <utility>

#include "exchange/identities.h"
#include "proto/strict_parse.h"

namespace entente::exchange {

// Shared with what is under way.
struct FileImport::Tally {
  std::mutex mutex;
  std::condition_variable changed;
  size_t bytes_under_way = 0, under_way = 0;
  v1::ImportReport report;
  absl::Status own_fault;  // the first

  void CountRefused(RejectReason reason) { ++(*report.mutable_refused())[std::string(Describe(reason).name)]; }
};

FileImport::FileImport(Room room, Admission& admission, Groups& groups)
    : room_(room), admission_(admission), group_entries_(groups), tally_(std::make_shared<Tally>()) {}

FileImport::~FileImport() {
  std::unique_lock lock(tally_->mutex);
  tally_->changed.wait(lock, [this] { return tally_->under_way == 0; });
}

absl::Status FileImport::Take(ByteView bytes) {
  if (failed_.ok())
    failed_ = reader_.Take(bytes, [this](envelope::ExportEntry entry) { return TakeEntry(std::move(entry)); });
  return failed_;
}

absl::Status FileImport::Finish() {
  const absl::Status flushed = Count(group_entries_.Flush());
  if (failed_.ok()) failed_ = flushed;
  std::unique_lock lock(tally_->mutex);
  tally_->changed.wait(lock, [this] { return tally_->under_way == 0; });
  if (failed_.ok()) failed_ = tally_->own_fault;
  if (failed_.ok()) failed_ = reader_.Finish();
  return failed_;
}

v1::ImportReport FileImport::Report() const {
  const std::lock_guard lock(tally_->mutex);
  v1::ImportReport report = tally_->report;
  if (!reader_.begun()) return report;
  report.set_from(room_.directory.NameOf(reader_.from()));
  report.set_for_this_node(reader_.to() == room_.self.org());
  return report;
}

absl::Status FileImport::TakeEntry(envelope::ExportEntry entry) {
  if (reader_.from() == room_.self.org() || !room_.directory.Find(reader_.from())) {
    return Reject(
        RejectReason::kUnknownParty,
        "the file was written by this node itself or by nobody on file; add that party with `entente peer add` first");
  }
  using envelope::ExportKind;
  absl::Status taken;
  // An envelope may be of a group whose documents stand in front of it.
  if (!GroupEntries::IsOne(entry.kind)) {
    if (absl::Status flushed = Count(group_entries_.Flush()); !flushed.ok()) return flushed;
  }
  switch (entry.kind) {
    case ExportKind::kEnvelope:
      Submit(std::move(entry.bytes));
      break;
    case ExportKind::kIdentity:
      taken = TakeIdentity(entry.bytes);
      break;
    case ExportKind::kPrekey:
      taken = TakePrekey(entry.bytes);
      break;
    case ExportKind::kStatement:
      taken = Reject(RejectReason::kParse, "a proof is for `entente verify`; nothing takes it in");
      break;
    default:
      taken = group_entries_.Take(entry.kind, entry.bytes);
  }
  {
    const std::lock_guard lock(tally_->mutex);
    tally_->report.set_entries(tally_->report.entries() + 1);
  }
  return Count(taken);
}

// What became of a document, or of the run in front of it.
absl::Status FileImport::Count(const absl::Status& taken) {
  const std::lock_guard lock(tally_->mutex);
  if (IsOwnFault(ReasonOf(taken))) return taken;
  if (!taken.ok()) {
    tally_->CountRefused(ReasonOf(taken));
    room_.counters.CountReject(Door::kPeer, ReasonOf(taken));
    if (++refused_documents_ > kMaxRefusedDocuments) {
      return Reject(RejectReason::kLimit, "over " + std::to_string(kMaxRefusedDocuments) +
                                              " documents of the file were refused; ask its writer for a new one");
    }
  }
  return tally_->own_fault;
}

// The writer's own documents, each from version 1 on: one that is on file already changes nothing. Accepting a party
// stays the operator's act.
absl::Status FileImport::TakeIdentity(ByteView bytes) {
  v1::SignedIdentity wire;
  if (absl::Status status = StrictParse(bytes, wire); !status.ok()) return status;
  return exchange::TakeIdentity(room_, reader_.from(), wire);
}

absl::Status FileImport::TakePrekey(ByteView bytes) const {
  v1::SignedBody prekey;
  if (absl::Status status = StrictParse(bytes, prekey); !status.ok()) return status;
  const auto party = room_.directory.Find(reader_.from());
  if (!party) return Reject(RejectReason::kUnknownParty, "the party is no longer on file here");
  const auto checked = trust::CheckPrekey(*party->history, prekey, room_.clock.Now(), v1::PREKEY_CLASS_OFFLINE);
  if (checked.ok())
    room_.directory.heard_prekeys().Keep(reader_.from(), v1::PREKEY_CLASS_OFFLINE, prekey, checked->not_after);
  return checked.status();
}

void FileImport::Submit(Bytes envelope) {
  const size_t size = envelope.size();
  {
    std::unique_lock lock(tally_->mutex);
    tally_->changed.wait(lock,
                         [&] { return tally_->under_way == 0 || tally_->bytes_under_way + size <= kImportUnderWay; });
    tally_->bytes_under_way += size;
    ++tally_->under_way;
    tally_->report.set_envelopes(tally_->report.envelopes() + 1);
  }
  Counters& counters = room_.counters;
  admission_.Submit(
      reader_.from(), std::move(envelope), std::nullopt,
      [tally = tally_, size, &counters](absl::Status status) {
        const RejectReason reason = ReasonOf(status);
        if (!status.ok()) counters.CountReject(Door::kPeer, reason);
        const std::lock_guard lock(tally->mutex);
        tally->bytes_under_way -= size;
        --tally->under_way;
        if (status.ok()) {
          tally->report.set_taken(tally->report.taken() + 1);
        } else if (reason == RejectReason::kReplay) {
          tally->report.set_known(tally->report.known() + 1);
        } else if (IsOwnFault(reason)) {
          if (tally->own_fault.ok()) tally->own_fault = status;
        } else {
          tally->CountRefused(reason);
        }
        tally->changed.notify_all();
      },
      Admission::Carrier::kFile);
}

}  // namespace entente::exchange
