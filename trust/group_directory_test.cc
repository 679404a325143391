#include "trust/group_directory.h"

#include "trust/sample_world_test.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1);

class GroupDirectoryTest : public SampleWorldTest {
 protected:
  void TakeOut(size_t i, absl::Time now) {
    world_.Change(Without(i), now);
    world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, now);
  }
  static bool Equal(const crypto::EpochSecret& a, const crypto::EpochSecret& b) {
    const auto view = [](const crypto::EpochSecret& s) {
      return ByteView(reinterpret_cast<const char*>(s.bytes().ExposeSecret().data()), s.bytes().size());
    };
    return crypto::ConstantTimeEqual(view(a), view(b));
  }
  // A group that stands, with epoch 1 from `now` on.
  void Begin(const GroupTerms& terms) {
    world_.Found(terms);
    world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, Now());
  }
  void Begin() { Begin(world_.founders.Terms()); }
  GroupTerms Red() {
    GroupTerms terms = world_.founders.Terms();
    terms.ceiling = v1::LABEL_RED;
    return terms;
  }
  static absl::Time Now() { return SampleNow(); }
};

TEST_F(GroupDirectoryTest, AllMembersShareOneSecret) {
  Begin();
  const EpochUse first = *Node(0).groups->ToSealUnder(world_.group, Now());
  EXPECT_EQ(first.number, 1u);
  EXPECT_EQ(first.membership->version(), 1u);
  for (size_t i = 1; i < 4; ++i) {
    const EpochUse use = *Node(i).groups->ForTag(first.tag, Now());
    EXPECT_TRUE(Equal(*use.secret, *first.secret)) << i;
    EXPECT_EQ(use.not_after, Now() + trust::kEpoch);
    EXPECT_EQ(Node(i).SecretsOnDisk(), 1u);
  }
  EXPECT_EQ(Opens(1, RouteTag(), Now()), kEpoch);
}

TEST_F(GroupDirectoryTest, OnlyGroupsOfThisOrganisationAreFollowed) {
  GroupTerms terms = world_.founders.Terms();
  terms.members.erase(Org(3));
  const v1::SignedMembership first = world_.founders.First(terms);
  const GroupId group = GroupOfFirst(first.document());
  EXPECT_TRUE(Node(2).TakeDocuments(group, {&first}, {Now()}).ok());
  EXPECT_EQ(ReasonOf(Node(3).TakeDocuments(group, {&first}, {Now()})), kUnknownParty);
  EXPECT_FALSE(Node(3).groups->History(group).has_value());
  EXPECT_EQ(ReasonOf(Node(2).TakeDocuments(GroupId(), {&first}, {Now()})), kIdentityChain);
  EXPECT_EQ(ReasonOf(Node(2).TakeDocuments(GroupId(), {}, {Now()})), kIdentityChain);
  EXPECT_EQ(Seals(3, Now()), kUnknownParty);
  EXPECT_EQ(Node(3).groups->Newest(group), nullptr);
  EXPECT_EQ(Node(2).groups->Newest(group), nullptr);  // announced
  EXPECT_EQ(ReasonOf(Node(2).groups->ToSealUnder(group, Now()).status()), kMemberHash);
}

TEST_F(GroupDirectoryTest, AnAdminWhoIsNoMemberFollowsAndHoldsNoSecret) {
  GroupTerms terms = world_.founders.Terms();
  terms.members.erase(Org(2));
  Begin(terms);
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
  EXPECT_EQ(Seals(2, Now()), kNotMember);
  EXPECT_EQ(Opens(2, TagOf(0, Now()), Now()), kEpoch);
}

TEST_F(GroupDirectoryTest, GroupsAreBounded) {
  GroupTerms terms = world_.founders.Terms();
  for (size_t i = 0; i <= kMaxGroups; ++i) {
    terms.name = "group " + std::to_string(i);
    const v1::SignedMembership first = world_.founders.First(terms);
    const GroupId group = GroupOfFirst(first.document());
    ASSERT_EQ(ReasonOf(Node(0).TakeDocuments(group, {&first}, {Now()})), i < kMaxGroups ? kNone : kLimit) << i;
  }
}

