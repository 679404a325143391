// What goes where the whole may not: derived objects, decided about like any other.
#include <algorithm>

#include "crypto/crypto.h"
#include "crypto/name_uuid.h"
#include "exchange/publication_batch.h"

namespace entente::exchange {
namespace {

// The namespace in which STIX 2.1 (2.9) computes the ids of cyber-observables.
constexpr std::string_view kStixSpace("\x00\xab\xed\xb4\xaa\x42\x46\x6c\x9c\x01\xfe\xd2\x33\x15\xa9\xb7",
                                      crypto::kUuidSize);

model::NamedIds IdsIn(Bytes space) {
  return {[space = std::move(space)](ByteView name) { return crypto::NameUuid(space, name); },
          [](ByteView name) { return crypto::NameUuid(kStixSpace, name); }};
}

bool Goes(const storage::PartyDecision& decision) {
  return std::holds_alternative<policy::Permit>(decision.outcome) || decision.withheld_until;
}

}  // namespace

// A denial that is for want of a redaction alone becomes the local rule's, and the class knows whom to redact for.
bool PublicationBatch::NoteRedaction(policy::Question question, storage::PartyDecision& decision,
                                     Class& members) const {
  std::vector<std::string> remove = ToRemove(*rules_, std::move(question));
  if (remove.empty()) return false;
  if (std::get<RejectReason>(decision.outcome) == RejectReason::kPolicyUnsupported) {
    decision.outcome = RejectReason::kPolicyRule;
  }
  if (members.redactions.size() == kMaxRedactions && !members.redactions.contains(remove)) return true;
  members.redactions[std::move(remove)].push_back(decision.org);
  return true;
}

absl::Status PublicationBatch::DeriveAll(const storage::Reader& reader) {
  for (size_t i = 0; i < given_; ++i) {
    if (candidates_[i].object) given_ids_[std::string(candidates_[i].object->id())] = i;
  }
  for (const auto& [key, members] : classes_) {
    for (const size_t source : members.sources) {
      for (const auto& [remove, recipients] : members.redactions) {
        if (absl::Status status = DeriveFor(reader, members, source, remove, recipients); !status.ok()) return status;
      }
    }
  }
  return absl::OkStatus();
}

void PublicationBatch::CannotDerive(size_t source, const absl::Status& why) {
  candidates_[source].underivable = std::string(why.message());
}

absl::Status PublicationBatch::DeriveFor(const storage::Reader& reader, const Class& of, size_t source,
                                         const std::vector<std::string>& remove, const std::vector<OrgId>& recipients) {
  std::vector<OrgId> to;
  for (const OrgId& org : recipients) {
    if (!candidates_[source].whole.contains(org)) to.push_back(org);
  }
  if (to.empty()) return absl::OkStatus();
  const model::StixObject& object = *candidates_[source].object;
  const absl::StatusOr<std::vector<std::string>> hidden = Hidden(reader, object, to);
  if (!hidden.ok() && ReasonOf(hidden.status()) != RejectReason::kPolicyRule) return hidden.status();
  const absl::StatusOr<model::DerivedObject> derived =
      hidden.ok() ? model::Derive(object, {remove, *hidden}, IdsIn(reader.DerivedSpace())) : hidden.status();
  if (!derived.ok()) {
    CannotDerive(source, derived.status());
    return absl::OkStatus();
  }
  return TakeDerived(reader, of, source, *derived, to);
}

absl::Status PublicationBatch::TakeDerived(const storage::Reader& reader, const Class& of, size_t source,
                                           model::DerivedObject derived, const std::vector<OrgId>& recipients) {
  absl::StatusOr<model::StixObject> object = model::StixObject::Parse(derived.content);
  if (!object.ok()) return object.status();
  if (!model::NormaliseMarkings(object->json(), [](std::string_view) { return true; }).malformed.empty()) {
    CannotDerive(source, Reject(RejectReason::kPolicyRule, "what is left has markings that point nowhere"));
    return absl::OkStatus();
  }
  Candidate made;
  made.digest = crypto::Sha256(derived.content);
  made.content = std::move(derived.content);
  made.object = *std::move(object);
  made.removed = std::move(derived.removed);
  made.derived_of = source;
  made.released_from = candidates_[source].released_from;
  const absl::StatusOr<std::optional<storage::VersionEntry>> known =
      reader.FindVersion(made.object->id(), made.object->version_ns());
  if (!known.ok()) return known.status();
  if (known->has_value() && (*known)->content_digest != made.digest) {
    CannotDerive(source, Reject(RejectReason::kPolicyRule, "another object of the same id is stored"));
    return absl::OkStatus();
  }
  Class& members = DerivedClassFor(of, made, recipients);
  if (!members.local || !members.raises || members.audience.empty()) {
    CannotDerive(source,
                 Reject(RejectReason::kPolicyRule, "what is left may not go either: a rule or a check keeps it"));
    return absl::OkStatus();
  }
  bool fresh = true;
  if (known->has_value()) {
    absl::StatusOr<Earlier> earlier = EarlierOf(reader, **known);
    if (!earlier.ok()) return earlier.status();
    fresh = earlier->misses(members) || members.constraints.label > (*known)->label;
    made.repeats = **known;
    made.stored_at = (*known)->seq;
    made.refused = std::move(earlier->refused);
  }
  if (fresh) members.members.push_back(candidates_.size());
  candidates_.push_back(std::move(made));
  return absl::OkStatus();
}

// As strict as its source, and asked about again as what it is now: rules that still match keep it back.
PublicationBatch::Class& PublicationBatch::DerivedClassFor(const Class& of, Candidate& candidate,
                                                           const std::vector<OrgId>& recipients) {
  Subject subject = SubjectOf(room_, *rules_, *candidate.object, candidate.content.size(), room_.self.org(),
                              Source::kAnalyst, room_.clock.Now(), candidate.released_from != 0);
  const auto [it, fresh] = derived_.try_emplace({of.constraints.label, of.constraints.pap, subject.alike, recipients});
  Class& members = it->second;
  candidate.of = &members;
  candidate.label = of.constraints.label;
  if (!fresh) return members;
  members.constraints = of.constraints;
  members.subject = std::move(subject);
  const policy::Question local = LocalQuestion(room_, members.constraints, members.subject);
  if (const policy::Decision decision = Judge(room_, *rules_, local).decision; decision.permitted()) {
    members.local = *decision.permit();
  }
  if (const policy::Decision bare = policy::Evaluate({}, local); bare.permitted()) members.raises = *bare.permit();
  for (const OrgId& org : recipients) {
    if (const auto party = room_.directory.Find(org)) Ask(*party, members);
  }
  if (members.held) HoldFromAll(members);
  members.audience = members.now;
  members.audience.insert(members.audience.end(), members.later.begin(), members.later.end());
  std::sort(members.audience.begin(), members.audience.end());
  return members;
}

absl::StatusOr<StatementId> PublicationBatch::SourceStatement(const storage::Reader& reader,
                                                              const Candidate& source) const {
  if (source.statement) return *source.statement;
  const absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord(source.stored_at);
  if (!record.ok()) return record.status();
  const auto id = record->has_value() ? StatementId::From((*record)->object().statement_id()) : std::nullopt;
  if (!id) return Reject(RejectReason::kStoreCorrupt, "a stored object has no statement; run entente fsck");
  return *id;
}

v1::Lineage PublicationBatch::LineageOf(const Candidate& candidate) const {
  const Candidate& source = candidates_[*candidate.derived_of];
  v1::Lineage lineage;
  lineage.set_source_id(std::string(source.object->id()));
  lineage.set_source_version(std::string(source.object->version()));
  lineage.set_source_version_ns(source.object->version_ns());
  lineage.set_source_seq(source.stored_at);
  lineage.mutable_removed()->Add(candidate.removed.begin(), candidate.removed.end());
  return lineage;
}

// Of the decisions about one object, those that a redaction changes.
void PublicationBatch::TellRedactions(size_t source, v1::CanShareReply& reply) const {
  if (candidates_[source].of == nullptr) return;
  std::map<std::string, v1::CanShareDecision*> told;
  for (v1::CanShareDecision& decision : *reply.mutable_decisions()) told[decision.peer()] = &decision;
  for (const auto& [remove, recipients] : candidates_[source].of->redactions) {
    for (const OrgId& org : recipients) {
      const auto found = told.find(room_.directory.NameOf(org));
      if (found == told.end()) continue;
      found->second->set_reason(std::string(Describe(RejectReason::kPolicyRule).name));
      found->second->set_remedy(candidates_[source].underivable);
    }
  }
  for (size_t i = given_; i < candidates_.size(); ++i) {
    if (candidates_[i].derived_of != source) continue;
    for (const storage::PartyDecision& decision : candidates_[i].of->decisions) {
      const auto found = told.find(room_.directory.NameOf(decision.org));
      if (found == told.end() || !Goes(decision)) continue;
      v1::CanShareDecision& out = *found->second;
      out.set_decision("redact");
      out.clear_remedy();
      out.set_derived_id(std::string(candidates_[i].object->id()));
      out.mutable_removes()->Add(candidates_[i].removed.begin(), candidates_[i].removed.end());
      if (decision.withheld_until) out.set_withheld_until_us(absl::ToUnixMicros(*decision.withheld_until));
    }
  }
}

}  // namespace entente::exchange
