#include "exchange/release.h"

#include <utility>
#include <variant>

#include "crypto/crypto.h"
#include "exchange/publication_batch.h"
#include "exchange/questions.h"

namespace entente::exchange {
namespace {

// What policy says now about one recipient.
using Outcome = std::variant<RejectReason, policy::Permit>;

// A batch as stored, with the outcome for all of it.
struct StoredBatch {
  uint64_t seq = 0;
  v1::BatchAccepted record;
  uint32_t size = 0;
  policy::Constraints constraints;
  Outcome outcome = RejectReason::kNone;
};

// One statement as stored: own objects and repeats read alike.
struct StoredStatement {
  uint64_t batch_seq = 0;
  uint32_t index = 0;
  Bytes body, salt, content, id;
  int64_t version_ns = 0;
};

Outcome Ask(const Room& room, const OrgId& peer, const policy::Constraints& constraints) {
  const auto party = room.directory.Find(peer);
  if (!party) return RejectReason::kUnknownParty;
  const policy::Decision decision = policy::Evaluate(room.rules, OutboundQuestion(room, constraints, *party));
  if (decision.permitted()) return *decision.permit();
  return decision.denial()->reason;
}

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
    out = {object.batch_seq(),
           object.index(),
           std::move(*object.mutable_statement()),
           std::move(*object.mutable_salt()),
           std::move(*object.mutable_content()),
           std::move(*object.mutable_id()),
           object.version_ns()};
    return out;
  }
  v1::StatementRepeated& repeated = *record->mutable_repeated_statement();
  absl::StatusOr<v1::Record> original = RequireRecord(journal, repeated.object_seq());
  if (!original.ok()) return original.status();
  out = {repeated.batch_seq(),
         repeated.index(),
         std::move(*repeated.mutable_statement()),
         std::move(*repeated.mutable_salt()),
         std::move(*original->mutable_object()->mutable_content()),
         std::move(*repeated.mutable_id()),
         repeated.version_ns()};
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
  out.outcome = Ask(room, peer, *constraints);
  return out;
}

// The outcome for one statement. Besides its batch, the label counts that was raised since.
absl::StatusOr<Outcome> OutcomeNow(const Room& room, const trust::Prekey& prekey, const StoredBatch& batch,
                                   const StoredStatement& statement) {
  if (std::holds_alternative<RejectReason>(batch.outcome)) return batch.outcome;
  if (batch.constraints.label > prekey.ceiling) return RejectReason::kPrekey;
  absl::StatusOr<std::optional<storage::VersionEntry>> version =
      room.journal.FindVersion(statement.id, statement.version_ns);
  if (!version.ok()) return version.status();
  if (!version->has_value() || (*version)->label <= batch.constraints.label) return batch.outcome;
  policy::Constraints raised = batch.constraints;
  raised.label = (*version)->label;
  if (raised.label > prekey.ceiling) return RejectReason::kPrekey;
  return Ask(room, prekey.org, raised);
}

absl::StatusOr<Bytes> SealStatements(const Room& room, const StoredBatch& batch,
                                     const std::vector<StoredStatement>& statements, envelope::Recipient recipient) {
  std::vector<envelope::Sealable> sealables;
  sealables.reserve(statements.size());
  std::vector<size_t> indexes;
  for (const StoredStatement& statement : statements) {
    sealables.push_back({statement.body, statement.salt, statement.content, statement.index, {}});
    if (statement.index >= batch.size) {
      return Reject(RejectReason::kStoreCorrupt, "a stored statement lies outside its batch; run entente fsck");
    }
    indexes.push_back(statement.index);
  }
  if (statements.size() != batch.size) {
    std::vector<std::vector<Digest>> paths = crypto::AuditPaths(LeavesOf(batch.record), indexes);
    for (size_t i = 0; i < sealables.size(); ++i) sealables[i].path = std::move(paths[i]);
  }
  return envelope::SealDirect(room.self, {batch.record.batch(), sealables}, {std::move(recipient)}, room.clock.Now(),
                              &room.groups);
}

}  // namespace

std::vector<ByteView> LeavesOf(const v1::BatchAccepted& batch) {
  const ByteView ids = batch.statement_ids();
  std::vector<ByteView> leaves;
  for (size_t at = 0; at + StatementId::kSize <= ids.size(); at += StatementId::kSize) {
    leaves.push_back(ids.substr(at, StatementId::kSize));
  }
  return leaves;
}

absl::StatusOr<Released> ReleaseFirst(const Room& room, const OrgId& peer, const std::vector<uint64_t>& entries,
                                      const trust::Prekey& prekey) {
  Released out;
  std::vector<StoredStatement> statements;
  std::vector<policy::Permit> permits;
  StoredBatch batch;
  size_t bytes = 0;
  for (const uint64_t seq : entries) {
    absl::StatusOr<StoredStatement> statement = LoadStatement(room.journal, seq);
    if (!statement.ok()) return statement.status();
    if (statement->batch_seq != batch.seq) {
      if (!statements.empty()) break;
      absl::StatusOr<StoredBatch> loaded = LoadBatch(room, peer, statement->batch_seq, statement->body);
      if (!loaded.ok()) return loaded.status();
      batch = *std::move(loaded);
    }
    const bool full = statements.size() == kBatchStatements || bytes + statement->content.size() > kBatchBytes;
    if (full && !statements.empty()) break;
    out.last = seq;
    absl::StatusOr<Outcome> outcome = OutcomeNow(room, prekey, batch, *statement);
    if (!outcome.ok()) return outcome.status();
    if (const RejectReason* denied = std::get_if<RejectReason>(&*outcome)) {
      out.withheld.push_back({seq, *denied});
      continue;
    }
    permits.push_back(std::get<policy::Permit>(*std::move(outcome)));
    bytes += statement->content.size();
    out.sent.push_back(seq);
    statements.push_back(*std::move(statement));
  }
  if (statements.empty()) return out;
  absl::StatusOr<Bytes> sealed = SealStatements(room, batch, statements, {prekey, std::move(permits)});
  if (!sealed.ok()) return sealed.status();
  out.envelope = *std::move(sealed);
  return out;
}

}  // namespace entente::exchange
