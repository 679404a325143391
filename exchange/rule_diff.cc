#include "exchange/rule_diff.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "exchange/big_parse.h"
#include "exchange/questions.h"

namespace entente::exchange {
namespace {

const Bytes& StatementIn(const v1::Record& record) {
  return record.has_object() ? record.object().statement() : record.repeated_statement().statement();
}

// Where any statement permits, by the strictest that does.
void Any(const std::vector<model::Label>& from, std::vector<model::Label>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = std::max(to[i], from[i]);
}

void Append(const std::vector<std::string>& from, std::vector<std::string>& into) {
  for (const std::string& one : from) {
    if (into.size() < kMaxDiffExamples) into.push_back(one);
  }
}

model::Label PermittedLabel(const policy::Decision& decision) {
  return decision.permitted() ? decision.permit()->label() : model::Label::kUnlabelled;
}

std::string NameOf(model::Label label) {
  return label == model::Label::kUnlabelled ? "" : std::string(model::Name(label));
}

}  // namespace

RuleDiff::RuleDiff(const Room& room, policy::Rules before, policy::Rules after)
    : room_(room),
      sides_{0, std::move(before), std::move(after)},
      now_(room.clock.Now()),
      parties_(room.directory.All()),
      tallies_(parties_.size() + 1) {}

RuleDiff RuleDiff::Fresh() const {
  RuleDiff fresh(*this);
  fresh.tallies_.assign(tallies_.size(), Tally());
  fresh.classes_.clear();
  fresh.objects_ = fresh.asked_ = 0;
  return fresh;
}

RuleDiff::Asked RuleDiff::Ask(const policy::Constraints& constraints, bool received, const Subject& subject) const {
  Asked out;
  // Now, and where an embargo runs, when it ends: what it alone keeps is sent then without another word.
  const auto under = [&](const policy::Rules& rules, policy::Question question) {
    question.now = now_;
    const model::Label now = PermittedLabel(policy::Evaluate(rules, question));
    if (constraints.embargo_until <= now_) return now;
    question.now = constraints.embargo_until;
    return std::max(now, PermittedLabel(policy::Evaluate(rules, question)));
  };
  const auto ask = [&](const policy::Question& question) {
    out.before.push_back(under(sides_.in_force, question));
    out.after.push_back(under(*sides_.shadow, question));
  };
  for (const auto& party : parties_) {
    policy::Question question = OutboundQuestion(room_, constraints, *party, subject);
    if (received) question.hop = policy::Hop::kOnward;
    ask(question);
  }
  ask(LocalQuestion(room_, constraints, subject));
  return out;
}

absl::StatusOr<std::shared_ptr<const RuleDiff::Asked>> RuleDiff::AskAbout(const v1::Record& statement,
                                                                          const storage::VersionEntry& entry,
                                                                          const Subject& subject) {
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(StatementIn(statement));
  if (!constraints.ok()) return constraints.status();
  constraints->label = std::max(constraints->label, entry.label);
  const bool received = entry.origin != room_.self.org();
  v1::StatementBody body;
  body.ParseFromString(StatementIn(statement));  // it did a moment ago
  std::string key(received ? "r" : "o");
  key += std::string(model::Name(constraints->label)) + '/' + std::to_string(subject.alike.size()) + '/' +
         subject.alike + body.constraints().SerializeAsString();
  key = crypto::Sha256(key).str();  // constraints may name a thousand addressees
  if (const auto known = classes_.find(key); known != classes_.end()) return known->second;
  if (classes_.size() >= kMaxDiffClasses) classes_.clear();
  ++asked_;
  auto asked = std::make_shared<const Asked>(Ask(*constraints, received, subject));
  classes_.emplace(std::move(key), asked);
  return asked;
}

absl::Status RuleDiff::Add(const storage::Reader& reader, uint64_t seq) {
  const absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_object()) return absl::OkStatus();
  const std::string& id = (*record)->object().id();
  const absl::StatusOr<std::optional<storage::VersionEntry>> newest = reader.NewestVersion(id);
  if (!newest.ok()) return newest.status();
  if (!newest->has_value() || (*newest)->seq != seq) return absl::OkStatus();
  const absl::StatusOr<Subject> subject = StoredSubject(room_, sides_, reader, **record, now_);
  if (!subject.ok()) return subject.status();
  const auto first = AskAbout(**record, **newest, *subject);
  if (!first.ok()) return first.status();
  Asked asked = **first;
  for (const uint64_t repeat : (*newest)->repeats) {
    const absl::StatusOr<std::optional<v1::Record>> again = reader.FindRecord(repeat);
    if (!again.ok()) return again.status();
    if (!again->has_value() || !(*again)->has_repeated_statement()) continue;
    const auto more = AskAbout(**again, **newest, *subject);
    if (!more.ok()) return more.status();
    Any((*more)->before, asked.before);
    Any((*more)->after, asked.after);
  }
  ++objects_;
  for (size_t i = 0; i < tallies_.size(); ++i) Count(asked.before[i], asked.after[i], id, tallies_[i]);
  return absl::OkStatus();
}

