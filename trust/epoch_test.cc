#include "trust/epoch.h"

#include <gtest/gtest.h>

#include "base/testing/damage_table.h"
#include "crypto/slot.h"
#include "tests/vectors/vector_file.h"
#include "trust/epoch_issuer.h"
#include "trust/sample_node.h"

namespace entente::trust {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::Outcome;

const SampleFounders& Founders() {
  static const SampleFounders founders(4);
  return founders;
}
const OrgId& Org(size_t i) { return Founders().orgs[i].org(); }

test::VectorRecord Example(const std::string& name) {
  for (test::VectorRecord& record : test::ReadVectors("../../docs/formats/examples/derive.txt")) {
    if (record.contains(name)) return record;
  }
  throw std::runtime_error("no example of " + name);
}

TEST(EpochBody, KnownAnswers) {
  const test::VectorRecord v = Example("epoch_secret"), slot = Example("info");
  v1::SignedBody wire;
  wire.set_body(v.at("body"));
  const absl::StatusOr<Epoch> epoch = ReadEpoch(wire);
  ASSERT_TRUE(epoch.ok()) << epoch.status();
  EXPECT_EQ(epoch->id.view(), v.at("epoch_id"));
  EXPECT_EQ(epoch->fields().view(), v.at("epoch_fields"));
  EXPECT_EQ(epoch->commit.view(), v.at("epoch_commit"));
  EXPECT_EQ(epoch->slots_root.view(), v.at("slots_root"));
  EXPECT_EQ(epoch->reason, v1::EPOCH_REASON_FOUNDED);
  EXPECT_EQ(EpochSlotInfo(*epoch, *OrgId::From(slot.at("recipient")), *PrekeyId::From(slot.at("prekey_id")), slot.at("prekey_public")),
            slot.at("info"));
}

// One epoch of a group of four, issued by 0, as member 1 gets it.
class IssuedEpoch {
 public:
  IssuedEpoch() : member(Founders().orgs[1], Founders().parties), issuer(Founders().orgs[0], Founders().parties) {
    const std::vector<Prekey> prekeys = {member.FreshPrekey(SampleNow()), issuer.FreshPrekey(SampleNow())};
    const EpochTerms terms = {*history.newest(), 1, Digest(), nullptr, v1::EPOCH_REASON_FOUNDED, SampleNow(), {}};
    issued = *IssueEpoch(Founders().orgs[0].self, terms, prekeys, SampleNow());
    epoch = *ReadEpoch(issued.epoch());
  }
  // The body with one change, signed again by `by`.
  v1::SignedBody Bent(const std::function<void(v1::EpochBody&)>& bend, size_t by = 0) const {
    v1::EpochBody body;
    EXPECT_TRUE(body.ParseFromString(issued.epoch().body()));
    bend(body);
    return *SignBody(Founders().orgs[by].self, kEpochType, body.SerializeAsString());
  }
  // Steps 3 to 6, then the terms.
  absl::Status Check(const v1::SignedBody& wire, const Arrival& arrival = {SampleNow()}) const {
    const absl::StatusOr<Epoch> read = ReadEpoch(wire);
    if (!read.ok()) return read.status();
    const absl::Status allowed = CheckEpochIssuer(*read, wire, history, Founders().parties, arrival);
    if (!allowed.ok()) return allowed;
    return CheckEpochTerms(*read, *history.Version(read->membership.version, read->membership.hash), arrival.now);
  }
  Bytes Slot() const { return DeliveryFor(issued, 1)->slot(); }
  absl::Status Open(ByteView slot, absl::Time now = SampleNow()) const {
    return OpenEpochSlot(epoch, Org(1), slot, *member.prekeys, now).status();
  }

