#include <gtest/gtest.h>

#include <algorithm>

#include "envelope/testing/bend.h"

// What peers can do with envelopes that are not theirs to seal, and to every signed bit inside one.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

TEST(HostileTools, MakeWhatIsAcceptedWhenNothingIsBent) {
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Honest())).ok());
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Signer().Sign(Honest()))).ok());
  const auto verified = AcceptAtEstovia(Sealer().Make(Honest(3, Exercise())));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->constraints().exercise_id, "locked-shields-26");
}

// The upgrade rule: 100 and above is for later versions, kept and ignored.
TEST(HostileTools, OptionalFieldsAreKept) {
  const auto verified = AcceptAtEstovia(WithBodyBytes([](Bytes& b) { b += Field(100, "later"); }));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->batch->statements()[0].body().ends_with("later"));
}
TEST(HostileTools, AnOptionalConstraintOfOneStatementMakesNoDifference) {
  const auto verified = AcceptAtEstovia(WithSecondBody(
      [](Body& body) { ASSERT_TRUE(body.mutable_constraints()->MergeFromString(Field(100, "later"))); }));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->statements().size(), 2u);
}

// Beside a signed body an unknown field is not signed: it is accepted, as any optional one, and not kept.
TEST(HostileTools, P57UnknownFieldsBesideASignedBodyAreDropped) {
  const auto verified = AcceptAtEstovia(WithPayload([](v1::Payload& payload) {
    v1::SignedBody& batch = *payload.mutable_batch();
    batch.GetReflection()->MutableUnknownFields(&batch)->AddLengthDelimited(100, Bytes(1000, 'x'));
  }));
  ASSERT_TRUE(verified.ok()) << verified.status();
  const v1::SignedBody& kept = verified->batch->signed_body();
  EXPECT_TRUE(kept.GetReflection()->GetUnknownFields(kept).empty());
}

// Bob hands on what Alice sealed to him, under his own seal: who was not among Alice's audience refuses it, and so does everybody
// where Bob was not.
RejectReason ResealedByVolt(std::vector<OrgId> audience) {
  Federation& world = World();
  const auto payload = HonestPayload(world.norlandia.self(), Green(), audience, {"{}"}, kNow);
  const HostileSeal volt{world.volt.self(), {world.estovia.Prekey(kNow)}, kNow};
  auto opened = OpenAt(world.estovia, volt.Make(payload));
  EXPECT_TRUE(opened.ok()) << opened.status();
  return ReasonFor(Verify(*std::move(opened), *world.at_estovia, world.volt.org(), kNow, nullptr));
}
TEST(Reseal, P18ToAnOutsiderNeedsAChain) { EXPECT_EQ(ResealedByVolt({World().volt.org()}), kAudience); }
TEST(Reseal, P18ByAnOutsiderNeedsAChain) { EXPECT_EQ(ResealedByVolt({World().estovia.org()}), kAudience); }
TEST(Reseal, ByARecipientForAnotherIsARepair) {
  EXPECT_EQ(ResealedByVolt({World().estovia.org(), World().volt.org()}), kNone);
}
// The first sealer's own seal, carried into another envelope.
TEST(Reseal, WithTheFirstSealRefuses) {
  v1::SignedBody first;
  HostileSeal honest = Sealer(), second = Sealer();
  const v1::Payload payload = Honest();
  honest.payload = [&](v1::Payload& p) { first = p.seal(); };
  honest.Make(payload);
  second.payload = [&](v1::Payload& p) { *p.mutable_seal() = first; };
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(second.Make(payload))), kSeal);
}

