// Generated histories of groups: organisations come, go, leave and rekey in any order; what must hold does after each step.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "trust/sample_world.h"

namespace entente::trust {
namespace {

using enum RejectReason;

Bytes Shown(const crypto::EpochSecret& secret) {
  const std::span<const uint8_t> bytes = secret.bytes().ExposeSecret();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class GroupStory {
 public:
  GroupStory(uint32_t seed, size_t count) : random_(seed), world_(count), entitled_(count) {
    GroupTerms terms = world_.founders.Terms();
    // 0 to 2 stay: admins, issuers and the log. The others come and go.
    for (size_t i = 3; i < count; ++i) {
      if (random_() % 2 == 0) terms.members.erase(Org(i));
    }
    if (random_() % 2 == 0) terms.ceiling = v1::LABEL_RED;
    world_.Found(terms, now_);
    Rekey(v1::EPOCH_REASON_FOUNDED);
  }

  void Step() {
    now_ += absl::Minutes(1) + absl::Hours(random_() % 12);
    GroupTerms terms = world_.Terms();
    const size_t who = 3 + random_() % (world_.nodes.size() - 3);
    const bool in = terms.members.contains(Org(who));
    switch (random_() % 4) {
      case 0:
        in ? static_cast<void>(terms.members.erase(Org(who))) : static_cast<void>(terms.members.emplace(Org(who), 1));
        break;
      case 1:
        if (in) Leave(who);
        break;
      default: break;  // a heartbeat, and perhaps age
    }
    world_.Change(terms, now_);
    if (terms.members.contains(Org(who)) && !in) CatchUp(who);
    if (left_.contains(who) && !terms.members.contains(Org(who))) left_.erase(who);
    const size_t issuer = random_() % 2;
    if (issuer == 1) now_ += kIssuerTurn;
    if (const auto due = Groups(issuer).RekeyDue(world_.group, now_); due.has_value()) Rekey(*due, issuer);
    for (const auto& node : world_.nodes) ASSERT_TRUE(node->groups->Sweep(now_).ok());
    Check();
  }

 private:
  const OrgId& Org(size_t i) const { return world_.founders.orgs[i].org(); }
  GroupDirectory& Groups(size_t i) { return *world_.nodes[i]->groups; }

  void Leave(size_t who) {
    const v1::SignedBody leave =
        *MakeLeave(world_.founders.orgs[who].self, Groups(0).Newest(world_.group)->ref(), now_);
    for (const size_t node : {size_t{0}, size_t{1}, size_t{2}, who}) {
      ASSERT_TRUE(Groups(node).TakeLeave(leave, {now_}, Kept).ok());
    }
    left_.insert(who);
  }

  // Who came in gets the group's documents and log from the beginning.
  void CatchUp(size_t who) {
    if (Groups(who).History(world_.group).has_value()) return;
    std::vector<GroupDocument> run;
    size_t document = 0;
    run.push_back(&world_.documents[document++]);
    for (const v1::SignedBody& entry : world_.entries) {
      const LogEntry read = *ReadLogEntry(entry);
      run.push_back(&entry);
      // An entry may come first; the next one may not, before its document.
      if (read.kind == v1::GROUP_LOG_KIND_MEMBERSHIP && read.number > 1) run.push_back(&world_.documents[document++]);
    }
    const absl::Status taken = world_.nodes[who]->TakeDocuments(world_.group, run, {now_});
    ASSERT_TRUE(taken.ok()) << taken;
  }

  void Rekey(v1::EpochReason reason, size_t issuer = 0) {
    const v1::EpochSlots issued = world_.Rekey(issuer, reason, now_);
    const Epoch epoch = *ReadEpoch(issued.epoch());
    const auto membership = Groups(0).Version(epoch.membership);
    const EpochUse use = *Groups(issuer).ToSealUnder(world_.group, now_);
    const Bytes secret = Shown(*use.secret);
    EXPECT_TRUE(secrets_.insert(secret).second) << "a secret came twice";
    for (size_t i = 0; i < world_.nodes.size(); ++i) {
      if (membership->IsMember(Org(i)) && !left_.contains(i)) entitled_[i].insert(secret);
    }
    tags_[use.tag] = secret;
  }

  void Check() {
    const auto newest = Groups(0).Newest(world_.group);
    std::optional<Bytes> sealed;
    for (size_t i = 0; i < world_.nodes.size(); ++i) {
      const bool member = newest->IsMember(Org(i)) && !left_.contains(i);
      // Whatever a node opens now, it was a member of that epoch; and it opens it with the secret that all have.
      for (const auto& [tag, secret] : tags_) {
        const absl::StatusOr<EpochUse> use = Groups(i).ForTag(tag, now_);
        if (!use.ok()) continue;
        EXPECT_TRUE(member) << i;
        EXPECT_EQ(Shown(*use->secret), secret);
        EXPECT_TRUE(entitled_[i].contains(secret)) << i << " opens an epoch that it was no member of";
      }
      const absl::StatusOr<EpochUse> use = Groups(i).ToSealUnder(world_.group, now_);
      if (!use.ok()) continue;
      EXPECT_TRUE(member) << i;
      if (!sealed.has_value()) sealed = Shown(*use->secret);
      EXPECT_EQ(Shown(*use->secret), *sealed) << "members seal under different epochs";
      for (const OrgId& org : use->membership->members()) EXPECT_TRUE(newest->IsMember(org));
    }
    EXPECT_TRUE(sealed.has_value()) << "nobody can seal";
  }

  std::mt19937 random_;
  absl::Time now_ = SampleNow();
  SampleWorld world_;
  std::vector<std::set<Bytes>> entitled_;  // by organisation: the secrets of epochs that it was a member of
  std::set<size_t> left_;                         // with a leave that no document has followed yet
  std::set<Bytes> secrets_;
  std::map<RouteTag, Bytes> tags_;
};

class GroupHistories : public testing::TestWithParam<uint32_t> {};

TEST_P(GroupHistories, P29_P30_EachMemberHasWhatItIsEntitledToAndNothingElse) {
  GroupStory story(GetParam(), 4 + GetParam() % 5);
  for (int i = 0; i < 24 && !HasFailure(); ++i) {
    SCOPED_TRACE(i);
    story.Step();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, GroupHistories, testing::Range(1u, 11u));

}  // namespace
}  // namespace entente::trust
