#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "envelope/export_file.h"
#include "exchange/group_entries.h"

namespace entente::exchange {

// Envelope bytes that an import has under way at once; one larger envelope goes alone.
inline constexpr size_t kImportUnderWay = 16u << 20;
// Entries other than envelopes that are refused until the file is: each may cost many signatures, and no budget counts
// them.
inline constexpr int kMaxRefusedDocuments = 64;

// An export file on its way in: each entry as if a session with the file's `from` had brought it, with the same checks,
// the same order and the same journal. What stands before a fault of the file stays. One thread at a time.
class FileImport {
 public:
  FileImport(Room room, Admission& admission, Groups& groups);
  ~FileImport();  // waits for what is under way

  // The file's next bytes; blocks while too much is under way. Refuses what ExportReader refuses, with kLimit
  // beyond kMaxRefusedDocuments, with kUnknownParty when nobody on file wrote it, and with this node's own faults
  // (kDiskFull, kStoreIo, kUnavailable): import it again later. Nothing more is taken after a refusal.
  absl::Status Take(ByteView bytes);
  // After the last byte: waits for every outcome. Refuses with kTruncated, or as the last Take did.
  absl::Status Finish();
  // What became of the entries; after Finish. Entries refused are by the name of their reason.
  v1::ImportReport Report() const;

 private:
  struct Tally;
  absl::Status TakeEntry(envelope::ExportEntry entry);
  absl::Status Count(const absl::Status& taken);
  absl::Status TakeIdentity(ByteView bytes);
  absl::Status TakePrekey(ByteView bytes) const;
  void Submit(Bytes envelope);

  Room room_;
  Admission& admission_;
  GroupEntries group_entries_;
  envelope::ExportReader reader_;
  absl::Status failed_;
  int refused_documents_ = 0;
  const std::shared_ptr<Tally> tally_;
};

}  // namespace entente::exchange