TEST(Peer, UnknownIsRefused) {
  auto opened = OpenAt(World().estovia, Sealer().Make(Honest()));
  ASSERT_TRUE(opened.ok());
  const OrgId stranger = *OrgId::From(Bytes(32, 's'));
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *World().at_estovia, stranger, kNow, nullptr)), kUnknownParty);
}
// Volt has not accepted Estovia: what Estovia says there is from nobody.
TEST(Peer, UnknownOriginIsRefused) {
  Federation& world = World();
  const auto payload = HonestPayload(world.estovia.self(), Green(), {world.volt.org()}, {"{}"}, kNow);
  const HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow)}, kNow};
  auto opened = OpenAt(world.volt, sealer.Make(payload));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *world.at_volt, world.norlandia.org(), kNow, nullptr)), kUnknownParty);
}

// Invisible salamanders: two slots, each internally valid, with different content keys. Only one can be committed to.
TEST(Slots, WithDifferentKeysOpenForOneAtMost) {
  Federation& world = World();
  HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow), world.estovia.Prekey(kNow)}, kNow};
  sealer.split_keys = true;
  const Bytes wire = sealer.Make(Honest());
  EXPECT_TRUE(OpenAt(world.volt, wire).ok());
  EXPECT_EQ(ReasonFor(OpenAt(world.estovia, wire)), kCommit);
}
TEST(Slots, WrappedForAnotherOrganisationDoNotOpen) {
  HostileSeal sealer = Sealer();
  sealer.recipients[0].org = World().volt.org();
  EXPECT_EQ(ReasonFor(OpenAt(World().estovia, sealer.Make(Honest()))), kUnwrap);
}
TEST(Slots, WrappedForAnotherKeyDoNotOpen) {
  HostileSeal sealer = Sealer();
  sealer.recipients[0].public_key = World().volt.Prekey(kNow).public_key;
  EXPECT_EQ(ReasonFor(OpenAt(World().estovia, sealer.Make(Honest()))), kUnwrap);
}

// Every bit of every signed thing inside, with the rest of the envelope made honestly around it.
struct Part {
  const char* name;
  std::function<Bytes*(v1::Payload&)> of;
  std::vector<RejectReason> allowed;
};
void PrintTo(const Part& p, std::ostream* out) {
  *out << p.name;
}
class EverySignedBit : public ::testing::TestWithParam<Part> {};
TEST_P(EverySignedBit, Refuses) {
  v1::Payload sizes = Honest(1);
  HostileSeal probe = Sealer();
  probe.payload = [&](v1::Payload& p) { sizes = p; };
  probe.Make(sizes);
  const v1::Payload bare = Honest(1);
  const size_t bits = GetParam().of(sizes)->size() * 8;
  for (size_t bit = 0; bit < bits; bit += 3) {
    HostileSeal sealer = Sealer();
    sealer.payload = [&](v1::Payload& p) { (*GetParam().of(p))[bit / 8] ^= static_cast<char>(1 << (bit % 8)); };
    const RejectReason reason = ReasonFor(AcceptAtEstovia(sealer.Make(bare)));
    const auto& allowed = GetParam().allowed;
    ASSERT_TRUE(std::find(allowed.begin(), allowed.end(), reason) != allowed.end())
        << bit << ' ' << Describe(reason).name;
  }
}
INSTANTIATE_TEST_SUITE_P(
    Damage, EverySignedBit,
    ::testing::Values(
        Part{"StatementBody", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_body(); }, {kSignature}},
        Part{"StatementSalt", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_salt(); }, {kContent}},
        Part{"StatementContent", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_content(); }, {kContent}},
        Part{"BatchBody",
             [](v1::Payload& p) { return p.mutable_batch()->mutable_body(); },
             {kSignature, kNoKey, kUnknownParty, kParse}},
        Part{"BatchSignature", [](v1::Payload& p) { return p.mutable_batch()->mutable_signature(); }, {kSignature}},
        Part{"SealBody", [](v1::Payload& p) { return p.mutable_seal()->mutable_body(); }, {kSignature, kNoKey, kTime}},
        Part{"SealSignature", [](v1::Payload& p) { return p.mutable_seal()->mutable_signature(); }, {kSignature}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace entente::envelope