TEST_F(GroupDirectoryTest, GroupsOfOneFounderAreBoundedAndWhatIsOverGivesWay) {
  GroupTerms terms = world_.founders.Terms();
  const auto take = [&](const std::string& name, absl::Time now) {
    terms.name = name;
    const v1::SignedMembership first = world_.founders.First(terms, now);
    const GroupId group = GroupOfFirst(first.document());
    return std::pair(group, ReasonOf(Node(3).TakeDocuments(group, {&first}, {now})));
  };
  std::vector<GroupId> groups;
  for (size_t i = 0; i < kMaxGroupsOfFounder; ++i) {
    const auto [group, reason] = take("group " + std::to_string(i), Now());
    ASSERT_EQ(reason, kNone) << i;
    groups.push_back(group);
  }
  EXPECT_EQ(take("one more", Now()).second, kLimit);
  GroupTerms others = terms;
  others.admins = {Org(2)};
  others.threshold = 1;
  const v1::SignedMembership first = world_.founders.Sign(*MakeMembership(others, nullptr, Now()), {2});
  EXPECT_TRUE(Node(3).TakeDocuments(GroupOfFirst(first.document()), {&first}, {Now()}).ok());
  // What nobody has led on for long is no group any more.
  const absl::Time over = Now() + kMembershipLifetime + kCatchUpWindow;
  EXPECT_EQ(take("one more", over - kTick).second, kLimit);
  EXPECT_EQ(take("one more", over).second, kNone);
  const auto followed = [&](const GroupId& group) { return Node(3).groups->History(group).has_value(); };
  EXPECT_EQ(static_cast<size_t>(std::count_if(groups.begin(), groups.end(), followed)), kMaxGroupsOfFounder - 1);
}

TEST_F(GroupDirectoryTest, AGroupThatThisOrganisationIsOutOfGivesWay) {
  GroupTerms terms = world_.founders.Terms();
  const auto take = [&](size_t i) {
    terms.name = "group " + std::to_string(i);
    const v1::SignedMembership first = world_.founders.First(terms, Now() + absl::Hours(1));
    return ReasonOf(Node(3).TakeDocuments(GroupOfFirst(first.document()), {&first}, {Now() + absl::Hours(1)}));
  };
  world_.Found(terms);
  for (size_t i = 1; i < kMaxGroupsOfFounder; ++i) ASSERT_EQ(take(i), kNone) << i;
  EXPECT_EQ(take(kMaxGroupsOfFounder), kLimit);
  world_.Change(Without(3), Now() + absl::Hours(1));
  EXPECT_EQ(take(kMaxGroupsOfFounder), kNone);
  EXPECT_FALSE(Node(3).groups->History(world_.group).has_value());
  EXPECT_TRUE(Node(0).groups->History(world_.group).has_value());
  EXPECT_EQ(take(kMaxGroupsOfFounder + 1), kLimit);
}

TEST_F(GroupDirectoryTest, P29_WhoIsTakenOutHoldsNothingOfTheNextEpoch) {
  Begin();
  const EpochUse before = *Node(3).groups->ToSealUnder(world_.group, Now());
  const absl::Time later = Now() + kSampleDay;
  // From the moment the version counts nobody seals under what the removed member has.
  world_.Change(Without(3), later);
  EXPECT_EQ(Seals(0, later), kEpochStale);
  world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, later);
  ASSERT_EQ(Seals(0, later), kNone);
  const EpochUse after = *Node(0).groups->ToSealUnder(world_.group, later);
  EXPECT_EQ(after.number, 2u);
  EXPECT_FALSE(Equal(*after.secret, *before.secret));
  EXPECT_EQ(Seals(3, later), kNotMember);
  EXPECT_EQ(Opens(3, before.tag, later), kNotMember);
  EXPECT_EQ(Opens(3, after.tag, later), kEpoch);
  EXPECT_FALSE(Node(0).groups->Newest(world_.group)->IsMember(Org(3)));
  // What it holds gives no slot and no secret: neither another member's slot nor the old secret as one.
  EXPECT_EQ(Node(3).SecretsOnDisk(), 1u);
}

