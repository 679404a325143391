#pragma once

#include <vector>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "entente/v1/record.pb.h"
#include "storage/rows.h"

namespace entente::storage {

// How long after its expiry an envelope id is still remembered, and how many are forgotten with one new envelope.
// The margin covers a clock that ran ahead for a while: an expired envelope is refused by its hour before this one
// looks.
inline constexpr uint32_t kReplayMarginHours = 14 * 24;
inline constexpr size_t kReplayForgottenAtOnce = 256;

// What every view takes from a batch when one of its statements arrives.
struct BatchFacts {
  OrgId origin;
  StreamId stream;
  bool own = false;
  Bytes statement_ids;
  std::vector<Bytes> outboxes;  // peer keys that an own batch's statements go to
  struct Embargoed {
    Bytes peer_key, embargoed_key;
    int64_t until_us = 0;
  };
  std::vector<Embargoed> embargoed;  // that they go to later
};

// The views as one function of the journal: Apply turns a record into changes of view rows, from the record and the
// rows that earlier records made, and from nothing else. Commit, fsck and rebuild all use it. Not thread-safe.
class Views {
 public:
  explicit Views(Keys keys) : keys_(keys) {}
  // Refuses with kStoreCorrupt when the record does not fit what came before it. The caller then drops what was
  // written.
  absl::Status Apply(const v1::Record& record, uint64_t seq, const Rows& rows, RowWriter& out);
  // Null when no batch stands at `seq`. Valid until the next call.
  absl::StatusOr<const BatchFacts*> Batch(uint64_t seq, const Rows& rows);
  // REQUIRED after dropped changes: a sequence number may now stand for another record.
  void Forget() { batch_seq_ = 0; }

 private:
  struct Step;  // record, seq, rows, out
  absl::Status Party(const v1::PartyAccepted& party, Step& step);
  absl::Status Document(const v1::IdentityTaken& taken, Step& step);
  absl::Status Agreement(const v1::AgreementTaken& taken, Step& step);
  absl::Status Group(const v1::GroupTaken& taken, Step& step);
  absl::Status Rules(Step& step);
  absl::StatusOr<bool> Outweighs(ByteView row, const v1::ObjectQuarantined& newer, Step& step);
  absl::Status HeldRejected(const v1::HeldRejected& rejected, Step& step);
  absl::Status OwnOrReceived(const v1::BatchAccepted& batch, Step& step);
  absl::Status Object(const v1::ObjectAccepted& object, Step& step);
  absl::Status Quarantine(const v1::ObjectQuarantined& held, Step& step);
  absl::Status Repeat(const v1::StatementRepeated& repeat, Step& step);
  absl::Status Delivery(const v1::Delivered& delivered, Step& step);
  absl::Status Envelope(const v1::EnvelopeSeen& seen, Step& step);

  absl::Status Statement(uint64_t batch_seq, ByteView statement_id, uint64_t sequence, Step& step);
  absl::Status Findable(const v1::ObjectAccepted& object, Step& step);
  absl::Status Derived(const v1::ObjectAccepted& object, Step& step);
  absl::Status Unhold(std::string_view id, int64_t version_ns, ByteView digest, Step& step);
  absl::Status Queued(const BatchFacts& batch, Step& step);
  absl::Status Settle(const v1::Delivered& delivered, int64_t& pending, v1::CursorRow& row, Step& step);
  absl::Status Hold(const v1::Delivered& delivered, const std::vector<Bytes>& answered, int64_t& pending,
                    v1::CursorRow& row, Step& step);
  absl::StatusOr<v1::CursorRow> CursorOf(ByteView peer_key, Step& step);
  absl::Status ForgetEnvelopes(uint32_t hour, const v1::EnvelopeSeen& newest, Step& step);

  Keys keys_;
  uint64_t batch_seq_ = 0;
  BatchFacts batch_;
};

}  // namespace entente::storage