  MembershipHistory history = Founders().Founded();
  SampleNode member, issuer;
  v1::EpochSlots issued;
  Epoch epoch;
};
using Bend = std::function<Outcome()>;
Bend Of(std::function<absl::Status(IssuedEpoch&)> bend) {
  return [bend = std::move(bend)]() -> Outcome {
    IssuedEpoch issued;
    return bend(issued);
  };
}
Bend With(std::function<void(v1::EpochBody&)> bend) {
  return Of([bend = std::move(bend)](IssuedEpoch& e) { return e.Check(e.Bent(bend)); });
}
Bend IssuedBy(size_t org) {
  return Of([org](IssuedEpoch& e) {
    return e.Check(e.Bent([org](v1::EpochBody& b) { b.set_issuer(Org(org).str()), b.set_key_id(Founders().orgs[org].self.key_id.str()); }, org));
  });
}

// The shape is read first.
const Damage kShapeRows[] = {
    {0, "NothingBent", kNone, With([](auto&) {})},
    {0, "IssuerShort", kParse, With([](auto& b) { b.set_issuer("x"); })},
    {0, "KeyIdShort", kParse, With([](auto& b) { b.set_key_id("x"); })},
    {0, "GroupIdShort", kParse, With([](auto& b) { b.set_group_id("x"); })},
    {0, "MembershipHashShort", kParse, With([](auto& b) { b.set_membership_hash("x"); })},
    {0, "PreviousCommitShort", kParse, With([](auto& b) { b.set_previous_commit("x"); })},
    {0, "SlotsRootShort", kParse, With([](auto& b) { b.set_slots_root("x"); })},
    {0, "CommitShort", kParse, With([](auto& b) { b.set_epoch_commit("x"); })},
    {0, "NumberZero", kParse, With([](auto& b) { b.set_epoch(0); })},
    {0, "MembershipOfVersionZero", kParse, With([](auto& b) { b.set_membership_version(0); })},
    {0, "NeverBegins", kParse, With([](auto& b) { b.set_not_before_us(0); })},
    {0, "EndsWhenItBegins", kParse, With([](auto& b) { b.set_not_after_us(b.not_before_us()); })},
    {0, "EndsBehind9999", kParse, With([](auto& b) { b.set_not_after_us(kMaxTimeUs + 1); })},
    {0, "NoSlots", kParse, With([](auto& b) { b.set_n_slots(0); })},
    {0, "SlotsOver1000", kParse, With([](auto& b) { b.set_n_slots(1001); })},
    {0, "SlotsOf1000", kNone, Of([](IssuedEpoch& e) { return ReadEpoch(e.Bent([](auto& b) { b.set_n_slots(1000); })).status(); })},
    {0, "GraceOver72Hours", kParse, With([](auto& b) { b.set_grace_s(259'201); })},
    {0, "NoReason", kParse, With([](auto& b) { b.clear_reason(); })},
    {17, "UnknownCriticalField", kParse, With([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(16, 1); })},
    {0, "TooLarge", kLimit, With([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(1024, 'x')); })},
};
const DamageTable kShapeTable("EpochShape", kShapeRows);
TEST(EpochBody, IsSmall) { EXPECT_LE(IssuedEpoch().issued.epoch().body().size(), 290u); }

// A later membership, asked about a day later: only a heartbeat, or without a member.
absl::Status BehindALaterMembership(IssuedEpoch& e, bool heartbeat, bool asked_for) {
  const absl::Time now = SampleNow() + kSampleDay;
  GroupTerms terms = TermsOf(*e.history.newest());
  if (!heartbeat) terms.members.erase(Org(3));
  Founders().Count(e.history, Founders().Sign(*MakeMembership(terms, e.history.newest(), now)), now);
  return e.Check(e.issued.epoch(), {now, std::nullopt, asked_for});
}
const Damage kIssuerRows[] = {
    {0, "ByTheOtherIssuer", kNone, IssuedBy(1)},
    {31, "ByAnAdminWhoIsNoIssuer", kIssuer, IssuedBy(2)},
    {31, "ByAMember", kIssuer, IssuedBy(3)},
    {31, "UnderAnotherMembership", kMemberHash, With([](auto& b) { b.set_membership_hash(Bytes(32, 'x')); })},
    {31, "UnderALaterMembership", kMemberHash, With([](auto& b) { b.set_membership_version(2); })},
    {0, "BehindAHeartbeat", kNone, Of([](IssuedEpoch& e) { return BehindALaterMembership(e, true, false); })},
    {31, "BehindARemoval", kMemberHash, Of([](IssuedEpoch& e) { return BehindALaterMembership(e, false, false); })},
    {0, "BehindARemovalButAskedFor", kNone, Of([](IssuedEpoch& e) { return BehindALaterMembership(e, false, true); })},
    {15, "ByAnUnknownKey", kNoKey, With([](auto& b) { b.set_key_id(Bytes(32, 'x')); })},
    {13, "ByAnAdminKey", kKeyUse, With([](auto& b) {
       b.set_key_id(MakeKeyId(v1::KEY_USAGE_GROUP_ADMIN, Founders().orgs[0].admin().public_key()).str());
     })},
    {15, "FalselySigned", kSignature, Of([](IssuedEpoch& e) {
       v1::SignedBody bent = e.issued.epoch();
       (*bent.mutable_signature())[0] ^= 1;
       return e.Check(bent);
     })},
    {27, "UnderAnExpiredMembership", kFreeze, Of([](IssuedEpoch& e) { return e.Check(e.issued.epoch(), {e.history.newest()->expires()}); })},
    // Its terms are the group's.
    {25, "OfAnotherSuite", kSuite, With([](auto& b) { b.set_suite(2); })},
    {24, "LongerThanTheGroupsLongest", kTime, With([](auto& b) { b.set_not_after_us(b.not_before_us() + absl::ToInt64Microseconds(trust::kEpoch) + 1); })},
    {0, "AsFarAheadAsClocksDiffer", kNone, Of([](IssuedEpoch& e) { return e.Check(e.issued.epoch(), {SampleNow() - kClockSkew}); })},
    {24, "OfTheFuture", kTime, Of([](IssuedEpoch& e) { return e.Check(e.issued.epoch(), {SampleNow() - kClockSkew - absl::Microseconds(1)}); })},
    {0, "OneSlotTooFew", kParse, With([](auto& b) { b.set_n_slots(3); })},
};
const DamageTable kIssuerTable("Epoch", kIssuerRows);

TEST(EpochTerms, UnderRedWhoIsTakenOutGetsNoGrace) {
  const IssuedEpoch issued;
  GroupTerms terms = Founders().Terms();
  terms.ceiling = v1::LABEL_RED;
  const Membership red = *Membership::Read(Founders().First(terms)), green = *issued.history.newest();
  const auto answer = [&](const Membership& membership, v1::EpochReason reason, absl::Duration grace) {
    Epoch epoch = issued.epoch;
    epoch.not_after = epoch.not_before + kStrictEpoch;
    epoch.reason = reason;
    epoch.grace = grace;
    return ReasonOf(CheckEpochTerms(epoch, membership, SampleNow()));
  };
  for (const auto reason : {v1::EPOCH_REASON_LEAVE, v1::EPOCH_REASON_REMOVAL, v1::EPOCH_REASON_COMPROMISE}) {
    EXPECT_EQ(answer(red, reason, absl::Seconds(1)), kParse);
    EXPECT_EQ(answer(red, reason, absl::ZeroDuration()), kNone);
    EXPECT_EQ(answer(green, reason, kEpochGrace), kNone);
  }
  for (const auto reason : {v1::EPOCH_REASON_FOUNDED, v1::EPOCH_REASON_JOIN, v1::EPOCH_REASON_AGE}) EXPECT_EQ(answer(red, reason, kEpochGrace), kNone);
}

// A slot stands at its place under the root: what is delivered to 1, bent.
absl::Status Place(const IssuedEpoch& e, const v1::EpochDelivery& delivery, const OrgId& self) {
  return CheckSlotPlace(e.epoch, *e.history.newest(), self, delivery);
}
Bend Delivered(std::function<void(v1::EpochDelivery&)> bend) {
  return Of([bend = std::move(bend)](IssuedEpoch& e) {
    v1::EpochDelivery delivery = *DeliveryFor(e.issued, 1);
    bend(delivery);
    return Place(e, delivery, Org(1));
  });
}
const Damage kPlaceRows[] = {
    {0, "NothingBent", kNone, Delivered([](auto&) {})},
    {31, "DeliveredToAnother", kSlotProof, Of([](IssuedEpoch& e) { return Place(e, *DeliveryFor(e.issued, 1), Org(2)); })},
    {31, "OfAnother", kSlotProof, Of([](IssuedEpoch& e) { return Place(e, *DeliveryFor(e.issued, 2), Org(1)); })},
    {31, "AnotherIndex", kSlotProof, Delivered([](auto& d) { d.set_index(2); })},
    {31, "SlotBent", kSlotProof, Delivered([](auto& d) { (*d.mutable_slot())[700] ^= 1; })},
    {31, "SlotShort", kSlotProof, Delivered([](auto& d) { d.mutable_slot()->pop_back(); })},
    {31, "PathSwapped", kSlotProof, Delivered([](auto& d) { d.mutable_path()->SwapElements(0, 1); })},
    {31, "PathOfOneLess", kSlotProof, Delivered([](auto& d) { d.mutable_path()->RemoveLast(); })},
    {31, "PathHashShort", kSlotProof, Delivered([](auto& d) { d.mutable_path(0)->pop_back(); })},
    {31, "PathOfOneMore", kSlotProof, Delivered([](auto& d) { d.add_path(Bytes(32, 'x')); })},
    {0, "NoneForWhoIsNoMember", kNone, Of([](IssuedEpoch& e) { return Place(e, v1::EpochDelivery(), OrgId()); })},
    {31, "OneForWhoIsNoMember", kSlotProof, Of([](IssuedEpoch& e) {
       v1::EpochDelivery delivery;
       delivery.set_slot(Bytes(crypto::kSlotSize, '\0'));
       return Place(e, delivery, OrgId());
     })},
};
const DamageTable kPlaceTable("EpochSlotPlace", kPlaceRows);

TEST(EpochSlot, OpensForItsMemberAndHoldsWhatWasAnnounced) {
  const IssuedEpoch e;
  const absl::StatusOr<crypto::EpochSecret> secret = OpenEpochSlot(e.epoch, Org(1), e.Slot(), *e.member.prekeys, SampleNow());
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->Commitment(e.epoch.fields()), e.epoch.commit);
  const absl::Status zeros = e.Open(Bytes(crypto::kSlotSize, '\0'));
  EXPECT_EQ(ReasonOf(zeros), kNoSlot);
  EXPECT_TRUE(std::string(zeros.message()).starts_with("the issuer had no prekey")) << zeros;
}
// The slot of 1 with its epoch bent after it was made.
Bend UnderAnEpoch(void (*bend)(Epoch&)) {
  return Of([bend](IssuedEpoch& e) {
    bend(e.epoch);
    return e.Open(e.Slot());
  });
}
const Damage kSlotRows[] = {
    {0, "OfZeros", kNoSlot, Of([](IssuedEpoch& e) { return e.Open(Bytes(crypto::kSlotSize, '\0')); })},
    {2, "OfAnotherMembersPrekey", kNoSlot, Of([](IssuedEpoch& e) { return e.Open(DeliveryFor(e.issued, 0)->slot()); })},
    {12, "PastThePrekeysGrace", kKeyGone, Of([](IssuedEpoch& e) { return e.Open(e.Slot(), SampleNow() + kPrekeyUse + kPrekeyGrace); })},
    {2, "LastBitFlipped", kUnwrap, Of([](IssuedEpoch& e) {
       Bytes bent = e.Slot();
       test::FlipBit(bent, bent.size() * 8 - 8);
       return e.Open(bent);
     })},
    {11, "LowOrderShare", kKem, Of([](IssuedEpoch& e) { return e.Open(e.Slot().replace(16 + 1088, 32, Bytes(32, '\0'))); })},
    {8, "ForAnotherOrganisation", kUnwrap, Of([](IssuedEpoch& e) {
       return OpenEpochSlot(e.epoch, Org(2), e.Slot(), *e.member.prekeys, SampleNow()).status();
     })},
    {8, "OfAnotherEpoch", kUnwrap, UnderAnEpoch([](Epoch& epoch) { ++epoch.number; })},
    {31, "WithAnotherSecretThanAnnounced", kCommit, UnderAnEpoch([](Epoch& epoch) { epoch.commit.data()[31] ^= 1; })},
};
const DamageTable kSlotTable("EpochSlot", kSlotRows);

// A re-wrap of the secret, from 0 to 1, as `to` takes it.
absl::Status CheckRewrapOf(IssuedEpoch& e, const std::function<void(v1::RewrapBody&)>& bend, size_t by = 0, size_t to = 1,
                           absl::Time now = SampleNow()) {
  const crypto::EpochSecret secret = *OpenEpochSlot(e.epoch, Org(1), e.Slot(), *e.member.prekeys, SampleNow());
  const Membership& newest = *e.history.newest();
  const v1::SignedBody made = *MakeRewrap(Founders().orgs[0].self, e.epoch, secret, newest, newest, e.member.FreshPrekey(SampleNow()), SampleNow());
  v1::RewrapBody body;
  EXPECT_TRUE(body.ParseFromString(made.body()));
  bend(body);
  const v1::SignedBody wire = *SignBody(Founders().orgs[by].self, kRewrapType, body.SerializeAsString());
  const absl::StatusOr<Rewrap> read = ReadRewrap(wire);
  if (!read.ok()) return read.status();
  if (auto s = CheckRewrap(*read, wire, newest, Org(to), Founders().parties, {now}); !s.ok()) return s;
  return e.Open(read->slot);
}
Bend Rewrapped(std::function<void(v1::RewrapBody&)> bend, size_t by = 0, size_t to = 1, absl::Time now = SampleNow()) {
  return Of([=](IssuedEpoch& e) { return CheckRewrapOf(e, bend, by, to, now); });
}
const Damage kRewrapRows[] = {
    {0, "NothingBent", kNone, Rewrapped([](auto&) {})},
    {0, "ForAnother", kAudience, Rewrapped([](auto&) {}, 0, 2)},
    {24, "OfTheFuture", kTime, Rewrapped([](auto&) {}, 0, 1, SampleNow() - kClockSkew - absl::Microseconds(1))},
    {0, "IssuerShort", kParse, Rewrapped([](auto& b) { b.set_issuer("x"); })},
    {0, "KeyIdShort", kParse, Rewrapped([](auto& b) { b.set_key_id("x"); })},
    {0, "GroupIdShort", kParse, Rewrapped([](auto& b) { b.set_group_id("x"); })},
    {0, "EpochIdShort", kParse, Rewrapped([](auto& b) { b.set_epoch_id("x"); })},
    {0, "RecipientShort", kParse, Rewrapped([](auto& b) { b.set_recipient("x"); })},
    {0, "SlotShort", kParse, Rewrapped([](auto& b) { b.set_slot("x"); })},
    {0, "EpochZero", kParse, Rewrapped([](auto& b) { b.set_epoch(0); })},
    {0, "NoTime", kParse, Rewrapped([](auto& b) { b.set_time_us(0); })},
    {17, "UnknownCriticalField", kParse, Rewrapped([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(20, 1); })},
    {0, "TooLarge", kLimit, Rewrapped([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(4096, 'x')); })},
    {31, "ByWhoIsNoIssuer", kIssuer, Rewrapped([](auto& b) { b.set_issuer(Org(2).str()), b.set_key_id(Founders().orgs[2].self.key_id.str()); }, 2)},
    {15, "SignedByAnother", kSignature, Rewrapped([](auto&) {}, 1)},
    {15, "ByAnUnknownKey", kNoKey, Rewrapped([](auto& b) { b.set_key_id(Bytes(32, 'x')); })},
};
const DamageTable kRewrapTable("Rewrap", kRewrapRows);

}  // namespace
}  // namespace entente::trust