void RuleDiff::Count(model::Label before, model::Label after, const std::string& id, Tally& tally) {
  constexpr model::Label kDenied = model::Label::kUnlabelled;
  if ((before == kDenied) == (after == kDenied)) return;
  const bool flows = after != kDenied;
  ++(flows ? tally.flows : tally.stops);
  if (after > model::Label::kGreen) ++tally.flows_above_green;
  model::Label& strictest = flows ? tally.strictest_flowing : tally.strictest_stopping;
  strictest = std::max(strictest, flows ? after : before);
  std::vector<std::string>& examples = flows ? tally.flowing : tally.stopping;
  if (examples.size() < kMaxDiffExamples) examples.push_back(id);
}

void RuleDiff::Join(const RuleDiff& other) {
  objects_ += other.objects_;
  asked_ += other.asked_;
  for (size_t i = 0; i < tallies_.size() && i < other.tallies_.size(); ++i) {
    Tally& into = tallies_[i];
    const Tally& from = other.tallies_[i];
    into.flows += from.flows;
    into.stops += from.stops;
    into.flows_above_green += from.flows_above_green;
    into.strictest_flowing = std::max(into.strictest_flowing, from.strictest_flowing);
    into.strictest_stopping = std::max(into.strictest_stopping, from.strictest_stopping);
    Append(from.flowing, into.flowing);
    Append(from.stopping, into.stopping);
  }
}

uint64_t RuleDiff::flows_above_green() const {
  uint64_t all = 0;
  for (size_t i = 0; i < parties_.size(); ++i) all += tallies_[i].flows_above_green;
  return all;
}

v1::PolicyDifference RuleDiff::Report() const {
  v1::PolicyDifference out;
  out.set_objects(objects_);
  out.set_classes(asked_);
  out.set_flows_above_green(flows_above_green());
  for (size_t i = 0; i < tallies_.size(); ++i) {
    const Tally& tally = tallies_[i];
    if (tally.flows == 0 && tally.stops == 0) continue;
    v1::PartyDifference& party = *out.add_parties();
    party.set_here(i == parties_.size());
    party.set_name(party.here() ? room_.directory.self().party.name : parties_[i]->party.name);
    party.set_flows(tally.flows);
    party.set_stops(tally.stops);
    party.set_strictest_flowing(NameOf(tally.strictest_flowing));
    party.set_strictest_stopping(NameOf(tally.strictest_stopping));
    party.set_flows_above_green(tally.flows_above_green);
    for (const std::string& id : tally.flowing) party.add_flowing(id);
    for (const std::string& id : tally.stopping) party.add_stopping(id);
  }
  return out;
}

}  // namespace entente::exchange
