// Local rules as the journal has them: read at the start, remembered, shown.
#include <utility>

#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "exchange/rule_changes.h"

namespace entente::exchange {
namespace {

constexpr size_t kLoadedAtOnce = 256;

}  // namespace

absl::Status RuleChanges::Load() {
  RuleSet set;
  Bytes in_force, shadow;
  for (uint64_t after = 0;;) {
    const auto seqs = room_.journal.RulesRecords(after, kLoadedAtOnce);
    if (!seqs.ok()) return seqs.status();
    if (seqs->empty()) break;
    for (const uint64_t seq : *seqs) {
      absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
      if (!record.ok()) return record.status();
      if (!record->has_value() || !(*record)->has_rules()) {
        return Reject(RejectReason::kStoreCorrupt, "a record of local rules is missing; run entente fsck");
      }
      Remember((*record)->rules(), seq, absl::FromUnixMicros((*record)->time_us()),
               (*record)->by());
      ((*record)->rules().shadow() ? shadow : in_force) = (*record)->rules().text();
      if (!(*record)->rules().shadow()) set.number = (*record)->rules().number();
      after = seq;
    }
  }
  // A name that is known no more would leave its rule without anything to bind.
  absl::StatusOr<std::vector<std::string>> parties = PartyNames();
  if (!parties.ok()) return parties.status();
  const std::vector<std::string> lists = ListNames();
  const policy::KnownNames known{&*parties, nullptr, &lists};
  auto rules = policy::Rules::Parse(in_force.empty() ? "version = 1\n" : in_force, "the rules in force", known);
  if (!rules.ok()) return rules.status();
  set.in_force = *std::move(rules);
  if (!shadow.empty()) {
    auto beside = policy::Rules::Parse(shadow, "the rules in the shadow", known);
    if (!beside.ok()) return beside.status();
    set.shadow = *std::move(beside);
  }
  book_.Set(std::move(set));
  return absl::OkStatus();
}

// Of everybody on file, be it somebody whose documents do not check any more.
absl::StatusOr<std::vector<std::string>> RuleChanges::PartyNames() const {
  std::vector<std::string> names = {room_.directory.self().party.name};
  const absl::StatusOr<std::vector<v1::PartyAccepted>> parties = room_.journal.Parties();
  if (!parties.ok()) return parties.status();
  for (const v1::PartyAccepted& party : *parties) names.push_back(party.name());
  return names;
}

std::vector<std::string> RuleChanges::ListNames() const {
  std::vector<std::string> names;
  for (const model::WarningList& list : room_.warning_lists) names.push_back(list.name());
  return names;
}

void RuleChanges::Remember(const v1::RulesChanged& change, uint64_t seq, absl::Time since,
                           std::string_view by) {
  Version version;
  version.seq = seq;
  v1::RulesRecord& record = version.record;
  record.set_number(change.number());
  record.set_file(change.file());
  record.set_rules(change.rules());
  record.set_since_us(absl::ToUnixMicros(since));
  record.set_by(std::string(by));
  record.set_digest(crypto::ToHex(crypto::Sha256(change.text()).view()));
  record.set_back_to(change.back_to());
  record.set_accepted(change.accepted());
  const std::lock_guard lock(mutex_);
  if (change.shadow()) {
    shadow_ = change.text().empty() ? Version() : std::move(version);
    return;
  }
  versions_[change.number()] = std::move(version);
  if (versions_.size() > kMaxRuleVersions) versions_.erase(versions_.begin());
}

v1::PolicyReply RuleChanges::Show(size_t limit) const {
  v1::PolicyReply reply;
  const std::lock_guard lock(mutex_);
  if (!versions_.empty()) *reply.mutable_in_force() = versions_.rbegin()->second.record;
  reply.mutable_in_force();
  if (shadow_.seq != 0) *reply.mutable_shadow() = shadow_.record;
  for (auto it = versions_.rbegin(); it != versions_.rend() && limit > 0; ++it) {
    if (it == versions_.rbegin()) continue;
    *reply.add_earlier() = it->second.record;
    --limit;
  }
  return reply;
}

absl::StatusOr<v1::RulesText> RuleChanges::TextOf(const Version& version) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(version.seq);
  if (!record.ok()) return record.status();
  if (!record->has_value())
    return Reject(RejectReason::kStoreCorrupt, "a record of local rules is missing; run entente fsck");
  v1::RulesText text;
  text.set_file((*record)->rules().file());
  text.set_text((*record)->rules().text());
  return text;
}

absl::StatusOr<v1::RulesText> RuleChanges::TextOfNumber(uint64_t number) const {
  if (number == 0) return v1::RulesText();
  Version version;
  {
    const std::lock_guard lock(mutex_);
    const auto found = versions_.find(number);
    if (found == versions_.end()) {
      return Reject(RejectReason::kNotFound, "no local rules with number " + std::to_string(number) +
                                                 " are on file; `entente policy show` lists them");
    }
    version = found->second;
  }
  return TextOf(version);
}

absl::StatusOr<v1::RulesRecord> RuleChanges::ShowText(const v1::PolicyShow& which) const {
  Version version;
  {
    const std::lock_guard lock(mutex_);
    if (which.shadow()) {
      version = shadow_;
    } else if (which.number() != 0) {
      const auto found = versions_.find(which.number());
      if (found != versions_.end()) version = found->second;
    } else if (!versions_.empty()) {
      version = versions_.rbegin()->second;
    }
  }
  if (version.seq == 0) {
    return Reject(RejectReason::kNotFound, "no such local rules are on file; `entente policy show` lists them");
  }
  absl::StatusOr<v1::RulesText> text = TextOf(version);
  if (!text.ok()) return text.status();
  version.record.set_text(std::move(*text->mutable_text()));
  return version.record;
}

}  // namespace entente::exchange
