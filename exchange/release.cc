#include "exchange/release.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "exchange/lineage.h"
#include "exchange/publication_batch.h"
#include "exchange/questions.h"
#include "exchange/release_seal.h"

namespace entente::exchange {
namespace {

// Why nothing that was signed to `group` goes to `org` now; of these kFreeze and kMemberHash may pass.
RejectReason KeptBy(const Room& room, const trust::MembershipRef& group, const OrgId& org) {
  const auto version = room.groups.Version(group);
  if (version == nullptr) return RejectReason::kMemberHash;
  if (!version->IsMember(org)) return RejectReason::kNotMember;
  const absl::Time now = room.clock.Now();
  const absl::Status self = room.groups.CheckMember(group.group, room.self.org(), now);
  return ReasonOf(self.ok() ? room.groups.CheckMember(group.group, org, now) : self);
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
    const absl::StatusOr<model::Label> source = SourceLabel(journal, object);
    if (!source.ok()) return source.status();
    out = {object.batch_seq(),
           object.index(),
           std::move(*object.mutable_statement()),
           std::move(*object.mutable_salt()),
           std::move(*object.mutable_content()),
           std::move(*object.mutable_id()),
           object.version_ns(),
           object.released_from() != 0};
    out.source_label = *source;
    return out;
  }
  v1::StatementRepeated& repeated = *record->mutable_repeated_statement();
  absl::StatusOr<v1::Record> original = RequireRecord(journal, repeated.object_seq());
  if (!original.ok()) return original.status();
  const absl::StatusOr<model::Label> source = SourceLabel(journal, original->object());
  if (!source.ok()) return source.status();
  out = {repeated.batch_seq(),
         repeated.index(),
         std::move(*repeated.mutable_statement()),
         std::move(*repeated.mutable_salt()),
         std::move(*original->mutable_object()->mutable_content()),
         std::move(*repeated.mutable_id()),
         repeated.version_ns(),
         original->object().released_from() != 0};
  out.source_label = *source;
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
  out.rules = room.rules.Now();
  if (!out.record.has_group()) return out;
  const v1::GroupAudience& group = out.record.group();
  out.group = {GroupId::From(group.group_id()).value_or(GroupId()), group.membership_version(),
               Digest::From(group.membership_hash()).value_or(Digest())};
  out.keeps = KeptBy(room, *out.group, peer);
  return out;
}

// What policy has to know of the statement. Besides its batch's, the label counts that was raised since, its source's
// too.
absl::Status SetKind(const Room& room, const StoredBatch& batch, StoredStatement& statement) {
  absl::StatusOr<Subject> subject = StoredSubject(room, *batch.rules, statement.id, statement.content,
                                                         statement.released, batch.record, room.clock.Now());
  if (!subject.ok()) return subject.status();
  statement.subject = *std::move(subject);
  statement.label = std::max(batch.constraints.label, statement.source_label);
  absl::StatusOr<std::optional<storage::VersionEntry>> version =
      room.journal.FindVersion(statement.id, statement.version_ns);
  if (!version.ok()) return version.status();
  if (version->has_value()) statement.label = std::max(statement.label, (*version)->label);
  return absl::OkStatus();
}

Outcome OutcomeNow(const Room& room, const OrgId& peer, const trust::Prekey& prekey, StoredBatch& batch,
                   const StoredStatement& statement) {
  if (batch.keeps != RejectReason::kNone) return batch.keeps;
  const auto [asked, fresh] =
      batch.outcomes.try_emplace({statement.label, statement.subject.alike}, RejectReason::kNone);
  if (fresh) asked->second = Ask(room, peer, batch, statement);
  const bool permitted = std::holds_alternative<policy::Permit>(asked->second);
  if (!permitted && batch.group) {
    // The document may have expired since the batch was looked at: that is no word of policy's.
    batch.keeps = KeptBy(room, *batch.group, peer);
    if (batch.keeps != RejectReason::kNone) return batch.keeps;
  }
  return permitted && statement.label > prekey.ceiling ? Outcome(RejectReason::kPrekey) : asked->second;
}

// What the state of the group refuses is this entry's affair and ends no session.
void WithholdSent(RejectReason reason, Released& out) {
  for (const uint64_t seq : out.sent) out.withheld.push_back({seq, reason});
  out.sent.clear();
  std::sort(out.withheld.begin(), out.withheld.end(), [](const auto& a, const auto& b) { return a.seq < b.seq; });
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
                                      const trust::Prekey& prekey, SealMode mode) {
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
    if (absl::Status status = SetKind(room, batch, *statement); !status.ok()) return status;
    Outcome outcome = OutcomeNow(room, peer, prekey, batch, *statement);
    if (const RejectReason* denied = std::get_if<RejectReason>(&outcome)) {
      out.withheld.push_back({seq, *denied});
      continue;
    }
    permits.push_back(std::get<policy::Permit>(std::move(outcome)));
    bytes += statement->content.size();
    out.sent.push_back(seq);
    statements.push_back(*std::move(statement));
  }
  if (statements.empty()) return out;
  if (batch.group && mode == SealMode::kGroupWherePossible) {
    absl::StatusOr<std::optional<Bytes>> to_all = SealToGroup(room, batch, peer, out.sent, statements);
    if (!to_all.ok()) return to_all.status();
    if (to_all->has_value()) {
      out.envelope = **std::move(to_all);
      return out;
    }
  }
  absl::StatusOr<Bytes> sealed = SealTo(room, batch, statements, {prekey, std::move(permits)});
  if (!sealed.ok() && batch.group && IsOfGroup(ReasonOf(sealed.status()))) {
    WithholdSent(ReasonOf(sealed.status()), out);
    return out;
  }
  if (!sealed.ok()) return sealed.status();
  out.envelope = *std::move(sealed);
  return out;
}

}  // namespace entente::exchange
