#include <gtest/gtest.h>

#include "envelope/testing/passing_on.h"

// What goes on beside statements, and in place of them: sealed by our own maker, verified by our own reader.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

TEST(PassingOn, AForwardedPartArrivesWithItsChain) {
  const Journey journey;
  const auto verified = journey.AtVolt(journey.Sealed());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->origin(), World().norlandia.org());
  EXPECT_EQ(verified->batch->statements()[0].content(), journey.batch.statements()[0].content());
  EXPECT_EQ(verified->batch->audience(), std::vector<OrgId>({World().estovia.org()}));
  ASSERT_EQ(verified->hops.size(), 1u);
  EXPECT_EQ(verified->hops[0].forwarder, World().estovia.org());
  EXPECT_EQ(verified->hops[0].audience, std::vector<OrgId>({World().volt.org()}));
  ASSERT_EQ(verified->beside.forwards_size(), 1);
  EXPECT_EQ(verified->beside.forwards(0).SerializeAsString(), journey.forwards[0].SerializeAsString());
  EXPECT_FALSE(verified->beside.has_batch() || verified->beside.has_seal() || !verified->beside.statements().empty());
}

// Whoever it was passed on to may seal it again for another whom the same hop names.
TEST(PassingOn, AHopsAudienceRepairsAmongItself) {
  Journey journey({Hub().org(), World().volt.org()});
  const auto verified = journey.AtVolt(journey.Sealed(Hub()), Hub().org());
  EXPECT_TRUE(verified.ok()) << verified.status();
}

TEST(PassingOn, ASecondHopFollowsTheFirst) {
  Journey journey({Hub().org()});
  journey.Pass(Hub().self(), {World().volt.org()});
  const auto verified = journey.AtVolt(journey.Sealed(Hub()), Hub().org());
  ASSERT_TRUE(verified.ok()) << verified.status();
  ASSERT_EQ(verified->hops.size(), 2u);
  EXPECT_EQ(verified->hops[1].forwarder, Hub().org());
}

// Of a stream a later recipient may see any part, so its order is not asked (step 33).
TEST(PassingOn, AForwardedStatementMayStandAnywhereInItsStream) {
  const auto skipped = [](v1::StatementBody& body, int i) {
    if (i == 1) body.set_sequence(7);
  };
  HostileBatch signer{World().norlandia.self()};
  signer.statement = skipped;
  const v1::Payload bare = signer.Sign(Honest(2));
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(Sealer().Make(bare))), kGap);
  EXPECT_EQ(ReasonFor(ForwardedToVolt(bare)), kNone);
}

TEST(PassingOn, PermissionsGoWithTheForwardThatNamesThem) {
  Journey journey({World().volt.org()}, Labelled(model::Label::kRed), /*permitted=*/true);
  const auto verified = journey.AtVolt(journey.Sealed());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->beside.permissions_size(), 1);
  EXPECT_EQ(verified->hops[0].permission, PermissionIdOf(journey.permissions[0].body()));
}

TEST(PassingOn, OfAnExerciseStaysInItsLane) {
  Journey journey({World().volt.org()}, Exercise());
  const auto verified = journey.AtVolt(journey.Sealed());
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->constraints().exercise_id, "locked-shields-26");
}

TEST(Joint, P34EnoughCosignersCarryAStatement) {
  const JointAdvisory advisory(2);
  const auto verified = AcceptAtEstovia(advisory.Sealed(1));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->cosigners, advisory.terms.joint->organisations);
  EXPECT_EQ(verified->batch->joint()->threshold, 2u);
  EXPECT_EQ(verified->beside.cosignatures_size(), 1);
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(advisory.Sealed(0))), kThreshold);
}
TEST(Joint, TheOriginAloneMayBeEnough) {
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(JointAdvisory(1).Sealed(0))), kNone);
}
TEST(Joint, ReferencesArriveAsTheyWereSigned) {
  JointAdvisory advisory(1);
  const auto verified = AcceptAtEstovia(advisory.Sealed(0));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->statements()[0].references(), advisory.terms.references[0]);
}

