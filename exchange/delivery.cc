#include <algorithm>
#include <utility>

#include "crypto/crypto.h"
#include "exchange/publication_batch.h"
#include "exchange/questions.h"

namespace entente::exchange {
namespace {

// A batch as stored, with what policy says now about one recipient.
struct StoredBatch {
  uint64_t seq = 0;
  v1::BatchAccepted record;
  uint32_t size = 0;
  policy::Constraints constraints;
  bool permitted = false;
  RejectReason denied = RejectReason::kNone;
};

// One statement as stored: own objects and repeats read alike.
struct StoredStatement {
  uint64_t batch_seq = 0;
  uint32_t index = 0;
  Bytes body, salt, content, id;
  int64_t version_ns = 0;
};

absl::StatusOr<v1::Record> RequireRecord(const storage::Journal& journal, uint64_t seq) {
  absl::StatusOr<std::optional<v1::Record>> record = journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value()) {
    return Reject(RejectReason::kStoreCorrupt, "the outbox names a record that the journal lacks; run entente fsck");
  }
  return **std::move(record);
}

absl::StatusOr<StoredStatement> LoadStatement(const storage::Journal& journal, uint64_t seq) {
  absl::StatusOr<v1::Record> record = RequireRecord(journal, seq);
  if (!record.ok()) return record.status();
  StoredStatement out;
  if (record->has_object()) {
    v1::ObjectAccepted& object = *record->mutable_object();
    out = {object.batch_seq(), object.index(), std::move(*object.mutable_statement()), std::move(*object.mutable_salt()),
           std::move(*object.mutable_content()), std::move(*object.mutable_id()), object.version_ns()};
    return out;
  }
  v1::StatementRepeated& repeated = *record->mutable_repeated_statement();
  absl::StatusOr<v1::Record> original = RequireRecord(journal, repeated.object_seq());
  if (!original.ok()) return original.status();
  out = {repeated.batch_seq(), repeated.index(), std::move(*repeated.mutable_statement()),
         std::move(*repeated.mutable_salt()), std::move(*original->mutable_object()->mutable_content()),
         std::move(*repeated.mutable_id()), repeated.version_ns()};
  return out;
}

absl::StatusOr<StoredBatch> LoadBatch(const Room& room, const OrgId& peer, uint64_t seq, ByteView a_statement) {
  absl::StatusOr<v1::Record> record = RequireRecord(room.journal, seq);
  if (!record.ok()) return record.status();
  StoredBatch out;
  out.seq = seq;
  out.record = std::move(*record->mutable_batch());
  out.size = static_cast<uint32_t>(out.record.statement_ids().size() / StatementId::kSize);
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(a_statement);
  if (!constraints.ok()) return constraints.status();
  out.constraints = *constraints;
  const auto party = room.directory.Find(peer);
  if (!party) {
    out.denied = RejectReason::kUnknownParty;
    return out;
  }
  const policy::Decision decision = policy::Evaluate(room.rules, OutboundQuestion(room, *constraints, *party));
  out.permitted = decision.permitted();
  if (!out.permitted) out.denied = decision.denial()->reason;
  return out;
}

// The reason to withhold one statement now, or kNone. Besides its batch, the label counts that was raised since.
absl::StatusOr<RejectReason> WithheldNow(const Room& room, const OrgId& peer, const StoredBatch& batch,
                                         const StoredStatement& statement) {
  if (!batch.permitted) return batch.denied;
  absl::StatusOr<std::optional<storage::VersionEntry>> version =
      room.journal.FindVersion(statement.id, statement.version_ns);
  if (!version.ok()) return version.status();
  if (!version->has_value() || (*version)->label <= batch.constraints.label) return RejectReason::kNone;
  policy::Constraints raised = batch.constraints;
  raised.label = (*version)->label;
  const auto party = room.directory.Find(peer);
  if (!party) return RejectReason::kUnknownParty;
  const policy::Decision decision = policy::Evaluate(room.rules, OutboundQuestion(room, raised, *party));
  return decision.permitted() ? RejectReason::kNone : decision.denial()->reason;
}

std::vector<ByteView> Leaves(const v1::BatchAccepted& batch) {
  const ByteView ids = batch.statement_ids();
  std::vector<ByteView> leaves;
  for (size_t at = 0; at + StatementId::kSize <= ids.size(); at += StatementId::kSize) {
    leaves.push_back(ids.substr(at, StatementId::kSize));
  }
  return leaves;
}

absl::StatusOr<Bytes> SealStatements(const Room& room, const StoredBatch& batch,
                                     const std::vector<StoredStatement>& statements, const trust::Prekey& prekey) {
  std::vector<envelope::Sealable> sealables;
  sealables.reserve(statements.size());
  const bool whole = statements.size() == batch.size;
  const std::vector<ByteView> leaves = whole ? std::vector<ByteView>() : Leaves(batch.record);
  for (const StoredStatement& statement : statements) {
    envelope::Sealable sealable{statement.body, statement.salt, statement.content, statement.index, {}};
    if (!whole) sealable.path = crypto::AuditPath(leaves, statement.index);
    sealables.push_back(std::move(sealable));
  }
  return envelope::Seal(room.self, batch.record.batch(), sealables, {prekey}, room.clock.Now());
}

}  // namespace

