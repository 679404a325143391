#include "envelope/testing/group.h"

#include "envelope/header.h"
#include "envelope/proof.h"

// Group mode between members who mean well, and what time and a changed membership do to it.
namespace entente::envelope {
namespace {

using enum RejectReason;
using namespace testing;

constexpr absl::Duration kDay = trust::kSampleDay;

class GroupModeTest : public GroupTest {
 protected:
  void TakeOut(size_t i, absl::Time now) {
    world_.Change(Without(i), now);
    world_.Rekey(0, v1::EPOCH_REASON_REMOVAL, now);
  }
  absl::StatusOr<Bytes> Direct(size_t by, size_t to, const Batch& batch, absl::Time now = Now()) {
    return SealDirect(Self(by), {batch.signed_body(), AllOf(batch)},
                      Permitted({Node(to).FreshPrekey(now)}, batch.size()), now, &Groups(by));
  }
  RejectReason SealsDirect(size_t by, size_t to, const Batch& batch, absl::Time now) {
    return ReasonFor(Direct(by, to, batch, now));
  }
};

TEST_F(GroupModeTest, EveryMemberReadsWhatOneSealed) {
  const Batch batch = *Signed(2, ForGroup(), Newest());
  const Bytes wire = *Seal(2, batch);
  for (const size_t at : {0u, 1u, 3u}) {
    const auto verified = Accept(at, 2, wire);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->batch->origin(), Org(2));
    EXPECT_EQ(verified->batch->group(), Newest()->ref());
    EXPECT_EQ(verified->batch->audience(), Newest()->members());
    EXPECT_EQ(verified->batch->statements()[1].content(), Contents(2, 40)[1]);
  }
}

TEST_F(GroupModeTest, ACarrierSeesATagAndNoSlot) {
  const Bytes wire = Sealed(2);
  const Frame frame = *ParseFrame(wire);
  EXPECT_EQ(frame.header.mode, kGroupMode);
  EXPECT_EQ(frame.header.slots, 0);
  EXPECT_EQ(frame.header.route_tag, Epoch(0).tag);
  const Bytes another = Sealed(2);
  const Frame other = *ParseFrame(another);
  EXPECT_EQ(other.header.route_tag, frame.header.route_tag);
  EXPECT_NE(other.header.msg_salt, frame.header.msg_salt);
  EXPECT_NE(other.commitment, frame.commitment);
}

TEST_F(GroupModeTest, P29WhoIsTakenOutSealsNothingMoreAndReadsNothingMore) {
  const Batch own = *Signed(3, ForGroup(), Newest()), others = *Signed(1, ForGroup(), Newest());
  const Bytes before = *Seal(3, own);
  const trust::EpochUse old = Epoch(3);
  EXPECT_EQ(Refusal(0, 3, SealedUnder(3, others, old, Now())), kNone);  // a repair
  EXPECT_EQ(Refusal(0, 3, SealedTo(3, 0, PayloadOf(others))), kNone);
  const absl::Time later = Now() + kDay;
  TakeOut(3, later);
  // The epoch still drains, but its sealer is out: with its own statements, with another's, in either mode.
  EXPECT_TRUE(OpenAt(0, before, later).ok());
  EXPECT_EQ(Refusal(0, 3, before, later), kNotMember);
  EXPECT_EQ(Refusal(0, 3, SealedUnder(3, others, old, later), later), kNotMember);
  EXPECT_EQ(Refusal(0, 3, SealedTo(3, 0, PayloadOf(others), later), later), kNotMember);
  // What it wrote does not come by another member either.
  EXPECT_EQ(Refusal(0, 1, SealedUnder(1, own, Epoch(1, later), later), later), kNotMember);
  // A sender that had the statements ready before seals nothing to it.
  EXPECT_EQ(ReasonFor(OpenAt(3, Sealed(1, later), later)), kEpoch);
  EXPECT_EQ(ReasonFor(Seal(3, own, later)), kNotMember);
  EXPECT_EQ(SealsDirect(1, 3, others, later), kNotMember);
  EXPECT_EQ(SealsDirect(1, 2, others, later), kNone);
  EXPECT_EQ(Refusal(3, 1, SealedTo(1, 3, PayloadOf(others), later), later), kNotMember);
}

TEST_F(GroupModeTest, P29WhoLeavesIsOutBeforeTheAdminsSaySo) {
  const Batch others = *Signed(1, ForGroup(), Newest());
  const trust::EpochUse old = Epoch(3);
  const absl::Time later = Now() + kDay;
  const v1::SignedBody leave = *trust::MakeLeave(Self(3), Newest()->ref(), later);
  for (const size_t at : {0u, 1u, 2u}) ASSERT_TRUE(Node(at).groups->TakeLeave(leave, {later}, trust::Kept).ok());
  EXPECT_EQ(Refusal(0, 3, SealedUnder(3, others, old, later), later), kNotMember);
  EXPECT_EQ(SealsDirect(1, 3, others, later), kNotMember);
  EXPECT_EQ(ReasonFor(Seal(1, others, later)), kEpochStale);  // it still has the epoch
}

// Notices have no audience that could refuse it instead: that its sealer is a member is all that stands in the way.
TEST_F(GroupModeTest, P29WhoIsTakenOutSealsNoRecallEither) {
  RecallTerms terms;
  terms.origin = Org(3);
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  v1::Payload payload;
  *payload.add_recalls() = MakeRecall(terms, Now());
  ASSERT_TRUE(SignRecall(Self(3), *payload.mutable_recalls(0)).ok());
  const trust::EpochUse old = Epoch(3);
  const auto sealed = [&](absl::Time now) { return HostileSeal{Self(3), {}, now, old}.Make(payload); };
  EXPECT_EQ(Refusal(0, 3, sealed(Now())), kNone);
  const absl::Time later = Now() + kDay;
  TakeOut(3, later);
  EXPECT_EQ(Refusal(0, 3, sealed(later), later), kNotMember);
}

TEST_F(GroupModeTest, P30WhoComesInReadsNothingOfBefore) {
  const trust::GroupTerms all = world_.Terms();
  TakeOut(3, Now() + kDay);
  const absl::Time then = Now() + 2 * kDay, later = Now() + 3 * kDay;
  const Batch before = *Signed(1, ForGroup(), Groups(1).Newest(world_.group), then);
  const trust::EpochUse old = Epoch(1, then);
  const Bytes sealed_before = *Seal(1, before, then);
  world_.Change(all, later);
  world_.Rekey(0, v1::EPOCH_REASON_JOIN, later);
  EXPECT_EQ(ReasonFor(OpenAt(3, sealed_before, later)), kEpoch);
  // A member who seals it anew, under the epoch that the newcomer has: no honest node does, and none takes it.
  EXPECT_EQ(ReasonFor(Seal(1, before, later)), kAudience);
  const Bytes anew = SealedUnder(1, before, Epoch(1, later), later);
  EXPECT_EQ(Refusal(2, 1, anew, later), kAudience);
  EXPECT_EQ(Refusal(3, 1, anew, later), kNotMember);  // not of that version
  // Nor does the newcomer seal under an epoch from before, should somebody give it one.
  EXPECT_EQ(Refusal(2, 3, SealedUnder(3, before, old, later), later), kNotMember);
  // Who was in all the time reads what was sealed before, while it drains.
  EXPECT_TRUE(Accept(2, 1, sealed_before, later).ok());
}

TEST_F(GroupModeTest, P32AnEpochEnds) {
  const Bytes wire = Sealed(1);
  const absl::Time next = Now() + kDay, drained = next + absl::Hours(72) + absl::Hours(1);
  world_.Rekey(0, v1::EPOCH_REASON_AGE, next);
  EXPECT_TRUE(Accept(2, 1, wire, next).ok());
  EXPECT_EQ(ReasonFor(OpenAt(2, wire, drained)), kEpochStale);
  ASSERT_TRUE(Node(2).groups->Sweep(drained).ok());
  EXPECT_EQ(ReasonFor(OpenAt(2, wire, drained)), kEpochStale);
}

TEST_F(GroupModeTest, P32TheHourOfSealingIsTheEpochs) {
  const v1::Payload payload = HonestFor(1, ForGroup());
  const auto sealed_in = [&](int hours) {
    HostileSeal sealer = Sealer(1);
    sealer.header = [&](Header& header) {
      header.created_hour = static_cast<uint32_t>(static_cast<int>(header.created_hour) + hours);
      header.expires_hour = header.created_hour + 300;
    };
    return sealer.Make(payload);
  };
  EXPECT_EQ(Refusal(2, 1, sealed_in(0)), kNone);
  EXPECT_EQ(Refusal(2, 1, sealed_in(-1)), kNone);  // up to the moment that it begins
  EXPECT_EQ(Refusal(2, 1, sealed_in(-2)), kEpochStale);
}

TEST_F(GroupModeTest, P32WhatIsSealedBehindTheEpochsEndIsStaleWhileItDrains) {
  trust::GroupTerms terms = world_.founders.Terms();
  terms.longest_epoch = kDay;
  world_.Found(terms);
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
  const trust::EpochUse epoch = Epoch(1);
  const absl::Time end = epoch.not_after;
  const Batch batch = *Signed(1, ForGroup(), epoch.membership);
  EXPECT_EQ(Refusal(2, 1, *Seal(1, batch, end - absl::Minutes(1)), end + absl::Hours(2)), kNone);
  EXPECT_EQ(ReasonFor(Seal(1, batch, end)), kEpochStale);
  EXPECT_EQ(Refusal(2, 1, SealedUnder(1, batch, epoch, end + absl::Hours(1)), end + absl::Hours(2)), kEpochStale);
}

TEST_F(GroupModeTest, AnExpiredMembershipFreezes) {
  const absl::Time late = Newest()->expires() - absl::Minutes(1), over = Newest()->expires();
  const Bytes wire = Sealed(1, late - absl::Hours(24));
  EXPECT_EQ(ReasonFor(OpenAt(2, wire, over)), kFreeze);
  // In direct mode, too: who withholds a removal gains a week.
  const Batch batch = *Signed(1, ForGroup(), Newest(), late);
  EXPECT_EQ(Refusal(2, 1, SealedTo(1, 2, PayloadOf(batch), late), late), kNone);
  EXPECT_EQ(Refusal(2, 1, SealedTo(1, 2, PayloadOf(batch), late), over), kFreeze);
  EXPECT_EQ(SealsDirect(1, 2, batch, over), kFreeze);
}

TEST_F(GroupModeTest, AStatementOfTheGroupTravelsInDirectModeToMembers) {
  const Batch batch = *Signed(1, ForGroup(), Newest());
  EXPECT_TRUE(Accept(2, 1, *Direct(1, 2, batch)).ok());
  trust::Prekey outsider = Node(2).FreshPrekey(Now());
  outsider.org = *OrgId::From(Bytes(OrgId::kSize, 'o'));
  EXPECT_EQ(
      ReasonFor(SealDirect(Self(1), {batch.signed_body(), AllOf(batch)}, Permitted({outsider}, 2), Now(), &Groups(1))),
      kAudience);
  EXPECT_EQ(ReasonFor(SealDirect(Self(1), {batch.signed_body(), AllOf(batch)},
                                 Permitted({Node(2).FreshPrekey(Now())}, 2), Now(), nullptr)),
            kMemberHash);
}

TEST_F(GroupModeTest, WhoFollowsNoGroupOpensNothingOfIt) {
  EXPECT_EQ(ReasonFor(Open(Sealed(1), Org(2), *Node(2).prekeys, Now(), NeverSeen, nullptr)), kEpoch);
  auto opened = Open(*Direct(1, 2, *Signed(1, ForGroup(), Newest())), Org(2), *Node(2).prekeys, Now(), NeverSeen, nullptr);
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *directories_[2], Org(1), Now(), nullptr)), kMemberHash);
  opened = OpenAt(2, Sealed(1));
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *directories_[2], Org(1), Now(), nullptr)), kInternal);
}

