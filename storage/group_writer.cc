#include "storage/group_writer.h"

#include "storage/fsck.h"

#include "base/reject.h"
#include "storage/store_check.h"

namespace entente::storage {

absl::Status GroupWriter::Write(Overlay& group) {
  Database::Batch batch(database_);
  uint64_t seq = head_.sequence;
  Digest chain = head_.root;
  for (auto& [key, record] : group.changes(Family::kJournal)) {
    Bytes row(Digest::kSize, '\0');
    {
      const Bytes sealed = at_rest_.Seal(*record, SealingContext(Family::kJournal, key));
      chain = NextChain(chain, ++seq, sealed);
      row.replace(0, Digest::kSize, chain.view());
      row += sealed;
    }
    Bytes().swap(*record);  // a group may hold 32 MiB objects: one copy at a time
    batch.Put(Family::kJournal, key, row);
  }
  for (const Family family : ViewFamilies()) AddSealed(at_rest_, family, group, batch);
  // In front of the write: where a token does not sign, nothing of the group is on disk.
  const absl::StatusOr<v1::SignedBody> signed_head = trust::MakeHead(self_, head_.offset + seq, chain, clock_.Now());
  if (!signed_head.ok()) return signed_head.status();
  if (absl::Status status = database_.Write(batch, /*sync=*/true); !status.ok()) return status;
  if (absl::Status status = head_file_.Write(*signed_head); !status.ok()) return status;
  head_ = {seq, chain, *signed_head, head_.offset};
  return absl::OkStatus();
}

absl::StatusOr<Durable> GroupWriter::Reopen(const SealedRows& rows, const std::string& head_path) {
  if (absl::Status opened = database_.Reopen(head_.sequence); !opened.ok()) return opened;
  absl::StatusOr<std::optional<HeadFile::Found>> found = HeadFile::Read(head_path);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return Reject(RejectReason::kStoreCorrupt, "the head file " + head_path + " is gone");
  absl::StatusOr<Met> met = MeetHead(rows, self_, clock_, head_path, (*found)->head);
  if (!met.ok()) return met.status();
  absl::StatusOr<std::optional<Bytes>> rebuilding = database_.Get(Family::kStore, kRebuildKey);
  if (!rebuilding.ok()) return rebuilding.status();
  if (rebuilding->has_value() || !database_.made_families().empty()) {
    return Reject(RejectReason::kStoreCorrupt, "a rebuild of the views was cut short; start this node again, which ends it");
  }
  absl::StatusOr<Durable> durable = LoadDurable(rows);
  if (!durable.ok()) return durable;
  head_file_ = std::move(met->file);
  head_ = met->head;
  durable->head = head_;
  return durable;
}

}  // namespace entente::storage
