#include "exchange/rule_changes.h"

#include <future>
#include <utility>

#include "crypto/encoding.h"
#include "exchange/big_parse.h"
#include "model/text.h"

namespace entente::exchange {
namespace {

// Journal records that a commit looks through for objects stored since the comparison; beyond that it is made again.
constexpr uint64_t kMaxBehind = 8192;

absl::Status Busy() {
  return Reject(RejectReason::kUnavailable,
                "another change of the local rules is under way; do it again when it is done");
}

absl::Status Opens(uint64_t flows, std::optional<uint64_t> accept) {
  const std::string now =
      std::to_string(flows) + " times an object above GREEN would flow to a peer that it does not flow to now";
  return Reject(
      RejectReason::kRulesOpen,
      accept ? "--accept names " + std::to_string(*accept) + ", and " + now + "; look at `entente policy diff` again"
             : now + "; look at `entente policy diff`, and if they may, give --accept " + std::to_string(flows));
}

}  // namespace

absl::StatusOr<policy::Rules> RuleChanges::Read(const v1::RulesText& text) const {
  if (text.file().size() > kMaxRulesFile) {
    return Reject(RejectReason::kUsage, "the name of the rule file is over 256 bytes; copy it under a shorter one");
  }
  std::vector<std::string> parties = {room_.directory.self().party.name}, groups;
  const std::vector<std::string> lists = ListNames();
  for (const auto& party : room_.directory.All()) parties.push_back(party->party.name);
  for (const GroupId& group : room_.groups.All()) groups.push_back(crypto::ToHex(group.view()));
  return policy::Rules::Parse(text.text(), text.file(), {&parties, &groups, &lists});
}

absl::StatusOr<v1::PolicyReply> RuleChanges::Compare(const v1::RulesText& text, const ReplayProgress& progress) const {
  absl::StatusOr<policy::Rules> rules = Read(text);
  if (!rules.ok()) return rules.status();
  RuleDiff diff(room_, book_.Now()->in_force, *std::move(rules));
  uint64_t upto = 0;
  if (absl::Status status = ReplayStore(room_.journal, diff, upto, progress); !status.ok()) return status;
  v1::PolicyReply reply = Show(0);
  *reply.mutable_difference() = diff.Report();
  return reply;
}

absl::StatusOr<v1::PolicyReply> RuleChanges::Apply(const v1::PolicyApply& change, bool back,
                                                   const ReplayProgress& progress, std::string_view by) {
  const std::unique_lock alone(changing_, std::try_to_lock);
  if (!alone.owns_lock()) return Busy();
  const absl::StatusOr<v1::RulesText> text = back ? TextOfNumber(change.back_to()) : change.rules();
  if (!text.ok()) return text.status();
  RuleSet next = *book_.Now();
  const policy::Rules before = next.in_force;
  absl::StatusOr<policy::Rules> rules = back && text->text().empty() ? policy::Rules() : Read(*text);
  if (!rules.ok()) return rules.status();
  next.in_force = *std::move(rules);
  ++next.number;

  RuleDiff diff(room_, before, next.in_force);
  uint64_t upto = 0;
  // What is stored while the first look is under way is left to the second, which is short.
  for (int look = 0; look < 2; ++look) {
    if (absl::Status status = ReplayStore(room_.journal, diff, upto, progress); !status.ok()) return status;
  }
  const uint64_t flows = diff.flows_above_green();
  const auto accept = change.has_accept() ? std::optional(change.accept()) : std::nullopt;
  if (flows != accept.value_or(0)) return Opens(flows, accept);

  v1::RulesChanged record;
  record.set_file(text->file());
  record.set_text(text->text());
  record.set_number(next.number);
  record.set_back_to(back ? change.back_to() : 0);
  record.set_rules(next.in_force.size());
  record.set_accepted(flows);
  RuleDiff since = diff.Fresh();
  const auto check = [&](const storage::Reader& reader, uint64_t seq) {
    // The names again: parties may have been renamed while everything was compared.
    if (absl::Status names = back && text->text().empty() ? absl::OkStatus() : Read(*text).status(); !names.ok()) {
      return names;
    }
    return CheckSince(since, reader, upto, seq);
  };
  if (absl::Status status = Commit(record, std::move(next), check, by); !status.ok()) return status;
  v1::PolicyReply reply = Show(0);
  *reply.mutable_difference() = diff.Report();
  return reply;
}

// On the committer's thread, about what was stored while everything else was compared.
absl::Status RuleChanges::CheckSince(RuleDiff& since, const storage::Reader& reader, uint64_t upto, uint64_t seq) {
  if (seq - upto > kMaxBehind) {
    return Reject(RejectReason::kUnavailable, "too much was stored while the rules were compared; do it again");
  }
  for (uint64_t at = upto + 1; at < seq; ++at) {
    const auto record = reader.FindRecord(at);
    if (!record.ok()) return record.status();
    // A big one would have to wait for its turn, which somebody may hold who waits for this thread.
    if (record->has_value() && BigParse::IsBig((*record)->object().content().size())) {
      return Reject(RejectReason::kUnavailable, "a large object was stored while the rules were compared; do it again");
    }
    if (absl::Status added = since.Add(reader, at); !added.ok()) return added;
  }
  if (since.flows_above_green() == 0) return absl::OkStatus();
  return Reject(RejectReason::kUnavailable, "objects that newly flow were stored meanwhile; do it again");
}

absl::StatusOr<v1::PolicyReply> RuleChanges::SetShadow(const v1::RulesText& text, std::string_view by) {
  const std::unique_lock alone(changing_, std::try_to_lock);
  if (!alone.owns_lock()) return Busy();
  RuleSet next = *book_.Now();
  next.shadow.reset();
  v1::RulesChanged record;
  record.set_shadow(true);
  if (!text.text().empty()) {
    absl::StatusOr<policy::Rules> rules = Read(text);
    if (!rules.ok()) return rules.status();
    record.set_rules(rules->size());
    next.shadow = *std::move(rules);
    record.set_file(text.file());
    record.set_text(text.text());
  }
  const auto any = [](const storage::Reader&, uint64_t) { return absl::OkStatus(); };
  if (absl::Status status = Commit(record, std::move(next), any, by); !status.ok()) return status;
  return Show(0);
}

// In force once it is durable, and not before: what was decided in between was decided in front of it.
absl::Status RuleChanges::Commit(const v1::RulesChanged& record, RuleSet next, const Check& check,
                                 std::string_view by) {
  uint64_t at = 0;
  std::promise<absl::Status> durable;
  room_.journal.Commit(
      [&](storage::Transaction& transaction) -> absl::Status {
        transaction.ActFor(by);
        const absl::StatusOr<uint64_t> seq = transaction.AppendRules(record);
        if (!seq.ok()) return seq.status();
        if (absl::Status status = check(transaction, *seq); !status.ok()) return status;
        at = *seq;
        book_.Prepare(std::move(next));
        return absl::OkStatus();
      },
      [&](absl::Status status) {
        book_.Settle(status.ok());
        durable.set_value(std::move(status));
      });
  absl::Status status = durable.get_future().get();
  if (status.ok()) Remember(record, at, room_.clock.Now(), by);
  return status;
}

}  // namespace entente::exchange