TEST_F(GroupModeTest, NothingIsSealedWithoutAPermitForEachMember) {
  const Batch batch = *Signed(1, ForGroup(), Newest());
  const Cargo cargo{batch.signed_body(), AllOf(batch)};
  const auto with = [&](PermitOf permit) {
    return ReasonFor(SealGroup(Self(1), cargo, world_.group, permit, Groups(1), Now()));
  };
  std::vector<std::pair<OrgId, size_t>> asked;
  EXPECT_EQ(with([&](const OrgId& member, size_t statement) {
              asked.emplace_back(member, statement);
              return &PermitFor(member);
            }),
            kNone);
  EXPECT_EQ(asked.size(), 6u);  // two statements for three others
  EXPECT_EQ(with([&](const OrgId& member, size_t statement) {
              return member == Org(3) && statement == 1 ? nullptr : &PermitFor(member);
            }),
            kInternal);
  EXPECT_EQ(with([&](const OrgId&, size_t) { return &PermitFor(Org(0)); }), kInternal);
}

TEST_F(GroupModeTest, NothingIsSignedThatMembersWouldRefuse) {
  const auto sign = [&](const policy::Constraints& constraints, std::vector<OrgId> audience = {}) {
    BatchTerms terms;
    terms.group = Newest();
    return ReasonFor(SignBatch(Self(1), constraints, std::move(audience), {"{}"}, NewStream(), Now(), terms));
  };
  EXPECT_EQ(sign(ForGroup()), kNone);
  EXPECT_EQ(sign(ForGroup(), {Org(2)}), kParse);
  EXPECT_EQ(sign(Green()), kParse);
  EXPECT_EQ(sign(ForGroup(model::Label::kRed)), kAudience);
  policy::Constraints exercise = ForGroup();
  exercise.exercise_id = "locked-shields-26";
  EXPECT_EQ(sign(exercise), kAudience);
  policy::Constraints opening = ForGroup();
  opening.embargo_until = Now() + kDay;
  opening.post_embargo_label = model::Label::kGreen;
  EXPECT_EQ(sign(opening), kAudience);  // AMBER+STRICT until then, in a group up to GREEN
  const std::shared_ptr<const trust::Membership> first = Newest();
  TakeOut(3, Now());
  EXPECT_EQ(ReasonFor(Signed(3, ForGroup(), Newest())), kNotMember);
}

