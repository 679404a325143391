// What was decided becomes statements: one signature for each batch, stored with what it decides.
#include <algorithm>

#include "exchange/publication_batch.h"

namespace entente::exchange {

absl::Status PublicationBatch::SignAll(storage::Transaction& transaction, const Class& members) {
  size_t begin = 0, bytes = 0;
  for (size_t i = 0; i < members.members.size(); ++i) {
    const size_t size = candidates_[members.members[i]].content.size();
    if (i > begin && (i - begin == StatementsFor(members) || bytes + size > kBatchBytes)) {
      if (absl::Status status = Sign(transaction, members, begin, i); !status.ok()) return status;
      begin = i;
      bytes = 0;
    }
    bytes += size;
  }
  if (begin == members.members.size()) return absl::OkStatus();
  return Sign(transaction, members, begin, members.members.size());
}

// How many statement bodies of this audience stay well under the envelope's bound on statement bytes.
size_t PublicationBatch::StatementsFor(const Class& members) {
  constexpr size_t kFixedBytes = 1024, kOrgBytes = OrgId::kSize + 4;
  const size_t named = members.group ? 0 : members.audience.size();
  const size_t body = kFixedBytes + kOrgBytes * (named + members.constraints.addressees.size());
  return std::clamp<size_t>(envelope::kMaxStatementBytes / body, 1, kBatchStatements);
}

absl::Status PublicationBatch::Sign(storage::Transaction& transaction, const Class& members, size_t begin, size_t end) {
  std::vector<Bytes> contents;
  contents.reserve(end - begin);
  for (size_t i = begin; i < end; ++i) contents.push_back(std::move(candidates_[members.members[i]].content));
  const std::optional<GroupId> group = members.group ? std::optional(members.group->group()) : std::nullopt;
  absl::StatusOr<std::optional<envelope::StreamPosition>> stream = transaction.OutboundStream(members.audience, group);
  if (!stream.ok()) return stream.status();
  const envelope::StreamPosition position =
      stream->value_or(envelope::StreamPosition{crypto::RandomId<StreamId>(), 0, StatementId()});
  envelope::BatchTerms terms;
  terms.group = members.group;
  for (size_t i = begin; i < end; ++i) {
    const Candidate& candidate = candidates_[members.members[i]];
    if (!candidate.derived_of) break;  // nor is any other of its class
    const absl::StatusOr<StatementId> source = SourceStatement(transaction, candidates_[*candidate.derived_of]);
    if (!source.ok()) return source.status();
    terms.references.push_back({{}, {*source}});
  }
  absl::StatusOr<envelope::Batch> batch =
      envelope::SignBatch(room_.self, members.constraints, group ? std::vector<OrgId>() : members.audience,
                          std::move(contents), position, room_.clock.Now(), terms);
  if (!batch.ok()) return batch.status();
  absl::StatusOr<uint64_t> batch_seq = transaction.AppendOwnBatch(*batch, members.decisions, rules_->number);
  if (!batch_seq.ok()) return batch_seq.status();
  for (size_t i = begin; i < end; ++i) {
    Candidate& candidate = candidates_[members.members[i]];
    const envelope::Statement& statement = batch->statements()[i - begin];
    storage::ObjectFacts facts = FactsOf(*candidate.object);
    facts.released_from = candidate.released_from;
    facts.imputed = candidate.imputed;
    if (candidate.derived_of) facts.lineage = LineageOf(candidate);
    const absl::StatusOr<uint64_t> stored =
        candidate.repeats ? transaction.AppendRepeat(*batch_seq, statement, facts, *candidate.repeats, *members.raises)
                          : transaction.AppendObject(*batch_seq, statement, facts, *members.local);
    if (!stored.ok()) return stored.status();
    if (candidate.stored_at == 0) candidate.stored_at = *stored;
    if (!candidate.statement) candidate.statement = statement.id();
    if (absl::Status status = Supersede(transaction, members, candidate); !status.ok()) return status;
    candidate.fate = Fate::kPublished;
  }
  return absl::OkStatus();
}

}  // namespace entente::exchange
