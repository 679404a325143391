#pragma once

#include <optional>

#include "crypto/at_rest.h"
#include "storage/committer.h"
#include "storage/sealed_rows.h"
#include "trust/identity.h"

// What a store must prove before it is served.
namespace entente::storage {

// The newest part of the journal whose chain is recomputed at every start, beyond what a write-ahead log can hold, so
// that records lost from the middle of a log are seen. fsck does all of it.
inline constexpr uint64_t kCheckedTailBytes = 80ull << 20;

struct JournalEnd {
  uint64_t sequence = 0;
  Digest root;
  int64_t time_us = 0;  // of the newest record
};
// Checks that the store was made under `at_rest` for this organisation; kStoreCorrupt otherwise. A store that does not
// say is marked, with the offset of its heads, when `fresh_offset` is given (nothing was ever signed over it), and left to
// CheckJournal when not.
absl::Status CheckOwner(Database& database, const crypto::AtRest& at_rest, const OrgId& self,
                        std::optional<uint64_t> fresh_offset);
// Takes the store's offset (JournalHead) from what a head of its own says, so that `head` counts records. Refuses with
// kStoreCorrupt, kStoreIo.
absl::Status TakeOffset(const SealedRows& rows, v1::HeadBody& head);
// The store against its signed head, and the chain of the newest records. Refuses with kStoreShort, kStoreCorrupt,
// kStoreIo.
absl::StatusOr<JournalEnd> CheckJournal(const SealedRows& rows, const trust::IdentityHistory& self,
                                        const v1::SignedBody& head);
// The head file, open, and as long as the journal: what was written and not acknowledged when the node stopped gets a
// head now. Refuses like CheckJournal and HeadFile::Open.
struct Met {
  HeadFile file;
  JournalHead head;
  int64_t time_us = 0;  // of the newest record
};
absl::StatusOr<Met> MeetHead(const SealedRows& rows, const trust::Self& self, const Clock& clock,
                             const std::string& head_path, const v1::SignedBody& signed_head);
// The counters and tallies among the views. Refuses with kStoreCorrupt, kStoreIo.
absl::StatusOr<Durable> LoadDurable(const SealedRows& rows);
// The chain hash stored at `sequence`; zeros at 0; empty beyond the end.
absl::StatusOr<std::optional<Digest>> StoredRoot(const Database& database, uint64_t sequence,
                                                 const Database::Frozen* at = nullptr);
// The sequence of the last record; 0 when there is none.
absl::StatusOr<uint64_t> LastSequence(const Database& database, const Database::Frozen* at = nullptr);

}  // namespace entente::storage
