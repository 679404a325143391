#include <gtest/gtest.h>

#include <algorithm>

#include "envelope/commitments.h"
#include "envelope/header.h"
#include "envelope/testing/federation.h"
#include "trust/sample_node.h"

namespace entente::envelope {
namespace {

using namespace testing;

Batch SignedFor(const std::vector<OrgId>& audience, std::vector<Bytes> contents,
                const policy::Constraints& constraints = Green()) {
  return *SignBatch(World().norlandia.self(), constraints, audience, std::move(contents), NewStream(), kNow);
}
Batch ForEstovia(std::vector<Bytes> contents) {
  return SignedFor({World().estovia.org()}, std::move(contents));
}
absl::StatusOr<Bytes> SealTo(const Batch& batch, const std::vector<Sealable>& statements,
                             const std::vector<trust::Prekey>& recipients) {
  return SealDirect(World().norlandia.self(), {batch.signed_body(), statements}, Permitted(recipients, statements.size()), kNow, nullptr);
}
absl::StatusOr<Bytes> SealToEstovia(const Batch& batch) {
  return SealTo(batch, AllOf(batch), {World().estovia.Prekey(kNow)});
}

void ExpectSame(const Batch& sent, const Batch& received) {
  EXPECT_EQ(received.origin(), sent.origin());
  EXPECT_EQ(received.signed_body().body(), sent.signed_body().body());
  EXPECT_EQ(received.signed_body().signature(), sent.signed_body().signature());
  EXPECT_EQ(received.constraints(), sent.constraints());
  EXPECT_EQ(received.audience(), sent.audience());
  EXPECT_EQ(received.size(), sent.size());
  EXPECT_EQ(received.After().last, sent.After().last);
  ASSERT_EQ(received.statements().size(), sent.statements().size());
  for (size_t i = 0; i < sent.statements().size(); ++i) {
    const Statement &a = sent.statements()[i], &b = received.statements()[i];
    ASSERT_TRUE(a.id() == b.id() && a.body() == b.body() && a.salt() == b.salt() && a.content() == b.content());
    ASSERT_TRUE(a.sequence() == b.sequence() && a.previous() == b.previous() && a.created() == b.created());
  }
}

class RoundTrip : public ::testing::TestWithParam<size_t> {};
TEST_P(RoundTrip, GivesBackEveryByte) {
  const Batch batch = ForEstovia(Contents(GetParam()));
  const auto wire = SealToEstovia(batch);
  ASSERT_TRUE(wire.ok()) << wire.status();
  const auto verified = AcceptAtEstovia(*wire);
  ASSERT_TRUE(verified.ok()) << verified.status();
  ExpectSame(batch, *verified->batch);
  EXPECT_EQ(verified->expires_hour, 497222u + 336u);
  EXPECT_EQ(verified->id.view(), wire->substr(8, 16));
}
INSTANTIATE_TEST_SUITE_P(Statements, RoundTrip, ::testing::Values(1, 2, 3, 256, 1024));

TEST(Envelope, CarriesEveryConstraint) {
  policy::Constraints all = Green();
  all.rel_to = {"EE", "NO"};
  all.hop_limit = 1;
  all.exercise_id = "locked-shields-26";
  all.embargo_until = kNow + absl::Hours(2);
  const Batch batch = SignedFor({World().estovia.org()}, {"{}", "[]"}, all);
  const auto verified = AcceptAtEstovia(*SealToEstovia(batch));
  ASSERT_TRUE(verified.ok()) << verified.status();
  ExpectSame(batch, *verified->batch);
}

TEST(Envelope, OpensForEachOfThreeRecipients) {
  Federation& world = World();
  const TestParty third("isac", kNow);
  const auto at_third = third.DirectoryWith({&world.norlandia});
  const Batch batch = SignedFor({world.estovia.org(), world.volt.org(), third.org()}, Contents(2));
  const auto wire =
      SealTo(batch, AllOf(batch), {third.Prekey(kNow), world.estovia.Prekey(kNow), world.volt.Prekey(kNow)});
  ASSERT_TRUE(wire.ok()) << wire.status();
  const auto check = [&](const TestParty& party, const trust::Directory& directory) {
    auto opened = OpenAt(party, *wire);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_TRUE(Verify(*std::move(opened), directory, world.norlandia.org(), kNow, nullptr).ok());
  };
  check(world.estovia, *world.at_estovia);
  check(world.volt, *world.at_volt);
  check(third, *at_third);
}

TEST(Envelope, CarriesAPartOfABatch) {
  const Batch batch = ForEstovia(Contents(100));
  const auto all = AllOf(batch);
  std::vector<ByteView> leaves;
  for (const Statement& s : batch.statements()) leaves.push_back(s.id().view());
  std::vector<Sealable> part = {all[3], all[4], all[99]};
  for (Sealable& s : part) s.path = crypto::AuditPath(leaves, s.index);
  const auto verified = AcceptAtEstovia(*SealTo(batch, part, {World().estovia.Prekey(kNow)}));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->size(), 100u);
  ASSERT_EQ(verified->batch->statements().size(), 3u);
  EXPECT_EQ(verified->batch->statements()[2].index(), 99u);
  EXPECT_EQ(verified->batch->statements()[2].path(), part[2].path);
}

// What was received in part is sealed and checked again from what the receiver kept.
TEST(Envelope, ReceivedPartsRecheck) {
  const Batch batch = ForEstovia(Contents(7));
  std::vector<ByteView> leaves;
  for (const Statement& s : batch.statements()) leaves.push_back(s.id().view());
  Sealable one = AllOf(batch)[5];
  one.path = crypto::AuditPath(leaves, 5);
  const auto verified = AcceptAtEstovia(*SealTo(batch, {one}, {World().estovia.Prekey(kNow)}));
  ASSERT_TRUE(verified.ok()) << verified.status();
  const auto stored = AllOf(*verified->batch);
  EXPECT_TRUE(Recheck(World().norlandia.self().identity, verified->batch->signed_body(), stored[0], {}).ok());
}

TEST(Envelope, CarriesTheLargestContent) {
  Bytes content(kMaxContentBytes, 'x');
  for (size_t i = 0; i < content.size(); i += 4099) content[i] = static_cast<char>(i);
  const Batch batch = ForEstovia({std::move(content)});
  const auto wire = SealToEstovia(batch);
  ASSERT_TRUE(wire.ok()) << wire.status();
  EXPECT_LT(wire->size(), kMaxContentBytes * 112 / 100 + 4096);
  const auto verified = AcceptAtEstovia(*wire);
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->batch->statements()[0].content() == batch.statements()[0].content());
}

