#include "exchange/arrival.h"

#include <algorithm>

#include "crypto/crypto.h"

namespace entente::exchange {

Arrival::Arrival(Room room, envelope::VerifiedEnvelope envelope, std::shared_ptr<const trust::Accepted> from,
                 std::optional<v1::SignedBody> head, bool by_file)
    : room_(room), envelope_(std::move(envelope)), from_(std::move(from)), head_(std::move(head)), by_file_(by_file),
      creators_(room_, envelope_.batch->origin()) {}

size_t Arrival::ContentBytes() const {
  size_t bytes = 0;
  for (const envelope::Statement& statement : envelope_.batch->statements()) bytes += statement.content().size();
  return bytes;
}

bool Arrival::brought_something() const { return std::find(fresh_.begin(), fresh_.end(), true) != fresh_.end(); }

bool Arrival::big() const { return BigParse::IsBig(ContentBytes()); }

void Arrival::Parse() {
  turn_.emplace(ContentBytes());
  for (const envelope::Statement& statement : envelope_.batch->statements()) {
    objects_.push_back(model::StixObject::Parse(statement.content()));
  }
  fresh_.resize(objects_.size(), true);
}

absl::Status Arrival::Store(storage::Transaction& transaction) {
  absl::StatusOr<bool> replayed = transaction.HasEnvelope(envelope_.id);
  if (!replayed.ok()) return replayed.status();
  if (*replayed) return Reject(RejectReason::kReplay, "this envelope was accepted before; the copy changes nothing");
  if (absl::Status status = CheckStream(transaction); !status.ok()) return status;

  const auto& statements = envelope_.batch->statements();
  // A peer can seal what is known anew for ever: not even the envelope's id is kept, since a copy of it changes nothing.
  if (!brought_something()) return absl::OkStatus();
  rules_ = room_.rules.Now();
  // What is on file about the sender, and agreed with it, may have changed while the envelope waited for its turn.
  if (auto now = room_.directory.Find(from_->party.org)) from_ = std::move(now);
  absl::StatusOr<uint64_t> batch_seq = transaction.AppendReceivedBatch(*envelope_.batch, from_->party.org, by_file_);
  if (!batch_seq.ok()) return batch_seq.status();
  for (size_t i = 0; i < statements.size(); ++i) {
    if (!fresh_[i]) continue;
    if (absl::Status status = StoreOne(transaction, *batch_seq, i); !status.ok()) return status;
  }
  return transaction.AppendEnvelope(envelope_, from_->party.org, head_ ? &*head_ : nullptr, gaps_).status();
}

// Marks statements that are known already, and checks that the others follow what this stream said before.
absl::Status Arrival::CheckStream(storage::Transaction& transaction) {
  const envelope::Batch& batch = *envelope_.batch;
  absl::StatusOr<std::optional<envelope::StreamPosition>> known =
      transaction.InboundStream(batch.origin(), batch.stream());
  if (!known.ok()) return known.status();
  envelope::StreamPosition at = known->value_or(envelope::StreamPosition{batch.stream(), 0, StatementId()});
  for (size_t i = 0; i < batch.statements().size(); ++i) {
    const envelope::Statement& statement = batch.statements()[i];
    absl::StatusOr<bool> stored = transaction.HasStatement(statement.id());
    if (!stored.ok()) return stored.status();
    if (*stored) {
      fresh_[i] = false;
      ++duplicates_;
      continue;
    }
    if (statement.sequence() <= at.sequence) {
      absl::StatusOr<std::optional<StatementId>> there =
          transaction.StatementAt(batch.origin(), batch.stream(), statement.sequence());
      if (!there.ok()) return there.status();
      if (there->has_value()) {
        return Reject(RejectReason::kEquivocation, "another statement stands at this place of the stream");
      }
      continue;  // it fills a gap that was reported when it opened
    }
    if (statement.sequence() == at.sequence + 1 && statement.previous() != at.last) {
      return Reject(RejectReason::kGap, "the statement names another predecessor than the one received");
    }
    gaps_ += statement.sequence() - at.sequence - 1;
    at = {batch.stream(), statement.sequence(), statement.id()};
  }
  return absl::OkStatus();
}

absl::StatusOr<InboundVerdict> Arrival::Decide(storage::Transaction& transaction, size_t index) {
  const envelope::Statement& statement = envelope_.batch->statements()[index];
  const policy::Constraints& constraints = envelope_.batch->constraints();
  if (!objects_[index].ok()) {
    InboundVerdict verdict;
    verdict.label = constraints.label;
    verdict.held = ReasonOf(objects_[index].status());
    verdict.detail = std::string(objects_[index].status().message());
    return verdict;
  }
  const auto ask = [this](const policy::Constraints& joined, const Subject& subject) -> const policy::Decision& {
    const auto [it, fresh] = decisions_.try_emplace({joined.label, joined.pap, subject.alike});
    if (fresh) it->second = Judge(room_, *rules_, InboundQuestion(room_, joined, *from_, subject)).decision;
    return it->second;
  };
  const Received received{*objects_[index], statement.content(), envelope_.batch->origin(), constraints, *from_,
                          by_file_ ? Source::kFile : Source::kPeer};
  return DecideInbound(room_, *rules_, transaction, creators_, received, ask);
}

absl::Status Arrival::StoreOne(storage::Transaction& transaction, uint64_t batch_seq, size_t index) {
  const envelope::Statement& statement = envelope_.batch->statements()[index];
  absl::StatusOr<InboundVerdict> verdict = Decide(transaction, index);
  if (!verdict.ok()) return verdict.status();
  const storage::ObjectFacts facts = objects_[index].ok() ? FactsOf(*objects_[index]) : storage::ObjectFacts{};
  if (!verdict->permit) {
    ++quarantined_;
    held_.push_back(verdict->held);
    return transaction
        .AppendQuarantine(batch_seq, &statement, statement.content(), facts, envelope_.batch->origin(),
                          {verdict->held, verdict->detail, verdict->label})
        .status();
  }
  if (verdict->same) {
    ++duplicates_;
    return transaction.AppendRepeat(batch_seq, statement, facts, *verdict->same, *verdict->permit).status();
  }
  ++stored_;
  return transaction.AppendObject(batch_seq, statement, facts, *verdict->permit).status();
}

void Arrival::Count() {
  PeerCounters& peer = room_.counters.Peer(from_->party.org);
  peer.objects_received += envelope_.batch->statements().size();
  peer.sequence_gaps += gaps_;
  room_.counters.Count(Counters::kReceived, stored_);
  room_.counters.Count(Counters::kDuplicate, duplicates_);
  room_.counters.Count(Counters::kQuarantined, quarantined_);
  for (const RejectReason reason : held_) room_.counters.CountReject(Door::kPeer, reason);
}

}  // namespace entente::exchange
