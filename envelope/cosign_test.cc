#include "envelope/cosign.h"

#include "base/testing/damage_table.h"
#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

// Norlandia's batch, for which Estovia and Volt vouch; Estovia checks.
struct Vouching {
  Vouching() {
    joint->organisations = {World().norlandia.org(), World().estovia.org(), World().volt.org()};
    std::sort(joint->organisations.begin(), joint->organisations.end());
    joint->threshold = 3;
    *cosignatures.Add() = *Cosign(World().estovia.self(), batch, false, kNow);
    *cosignatures.Add() = *Cosign(World().volt.self(), batch, false, kNow);
  }
  absl::StatusOr<std::vector<OrgId>> Check() const {
    return CheckCosignatures(cosignatures, {batch, World().norlandia.org(), exercise, joint}, *at, kNow);
  }
  void Bend(int i, const std::function<void(v1::CosignBody&)>& bend) {
    v1::CosignBody body;
    body.ParseFromString(cosignatures[i].body());
    bend(body);
    const trust::Self& by = i == 0 ? World().estovia.self() : World().volt.self();
    cosignatures[i] = *trust::SignBody(by, trust::kCosignType, body.SerializeAsString());
  }

  const v1::SignedBody batch =
      HonestPayload(World().norlandia.self(), Green(), {World().estovia.org()}, Contents(2), kNow).batch();
  std::optional<JointTerms> joint = JointTerms();
  bool exercise = false;
  SignedBodies cosignatures;
  const trust::Directory* at = World().at_estovia.get();
};

TEST(Cosignatures, P34OrganisationsAreCountedAndTheOriginIsOneOfThem) {
  const Vouching v;
  const auto counted = v.Check();
  ASSERT_TRUE(counted.ok()) << counted.status();
  EXPECT_EQ(*counted, v.joint->organisations);
}
TEST(Cosignatures, WhoDoesNotCountIsLeftOut) {
  Vouching unlisted, unknown;
  std::erase(unlisted.joint->organisations, World().norlandia.org());
  unlisted.joint->threshold = unknown.joint->threshold = 2;
  EXPECT_EQ(unlisted.Check()->size(), 2u);
  unknown.at = World().at_volt.get();  // knows Norlandia alone
  EXPECT_EQ(unknown.Check()->size(), 2u);
}

std::function<test::Outcome()> With(void (*bend)(Vouching&)) {
  return [bend] {
    Vouching vouching;
    bend(vouching);
    return test::Outcome(vouching.Check());
  };
}
const test::Damage kCosignRows[] = {
    {0, "NothingBent", kNone, With([](Vouching&) {})},
    {34, "StrippedBelowTheThreshold", kThreshold, With([](Vouching& v) { v.cosignatures.RemoveLast(); })},
    {0, "StrippedToTheThreshold", kNone, With([](Vouching& v) { v.cosignatures.RemoveLast(), v.joint->threshold = 2; })},
    {34, "OneTwice", kThreshold, With([](Vouching& v) { v.cosignatures[1] = v.cosignatures[0]; })},
    {34, "AFalseOneMoreThanNeeded", kSignature, With([](Vouching& v) {
       v.joint->threshold = 2;
       v.cosignatures[1].mutable_signature()->back() ^= 1;
     })},
    {34, "AnUnlistedOriginDoesNotCount", kThreshold, With([](Vouching& v) {
       std::erase(v.joint->organisations, World().norlandia.org());
       v.joint->threshold = 2;
       v.cosignatures.RemoveLast();
     })},
    {34, "WhoIsNotOnFileDoesNotCount", kThreshold, With([](Vouching& v) { v.at = World().at_volt.get(); })},
    {0, "OneThatIsNotAsked", kParse, With([](Vouching& v) {
       std::erase(v.joint->organisations, World().volt.org());
       v.joint->threshold = 2;
     })},
    {0, "TheOriginsOwn", kParse,
     With([](Vouching& v) { *v.cosignatures.Add() = *Cosign(World().norlandia.self(), v.batch, false, kNow); })},
    {0, "AboutAnotherBatch", kParse, With([](Vouching& v) { v.Bend(1, [](auto& b) { (*b.mutable_batch_id())[0] ^= 1; }); })},
    {0, "InAnotherLane", kSignature, With([](Vouching& v) { v.exercise = true; })},
    {17, "UnknownCriticalField", kParse, With([](Vouching& v) {
       v.Bend(1, [](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); });
     })},
    {15, "KeyIdShort", kSignature, With([](Vouching& v) { v.Bend(1, [](auto& b) { b.set_key_id("k"); }); })},
    {24, "AKeyThatDidNotCountThen", kTime, With([](Vouching& v) {
       v.Bend(1, [](auto& b) { b.set_time_us(absl::ToUnixMicros(kNow - absl::Hours(1))); });
     })},
    {0, "SixtyFour", kNone, With([](Vouching& v) {
       while (v.cosignatures.size() < 64) *v.cosignatures.Add() = v1::SignedBody(v.cosignatures[1]);
     })},
    {0, "SixtyFive", kLimit, With([](Vouching& v) {
       while (v.cosignatures.size() < 65) *v.cosignatures.Add() = v1::SignedBody(v.cosignatures[1]);
     })},
    {0, "WithoutJointTerms", kParse, With([](Vouching& v) { v.joint.reset(); })},
    {0, "NoneWithoutJointTerms", kNone, With([](Vouching& v) { v.joint.reset(), v.cosignatures.Clear(); })},
};
const test::DamageTable kCosignTable("Cosignature", kCosignRows);

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
