#include "envelope/cosign.h"

#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

// Norlandia's batch, for which Estovia and Volt may vouch; Estovia checks.
class CosignTest : public ::testing::Test {
 protected:
  CosignTest() {
    joint_.organisations = {World().norlandia.org(), World().estovia.org(), World().volt.org()};
    std::sort(joint_.organisations.begin(), joint_.organisations.end());
    joint_.threshold = 3;
    *cosignatures_.Add() = *Cosign(World().estovia.self(), batch_, false, kNow);
    *cosignatures_.Add() = *Cosign(World().volt.self(), batch_, false, kNow);
  }
  absl::StatusOr<std::vector<OrgId>> Check(const trust::Directory& at = *World().at_estovia) const {
    return CheckCosignatures(cosignatures_, {batch_, World().norlandia.org(), exercise_, joint_}, at, kNow);
  }
  RejectReason Reason() const { return ReasonFor(Check()); }
  void Bend(int i, const std::function<void(v1::CosignBody&)>& bend) {
    v1::CosignBody body;
    body.ParseFromString(cosignatures_[i].body());
    bend(body);
    const trust::Self& by = i == 0 ? World().estovia.self() : World().volt.self();
    cosignatures_[i] = *trust::SignBody(by, trust::kCosignType, body.SerializeAsString());
  }

  const v1::SignedBody batch_ = HonestPayload(World().norlandia.self(), Green(), {World().estovia.org()}, Contents(2), kNow).batch();
  JointTerms joint_;
  bool exercise_ = false;
  SignedBodies cosignatures_;
};

TEST_F(CosignTest, P34OrganisationsAreCountedAndTheOriginIsOneOfThem) {
  const auto counted = Check();
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(*counted, joint_.organisations);
}
TEST_F(CosignTest, P34StrippedOneIsMissing) {
  cosignatures_.RemoveLast();
  EXPECT_EQ(Reason(), kThreshold);
  joint_.threshold = 2;
  EXPECT_EQ(Reason(), kNone);
}
TEST_F(CosignTest, P34TwiceCountsOnce) {
  cosignatures_[1] = cosignatures_[0];
  EXPECT_EQ(Reason(), kThreshold);
}
TEST_F(CosignTest, P34AFalseOneRefusesTheWhole) {
  joint_.threshold = 2;
  cosignatures_[1].mutable_signature()->back() ^= 1;
  EXPECT_EQ(Reason(), kSignature);
}
TEST_F(CosignTest, AnUnlistedOriginDoesNotCount) {
  std::erase(joint_.organisations, World().norlandia.org());
  joint_.threshold = 2;
  EXPECT_EQ(Check()->size(), 2u);
  cosignatures_.RemoveLast();
  EXPECT_EQ(Reason(), kThreshold);
}
TEST_F(CosignTest, WhoIsNotOnFileIsPassedOver) {
  const auto& at_volt = *World().at_volt;  // knows Norlandia alone
  EXPECT_EQ(ReasonFor(Check(at_volt)), kThreshold);
  joint_.threshold = 2;
  EXPECT_EQ(Check(at_volt)->size(), 2u);
}
TEST_F(CosignTest, OneThatIsNotAsked) {
  std::erase(joint_.organisations, World().volt.org());
  joint_.threshold = 2;
  EXPECT_EQ(Reason(), kParse);
}
TEST_F(CosignTest, TheOriginsOwn) {
  *cosignatures_.Add() = *Cosign(World().norlandia.self(), batch_, false, kNow);
  EXPECT_EQ(Reason(), kParse);
}
TEST_F(CosignTest, AboutAnotherBatch) {
  Bend(1, [](auto& b) { (*b.mutable_batch_id())[0] ^= 1; });
  EXPECT_EQ(Reason(), kParse);
}
TEST_F(CosignTest, InAnotherLane) {
  exercise_ = true;
  EXPECT_EQ(Reason(), kSignature);
}
TEST_F(CosignTest, TheFormOfABody) {
  Bend(1, [](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); });
  EXPECT_EQ(Reason(), kParse);
  Bend(1, [](auto& b) { b.set_key_id("k"); });
  EXPECT_EQ(Reason(), kSignature);
}
TEST_F(CosignTest, AKeyThatDidNotCountThen) {
  Bend(1, [](auto& b) { b.set_time_us(absl::ToUnixMicros(kNow - absl::Hours(1))); });
  EXPECT_EQ(Reason(), kTime);
}
TEST_F(CosignTest, SixtyFourAtMost) {
  while (cosignatures_.size() < 64) *cosignatures_.Add() = cosignatures_[1];
  EXPECT_EQ(Reason(), kNone);
  *cosignatures_.Add() = cosignatures_[1];
  EXPECT_EQ(Reason(), kLimit);
}
TEST_F(CosignTest, WithoutJointTermsThereAreNone) {
  EXPECT_EQ(ReasonFor(CheckCosignatures(cosignatures_, {batch_, World().norlandia.org(), false, {}}, *World().at_estovia, kNow)),
            kParse);
  EXPECT_TRUE(CheckCosignatures({}, {batch_, World().norlandia.org(), false, {}}, *World().at_estovia, kNow)->empty());
}

RejectReason Joint(int organisations, uint32_t threshold) {
  v1::JointTerms wire;
  for (int i = 0; i < organisations; ++i) wire.add_organisations(Bytes(32, static_cast<char>(i + 1)));
  wire.set_threshold(threshold);
  return ReasonFor(ReadJointTerms(wire));
}
TEST(JointTerms, Form) {
  EXPECT_EQ(Joint(2, 1), kNone);
  EXPECT_EQ(Joint(64, 64), kNone);
  EXPECT_EQ(Joint(1, 1), kParse);
  EXPECT_EQ(Joint(65, 1), kParse);
  EXPECT_EQ(Joint(3, 0), kParse);
  EXPECT_EQ(Joint(3, 4), kParse);
  v1::JointTerms wire;
  wire.add_organisations(Bytes(32, 'b'));
  wire.add_organisations(Bytes(32, 'b'));
  wire.set_threshold(1);
  EXPECT_EQ(ReasonFor(ReadJointTerms(wire)), kParse);
  wire.set_organisations(1, "short");
  EXPECT_EQ(ReasonFor(ReadJointTerms(wire)), kParse);
}

}  // namespace
}  // namespace entente::envelope
