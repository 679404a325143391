#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "crypto/at_rest.h"
#include "storage/durable.h"
#include "storage/head.h"
#include "storage/sealed_rows.h"

namespace entente::storage {

// Makes one group of changes durable: sealed, chained, one synced batch, then the signed head. One thread.
class GroupWriter {
 public:
  GroupWriter(Database& database, const crypto::AtRest& at_rest, const trust::Self& self, const Clock& clock,
              HeadFile head_file, JournalHead head)
      : database_(database),
        at_rest_(at_rest),
        self_(self),
        clock_(clock),
        head_file_(std::move(head_file)),
        head_(std::move(head)) {}

  const JournalHead& head() const { return head_; }
  // `group` holds journal records from head().sequence + 1 on and their view changes; its record bytes are consumed.
  // Refuses with kHsm, and kKeyUse or kLimit as a signer does, where its head is not signed: nothing was written, and the next
  // group goes on from the same head. After any other refusal (kStoreIo, kDiskFull, kStoreCorrupt) nobody knows what is on disk: never write again before Reopen.
  absl::Status Write(Overlay& group);
  // Closes store and head file, opens them again and checks all that a start of the node checks. What the last Write left
  // behind is part of the journal then, or is not. Refuses with kUnavailable while somebody reads, with kDiskFull while
  // there is no space for it: try again; or for good.
  absl::StatusOr<Durable> Reopen(const SealedRows& rows, const std::string& head_path);

 private:
  Database& database_;
  const crypto::AtRest& at_rest_;
  const trust::Self& self_;
  const Clock& clock_;
  HeadFile head_file_;
  JournalHead head_;
};

}  // namespace entente::storage
