// What a publish has to do with the quarantine: what it holds back, and what a person takes out of it.
#include <algorithm>

#include "exchange/publication_batch.h"

namespace entente::exchange {
namespace {

// The entry for exactly these bytes of that version.
absl::StatusOr<std::optional<storage::QuarantineEntry>> HeldAs(const storage::Reader& reader,
                                                               const model::StixObject& object, const Digest& digest) {
  const absl::StatusOr<std::vector<storage::QuarantineEntry>> entries = reader.FindQuarantine(object.id());
  if (!entries.ok()) return entries.status();
  const auto same = [&](const storage::QuarantineEntry& entry) {
    return entry.version_ns == object.version_ns() && entry.content_digest == digest;
  };
  const auto found = std::find_if(entries->begin(), entries->end(), same);
  if (found == entries->end()) return std::optional<storage::QuarantineEntry>();
  return std::optional(*found);
}

}  // namespace

absl::Status PublicationBatch::Hold(Candidate& candidate, RejectReason reason, std::string detail, model::Label label) {
  candidate.fate = Fate::kQuarantined;
  candidate.reason = reason;
  candidate.detail = std::move(detail);
  candidate.label = label;
  return absl::OkStatus();
}

absl::StatusOr<bool> PublicationBatch::StillHeld(const storage::Reader& reader, const Candidate& candidate) {
  if (candidate.held_at == 0) return true;
  const auto held = HeldAs(reader, *candidate.object, candidate.digest);
  if (!held.ok()) return held.status();
  return held->has_value() && (*held)->seq == candidate.held_at;
}

// Once for the same words: what is published again under other terms, or held for another reason, is held under those.
absl::Status PublicationBatch::StoreHeld(storage::Transaction& transaction, const Candidate& candidate) {
  const auto held = HeldAs(transaction, *candidate.object, candidate.digest);
  if (!held.ok()) return held.status();
  v1::ReleaseConstraints terms = envelope::ToWire(terms_.constraints);
  if (held->has_value()) {
    const absl::StatusOr<std::optional<v1::Record>> record = transaction.FindRecord((*held)->seq);
    if (!record.ok()) return record.status();
    const bool own = (*held)->origin == room_.self.org();
    const bool alike = record->has_value() && (*held)->reason == Describe(candidate.reason).name &&
                       (*record)->quarantine().source() == terms_.source &&
                       (*record)->quarantine().terms().SerializeAsString() == terms.SerializeAsString();
    if (!own || alike) return absl::OkStatus();
  }
  const storage::QuarantineRecord why{candidate.reason, candidate.detail, candidate.label, std::move(terms),
                                      candidate.imputed, terms_.source};
  return transaction.AppendQuarantine(0, nullptr, candidate.content, FactsOf(*candidate.object), room_.self.org(), why)
      .status();
}

}  // namespace entente::exchange