TEST_F(GroupModeTest, NothingElseIsSealedToIt) {
  const Batch named = *SignBatch(Self(1), Green(), Newest()->members(), {"{}"}, NewStream(), Now());
  EXPECT_EQ(ReasonFor(Seal(1, named)), kAudience);
  const Batch of_first = *Signed(1, ForGroup(), Newest());
  trust::GroupTerms terms = world_.founders.Terms();
  terms.name = "another";
  world_.Found(terms);
  world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
  EXPECT_EQ(ReasonFor(Seal(1, of_first)), kAudience);
}

TEST_F(GroupModeTest, WhatCameByNamePassesOnToTheGroup) {
  const Batch batch = *SignBatch(Self(2), Green(), {Org(1)}, {"{}"}, NewStream(), Now());
  const ForwardTerms terms{
      {batch.statements()[0].id()}, {}, v1::FORWARD_BASIS_LABEL, {}, model::Label::kGreen, Newest()->ref()};
  const auto statements = AllOf(batch);
  Cargo cargo{batch.signed_body(), statements};
  *cargo.forwards.Add() = *MakeForward(Self(1), terms, nullptr, false, Now());
  const Bytes wire = *SealCargo(1, cargo);
  for (const size_t at : {0u, 3u}) {
    const auto verified = Accept(at, 1, wire);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->hops[0].group, Newest()->ref());
    EXPECT_EQ(verified->hops[0].audience, Newest()->members());
  }
}

