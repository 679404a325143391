#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/running_hash.h"

// Sealed envelopes and the documents to check them with, as one file: docs/formats/files.md, Export file. The file
// proves nothing itself, each entry does; the digest at its end shows only that nothing was lost or bent on the way.
namespace entente::envelope {

inline constexpr size_t kMaxExportEntry = 64u << 20;
inline constexpr size_t kMaxIdentityEntry = 128u << 10, kMaxMembershipEntry = 512u << 10, kMaxSignedEntry = 8u << 10;
inline constexpr uint64_t kMaxExportEntries = 1'000'000;

enum class ExportKind : uint8_t {
  kEnvelope = 1,
  kIdentity = 2,    // SignedIdentity
  kPrekey = 3,      // SignedBody
  kMembership = 4,  // SignedMembership
  kGroupLog = 5,    // SignedBody
  kEpoch = 6,       // EpochDelivery
  kRewrap = 7,      // SignedBody
  kStatement = 8,   // StatementProof
  kLeave = 9,       // SignedBody
};

// The most bytes of an entry of `kind`: of documents what the longest valid one has, so that nobody parses 64 MiB of empty
// fields.
size_t MostOf(ExportKind kind);

struct ExportEntry {
  ExportKind kind;
  Bytes bytes;
};

// Makes the file piece by piece; join what each call returns. In order: Begin once, Add for each entry, End once.
class ExportWriter {
 public:
  // `from` and `to` are hints for whoever reads the file.
  Bytes Begin(const OrgId& from, const OrgId& to);
  // Refuses with kLimit an entry over MostOf its kind and one beyond kMaxExportEntries; nothing of it is written then.
  absl::StatusOr<Bytes> Add(ExportKind kind, ByteView bytes);
  Bytes End();

 private:
  Bytes Hashed(Bytes bytes);
  crypto::RunningHash hash_;
  uint64_t entries_ = 0;
};

// Reads the file as it comes, in pieces of any size; holds one entry at a time. A refusal is final; entries that were
// given out before it stand, since each is checked for itself.
class ExportReader {
 public:
  // Called for each whole entry in the file's order, kinds from 128 on left out. Its refusal ends the reading and is
  // returned.
  using Each = absl::FunctionRef<absl::Status(ExportEntry)>;
  // Refuses with kParse (no export file, unknown kind), kLimit (entry over MostOf its kind, or number of entries), kAead (the digest or the
  // number at the end differs), kTrailing (bytes behind the end).
  absl::Status Take(ByteView bytes, Each each);
  // After the last byte. Refuses with kTruncated where the end is missing.
  absl::Status Finish() const;
  // Who wrote it for whom, as the file says; nothing before `begun`.
  bool begun() const { return step_ > Step::kBegin; }
  const OrgId& from() const { return from_; }
  const OrgId& to() const { return to_; }
  uint64_t entries() const { return entries_; }

 private:
  enum class Step { kBegin, kHead, kBody, kEnd, kOver };
  absl::Status Next(Each each);
  absl::Status ReadBegin();
  absl::Status ReadHead();
  absl::Status ReadBody(Each each);
  absl::Status ReadEnd();
  void Await(Step step, size_t bytes);

  Step step_ = Step::kBegin;
  Bytes part_;           // of what is awaited
  size_t awaited_ = 69;  // its length: "ENTX", version, from, to
  uint8_t kind_ = 0;
  crypto::RunningHash hash_;
  OrgId from_, to_;
  uint64_t entries_ = 0;
};

}  // namespace entente::envelope
