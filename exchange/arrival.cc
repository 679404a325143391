#include "exchange/arrival.h"

#include <algorithm>

#include "crypto/crypto.h"

namespace entente::exchange {

Arrival::Arrival(Room room, envelope::VerifiedEnvelope envelope, std::shared_ptr<const trust::Accepted> from,
                 std::optional<v1::SignedBody> head)
    : room_(room), envelope_(std::move(envelope)), from_(std::move(from)), head_(std::move(head)),
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
  absl::StatusOr<uint64_t> batch_seq = transaction.AppendReceivedBatch(*envelope_.batch, from_->party.org);
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

absl::StatusOr<Arrival::Verdict> Arrival::Decide(storage::Transaction& transaction, size_t index) {
  const envelope::Statement& statement = envelope_.batch->statements()[index];
  Verdict verdict;
  policy::Constraints constraints = envelope_.batch->constraints();
  verdict.label = constraints.label;
  if (!objects_[index].ok()) {
    verdict.held = ReasonOf(objects_[index].status());
    verdict.detail = std::string(objects_[index].status().message());
    return verdict;
  }
  const model::StixObject& object = *objects_[index];
  absl::Status store = absl::OkStatus();
  const auto defines = [&](std::string_view id) {
    absl::StatusOr<bool> defined = transaction.DefinesStatementMarking(envelope_.batch->origin(), id);
    if (!defined.ok()) store = defined.status();
    return defined.ok() && *defined;
  };
  verdict.held = JoinMarkings(object, defines, constraints, verdict.detail);
  if (!store.ok()) return store;
  verdict.label = constraints.label;
  if (verdict.held != RejectReason::kNone) return verdict;

  absl::StatusOr<std::optional<storage::VersionEntry>> same = transaction.FindVersion(object.id(), object.version_ns());
  if (!same.ok()) return same.status();
  if (same->has_value() && (*same)->content_digest != crypto::Sha256(statement.content())) {
    verdict.held = RejectReason::kConflict;
    verdict.detail = "this id and version is stored with other bytes; the first is kept";
    return verdict;
  }
  verdict.same = *std::move(same);
  absl::StatusOr<std::optional<storage::VersionEntry>> newest = transaction.NewestVersion(object.id());
  if (!newest.ok()) return newest.status();
  if (!verdict.same && newest->has_value() && (*newest)->origin != envelope_.batch->origin()) {
    verdict.held = RejectReason::kOwner;
    verdict.detail = "the id belongs to another origin, which alone makes versions of it";
    return verdict;
  }
  absl::StatusOr<std::optional<OrgId>> usurped = creators_.Usurped(transaction, object, constraints);
  if (!usurped.ok()) return usurped.status();
  if (!verdict.same && usurped->has_value()) {
    verdict.held = RejectReason::kOwner;
    verdict.detail = "created_by_ref names the identity of another origin, which did not sign this, and the signer does not say that it is a custodian";
    return verdict;
  }
  const auto [it, fresh] = decisions_.try_emplace({constraints.label, constraints.pap});
  if (fresh) it->second = policy::Evaluate(room_.rules, InboundQuestion(room_, constraints, *from_));
  if (it->second.permitted()) {
    verdict.permit = *it->second.permit();
  } else {
    verdict.held = it->second.denial()->reason;
    verdict.detail = Sentence(*it->second.denial());
  }
  return verdict;
}

absl::Status Arrival::StoreOne(storage::Transaction& transaction, uint64_t batch_seq, size_t index) {
  const envelope::Statement& statement = envelope_.batch->statements()[index];
  absl::StatusOr<Verdict> verdict = Decide(transaction, index);
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
