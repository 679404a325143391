#include "storage/sealed_rows.h"

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::storage {

absl::StatusOr<JournalRow> SplitJournalRow(uint64_t seq, ByteView value) {
  if (value.size() < Digest::kSize + crypto::AtRest::kOverhead) {
    return Reject(RejectReason::kStoreCorrupt,
                  "journal record " + std::to_string(seq) + " is cut short; run entente fsck");
  }
  return JournalRow{*Digest::From(value.substr(0, Digest::kSize)), value.substr(Digest::kSize)};
}

Digest NextChain(const Digest& previous, uint64_t seq, ByteView sealed) {
  return crypto::LabeledHash("entente/1/journal", {previous.view(), SeqBytes(seq), crypto::Sha256(sealed).view()});
}

Bytes SealingContext(Family family, ByteView key) {
  return Bytes(Name(family)).append(key);
}

Bytes PrefixEnd(ByteView prefix) {
  Bytes end(prefix);
  while (!end.empty() && static_cast<uint8_t>(end.back()) == 0xff) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<uint8_t>(end.back()) + 1);
  return end;
}

absl::StatusOr<Bytes> SealedRows::OpenRow(Family family, ByteView key, ByteView value) const {
  if (family == Family::kJournal) {
    absl::StatusOr<JournalRow> row = SplitJournalRow(SeqAtEnd(key), value);
    if (!row.ok()) return row.status();
    value = row->sealed;
  } else if (value.empty()) {
    return Bytes();
  }
  absl::StatusOr<Bytes> opened = at_rest_.Open(value, SealingContext(family, key));
  if (opened.ok()) return opened;
  const std::string place = family == Family::kJournal ? "journal record " + std::to_string(SeqAtEnd(key))
                                                       : "a row of " + std::string(Name(family));
  return Reject(RejectReason::kStoreCorrupt,
                place + " was changed on disk or sealed under another key; run entente fsck");
}

absl::StatusOr<std::optional<Bytes>> SealedRows::Get(Family family, ByteView key) const {
  absl::StatusOr<std::optional<Bytes>> value = database_.Get(family, key, at_);
  if (!value.ok() || !value->has_value()) return value;
  absl::StatusOr<Bytes> opened = OpenRow(family, key, **value);
  if (!opened.ok()) return opened.status();
  return std::optional<Bytes>(*std::move(opened));
}

absl::Status SealedRows::Scan(Family family, ByteView prefix, ByteView from, Visit visit) const {
  Database::Cursor cursor = database_.Iterate(family, prefix, PrefixEnd(prefix), at_);
  for (cursor.Seek(from); cursor.Valid(); cursor.Next()) {
    absl::StatusOr<Bytes> opened = OpenRow(family, cursor.key(), cursor.value());
    if (!opened.ok()) return opened.status();
    if (!visit(cursor.key(), *opened)) return absl::OkStatus();
  }
  return cursor.status();
}

void AddSealed(const crypto::AtRest& at_rest, Family family, const Overlay& overlay, Database::Batch& batch) {
  for (const auto& [key, value] : overlay.changes(family)) {
    if (!value) {
      batch.Delete(family, key);
    } else if (value->empty()) {
      batch.Put(family, key, {});
    } else {
      batch.Put(family, key, at_rest.Seal(*value, SealingContext(family, key)));
    }
  }
}

}  // namespace entente::storage