TEST(Envelope, K45NothingRepeatsBetweenTwoSeals) {
  const Batch batch = ForEstovia({"{}"});
  const Bytes a = *SealToEstovia(batch), b = *SealToEstovia(batch);
  ASSERT_EQ(a.size(), b.size());
  EXPECT_NE(a.substr(8, 16), b.substr(8, 16));    // env_id
  EXPECT_NE(a.substr(32, 48), b.substr(32, 48));  // route tag, salt
  EXPECT_NE(a.substr(kHeaderSize + 16, crypto::kKemCiphertextSize), b.substr(kHeaderSize + 16, crypto::kKemCiphertextSize));
  const size_t behind = kHeaderSize + kSlotSize;
  EXPECT_NE(a.substr(behind, 32), b.substr(behind, 32));            // KC
  EXPECT_NE(a.substr(behind + 32, 64), b.substr(behind + 32, 64));  // chunks
}

TEST(Envelope, SizeSaysLittle) {
  const auto sealed_size = [](size_t content) { return SealToEstovia(ForEstovia({Bytes(content, 'x')}))->size(); };
  EXPECT_EQ(sealed_size(100'000), sealed_size(100'050));
}

TEST(Envelope, ReplayIsAskedBeforeAnythingDear) {
  const Bytes wire = *SealToEstovia(ForEstovia({"{}"}));
  EnvelopeId asked;
  const auto seen = [&](const EnvelopeId& id) {
    asked = id;
    return true;
  };
  const auto opened = Open(wire, World().estovia.org(), World().volt.ring(), kNow, seen, nullptr);
  EXPECT_EQ(ReasonFor(opened), RejectReason::kReplay);
  EXPECT_EQ(asked.view(), wire.substr(8, 16));
}

TEST(Envelope, P25WhoTakesNoSuite1AnyMoreOpensNothingOfIt) {
  const trust::SampleFounders founders(1);
  const std::unique_ptr<trust::SampleKeystore> keystore = trust::SampleKeystore::Take();
  trust::Self self = founders.orgs[0].self;
  const trust::PrekeyRing before(self, *keystore->keystore);
  self.identity = founders.RaiseFloor(0).newest();
  const trust::PrekeyRing after(self, *keystore->keystore);
  Bytes wire = *SealToEstovia(ForEstovia({"{}"}));
  EXPECT_EQ(ReasonFor(Open(wire, self.org(), before, kNow, NeverSeen, nullptr)), RejectReason::kNoSlot);
  EXPECT_EQ(ReasonFor(Open(wire, self.org(), after, kNow, NeverSeen, nullptr)), RejectReason::kSuite);
  wire[6] = 9;  // a mode that there is not: the suite is asked before
  EXPECT_EQ(ReasonFor(Open(wire, self.org(), before, kNow, NeverSeen, nullptr)), RejectReason::kHeader);
  EXPECT_EQ(ReasonFor(Open(wire, self.org(), after, kNow, NeverSeen, nullptr)), RejectReason::kSuite);
}

TEST(Envelope, TimesOutsideItsWindowRefuse) {
  const Bytes wire = *SealToEstovia(ForEstovia({"{}"}));
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(wire, kNow - absl::Hours(1))), RejectReason::kTime);
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(wire, kNow + absl::Hours(336))), RejectReason::kTime);
  EXPECT_TRUE(AcceptAtEstovia(wire, kNow + absl::Hours(300)).ok());
  EXPECT_TRUE(AcceptAtEstovia(wire, kNow - absl::Minutes(9)).ok());
}