absl::StatusOr<Bytes> SealNotices(const Notices& notices, size_t recipients = 1) {
  return SealDirect(World().norlandia.self(), notices, std::vector<trust::Prekey>(recipients, World().estovia.Prekey(kNow)), kNow);
}
TEST(Notices, ArriveWithoutStatements) {
  Notices notices;
  *notices.recalls.Add() = SampleRecall();
  *notices.receipts.Add() = SampleReceipt();
  const auto wire = SealNotices(notices);
  ASSERT_TRUE(wire.ok()) << wire.status();
  const auto verified = AcceptAtEstovia(*wire);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_FALSE(verified->batch.has_value());
  ASSERT_EQ(verified->recalls.size(), 1u);
  EXPECT_EQ(verified->recalls[0].id, RecallIdOf(notices.recalls[0].body()));
  ASSERT_EQ(verified->receipts.size(), 1u);
  EXPECT_EQ(verified->receipts[0].id, ReceiptIdOf(notices.receipts[0].body()));
  EXPECT_EQ(verified->beside.recalls(0).SerializeAsString(), notices.recalls[0].SerializeAsString());
}
TEST(Notices, AreValidFromEveryHand) {
  v1::Payload payload;
  *payload.add_recalls() = SampleRecall();
  const HostileSeal volt{World().volt.self(), {World().estovia.Prekey(kNow)}, kNow};
  auto opened = OpenAt(World().estovia, volt.Make(payload));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_TRUE(Verify(*std::move(opened), *World().at_estovia, World().volt.org(), kNow, nullptr).ok());
}
TEST(Notices, SealingBoundsThem) {
  Notices notices;
  EXPECT_EQ(ReasonFor(SealNotices(notices)), kParse);
  for (int i = 0; i < 256; ++i) *notices.receipts.Add() = SampleReceipt();
  EXPECT_EQ(ReasonFor(SealNotices(notices)), kNone);
  EXPECT_EQ(ReasonFor(SealNotices(notices, 0)), kLimit);
  EXPECT_EQ(ReasonFor(SealNotices(notices, 2)), kPrekey);
  *notices.receipts.Add() = SampleReceipt();
  EXPECT_EQ(ReasonFor(SealNotices(notices)), kLimit);
}

TEST(SealDirect, SealsForWhomTheLastForwardNames) {
  const Journey journey;
  EXPECT_EQ(ReasonFor(journey.SealAs(World().estovia, World().volt)), kNone);
  EXPECT_EQ(ReasonFor(journey.SealAs(World().estovia, World().estovia)), kAudience);  // of the statements, not of the hop
  EXPECT_EQ(ReasonFor(journey.SealAs(World().norlandia, World().volt)), kAudience);   // who forwarded is another
  EXPECT_EQ(ReasonFor(journey.SealAs(Hub(), World().volt)), kAudience);
}
TEST(SealDirect, WantsTheChainInItsOrder) {
  Journey journey({Hub().org()});
  journey.Pass(Hub().self(), {World().volt.org()});
  EXPECT_EQ(ReasonFor(journey.SealAs(Hub(), World().volt)), kNone);
  journey.forwards.SwapElements(0, 1);
  EXPECT_EQ(ReasonFor(journey.SealAs(Hub(), World().volt)), kChain);
}
TEST(SealDirect, BoundsWhatGoesBeside) {
  Journey journey;
  for (size_t i = 0; i < kMaxForwards; ++i) *journey.permissions.Add() = journey.forwards[0];
  EXPECT_EQ(ReasonFor(journey.SealAs(World().estovia, World().volt)), kNone);
  *journey.permissions.Add() = journey.forwards[0];
  EXPECT_EQ(ReasonFor(journey.SealAs(World().estovia, World().volt)), kChain);
}
TEST(SealDirect, WantsJointTermsForCosignatures) {
  const Batch batch = *SignBatch(World().norlandia.self(), Green(), {World().estovia.org()}, {"{}"}, NewStream(), kNow);
  const auto statements = AllOf(batch);
  Cargo cargo{batch.signed_body(), statements};
  *cargo.cosignatures.Add() = *Cosign(World().volt.self(), batch.signed_body(), false, kNow);
  EXPECT_EQ(ReasonFor(SealDirect(World().norlandia.self(), cargo, Permitted({World().estovia.Prekey(kNow)}, 1), kNow, nullptr)),
            kParse);
}

}  // namespace
}  // namespace entente::envelope
