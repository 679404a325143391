#include "exchange/publication_batch.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "model/text.h"

namespace entente::exchange {

PublicationBatch::PublicationBatch(Room room, std::vector<PublishItem> items, PublishTerms terms, uint64_t first_index)
    : room_(room), terms_(std::move(terms)), creators_(room_, room_.self.org()) {
  candidates_.resize(items.size());
  given_ = items.size();
  for (size_t i = 0; i < items.size(); ++i) {
    candidates_[i].content = std::move(items[i].content);
    candidates_[i].start = items[i].start;
    candidates_[i].released_from = items[i].released_from;
    candidates_[i].held_at = items[i].held_at;
    candidates_[i].index = items[i].index.value_or(first_index + i);
    candidates_[i].imputed = std::move(items[i].imputed);
    candidates_[i].unlabelled = std::move(items[i].unlabelled);
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
    if (room_.warning_lists.empty()) continue;
    candidate.warnings = model::WarningsOf(room_.warning_lists, model::SearchValues(*candidate.object));
  }
}

absl::Status PublicationBatch::Store(storage::Transaction& transaction) {
  rules_ = room_.rules.Now();
  transaction.ActFor(terms_.by);
  if (absl::Status status = ClassifyAll(transaction); !status.ok()) return status;
  if (absl::Status status = SettleDraft(transaction); !status.ok()) return status;
  for (const Candidate& candidate : candidates_) {
    if (candidate.fate != Fate::kQuarantined) continue;
    if (absl::Status status = StoreHeld(transaction, candidate); !status.ok()) return status;
  }
  // Marking definitions in front of what they may mark, at receivers too; the rest as it was given, by its first of each class.
  std::vector<const Class*> in_order;
  for (const auto& [key, members] : classes_) {
    if (!members.members.empty()) in_order.push_back(&members);
  }
  const auto place = [](const Class* one) { return std::pair(one->subject.type != "marking-definition", one->members.front()); };
  std::sort(in_order.begin(), in_order.end(), [&](const Class* a, const Class* b) { return place(a) < place(b); });
  for (const Class* members : in_order) {
    if (absl::Status status = SignAll(transaction, *members); !status.ok()) return status;
  }
  // Behind their sources, whose statements they name.
  if (absl::Status status = DeriveAll(transaction); !status.ok()) return status;
  for (const auto& [key, members] : derived_) {
    if (absl::Status status = SignAll(transaction, members); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PublicationBatch::ClassifyAll(const storage::Reader& reader) {
  for (size_t i = 0; i < given_; ++i) {
    if (candidates_[i].fate != Fate::kPending) continue;
    if (absl::Status status = Classify(reader, i); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PublicationBatch::Classify(const storage::Reader& reader, size_t index) {
  Candidate& candidate = candidates_[index];
  const model::StixObject& object = *candidate.object;
  absl::Status store = absl::OkStatus();
  const auto defines = [&](std::string_view id) {
    if (defined_here_.contains(id)) return true;
    absl::StatusOr<bool> defined = reader.DefinesStatementMarking(room_.self.org(), id);
    if (!defined.ok()) store = defined.status();
    return defined.ok() && *defined;
  };
  const absl::StatusOr<bool> waits = StillHeld(reader, candidate);
  if (!waits.ok()) return waits.status();
  if (!*waits) {
    Refuse(candidate, RejectReason::kNotFound, "it is in quarantine no more");
    return absl::OkStatus();
  }
  policy::Constraints constraints = terms_.constraints;
  std::string detail;
  const RejectReason own = JoinMarkings(object, defines, constraints, detail);
  const RejectReason held = Impute(candidate, own, constraints, detail);
  candidate.label = constraints.label;
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
      reader.FindVersion(object.id(), object.version_ns());
  if (!known.ok()) return known.status();
  if (known->has_value()) {
    if (held == RejectReason::kMarking) return Hold(candidate, held, detail, constraints.label);
    seen_here_.emplace(version, candidate.digest);
    return ClassifyKnown(reader, index, **known, std::move(constraints));
  }
  if (held != RejectReason::kNone) return Hold(candidate, held, detail, constraints.label);

  absl::StatusOr<std::optional<storage::VersionEntry>> newest = reader.NewestVersion(object.id());
  if (!newest.ok()) return newest.status();
  if (newest->has_value() && (*newest)->origin != room_.self.org()) {
    Refuse(candidate, RejectReason::kOwner,
           "this id came from " + room_.directory.NameOf((*newest)->origin) +
               "; only its origin may make versions of it, publish your own object instead");
    return absl::OkStatus();
  }
  absl::StatusOr<std::optional<OrgId>> usurped = creators_.Usurped(reader, object, constraints);
  if (!usurped.ok()) return usurped.status();
  if (usurped->has_value()) {
    Refuse(candidate, RejectReason::kOwner,
           "created_by_ref names an identity that came from " + room_.directory.NameOf(**usurped) +
               "; only its origin may speak in its name: name your own identity, or pass it on with --source-role custodian");
    return absl::OkStatus();
  }
  Class& members = ClassFor(constraints, candidate);
  if (absl::Status input = policy::CheckInput(members.constraints); !input.ok()) {
    Refuse(candidate, ReasonOf(input), std::string(input.message()));
    return absl::OkStatus();
  }
  if (members.held) {
    return Hold(candidate, members.denied, members.why_denied, members.constraints.label);
  }
  if (!members.local) {
    Refuse(candidate, members.denied, members.why_denied);
    return absl::OkStatus();
  }
  if (AwaitsSecondOfficer(candidate, members.constraints.label)) return absl::OkStatus();
  if (model::ClassifyDefinition(object.json()) == model::DefinitionKind::kStatement) {
    defined_here_.insert(std::string(object.id()));
  }
  seen_here_.emplace(version, candidate.digest);
  members.members.push_back(index);
  members.sources.push_back(index);
  return absl::OkStatus();
}

absl::Status PublicationBatch::ClassifyKnown(const storage::Reader& reader, size_t index,
                                             const storage::VersionEntry& known, policy::Constraints constraints) {
  Candidate& candidate = candidates_[index];
  if (known.content_digest != candidate.digest) {
    Refuse(candidate, RejectReason::kConflict,
           "this id and version is stored with other bytes; give the change a newer `modified`");
    return absl::OkStatus();
  }
  candidate.fate = Fate::kUnchanged;
  candidate.label = std::max(candidate.label, known.label);
  if (known.origin != room_.self.org()) return absl::OkStatus();  // another's object: onward sharing is not publishing
  const bool raised = constraints.label > known.label;
  if (candidate.imputed && known.label >= constraints.label) candidate.imputed.reset();
  constraints.label = std::max(constraints.label, known.label);
  if (!policy::CheckInput(constraints).ok()) return absl::OkStatus();
  // What a person once let go stays so.
  const absl::StatusOr<std::optional<v1::Record>> stored = reader.FindRecord(known.seq);
  if (!stored.ok()) return stored.status();
  if (stored->has_value()) candidate.released_from = (*stored)->object().released_from();
  Class& members = ClassFor(constraints, candidate);
  const bool stricter = raised && members.raises && constraints.sg_id.empty();
  if (!members.local && raised && !stricter) {
    Refuse(candidate, members.denied, members.why_denied + "; its label was not raised");
    return absl::OkStatus();
  }
  if (!members.local && !stricter) return absl::OkStatus();
  absl::StatusOr<Earlier> earlier = EarlierOf(reader, known);
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
  if (members.local && as_strict) {
    candidate.stored_at = known.seq;
    candidate.whole = earlier->audience;
    if (!NeedsAnotherOfficer(constraints.label)) members.sources.push_back(index);  // a copy is as strict as its source
  }
  const bool somebody_new = members.local && as_strict && earlier->misses(members);
  if (!somebody_new && !raised) return absl::OkStatus();
  if (AwaitsSecondOfficer(candidate, constraints.label)) return absl::OkStatus();
  candidate.fate = Fate::kPending;
  candidate.repeats = known;
  candidate.refused = std::move(earlier->refused);
  members.members.push_back(index);
  return absl::OkStatus();
}

}  // namespace entente::exchange
