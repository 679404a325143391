#pragma once

#include <memory>
#include <string>

#include "storage/journal.h"
#include "storage/sealed_rows.h"
#include "storage/statement_check.h"
#include "storage/views.h"

namespace entente::storage {

inline constexpr size_t kMaxProblems = 100;
// Rebuilt rows held in memory before they go to the scratch store.
inline constexpr size_t kFsckBytes = 4u << 20;

// One check of a whole store over a snapshot, with its views made anew in a scratch store beside it. Memory is bounded.
class Fsck {
 public:
  // All borrowed; `path` is the store's folder; `cancelled` may be empty.
  Fsck(const Database& store, const crypto::AtRest& at_rest, const trust::Self& self, std::string path,
       const Journal::Cancelled& cancelled);
  ~Fsck();  // removes the scratch store

  // Refuses only when it could not look (kStoreIo, kDiskFull) or was cancelled (kUnavailable); what it finds is in the
  // report.
  absl::StatusOr<Journal::FsckReport> Run();
  // Puts the rebuilt rows of every differing family into `store`. kStoreCorrupt when the journal is damaged: views made
  // from it would be wrong. Interrupted, it is done again at the next start (kRebuildKey).
  absl::Status Replace(Database& store);
  bool views_differ() const { return !differing_.empty(); }
  bool journal_sound() const { return journal_sound_; }

 private:
  void Problem(std::string sentence);
  absl::Status GoesOn() const;
  absl::Status Tables();
  absl::Status Records();
  void Record(uint64_t seq, ByteView value, Digest& chain);
  absl::Status Flush();
  absl::Status Compare(Family family);
  void CheckHead(uint64_t seq, const Digest& chain);
  void CheckEnd(uint64_t last);

  const Database& store_;
  const crypto::AtRest& at_rest_;
  const trust::IdentityHistory self_;
  std::string path_, scratch_path_;
  const Journal::Cancelled& cancelled_;
  std::unique_ptr<Database::Frozen> frozen_;
  std::unique_ptr<Database> scratch_;
  std::unique_ptr<SealedRows> stored_, rebuilt_;
  std::unique_ptr<Rows> spliced_;  // journal of the store, views of the scratch store
  std::unique_ptr<Overlay> overlay_;
  Keys::Memory memory_;
  Views views_;
  StatementCheck statements_;
  v1::HeadBody head_;
  bool journal_sound_ = true;
  std::vector<Family> differing_;
  Journal::FsckReport report_;
};

// In the store's own family while views are being replaced.
inline constexpr std::string_view kRebuildKey = "rebuild";

}  // namespace entente::storage