TEST_F(GroupModeTest, RecallsGoToTheGroup) {
  RecallTerms terms;
  terms.origin = Org(1);
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  SignedRecalls recalls;
  *recalls.Add() = MakeRecall(terms, Now());
  SignRecall(Self(1), recalls[0]).IgnoreError();
  const Bytes wire = *SealGroup(Self(1), recalls, world_.group, Groups(1), Now());
  for (const size_t at : {0u, 2u, 3u}) {
    const auto verified = Accept(at, 1, wire);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->recalls.size(), 1u);
  }
  EXPECT_EQ(ReasonFor(SealGroup(Self(1), SignedRecalls(), world_.group, Groups(1), Now())), kParse);
  EXPECT_EQ(ReasonFor(SealGroup(Self(1), recalls, world_.group, Groups(1), Newest()->expires())), kFreeze);
}

TEST_F(GroupModeTest, AProofOfItIsForWhoHasTheGroupsDocuments) {
  const Batch batch = *Signed(1, ForGroup(), Newest());
  const v1::StatementProof proof = MakeProof(batch, batch.statements()[0], true);
  ProofCheck failed;
  EXPECT_EQ(ReasonFor(CheckProof(proof, world_.founders.parties, Now(), nullptr, nullptr, &failed)), kMemberHash);
  EXPECT_EQ(failed, ProofCheck::kGroup);
  const auto proven = CheckProof(proof, world_.founders.parties, Now(), nullptr, &Groups(2));
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_EQ(proven->group, Newest()->ref());
  EXPECT_EQ(proven->audience, Newest()->members());
}

}  // namespace
}  // namespace entente::envelope
