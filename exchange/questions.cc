#include "exchange/questions.h"

#include <algorithm>

#include "exchange/agreements.h"
#include "model/iep_definition.h"
#include "model/marking_table.h"
#include "model/text.h"

namespace entente::exchange {
namespace {

policy::Question Base(const Room& room, const policy::Constraints& constraints, policy::Direction direction,
                      const Subject& subject) {
  policy::Question question;
  question.direction = direction;
  question.object = subject.facts.get();
  question.constraints = constraints;
  question.integrity = true;  // only Statements get here: their signatures and schema were checked to make them
  question.now = room.clock.Now();
  question.hop = policy::Hop::kDirect;
  return question;
}

// Of the recipient in the object's group. Unknown where the group is not followed, or its document has expired.
std::optional<policy::GroupStanding> StandingIn(const Room& room, const policy::Constraints& constraints,
                                                const OrgId& recipient) {
  const auto group = GroupId::From(constraints.sg_id);
  const auto newest = group ? room.groups.Newest(*group) : nullptr;
  if (newest == nullptr) return std::nullopt;
  const absl::Status in = room.groups.CheckMember(*group, recipient, room.clock.Now());
  if (!in.ok() && ReasonOf(in) != RejectReason::kNotMember) return std::nullopt;
  policy::GroupStanding standing;
  standing.member = in.ok();
  standing.clients = newest->document().clients();
  standing.ceiling = static_cast<model::Label>(newest->document().ceiling());
  return standing;
}

constexpr size_t kMaxNameBytes = 256;

// At most `limit` bytes of `text`, which is UTF-8, and no half character.
std::string_view Cut(std::string_view text, size_t limit) {
  if (text.size() <= limit) return text;
  while ((static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  return text.substr(0, limit);
}

// Markings inside an object (a bundle's or observed-data's own objects, an extension) are not read: where there are any,
// what they ask for is not known.
bool HasInnerMarkings(const model::JsonValue& value, bool inner) {
  for (const auto& member : value.members()) {
    if (inner && (member.key == "object_marking_refs" || member.key == "granular_markings")) return true;
    if (HasInnerMarkings(member.value, true)) return true;
  }
  return std::any_of(value.elements().begin(), value.elements().end(),
                     [](const model::JsonValue& element) { return HasInnerMarkings(element, true); });
}

}  // namespace

policy::Question OutboundQuestion(const Room& room, const policy::Constraints& constraints,
                                  const trust::Accepted& recipient, const Subject& subject) {
  policy::Question question = Base(room, constraints, policy::Direction::kOut, subject);
  question.sender = room.directory.self().party;
  question.recipient = recipient.party;
  question.standing.group = StandingIn(room, constraints, recipient.party.org);
  question.agreement = true;
  SetTerms(recipient, subject.type, question);
  return question;
}

policy::Question LocalQuestion(const Room& room, const policy::Constraints& constraints, const Subject& subject) {
  policy::Question question = Base(room, constraints, policy::Direction::kLocal, subject);
  question.sender = room.directory.self().party;
  question.recipient = room.directory.self().party;
  question.agreement = true;
  return question;
}

policy::Question InboundQuestion(const Room& room, const policy::Constraints& constraints,
                                 const trust::Accepted& from, const Subject& subject) {
  policy::Question question = Base(room, constraints, policy::Direction::kIn, subject);
  question.sender = from.party;
  question.recipient = room.directory.self().party;
  question.recipient.ceiling = from.party.ceiling;
  question.standing.group = StandingIn(room, constraints, room.self.org());
  question.recipient.sectors = constraints.sector_to;  // a party's sectors are on file at the sender, which applied them
  question.agreement = true;
  SetTerms(from, subject.type, question);
  return question;
}

std::vector<std::string> ToRemove(const RuleSet& rules, policy::Question question) {
  const auto reason = [](const policy::Decision& decision) {
    return decision.permitted() ? RejectReason::kNone : decision.denial()->reason;
  };
  if (question.object == nullptr) return {};
  question.honours_obligations = false;
  if (reason(policy::Evaluate(rules.in_force, question)) != RejectReason::kPolicyUnsupported) return {};
  question.honours_obligations = true;
  const policy::Decision redacted = policy::Evaluate(rules.in_force, question);
  if (!redacted.permitted()) return {};
  using enum policy::Obligation;
  for (const policy::Obligation other : {kSeatsOnly, kRedactVictims, kStripSource, kKeepSource, kEncrypt}) {
    if (redacted.permit()->asks(other)) return {};  // nobody here does that
  }
  std::vector<std::string> remove;
  const std::vector<std::string>& there = question.object->properties;
  for (const std::string& name : redacted.permit()->removes()) {
    if (std::find(there.begin(), there.end(), name) != there.end()) remove.push_back(name);
  }
  return remove;
}

RejectReason JoinMarkings(const model::StixObject& object, const std::function<bool(std::string_view)>& defines,
                          policy::Constraints& constraints, std::string& detail) {
  const model::DefinitionKind kind = model::ClassifyDefinition(object.json());
  if (kind == model::DefinitionKind::kForged) {
    detail = "this marking-definition claims a TLP or PAP id with another meaning; remove it";
    return RejectReason::kMarking;
  }
  if (kind == model::DefinitionKind::kDisguised) {
    detail = "this marking-definition spells a TLP or PAP level in a statement, which restricts nothing; refer to the "
             "standard's own marking id instead";
    return RejectReason::kMarking;
  }
  if (model::IsIepDefinition(object.json())) {
    const absl::StatusOr<model::Iep> iep = model::ReadIep(object.json());
    if (!iep.ok()) detail = std::string(iep.status().message()) + "; correct it and publish again";
    if (!iep.ok()) return RejectReason::kMarking;
  }
  const model::EffectiveMarking marking = model::NormaliseMarkings(object.json(), defines);
  constraints.label = std::max(constraints.label, marking.label);
  constraints.pap = std::max(constraints.pap, marking.pap);
  if (!marking.malformed.empty()) {
    detail = "malformed marking: " + marking.malformed + "; correct it and publish again";
    return RejectReason::kMarking;
  }
  if (HasInnerMarkings(object.json(), false)) {
    detail = "markings stand inside the object, where they mark parts of it; publish those as objects of their own";
    return RejectReason::kMarking;
  }
  if (!marking.unresolved.empty()) {
    const std::string near = model::NearestMarking(marking.unresolved.front());
    detail = "unknown marking id " + model::Escaped(marking.unresolved.front(), 80) +
             (near.empty() ? "" : ", a digit or two off that of " + near) +
             "; publish its definition first, or use a TLP 1 or TLP 2 marking";
    return RejectReason::kMarking;
  }
  if (constraints.label == model::Label::kUnlabelled && kind == model::DefinitionKind::kKnown) {
    constraints.label = model::Label::kClear;  // the standard's own constant, the same everywhere
  }
  if (constraints.label == model::Label::kUnlabelled) {
    detail = "no TLP label; publish it again with --tlp LABEL";
    return RejectReason::kNoLabel;
  }
  return RejectReason::kNone;
}

absl::StatusOr<std::optional<OrgId>> Creators::AuthorOf(const storage::Reader& reader, std::string_view identity) const {
  if (const std::optional<OrgId> party = room_.directory.SpeaksAs(identity)) return party;
  const absl::StatusOr<std::optional<storage::VersionEntry>> entry = reader.NewestVersion(identity);
  if (!entry.ok()) return entry.status();
  if (!entry->has_value() || (*entry)->origin != room_.self.org()) return std::nullopt;
  absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord((*entry)->seq);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return Reject(RejectReason::kStoreCorrupt, "an identity has no record; run entente fsck");
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf((*record)->object().statement());
  if (!constraints.ok()) return constraints.status();
  if (constraints->source_role == policy::SourceRole::kCustodian) return std::nullopt;
  return room_.self.org();
}

absl::StatusOr<std::optional<OrgId>> Creators::Usurped(const storage::Reader& reader, const model::StixObject& object,
                                                       const policy::Constraints& constraints) {
  const std::string_view id = object.json().StringAt("created_by_ref");
  if (id.empty() || constraints.source_role == policy::SourceRole::kCustodian) return std::nullopt;
  if (const auto found = known_.find(id); found != known_.end()) return found->second;
  absl::StatusOr<std::optional<OrgId>> author = AuthorOf(reader, id);
  if (!author.ok()) return author.status();
  if (*author == signer_) author->reset();
  return known_.emplace(std::string(id), *author).first->second;
}

storage::ObjectFacts FactsOf(const model::StixObject& object) {
  storage::ObjectFacts facts;
  facts.id = std::string(object.id());
  facts.type = std::string(object.type());
  facts.version = std::string(object.version());
  facts.version_ns = object.version_ns();
  facts.name = std::string(Cut(object.name(), kMaxNameBytes));
  facts.values = model::SearchValues(object);
  facts.defines_statement_marking = model::ClassifyDefinition(object.json()) == model::DefinitionKind::kStatement;
  return facts;
}

std::string SentenceOf(const Room& room, const v1::Imputed& imputed) {
  std::string sentence(model::Name(static_cast<model::Label>(imputed.label())));
  sentence += ", imputed by " + room.directory.self().party.name + ": ";
  if (imputed.inherited()) return sentence + "inherited from others of its bundle";
  return sentence + "import profile " + model::Escaped(imputed.source(), 80);
}

std::string Sentence(const policy::Denial& denial) {
  std::string sentence(Describe(denial.reason).meaning);
  if (!denial.remedy.empty()) sentence += "; " + denial.remedy;
  return sentence;
}

absl::StatusOr<policy::Constraints> ConstraintsOf(ByteView statement_body) {
  v1::StatementBody body;
  if (!body.ParseFromArray(statement_body.data(), static_cast<int>(statement_body.size()))) {
    return Reject(RejectReason::kStoreCorrupt, "a stored statement does not parse; run entente fsck");
  }
  return envelope::FromWire(body.constraints());
}

absl::StatusOr<std::optional<absl::Time>> RefusedSince(const storage::Journal& journal, const OrgId& peer,
                                                       uint64_t seq) {
  absl::StatusOr<std::vector<storage::RefusedEntry>> next = journal.Refused(peer, seq - 1, 1);
  if (!next.ok()) return next.status();
  if (next->empty() || next->front().seq != seq) return std::nullopt;
  return next->front().since;
}

}  // namespace entente::exchange