TEST_F(GroupDirectoryTest, P30_WhoComesInReadsNothingOfBefore) {
  GroupTerms terms = world_.founders.Terms();
  terms.members.erase(Org(3));
  Begin(terms);
  const EpochUse before = *Node(0).groups->ToSealUnder(world_.group, Now());
  const absl::Time later = Now() + kSampleDay;
  terms.members[Org(3)] = 1;
  world_.Change(terms, later);
  const std::vector<GroupDocument> run = {&world_.documents[0], &world_.entries[0], &world_.entries[1], &world_.entries[2], &world_.documents[1]};
  ASSERT_TRUE(Node(3).TakeDocuments(world_.group, run, {later}).ok());
  EXPECT_EQ(Seals(3, later), kEpochStale);  // no epoch yet
  world_.Rekey(0, v1::EPOCH_REASON_JOIN, later);
  EXPECT_EQ(Opens(3, before.tag, later), kEpoch);
  EXPECT_EQ(Opens(0, before.tag, later), kNone);  // draining
  EXPECT_TRUE(Equal(*Node(3).groups->ToSealUnder(world_.group, later)->secret, *Node(0).groups->ToSealUnder(world_.group, later)->secret));
}

TEST_F(GroupDirectoryTest, P31_WhatIsRefusedChangesNothing) {
  world_.Found();
  const v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  const auto answer = [&](const std::function<void(v1::EpochBody&)>& bend, size_t by = 0) {
    v1::EpochBody body;
    EXPECT_TRUE(body.ParseFromString(issued.epoch().body()));
    bend(body);
    v1::EpochDelivery delivery = world_.For(2, issued);
    *delivery.mutable_epoch() = *SignBody(world_.founders.orgs[by].self, kEpochType, body.SerializeAsString());
    int persisted = 0;
    const RejectReason reason = ReasonOf(Node(2).groups->TakeEpoch(delivery, {Now()}, [&] { return ++persisted, absl::OkStatus(); }));
    EXPECT_EQ(persisted, 0);
    return reason;
  };
  const auto by = [&](size_t i) { return [&, i](v1::EpochBody& b) { b.set_issuer(Org(i).str()), b.set_key_id(world_.founders.orgs[i].self.key_id.str()); }; };
  EXPECT_EQ(answer(by(3), 3), kIssuer);
  EXPECT_EQ(answer([](auto& b) { b.set_membership_hash(Bytes(32, 'x')); }), kMemberHash);
  EXPECT_EQ(answer([](auto& b) { b.set_group_id(Bytes(32, 'x')); }), kUnknownParty);
  EXPECT_EQ(answer([](auto& b) { b.set_slots_root(Bytes(32, 'x')); }), kSlotProof);
  v1::EpochDelivery others = world_.For(1, issued);
  EXPECT_EQ(ReasonOf(Node(2).TakeEpoch(others, {Now()})), kSlotProof);
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
  EXPECT_TRUE(Node(2).TakeEpoch(world_.For(2, issued), {Now()}).ok());
  EXPECT_TRUE(Node(2).TakeEpoch(world_.For(2, issued), {Now()}).ok());  // once more
}

TEST_F(GroupDirectoryTest, P31_ASecretThatWasNotAnnouncedIsNoneAndARewrapMendsIt) {
  world_.Found();
  v1::EpochSlots issued = world_.Issue(0, v1::EPOCH_REASON_FOUNDED, Now());
  // The issuer announces another commitment than that of the secret in the slots.
  v1::EpochBody body;
  ASSERT_TRUE(body.ParseFromString(issued.epoch().body()));
  (*body.mutable_epoch_commit())[0] ^= 1;
  *issued.mutable_epoch() = *SignBody(world_.founders.orgs[0].self, kEpochType, body.SerializeAsString());
  EXPECT_EQ(ReasonOf(Node(2).TakeEpoch(world_.For(2, issued), {Now()})), kCommit);
  EXPECT_EQ(Node(2).SecretsOnDisk(), 0u);
  // The other issuer's epoch of the same number is taken.
  const v1::EpochSlots good = world_.Issue(1, v1::EPOCH_REASON_FOUNDED, Now());
  EXPECT_TRUE(Node(2).TakeEpoch(world_.For(2, good), {Now()}).ok());
  world_.Log(good, Now());
  EXPECT_EQ(Seals(2, Now()), kNone);
}

