// The view of what is held back.
#include "base/reject.h"
#include "storage/view_reader.h"
#include "storage/view_rows.h"
#include "storage/view_step.h"
#include "storage/views.h"

namespace entente::storage {
namespace {

absl::Status Unfitting(uint64_t seq, std::string_view why) {
  return Reject(RejectReason::kStoreCorrupt,
                "journal record " + std::to_string(seq) + " does not fit: " + std::string(why) + "; run entente fsck");
}

}  // namespace

absl::Status Views::Unhold(std::string_view id, int64_t version_ns, ByteView digest, Step& step) {
  Bytes key = keys_.Quarantined(id, version_ns, digest);
  absl::StatusOr<std::optional<Bytes>> row = step.rows.Get(Family::kQuarantine, key);
  if (!row.ok()) return row.status();
  if (!row->has_value()) return absl::OkStatus();
  step.out.Delete(Family::kQuarantine, std::move(key));
  return step.Count([](Counters& counters) { --counters.quarantined; });
}

absl::Status Views::HeldRejected(const v1::HeldRejected& rejected, Step& step) {
  absl::StatusOr<std::optional<v1::Record>> record = ViewReader(step.rows, keys_).FindRecord(rejected.seq());
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_quarantine()) return Unfitting(step.seq, "it rejects what was not held");
  const v1::ObjectQuarantined& held = (*record)->quarantine();
  return Unhold(held.id(), held.version_ns(), held.content_digest(), step);
}

// Of statements about the same bytes the strictest received one speaks, the first of equals; of own publishes the
// newest.
absl::StatusOr<bool> Views::Outweighs(ByteView row, const v1::ObjectQuarantined& newer, Step& step) {
  v1::QuarantineRow before;
  if (!before.ParseFromArray(row.data(), static_cast<int>(row.size()))) return DamagedRow(Family::kQuarantine);
  absl::StatusOr<std::optional<v1::Record>> record = ViewReader(step.rows, keys_).FindRecord(before.seq());
  if (!record.ok()) return record.status();
  if (!record->has_value()) return Unfitting(step.seq, "what held the same bytes before is missing");
  const v1::ObjectQuarantined& older = (*record)->quarantine();
  const bool received = older.batch_seq() != 0;
  if (newer.batch_seq() == 0) return received;
  return received && older.label() >= newer.label();
}

absl::Status Views::Quarantine(const v1::ObjectQuarantined& held, Step& step) {
  if (held.batch_seq() != 0) {
    if (absl::Status status = Statement(held.batch_seq(), held.statement_id(), held.sequence(), step); !status.ok()) {
      return status;
    }
  }
  const Bytes key = keys_.Quarantined(held.id(), held.version_ns(), held.content_digest());
  absl::StatusOr<std::optional<Bytes>> before = step.rows.Get(Family::kQuarantine, key);
  if (!before.ok()) return before.status();
  if (before->has_value()) {
    const absl::StatusOr<bool> stays = Outweighs(**before, held, step);
    if (!stays.ok()) return stays.status();
    if (*stays) return absl::OkStatus();
  }
  v1::QuarantineRow row;
  row.set_seq(step.seq);
  row.set_reason(held.reason());
  row.set_content_digest(held.content_digest());
  row.set_origin(held.origin());
  step.out.Put(Family::kQuarantine, key, row.SerializeAsString());
  if (before->has_value()) return absl::OkStatus();
  return step.Count([](Counters& counters) { ++counters.quarantined; });
}

}  // namespace entente::storage
