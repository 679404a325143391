#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "policy/sample_questions.h"
#include "policy/testing/any_question.h"

// Whole federations: one object is published, passed on, wrapped for relays and exported in random steps, each only
// where policy permits; who holds its plaintext in the end is held against what docs/policy.md says of its audience.
namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using testing::Pick;
using testing::Rarely;

constexpr size_t kMost = 40, kSteps = 24;

struct Member {
  model::Party party;
  bool in_group = false, seat = false;
  std::set<size_t> clients, distributors;  // as it registered them; distributors are clients
};
// How an object came to somebody who holds it.
struct Copy {
  uint32_t hops = 0;
  bool distributed = false;
};
struct Federation {
  std::vector<Member> members;
  Constraints constraints;
  std::map<size_t, Copy> holders;  // of the plaintext; member 0 is the origin
  std::string story;
};

model::Party AnyParty(size_t i) {
  static const char* const kNations[] = {"XN", "XE", "DE", "GB", ""};
  model::Party party;
  Bytes id(32, '\0');
  id[0] = 'm', id[31] = static_cast<char>(i + 1);
  party.org = *OrgId::From(id);
  party.name = "member" + std::to_string(i);
  party.kind = static_cast<PartyKind>(i == 0 ? Pick(4) : Pick(6));
  party.nation = kNations[i == 0 ? Pick(4) : Pick(5)];
  party.ceiling = Rarely() ? static_cast<Label>(1 + Pick(5)) : Label::kRed;
  return party;
}

Constraints AnyConstraints(const std::vector<Member>& members) {
  Constraints c;
  c.label = static_cast<Label>(Rarely() ? Pick(7) : 1 + Pick(5));
  if (Pick(2) == 0) {
    for (size_t i = 1; i < members.size(); ++i)
      if (Pick(2) == 0) c.addressees.push_back(members[i].party.org);
  }
  c.rel_to = testing::Some({{"XE"}, {"DE", "XE"}, {"XE", "DE"}});
  c.not_rel_to = testing::Some({{"GB"}, {"XE", "XN"}});
  c.orcon = Rarely();
  if (Rarely()) c.sg_id = Bytes(kSharingGroupIdSize, 'g');
  if (Rarely()) c.hop_limit = static_cast<uint32_t>(Pick(4));
  if (Rarely()) c.pap = static_cast<model::Pap>(Pick(5));
  return c;
}

Federation AnyFederation() {
  Federation all;
  const auto size = static_cast<size_t>(*rc::gen::inRange<int>(3, kMost + 1));
  for (size_t i = 0; i < size; ++i) {
    Member member;
    member.party = AnyParty(i);
    member.in_group = i == 0 || Pick(2) == 0;
    member.seat = Pick(4) == 0;
    for (int clients = Pick(4); clients > 0; --clients) {
      const auto client = static_cast<size_t>(Pick(static_cast<int>(size)));
      if (client == i) continue;
      member.clients.insert(client);
      if (Pick(3) == 0) member.distributors.insert(client);
    }
    all.members.push_back(std::move(member));
  }
  all.constraints = AnyConstraints(all.members);
  all.holders[0] = {};
  return all;
}

// What the sender knows of the recipient, honestly.
Question Asked(const Federation& all, size_t from, size_t to) {
  Question q = SampleQuestion(all.constraints.label, all.members[to].party);
  q.sender = all.members[from].party;
  q.constraints = all.constraints;
  const Copy& copy = all.holders.at(from);
  if (from != 0) q.hop = Hop::kOnward;
  q.hops_made = copy.hops;
  q.distributed = copy.distributed;
  q.honours_obligations = true;
  Standing& standing = q.standing;
  standing.client = all.members[from].clients.contains(to);
  standing.distributor = all.members[from].distributors.contains(to);
  standing.need_to_know = true;
  standing.seat = from == 0 && all.members[to].seat;
  standing.group.emplace().member = all.members[to].in_group;
  standing.mandate = true;
  standing.terms.pap_attested = true;
  return q;
}

void Try(Federation& all, size_t from, size_t to, const Rules& rules) {
  if (from == to || !all.holders.contains(from)) return;
  const Question q = Asked(all, from, to);
  const Decision decision = Evaluate(rules, q);
  all.story += "  " + std::to_string(from) + " to " + std::to_string(to) + ": ";
  if (!decision.permitted()) {
    all.story += std::string(Describe(decision.denial()->reason).name) + "\n";
    return;
  }
  all.story += decision.permit()->relationship() + "\n";
  const uint32_t hops = all.holders.at(from).hops + (from == 0 ? 0 : 1);
  all.holders.try_emplace(to, Copy{hops, q.standing.distributor});
}

// --- The audience, from the page: by the object and the registries alone, whatever way it took. ---
bool IsClientOfAHolder(const Federation& all, size_t who) {
  return std::any_of(all.holders.begin(), all.holders.end(), [&](const auto& holder) {
    return holder.first != who && all.members[holder.first].clients.contains(who);
  });
}
bool MayHold(const Federation& all, size_t who) {
  if (who == 0) return true;
  const Constraints& c = all.constraints;
  const Member& member = all.members[who];
  const auto among = [&](const std::vector<std::string>& nations) {
    return std::count(nations.begin(), nations.end(), member.party.nation) > 0;
  };
  const bool named = std::count(c.addressees.begin(), c.addressees.end(), member.party.org) > 0;
  const bool client = IsClientOfAHolder(all, who);
  const bool grouped = !c.sg_id.empty();
  const int label = static_cast<int>(c.label);
  if (label < 1 || label > 5 || member.party.kind == PartyKind::kRelay) return false;
  if (c.rel_to == std::vector<std::string>{"XE", "DE"}) return false;  // unsorted: nobody
  if (label == 1 && (!c.rel_to.empty() || !c.not_rel_to.empty() || c.orcon || grouped)) return false;
  if (!c.rel_to.empty() && !among(c.rel_to)) return false;
  if (!c.not_rel_to.empty() && (among(c.not_rel_to) || member.party.nation.empty())) return false;
  if (!c.addressees.empty() && !named) return false;
  if (member.party.kind == PartyKind::kObserver && label > 2) return false;
  if (grouped && !member.in_group && !(client && label <= 3)) return false;
  if (label == 5) return member.seat;
  if (label == 4) return named || (grouped && member.in_group) || member.seat;
  if (label == 3) return named || client || (grouped && member.in_group) || member.seat;
  return true;
}