TEST_F(GroupDirectoryTest, P32_WhatDrainedIsStaleAndWipedOnDisk) {
  Begin();
  const RouteTag tag = TagOf(2, Now());
  const absl::Time next = Now() + kSampleDay * 5;
  world_.Change(world_.Terms(), next);
  world_.Rekey(0, v1::EPOCH_REASON_AGE, next);
  const absl::Time end = next + kEpochGrace;
  EXPECT_EQ(Opens(2, tag, end - kTick), kNone);
  EXPECT_EQ(Opens(2, tag, end), kEpochStale);
  ASSERT_TRUE(Node(2).groups->Sweep(end - kTick).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 2u);
  ASSERT_TRUE(Node(2).groups->Sweep(end).ok());
  EXPECT_EQ(Node(2).SecretsOnDisk(), 1u);
  EXPECT_EQ(Opens(2, tag, end), kEpochStale);  // its tombstone
  // An issuer keeps it for those who were away, and opens nothing under it either.
  ASSERT_TRUE(Node(0).groups->Sweep(end).ok());
  EXPECT_EQ(Node(0).SecretsOnDisk(), 2u);
  EXPECT_EQ(Opens(0, tag, end), kEpochStale);
  ASSERT_TRUE(Node(0).groups->Sweep(Now() + trust::kEpoch + kCatchUpWindow).ok());
  EXPECT_EQ(Node(0).SecretsOnDisk(), 1u);
}

TEST_F(GroupDirectoryTest, P32_UnderRedARemovalEndsTheEpochAtOnce) {
  Begin(Red());
  const RouteTag tag = TagOf(0, Now());
  const absl::Time later = Now() + absl::Hours(1);
  EXPECT_EQ(Opens(1, tag, later), kNone);
  TakeOut(3, later);
  EXPECT_EQ(Opens(1, tag, later), kEpochStale);
  EXPECT_EQ(Seals(1, later), kNone);
}

TEST_F(GroupDirectoryTest, P27_AnExpiredMembershipStopsTheGroup) {
  Begin();
  const RouteTag tag = TagOf(1, Now());
  const absl::Time end = Now() + kMembershipLifetime;
  EXPECT_EQ(Seals(1, end - kTick), kNone);
  EXPECT_EQ(Seals(1, end), kFreeze);
  EXPECT_EQ(Opens(1, tag, end), kFreeze);
  EXPECT_EQ(ReasonOf(Node(0).groups->Issue(Node(0).org.self, world_.group, {}, v1::EPOCH_REASON_AGE, end).status()), kFreeze);
  world_.Change(world_.Terms(), end - absl::Hours(1));
  EXPECT_EQ(Opens(1, tag, end), kNone);
  EXPECT_EQ(Seals(1, end), kEpochStale);  // this epoch ends with it
}

// One ciphertext is for all, so the highest floor of a member counts.
TEST_F(GroupDirectoryTest, P25_AMemberThatTakesNoSuite1AnyMoreIsNotSealedTo) {
  Begin();
  EXPECT_EQ(Seals(0, Now()), kNone);
  world_.founders.parties.Accept(world_.founders.RaiseFloor(3));
  EXPECT_EQ(Seals(0, Now()), kSuite);
}

TEST_F(GroupDirectoryTest, AnUnknownSuiteIsNotUsed) {
  v1::SignedMembership first = *MakeMembership(world_.founders.Terms(), nullptr, Now());
  v1::MembershipDocument document;
  ASSERT_TRUE(document.ParseFromString(first.document()));
  document.set_suite(2);
  first.set_document(document.SerializeAsString());
  first = world_.founders.Sign(first);
  MembershipHistory history = *MembershipHistory::Begin(first, world_.founders.parties, {Now()});
  const v1::SignedBody entry = world_.founders.EntryOf(history, *history.announced().front(), Now());
  world_.group = history.group();
  ASSERT_TRUE(Node(0).TakeDocuments(world_.group, {&first, &entry}, {Now()}).ok());
  EXPECT_EQ(Seals(0, Now()), kSuite);
  EXPECT_EQ(ReasonOf(Node(0).groups->Issue(Node(0).org.self, world_.group, {}, v1::EPOCH_REASON_FOUNDED, Now()).status()), kSuite);
}

}  // namespace
}  // namespace entente::trust
