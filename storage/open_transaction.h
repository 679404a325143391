#pragma once

#include "crypto/at_rest.h"
#include "storage/rows.h"
#include "storage/transaction.h"
#include "storage/view_reader.h"
#include "storage/views.h"

namespace entente::storage {

// The transaction that one commit's body sees: its own changes over those of its group over the store. Everything is
// borrowed from the committer, on whose thread it lives.
class OpenTransaction final : public AnswersReader<Transaction> {
 public:
  // `next_seq` is the sequence of the first record it appends; `time_us` stands in its records.
  OpenTransaction(Overlay& overlay, Views& views, Keys keys, const OrgId& self, uint64_t next_seq, int64_t time_us)
      : overlay_(overlay), views_(views), keys_(keys), self_(self), next_seq_(next_seq), time_us_(time_us) {}

  void ActFor(std::string_view by) override { by_ = by.substr(0, kMaxByBytes); }
  absl::StatusOr<uint64_t> AppendParty(const v1::PartyAccepted& party) override;
  absl::StatusOr<uint64_t> AppendIdentity(const OrgId& org, const v1::SignedIdentity& identity) override;
  absl::StatusOr<uint64_t> AppendAgreement(const OrgId& org, const v1::AgreementTaken& taken) override;
  absl::StatusOr<uint64_t> AppendGroup(const v1::GroupTaken& taken) override;
  absl::StatusOr<uint64_t> AppendRules(const v1::RulesChanged& rules) override;
  absl::StatusOr<uint64_t> AppendDraft(const v1::DraftStep& step) override;
  absl::StatusOr<uint64_t> AppendOpened(const v1::ContentOpened& opened) override;
  absl::StatusOr<uint64_t> AppendOwnBatch(const envelope::Batch& batch, const std::vector<PartyDecision>& decisions,
                                          uint64_t rules) override;
  absl::StatusOr<uint64_t> AppendReceivedBatch(const envelope::Batch& batch, const OrgId& from, bool by_file) override;
  absl::StatusOr<uint64_t> AppendObject(uint64_t batch_seq, const envelope::Statement& statement,
                                        const ObjectFacts& facts, const policy::Permit& local) override;
  absl::StatusOr<uint64_t> AppendRepeat(uint64_t batch_seq, const envelope::Statement& statement,
                                        const ObjectFacts& facts, const VersionEntry& of,
                                        const policy::Permit& local) override;
  absl::StatusOr<uint64_t> AppendQuarantine(uint64_t batch_seq, const envelope::Statement* statement, ByteView content,
                                            const ObjectFacts& facts, const OrgId& origin,
                                            const QuarantineRecord& why) override;
  absl::StatusOr<uint64_t> AppendReleased(uint64_t held_seq, const ObjectFacts& facts,
                                          const policy::Permit& local) override;
  absl::StatusOr<uint64_t> AppendHeldRejected(uint64_t held_seq, std::string_view note) override;
  absl::StatusOr<uint64_t> AppendDelivered(const OrgId& peer, const DeliveryStep& step) override;
  absl::StatusOr<uint64_t> AppendEnvelope(const envelope::VerifiedEnvelope& envelope, const OrgId& peer,
                                          const v1::SignedBody* head, uint64_t gaps) override;

  uint64_t next_seq() const { return next_seq_; }
  // Why an append was refused; a body that overlooked it must not commit half of what it meant.
  const absl::Status& failure() const { return failure_; }

 private:
  const Rows& rows() const override { return overlay_; }
  Keys keys() const override { return keys_; }
  absl::StatusOr<uint64_t> Append(v1::Record record);
  absl::StatusOr<uint64_t> Refuse(std::string_view why);
  // The object as the view of accepted ones wants it, without its statement.
  void SetObject(const ObjectFacts& facts, const policy::Permit& local, ByteView content,
                 v1::ObjectAccepted& object) const;
  absl::StatusOr<v1::Record> HeldRecord(uint64_t held_seq);  // that is in quarantine still
  // OK when `statement` belongs to the batch at `batch_seq` and is not stored yet, and `local` is this organisation's.
  absl::Status CheckStatement(uint64_t batch_seq, const envelope::Statement& statement, const policy::Permit* local);

  Overlay& overlay_;
  Views& views_;
  Keys keys_;
  const OrgId& self_;
  uint64_t next_seq_;
  int64_t time_us_;
  std::string by_;
  absl::Status failure_;
};

}  // namespace entente::storage
