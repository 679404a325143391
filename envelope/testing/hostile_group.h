#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "envelope/testing/bend.h"
#include "envelope/testing/group.h"

// A group whose members are hostile, for rows of the damage table.
namespace entente::envelope::testing {

// A group for one row: what Org(1) makes, Org(2) answers.
class HostileGroup : public GroupTest {
 public:
  HostileGroup() { SetUp(); }
  void TestBody() override {}
  using GroupTest::Accept;
  using GroupTest::Epoch;
  using GroupTest::ForGroup;
  using GroupTest::HonestFor;
  using GroupTest::Newest;
  using GroupTest::Node;
  using GroupTest::Now;
  using GroupTest::OpenAt;
  using GroupTest::Org;
  using GroupTest::Sealed;
  using GroupTest::SealedTo;
  using GroupTest::Sealer;
  using GroupTest::Self;
  using GroupTest::Without;
  using GroupTest::world_;

  void TakeOut(size_t i, absl::Time now) {
    world_.Change(Without(i), now);
    world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, now);
  }
  Outcome Answer(ByteView wire, size_t at = 2, size_t from = 1) { return Accept(at, from, wire); }
  // Another group of the same members, with an epoch of its own, at every node. World and fixture go on with it.
  void BeginAnother(const std::string& name, v1::OnwardRule onward = v1::ONWARD_RULE_LABEL) {
    trust::GroupTerms terms = world_.founders.Terms();
    terms.name = name;
    terms.onward = onward;
    world_.Found(terms);
    world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
  }
  // From here on statements of the group go on by this rule.
  void SetOnward(v1::OnwardRule rule) {
    trust::GroupTerms terms = world_.Terms();
    terms.onward = rule;
    world_.Change(terms, Now());
  }
  // A forward that Org(1) makes of Org(2)'s statements, sealed to Org(3): under an epoch or, without one, to its
  // prekey.
  Outcome Forwarded(v1::Payload payload, const std::function<void(ForwardTerms&)>& bend,
                    std::optional<trust::EpochUse> epoch = {}) {
    ForwardTerms terms{{}, {Org(3)}, v1::FORWARD_BASIS_GROUP, {}, model::Label::kGreen};
    for (const v1::StatementEntry& entry : payload.statements()) terms.statements.push_back(IdOf(entry.body(), false));
    std::sort(terms.statements.begin(), terms.statements.end());
    bend(terms);
    *payload.add_forwards() = *MakeForward(Self(1), terms, nullptr, false, Now());
    HostileSeal sealer{Self(1), {}, Now(), epoch};
    if (!epoch.has_value()) sealer.recipients = {Node(3).FreshPrekey(Now())};
    return Answer(sealer.Make(payload), 3);
  }
};
inline Bend InGroup(std::function<Outcome(HostileGroup&)> bend) {
  return [bend = std::move(bend)] {
    HostileGroup group;
    return bend(group);
  };
}

}  // namespace entente::envelope::testing
