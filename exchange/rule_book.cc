#include "exchange/rule_book.h"

#include "exchange/big_parse.h"
#include "exchange/exchange.h"

namespace entente::exchange {
namespace {

std::string_view NameOf(Source source) {
  switch (source) {
    case Source::kAnalyst:
      return "analyst";
    case Source::kPeer:
      return "peer";
    case Source::kFile:
      return "file";
  }
  return "";
}

std::string WordOf(const policy::Decision& decision) {
  if (decision.permitted()) return decision.permit()->relationship();
  return std::string(Describe(decision.denial()->reason).name);
}

// Between them no class may end where another begins.
std::string Measured(const std::string& text) {
  return std::to_string(text.size()) + ":" + text;
}

}  // namespace

bool RuleSet::reads_objects() const {
  return in_force.reads_objects() || (shadow && shadow->reads_objects());
}

bool RuleSet::names_party(std::string_view name) const {
  return in_force.names_party(name) || (shadow && shadow->names_party(name));
}

std::string RuleSet::ClassOf(const policy::ObjectFacts& object, absl::Time now) const {
  const std::string enforced = in_force.ClassOf(object, now);
  return shadow ? Measured(enforced) + shadow->ClassOf(object, now) : enforced;
}

std::shared_ptr<const RuleSet> RuleBook::Now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

void RuleBook::Set(RuleSet set) {
  auto next = std::make_shared<const RuleSet>(std::move(set));
  const std::lock_guard lock(mutex_);
  now_.swap(next);
}

void RuleBook::Prepare(RuleSet set) {
  auto next = std::make_shared<const RuleSet>(std::move(set));
  const std::lock_guard lock(mutex_);
  prepared_.swap(next);
}

void RuleBook::Settle(bool durable) {
  const std::lock_guard lock(mutex_);
  if (durable && prepared_) now_ = prepared_;
  prepared_.reset();
}

bool RuleBook::NamesParty(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  return now_->names_party(name) || (prepared_ && prepared_->names_party(name));
}

Judgement Judge(const Room& room, const RuleSet& rules, const policy::Question& question) {
  Judgement out{policy::Evaluate(rules.in_force, question), {}};
  if (!rules.shadow) return out;
  const policy::Decision beside = policy::Evaluate(*rules.shadow, question);
  if (WordOf(beside) != WordOf(out.decision)) out.shadow = WordOf(beside);
  room.counters.CountShadow(out.decision.permitted(), beside.permitted());
  return out;
}

Subject BareSubject(std::string_view id) {
  Subject bare;
  bare.type = std::string(id.substr(0, id.find("--")));
  bare.alike = Measured(bare.type);
  return bare;
}

Subject SubjectOf(const Room& room, const RuleSet& rules, const model::StixObject& object, size_t size,
                  const OrgId& origin, Source source, absl::Time now, bool released) {
  Subject subject = BareSubject(object.id());
  if (!rules.reads_objects()) return subject;
  auto facts = std::make_shared<policy::ObjectFacts>(policy::FactsOf(object, size));
  facts->origin = room.directory.NameOf(origin);
  facts->source = std::string(NameOf(source));
  facts->released = released;
  const std::vector<std::string> values = model::SearchValues(object);
  facts->warning_lists = model::WarningsOf(room.warning_lists, values);
  facts->values_whole = values.size() < model::kMaxValuesPerObject;
  subject.alike += rules.ClassOf(*facts, now);
  subject.facts = std::move(facts);
  return subject;
}

absl::StatusOr<Subject> StoredSubject(const Room& room, const RuleSet& rules, std::string_view id, ByteView content,
                                      bool released, const v1::BatchAccepted& batch, absl::Time now) {
  if (!rules.reads_objects()) return BareSubject(id);
  const BigParse turn(content.size());
  const absl::StatusOr<model::StixObject> object = model::StixObject::Parse(content);
  const auto origin = OrgId::From(batch.origin());
  if (!object.ok() || !origin) {
    return Reject(RejectReason::kStoreCorrupt,
                  "a stored object or its batch does not parse any more; run entente fsck");
  }
  const Source source = batch.own() ? Source::kAnalyst : batch.by_file() ? Source::kFile : Source::kPeer;
  return SubjectOf(room, rules, *object, content.size(), *origin, source, now, released);
}

absl::StatusOr<Subject> StoredSubject(const Room& room, const RuleSet& rules, const storage::Reader& reader,
                                      const v1::Record& statement, absl::Time now) {
  const bool repeated = statement.has_repeated_statement();
  const std::string& id = repeated ? statement.repeated_statement().id() : statement.object().id();
  if (!rules.reads_objects()) return BareSubject(id);
  absl::StatusOr<std::optional<v1::Record>> object = std::optional<v1::Record>();
  if (repeated) object = reader.FindRecord(statement.repeated_statement().object_seq());
  if (!object.ok()) return object.status();
  const v1::ObjectAccepted& holds = repeated && *object ? (*object)->object() : statement.object();
  const auto batch =
      reader.FindRecord(repeated ? statement.repeated_statement().batch_seq() : statement.object().batch_seq());
  if (!batch.ok()) return batch.status();
  if (batch->has_value())
    return StoredSubject(room, rules, id, holds.content(), holds.released_from() != 0, (*batch)->batch(), now);
  return Reject(RejectReason::kStoreCorrupt, "the batch of a stored statement is missing; run entente fsck");
}

}  // namespace entente::exchange
