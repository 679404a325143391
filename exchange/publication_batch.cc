#include "exchange/publication_batch.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "model/text.h"

namespace entente::exchange {

PublicationBatch::PublicationBatch(Room room, std::vector<PublishItem> items, PublishTerms terms, uint64_t first_index)
    : room_(room), terms_(std::move(terms)), first_index_(first_index), creators_(room_, room_.self.org()) {
  candidates_.resize(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    candidates_[i].content = std::move(items[i].content);
    candidates_[i].start = items[i].start;
    if (!items[i].refused.ok()) {
      Refuse(candidates_[i], ReasonOf(items[i].refused), std::string(items[i].refused.message()));
    }
  }
}

void PublicationBatch::Refuse(Candidate& candidate, RejectReason reason, std::string detail) {
  candidate.fate = Fate::kRejected;
  candidate.reason = reason;
  candidate.detail = std::move(detail);
}

void PublicationBatch::Parse() {
  size_t bytes = 0;
  for (const Candidate& candidate : candidates_) bytes += candidate.content.size();
  turn_.emplace(bytes);
  for (Candidate& candidate : candidates_) {
    if (candidate.fate != Fate::kPending) continue;
    absl::StatusOr<model::StixObject> object =
        model::StixObject::Parse(candidate.content, candidate.start.value_or(model::TextPlace{}));
    if (!object.ok()) {
      Refuse(candidate, ReasonOf(object.status()), std::string(object.status().message()));
      continue;
    }
    candidate.object = *std::move(object);
    candidate.digest = crypto::Sha256(candidate.content);
  }
}

absl::Status PublicationBatch::Store(storage::Transaction& transaction) {
  for (size_t i = 0; i < candidates_.size(); ++i) {
    if (candidates_[i].fate != Fate::kPending) continue;
    if (absl::Status status = Classify(transaction, i); !status.ok()) return status;
  }
  for (auto& [key, members] : classes_) {
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
    if (begin == members.members.size()) continue;
    if (absl::Status status = Sign(transaction, members, begin, members.members.size()); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// How many statement bodies of this audience stay well under the envelope's bound on statement bytes.
size_t PublicationBatch::StatementsFor(const Class& members) {
  constexpr size_t kFixedBytes = 1024, kOrgBytes = OrgId::kSize + 4;
  const size_t named = members.group ? 0 : members.audience.size();
  const size_t body = kFixedBytes + kOrgBytes * (named + members.constraints.addressees.size());
  return std::clamp<size_t>(envelope::kMaxStatementBytes / body, 1, kBatchStatements);
}

absl::Status PublicationBatch::Classify(storage::Transaction& transaction, size_t index) {
  Candidate& candidate = candidates_[index];
  const model::StixObject& object = *candidate.object;
  absl::Status store = absl::OkStatus();
  const auto defines = [&](std::string_view id) {
    if (defined_here_.contains(id)) return true;
    absl::StatusOr<bool> defined = transaction.DefinesStatementMarking(room_.self.org(), id);
    if (!defined.ok()) store = defined.status();
    return defined.ok() && *defined;
  };
  policy::Constraints constraints = terms_.constraints;
  std::string detail;
  const RejectReason held = JoinMarkings(object, defines, constraints, detail);
  if (!store.ok()) return store;

  const std::pair<std::string, int64_t> version{std::string(object.id()), object.version_ns()};
  if (const auto seen = seen_here_.find(version); seen != seen_here_.end()) {
    if (seen->second == candidate.digest) {
      candidate.fate = Fate::kUnchanged;
    } else {
      Refuse(candidate, RejectReason::kConflict, "this id and version came before in the same bundle with other bytes");
    }
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<storage::VersionEntry>> known =
      transaction.FindVersion(object.id(), object.version_ns());
  if (!known.ok()) return known.status();
  if (known->has_value()) {
    if (held == RejectReason::kMarking) return Quarantine(transaction, candidate, held, detail, constraints.label);
    seen_here_.emplace(version, candidate.digest);
    return ClassifyKnown(transaction, index, **known, std::move(constraints));
  }
  if (held != RejectReason::kNone) return Quarantine(transaction, candidate, held, detail, constraints.label);

  absl::StatusOr<std::optional<storage::VersionEntry>> newest = transaction.NewestVersion(object.id());
  if (!newest.ok()) return newest.status();
  if (newest->has_value() && (*newest)->origin != room_.self.org()) {
    Refuse(candidate, RejectReason::kOwner,
           "this id came from " + room_.directory.NameOf((*newest)->origin) +
               "; only its origin may make versions of it, publish your own object instead");
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<OrgId>> usurped = creators_.Usurped(transaction, object, constraints);
  if (!usurped.ok()) return usurped.status();
  if (usurped->has_value()) {
    Refuse(candidate, RejectReason::kOwner,
           "created_by_ref names an identity that came from " + room_.directory.NameOf(**usurped) +
               "; only its origin may speak in its name: name your own identity, or pass it on with --source-role custodian");
    return absl::OkStatus();
  }
  Class& members = ClassFor(constraints);
  if (absl::Status input = policy::CheckInput(members.constraints); !input.ok()) {
    Refuse(candidate, ReasonOf(input), std::string(input.message()));
    return absl::OkStatus();
  }
  if (!members.local) {
    Refuse(candidate, members.denied, members.why_denied);
    return absl::OkStatus();
  }
  if (model::ClassifyDefinition(object.json()) == model::DefinitionKind::kStatement) {
    defined_here_.insert(std::string(object.id()));
  }
  seen_here_.emplace(version, candidate.digest);
  members.members.push_back(index);
  return absl::OkStatus();
}

absl::Status PublicationBatch::ClassifyKnown(storage::Transaction& transaction, size_t index,
                                             const storage::VersionEntry& known, policy::Constraints constraints) {
  Candidate& candidate = candidates_[index];
  if (known.content_digest != candidate.digest) {
    Refuse(candidate, RejectReason::kConflict,
           "this id and version is stored with other bytes; give the change a newer `modified`");
    return absl::OkStatus();
  }
  candidate.fate = Fate::kUnchanged;
  if (known.origin != room_.self.org()) return absl::OkStatus();  // another's object: onward sharing is not publishing
  const bool raised = constraints.label > known.label;
  constraints.label = std::max(constraints.label, known.label);
  if (!policy::CheckInput(constraints).ok()) return absl::OkStatus();
  Class& members = ClassFor(constraints);
  if (!members.local) return absl::OkStatus();
  absl::StatusOr<Earlier> earlier = EarlierOf(transaction, known);
  if (!earlier.ok()) return earlier.status();
  const bool as_strict = earlier->as_strict_as(constraints);
  if (raised && !as_strict) {
    Refuse(candidate, RejectReason::kLabelLowered,
           "an earlier publish of this version restricted it in more than its label; give the same options with the "
           "stricter --tlp");
    return absl::OkStatus();
  }
  if (!as_strict && members.group && earlier->misses(members)) {
    Refuse(candidate, RejectReason::kLabelLowered,
           "an earlier publish of this version restricted it otherwise than to the group; give the object a newer "
           "`modified`, and publish that to the group");
    return absl::OkStatus();
  }
  const bool somebody_new = as_strict && earlier->misses(members);
  if (!somebody_new && !raised) return absl::OkStatus();
  candidate.fate = Fate::kPending;
  candidate.repeats = known;
  candidate.refused = std::move(earlier->refused);
  members.members.push_back(index);
  return absl::OkStatus();
}

absl::Status PublicationBatch::Quarantine(storage::Transaction& transaction, Candidate& candidate, RejectReason reason,
                                          std::string detail, model::Label label) {
  candidate.fate = Fate::kQuarantined;
  candidate.reason = reason;
  candidate.detail = detail;
  const storage::ObjectFacts facts = FactsOf(*candidate.object);
  absl::StatusOr<std::vector<storage::QuarantineEntry>> entries = transaction.FindQuarantine(facts.id);
  if (!entries.ok()) return entries.status();
  for (const storage::QuarantineEntry& entry : *entries) {
    if (entry.version_ns == facts.version_ns && entry.content_digest == candidate.digest) return absl::OkStatus();
  }
  const storage::QuarantineRecord why{reason, std::move(detail), label};
  return transaction.AppendQuarantine(0, nullptr, candidate.content, facts, room_.self.org(), why).status();
}

absl::Status PublicationBatch::Sign(storage::Transaction& transaction, const Class& members, size_t begin,
                                    size_t end) {
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
  absl::StatusOr<envelope::Batch> batch =
      envelope::SignBatch(room_.self, members.constraints, group ? std::vector<OrgId>() : members.audience,
                          std::move(contents), position, room_.clock.Now(), terms);
  if (!batch.ok()) return batch.status();
  absl::StatusOr<uint64_t> batch_seq = transaction.AppendOwnBatch(*batch, members.decisions);
  if (!batch_seq.ok()) return batch_seq.status();
  for (size_t i = begin; i < end; ++i) {
    Candidate& candidate = candidates_[members.members[i]];
    const envelope::Statement& statement = batch->statements()[i - begin];
    const storage::ObjectFacts facts = FactsOf(*candidate.object);
    const absl::Status stored =
        candidate.repeats
            ? transaction.AppendRepeat(*batch_seq, statement, facts, *candidate.repeats, *members.local).status()
            : transaction.AppendObject(*batch_seq, statement, facts, *members.local).status();
    if (!stored.ok()) return stored;
    if (absl::Status status = Supersede(transaction, members, candidate); !status.ok()) return status;
    candidate.fate = Fate::kPublished;
  }
  return absl::OkStatus();
}

}  // namespace entente::exchange
