#pragma once

#include "crypto/at_rest.h"
#include "storage/database.h"
#include "storage/rows.h"

namespace entente::storage {

// One journal row as stored: the chain hash of this record, and the record sealed.
struct JournalRow {
  Digest chain;
  ByteView sealed;
};
// Refuses with kStoreCorrupt when `value` is too short to be one.
absl::StatusOr<JournalRow> SplitJournalRow(uint64_t seq, ByteView value);

// chain_n = SHA-256("entente/1/journal" 00 suite | chain_{n-1} | n u64 | SHA-256(sealed record))
Digest NextChain(const Digest& previous, uint64_t seq, ByteView sealed);
// What binds a sealed row to its place.
Bytes SealingContext(Family family, ByteView key);

// The rows of a database, opened. Safe from any thread. Journal rows read as the serialised record alone.
class SealedRows final : public Rows {
 public:
  // All borrowed. With `at`, the rows of that moment.
  SealedRows(const Database& database, const crypto::AtRest& at_rest, const Database::Frozen* at = nullptr)
      : database_(database), at_rest_(at_rest), at_(at) {}
  absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key) const override;
  absl::Status Scan(Family family, ByteView prefix, ByteView from, Visit visit) const override;
  // Opens one row's value as it stands in the database.
  absl::StatusOr<Bytes> OpenRow(Family family, ByteView key, ByteView value) const;
  const Database& database() const { return database_; }
  const crypto::AtRest& at_rest() const { return at_rest_; }
  const Database::Frozen* at() const { return at_; }

 private:
  const Database& database_;
  const crypto::AtRest& at_rest_;
  const Database::Frozen* at_;
};

// Adds view changes to a batch, sealed. Empty values stay empty.
void AddSealed(const crypto::AtRest& at_rest, Family family, const Overlay& overlay, Database::Batch& batch);

// First key behind every key that starts with `prefix`; empty when there is none.
Bytes PrefixEnd(ByteView prefix);

}  // namespace entente::storage