TEST(Envelope, SomebodyElsesEnvelopeHasNoSlot) {
  const Bytes wire = *SealToEstovia(ForEstovia({"{}"}));
  const auto opened = OpenAt(World().volt, wire);
  EXPECT_EQ(ReasonFor(opened), RejectReason::kNoSlot) << opened.status();
}

TEST(Envelope, AfterThePrekeysGraceItNeverOpens) {
  const TestParty isac("isac", kNow);
  const Batch batch = SignedFor({isac.org()}, {"{}"});
  const Bytes wire = *SealTo(batch, AllOf(batch), {isac.Prekey(kNow)});
  const absl::Time late = kNow + trust::kPrekeyUse + trust::kPrekeyGrace - absl::Hours(2);
  EXPECT_TRUE(OpenAt(isac, wire, late).ok());
  const Batch later = *SignBatch(World().norlandia.self(), Green(), {isac.org()}, {"{}"}, NewStream(), kNow);
  const auto recipient = isac.Prekey(kNow);
  const absl::Time last = recipient.not_after - absl::Seconds(1);
  const Bytes young = *SealDirect(World().norlandia.self(), {later.signed_body(), AllOf(later)}, Permitted({recipient}, later.size()), last, nullptr);
  ASSERT_TRUE(isac.ring().Rotate(kNow + trust::kPrekeyUse + trust::kPrekeyGrace + absl::Hours(1)).ok());
  EXPECT_EQ(ReasonFor(OpenAt(isac, young, kNow + trust::kPrekeyUse + trust::kPrekeyGrace + absl::Hours(1))),
            RejectReason::kKeyGone);
}

TEST(SealDirect, BoundsRecipients) {
  const Batch batch = ForEstovia({"{}"});
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), {})), RejectReason::kLimit);
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), std::vector<trust::Prekey>(1001, World().estovia.Prekey(kNow)))),
            RejectReason::kLimit);
}
TEST(SealDirect, RefusesRecipientsOutsideTheSignedAudience) {
  const Batch batch = ForEstovia({"{}"});
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), {World().volt.Prekey(kNow)})), RejectReason::kAudience);
}
TEST(SealDirect, RefusesBadPrekeys) {
  const Batch batch = ForEstovia({"{}"});
  const trust::Prekey good = World().estovia.Prekey(kNow);
  trust::Prekey expired = good, broken = good;
  expired.not_after = kNow;
  broken.public_key = Bytes(crypto::kKemPublicKeySize, '\xff');
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), {expired})), RejectReason::kPrekey);
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), {broken})), RejectReason::kPrekey);
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(batch), {good, good})), RejectReason::kPrekey);
}
TEST(SealDirect, RefusesWithoutAPermitForEachStatement) {
  const Batch batch = ForEstovia(Contents(2));
  const trust::Prekey prekey = World().estovia.Prekey(kNow);
  const auto seal = [&](std::vector<Recipient> recipients) {
    return ReasonFor(SealDirect(World().norlandia.self(), {batch.signed_body(), AllOf(batch)}, recipients, kNow, nullptr));
  };
  EXPECT_EQ(seal(Permitted({prekey}, 2)), RejectReason::kNone);
  EXPECT_EQ(seal(Permitted({prekey}, 1)), RejectReason::kInternal);
  EXPECT_EQ(seal({{prekey, {}}}), RejectReason::kInternal);
  const auto other = Permitted({World().volt.Prekey(kNow)}, 2);
  EXPECT_EQ(seal({{prekey, other[0].permits}}), RejectReason::kInternal);
}
TEST(SealDirect, RefusesStatementsThatAreNotOfTheBatch) {
  const Batch batch = ForEstovia(Contents(2)), other = ForEstovia(Contents(2));
  const auto recipient = World().estovia.Prekey(kNow);
  EXPECT_EQ(ReasonFor(SealTo(batch, AllOf(other), {recipient})), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(SealTo(batch, {AllOf(batch)[0]}, {recipient})),
            RejectReason::kSignature);  // a part without its path
}
TEST(SealDirect, RefusesAnotherOrigin) {
  const Batch batch = ForEstovia({"{}"});
  const auto result =
      SealDirect(World().volt.self(), {batch.signed_body(), AllOf(batch)},
           Permitted({World().estovia.Prekey(kNow)}, batch.size()), kNow, nullptr);
  EXPECT_EQ(ReasonFor(result), RejectReason::kAudience);
}
TEST(SealDirect, RefusesMoreThanAnEnvelopeHolds) {
  const Batch batch = ForEstovia({Bytes(kMaxContentBytes, 'x'), Bytes(kMaxContentBytes, 'y')});
  EXPECT_EQ(ReasonFor(SealToEstovia(batch)), RejectReason::kLimit);
  EXPECT_EQ(ReasonFor(SealTo(batch, {}, {World().estovia.Prekey(kNow)})), RejectReason::kLimit);
}

}  // namespace
}  // namespace entente::envelope
