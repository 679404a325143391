// Who is on file, and what was taken in of and with whom.
#include "base/reject.h"
#include "storage/rocks_journal.h"
#include "trust/identity_chain.h"

namespace entente::storage {

absl::StatusOr<std::vector<v1::PartyAccepted>> RocksJournal::Parties() const {
  std::vector<uint64_t> seqs;
  absl::Status damaged;
  const absl::Status status = rows_.Scan(Family::kParties, {}, {}, [&](ByteView key, ByteView value) {
    if (key.size() != crypto::AtRest::kIndexKeySize) return true;  // of one of its documents
    absl::StatusOr<uint64_t> seq = DecodeNumber(value);
    damaged = seq.status();
    if (seq.ok()) seqs.push_back(*seq);
    return seq.ok();
  });
  if (!status.ok()) return status;
  if (!damaged.ok()) return damaged;
  std::vector<v1::PartyAccepted> parties;
  for (const uint64_t seq : seqs) {
    absl::StatusOr<std::optional<v1::Record>> record = FindRecord(seq);
    if (!record.ok()) return record.status();
    if (!record->has_value() || !(*record)->has_party()) return DamagedRow(Family::kParties);
    parties.push_back(std::move(*(*record)->mutable_party()));
  }
  return parties;
}

absl::StatusOr<std::vector<v1::SignedIdentity>> RocksJournal::LaterIdentities(const OrgId& org) const {
  const absl::StatusOr<std::vector<uint64_t>> seqs =
      SequencesBehind(0, Family::kParties, keys().Party(org.view()), trust::kMaxIdentityVersions);
  if (!seqs.ok()) return seqs.status();
  std::vector<v1::SignedIdentity> documents;
  for (const uint64_t seq : *seqs) {
    absl::StatusOr<std::optional<v1::Record>> record = FindRecord(seq);
    if (!record.ok()) return record.status();
    if (!record->has_value() || (*record)->identity().org_id() != org.view()) return DamagedRow(Family::kParties);
    documents.push_back(std::move(*(*record)->mutable_identity()->mutable_identity()));
  }
  return documents;
}

absl::StatusOr<std::vector<v1::AgreementTaken>> RocksJournal::Agreements(const OrgId& org, uint64_t& after,
                                                                         size_t limit) const {
  const absl::StatusOr<std::vector<uint64_t>> seqs =
      SequencesBehind(after, Family::kParties, keys().Agreements(org.view()), limit);
  if (!seqs.ok()) return seqs.status();
  std::vector<v1::AgreementTaken> taken;
  for (const uint64_t seq : *seqs) {
    absl::StatusOr<std::optional<v1::Record>> record = FindRecord(seq);
    if (!record.ok()) return record.status();
    if (!record->has_value() || (*record)->agreement().org_id() != org.view()) return DamagedRow(Family::kParties);
    taken.push_back(std::move(*(*record)->mutable_agreement()));
    after = seq;
  }
  return taken;
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::GroupRecords(uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kParties, keys().Groups(), limit);
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::RulesRecords(uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kParties, keys().Rules(), limit);
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::DraftRecords(uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kParties, keys().Drafts(), limit);
}

absl::StatusOr<std::vector<uint64_t>> RocksJournal::OpenedRecords(uint64_t after, size_t limit) const {
  return SequencesBehind(after, Family::kParties, keys().Opened(), limit);
}

}  // namespace entente::storage