Delivery::Delivery(Room room, OrgId peer) : room_(room), peer_(peer) {
  const absl::StatusOr<storage::PeerCursor> cursor = room_.journal.Cursor(peer_);
  if (cursor.ok()) next_after_ = cursor->delivered;
}

absl::StatusOr<std::optional<Outgoing>> Delivery::Next(const trust::Prekey& prekey) {
  uint64_t again_after = 0, again_upto = 0;
  {
    std::lock_guard lock(mutex_);
    for (Span& span : spans_) {
      if (!span.seal_again) continue;
      span.seal_again = false;
      again_after = span.after;
      again_upto = span.position;
      break;
    }
  }
  if (again_upto != 0) {
    absl::StatusOr<std::optional<Outgoing>> again = SealFrom(again_after, again_upto, prekey);
    if (!again.ok() || (again->has_value() && (*again)->position == again_upto)) return again;
    // What policy permits of this span changed since: a new session starts over from the durable cursor.
    return Reject(RejectReason::kUnavailable, "what may be delivered changed while it was under way");
  }
  for (;;) {
    const uint64_t before = next_after_;
    absl::StatusOr<std::optional<Outgoing>> sealed = SealFrom(next_after_, 0, prekey);
    // An outbox whose next entries were all withheld yields nothing yet moves on; one that is drained does not move.
    if (!sealed.ok() || sealed->has_value() || next_after_ == before) return sealed;
  }
}

// `upto` 0: new entries behind `after`, a span is opened for them. Otherwise exactly the entries of an earlier span.
absl::StatusOr<std::optional<Outgoing>> Delivery::SealFrom(uint64_t after, uint64_t upto, const trust::Prekey& prekey) {
  absl::StatusOr<std::vector<uint64_t>> entries = room_.journal.Outbox(peer_, after, kBatchStatements);
  if (!entries.ok()) return entries.status();
  std::vector<StoredStatement> statements;
  StoredBatch batch;
  size_t bytes = 0;
  uint64_t position = after, withheld = 0;
  for (const uint64_t seq : *entries) {
    if (upto != 0 && seq > upto) break;
    absl::StatusOr<StoredStatement> statement = LoadStatement(room_.journal, seq);
    if (!statement.ok()) return statement.status();
    if (statement->batch_seq != batch.seq) {
      if (!statements.empty()) break;
      absl::StatusOr<StoredBatch> loaded = LoadBatch(room_, peer_, statement->batch_seq, statement->body);
      if (!loaded.ok()) return loaded.status();
      batch = *std::move(loaded);
    }
    if (upto == 0 && !statements.empty() && bytes + statement->content.size() > kBatchBytes) break;
    position = seq;
    absl::StatusOr<RejectReason> denied = WithheldNow(room_, peer_, batch, *statement);
    if (!denied.ok()) return denied.status();
    if (*denied != RejectReason::kNone) {
      ++withheld;
      room_.counters.CountDecision(false, *denied);
      continue;
    }
    bytes += statement->content.size();
    statements.push_back(*std::move(statement));
  }
  if (position == after) return std::nullopt;
  std::optional<Outgoing> outgoing;
  if (!statements.empty()) {
    absl::StatusOr<Bytes> sealed = SealStatements(room_, batch, statements, prekey);
    if (!sealed.ok()) return sealed.status();
    outgoing = Outgoing{position, static_cast<uint32_t>(statements.size()), *std::move(sealed)};
  }
  if (upto == 0) {
    std::lock_guard lock(mutex_);
    spans_.push_back({after, position, static_cast<uint32_t>(statements.size()), withheld, 1, false, statements.empty()});
    next_after_ = position;
    AdvanceLocked(std::nullopt);
  }
  return outgoing;
}

void Delivery::Acknowledge(uint64_t position, bool refused, const std::optional<v1::SignedBody>& head) {
  std::lock_guard lock(mutex_);
  const auto span = std::find_if(spans_.begin(), spans_.end(), [&](const Span& s) { return s.position == position; });
  if (span == spans_.end() || span->answered) return;
  if (refused && span->attempts < kMaxAttempts) {
    ++span->attempts;
    span->seal_again = true;
    return;
  }
  span->answered = true;
  if (refused) span->given_up += span->objects;
  AdvanceLocked(head);
}

// Moves the durable cursor over the answered prefix. The commit is not awaited: a cursor that a crash loses makes the peer
// see statements again that it already has, which it recognises.
void Delivery::AdvanceLocked(const std::optional<v1::SignedBody>& head) {
  uint64_t position = 0, given_up = 0;
  while (!spans_.empty() && spans_.front().answered) {
    position = spans_.front().position;
    given_up += spans_.front().given_up;
    spans_.pop_front();
  }
  if (position == 0) return;
  std::optional<v1::SignedBody> remembered = head;
  if (remembered && remembered->ByteSizeLong() > trust::kMaxHeadBytes) remembered.reset();
  room_.journal.Commit(
      [peer = peer_, position, given_up, remembered](storage::Transaction& transaction) {
        return transaction.AppendDelivered(peer, position, given_up, remembered ? &*remembered : nullptr).status();
      },
      [](const absl::Status&) {});
}

size_t Delivery::UnderWay() const {
  std::lock_guard lock(mutex_);
  return spans_.size();
}

}  // namespace entente::exchange
