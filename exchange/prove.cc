#include <utility>

#include "crypto/crypto.h"
#include "exchange/lookup.h"
#include "exchange/reading.h"
#include "exchange/release.h"

// A stored object's statement with its proof of origin, for readers who have no node (docs/formats/forward.md).
namespace entente::exchange {
namespace {

absl::Status Damaged(const char* what) {
  return Reject(RejectReason::kStoreCorrupt, std::string(what) + "; run `entente fsck`");
}

// As it came, where it came with a part of its batch; else made from the whole.
absl::Status AddPath(const v1::BatchAccepted& batch, const v1::ObjectAccepted& object, v1::StatementEntry& entry) {
  if (!object.path().empty()) {
    *entry.mutable_path() = object.path();
    return absl::OkStatus();
  }
  const std::vector<ByteView> leaves = LeavesOf(batch);
  if (object.index() >= leaves.size()) return Damaged("a stored statement lies outside its batch");
  for (const Digest& hash : crypto::AuditPath(leaves, object.index())) entry.add_path(hash.str());
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::StatementProof> Reading::Prove(std::string_view id, std::string_view version) const {
  // Whatever keeps the object from a local reader keeps its proof.
  const absl::StatusOr<Object> readable = Readable(id, version);
  if (!readable.ok()) return readable.status();
  if (absl::Status status = Opened("prove", {readable->row}); !status.ok()) return status;
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(readable->row.journal_seq());
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_object()) return Damaged("an object has no record");
  v1::ObjectAccepted& object = *(*record)->mutable_object();
  absl::StatusOr<std::optional<v1::Record>> batch = room_.journal.FindRecord(object.batch_seq());
  if (!batch.ok()) return batch.status();
  if (!batch->has_value() || !(*batch)->has_batch()) return Damaged("an object has no batch");

  v1::StatementProof proof;
  v1::StatementEntry& entry = *proof.mutable_statement();
  if (auto status = AddPath((*batch)->batch(), object, entry); !status.ok()) return status;
  *proof.mutable_batch() = (*batch)->batch().batch();
  entry.set_index(object.index());
  entry.set_body(std::move(*object.mutable_statement()));
  entry.set_salt(std::move(*object.mutable_salt()));
  entry.set_content(std::move(*object.mutable_content()));
  return proof;
}

}  // namespace entente::exchange