std::string Shown(const Federation& all) {
  std::ostringstream out;
  out << "TLP:" << model::Name(all.constraints.label) << ", addressees " << all.constraints.addressees.size()
      << ", group " << !all.constraints.sg_id.empty() << ", orcon " << all.constraints.orcon << ", members";
  for (const Member& member : all.members) out << " " << model::Name(member.party.kind) << "/" << member.party.nation;
  out << "\n" << all.story;
  return out.str();
}

void Run(Federation& all, const Rules& rules) {
  const int size = static_cast<int>(all.members.size());
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      kSteps, rc::gen::pair(rc::gen::inRange(0, size), rc::gen::inRange(0, size)));
  for (size_t to = 1; to < all.members.size(); ++to) Try(all, 0, to, rules);
  for (const auto& [from, to] : steps) Try(all, static_cast<size_t>(from), static_cast<size_t>(to), rules);
}

RC_GTEST_PROP(Federations, NobodyOutsideTheAudienceEverHoldsPlaintext, ()) {
  Federation all = AnyFederation();
  Run(all, {});
  RC_CLASSIFY(all.holders.size() > 1);
  for (const auto& [who, copy] : all.holders) {
    if (!MayHold(all, who)) RC_LOG() << Shown(all) << "  " << who << " may not hold it\n";
    RC_ASSERT(MayHold(all, who));
    // Through one client that is a distributor, and no further.
    if (all.constraints.label == Label::kAmber) RC_ASSERT(copy.hops <= 2);
    if (all.constraints.label > Label::kAmber || all.constraints.orcon) RC_ASSERT(copy.hops == 0u);
    if (all.constraints.hop_limit) RC_ASSERT(copy.hops <= *all.constraints.hop_limit);
  }
}

// --- Local rules. ---
std::string AnyRule(int number, bool may_permit) {
  static const char* const kWhen[] = {
      "label_at_least = \"AMBER\"", "peer_kind = [\"cert\", \"nation\"]", "peer_nation = \"XE\"",
      "cross_border = true",        "relationship = \"client\"",          "type = \"indicator\"",
      "use = \"blocking\"",         "pap = [\"unset\", \"GREEN\"]",       "warned = true"};
  std::string when = "{ ";
  std::set<int> used;
  for (int i = Pick(3); i >= 0; --i) used.insert(Pick(9));
  for (const int i : used) when += std::string(when.size() > 2 ? ", " : "") + kWhen[i];
  const bool permit = may_permit && Pick(3) == 0;
  if (permit && !used.contains(1)) when += ", peer_kind = \"cert\"";
  const char* const narrowing[] = {"\"withhold\"", "\"quarantine\"", "\"redact\"\nremove = \"x\""};
  const std::string effect = permit ? "\"permit\"" : narrowing[Pick(3)];
  const std::string unless = Rarely() ? std::string("\nunless = { ") + kWhen[Pick(9)] + " }" : "";
  return "[[rule]]\nid = \"r" + std::to_string(number) + "\"\nwhen = " + when + " }\neffect = " + effect + unless +
         "\n";
}
absl::StatusOr<Rules> Parsed(const std::vector<std::string>& rules) {
  std::string text = "version = 1\n";
  for (const std::string& rule : rules) text += rule;
  return Rules::Parse(text, "rules.toml");
}

RC_GTEST_PROP(Federations, NoRulesGiveAnybodyMoreThanNone, ()) {
  std::vector<std::string> texts;
  for (int i = Pick(4); i >= 0; --i) texts.push_back(AnyRule(i, true));
  const auto rules = Parsed(texts);
  RC_PRE(rules.ok());
  const Question question = testing::AnyQuestion();
  if (Evaluate(*rules, question).permitted()) RC_ASSERT(Evaluate({}, question).permitted());
}

RC_GTEST_PROP(Federations, AddingANarrowingRuleAnywhereNeverGivesMore, ()) {
  std::vector<std::string> texts;
  for (int i = Pick(3); i >= 0; --i) texts.push_back(AnyRule(i, true));
  std::vector<std::string> more = texts;
  more.insert(more.begin() + Pick(static_cast<int>(more.size()) + 1), AnyRule(9, false));
  const auto before = Parsed(texts), after = Parsed(more);
  RC_PRE(before.ok() && after.ok());
  const Question question = testing::AnyQuestion();
  if (!Evaluate(*after, question).permitted()) return;
  RC_LOG() << more.front();
  RC_ASSERT(Evaluate(*before, question).permitted());
}

RC_GTEST_PROP(Federations, TakingAStandingAwayNeverGivesMore, ()) {
  const Question question = testing::AnyQuestion();
  Question less = question;
  less.standing.client = false;
  if (less.standing.group) less.standing.group->member = false;
  if (less.standing.seat) less.standing.seat = false;
  if (less.standing.need_to_know) less.standing.need_to_know = false;
  less.standing.enrolled = less.standing.mandate = less.release_token = false;
  if (Evaluate({}, less).permitted()) RC_ASSERT(Evaluate({}, question).permitted());
}

}  // namespace
}  // namespace entente::policy
