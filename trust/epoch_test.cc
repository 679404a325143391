#include "trust/epoch.h"

#include <gtest/gtest.h>

#include "crypto/slot.h"
#include "tests/vectors/vector_file.h"
#include "trust/epoch_issuer.h"
#include "trust/sample_node.h"

namespace entente::trust {
namespace {

using enum RejectReason;

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
class EpochTest : public testing::Test {
 protected:
  EpochTest() : member_(Founders().orgs[1], Founders().parties), issuer_(Founders().orgs[0], Founders().parties) {
    issued_ = Issue(Terms());
    epoch_ = *ReadEpoch(issued_.epoch());
  }
  EpochTerms Terms() const { return {*history_.newest(), 1, Digest(), nullptr, v1::EPOCH_REASON_FOUNDED, SampleNow(), {}}; }
  v1::EpochSlots Issue(const EpochTerms& terms) {
    const std::vector<Prekey> prekeys = {member_.FreshPrekey(SampleNow()), issuer_.FreshPrekey(SampleNow())};
    return *IssueEpoch(Founders().orgs[0].self, terms, prekeys, SampleNow());
  }
  // The body with one change, signed again by `by`.
  v1::SignedBody Bent(const std::function<void(v1::EpochBody&)>& bend, size_t by = 0) const {
    v1::EpochBody body;
    EXPECT_TRUE(body.ParseFromString(issued_.epoch().body()));
    bend(body);
    return *SignBody(Founders().orgs[by].self, kEpochType, body.SerializeAsString());
  }
  RejectReason Read(const std::function<void(v1::EpochBody&)>& bend) const { return ReasonOf(ReadEpoch(Bent(bend)).status()); }
  // Steps 3 to 6, then the terms.
  RejectReason Check(const v1::SignedBody& wire, const Arrival& arrival = {SampleNow()}) const {
    const absl::StatusOr<Epoch> epoch = ReadEpoch(wire);
    if (!epoch.ok()) return ReasonOf(epoch.status());
    const absl::Status issuer = CheckEpochIssuer(*epoch, wire, history_, Founders().parties, arrival);
    if (!issuer.ok()) return ReasonOf(issuer);
    return ReasonOf(CheckEpochTerms(*epoch, *history_.Version(epoch->membership.version, epoch->membership.hash), arrival.now));
  }
  RejectReason Place(const v1::EpochDelivery& delivery, const OrgId& self) const {
    return ReasonOf(CheckSlotPlace(epoch_, *history_.newest(), self, delivery));
  }
  RejectReason Open(ByteView slot, absl::Time now = SampleNow()) const {
    return ReasonOf(OpenEpochSlot(epoch_, Org(1), slot, *member_.prekeys, now).status());
  }

  MembershipHistory history_ = Founders().Founded();
  SampleNode member_, issuer_;
  v1::EpochSlots issued_;
  Epoch epoch_;
};

TEST_F(EpochTest, TheShapeIsReadFirst) {
  EXPECT_EQ(Read([](auto&) {}), kNone);
  EXPECT_EQ(Read([](auto& b) { b.set_issuer("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_key_id("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_group_id("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_membership_hash("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_previous_commit("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_slots_root("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_epoch_commit("x"); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_epoch(0); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_membership_version(0); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_not_before_us(0); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_not_after_us(b.not_before_us()); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_not_after_us(kMaxTimeUs + 1); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_n_slots(0); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_n_slots(1001); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.set_n_slots(1000); }), kNone);
  EXPECT_EQ(Read([](auto& b) { b.set_grace_s(259'201); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.clear_reason(); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(16, 1); }), kParse);
  EXPECT_EQ(Read([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(1024, 'x')); }), kLimit);
  EXPECT_LE(issued_.epoch().body().size(), 290u);
}

TEST_F(EpochTest, P31_OnlyAnIssuerUnderTheNewestMembershipIssues) {
  EXPECT_EQ(Check(issued_.epoch()), kNone);
  const auto as = [](size_t org) {
    return [org](v1::EpochBody& b) { b.set_issuer(Org(org).str()), b.set_key_id(Founders().orgs[org].self.key_id.str()); };
  };
  EXPECT_EQ(Check(Bent(as(1), 1)), kNone);
  EXPECT_EQ(Check(Bent(as(2), 2)), kIssuer);  // an admin and member
  EXPECT_EQ(Check(Bent([](auto& b) { b.set_membership_hash(Bytes(32, 'x')); })), kMemberHash);
  EXPECT_EQ(Check(Bent([](auto& b) { b.set_membership_version(2); })), kMemberHash);
  EXPECT_EQ(Check(Bent([](auto& b) { b.set_key_id(Bytes(32, 'x')); })), kNoKey);
  const KeyId admin = MakeKeyId(v1::KEY_USAGE_GROUP_ADMIN, Founders().orgs[0].admin().public_key());
  EXPECT_EQ(Check(Bent([&](auto& b) { b.set_key_id(admin.str()); })), kKeyUse);
  v1::SignedBody bent = issued_.epoch();
  (*bent.mutable_signature())[0] ^= 1;
  EXPECT_EQ(Check(bent), kSignature);
  EXPECT_EQ(Check(issued_.epoch(), {history_.newest()->expires()}), kFreeze);
}

TEST_F(EpochTest, P31_ALaterMembershipEndsItUnlessItWasAskedFor) {
  const GroupTerms terms = TermsOf(*history_.newest());
  Founders().Count(history_, Founders().Sign(*MakeMembership(terms, history_.newest(), SampleNow() + kSampleDay)), SampleNow() + kSampleDay);
  const absl::Time now = SampleNow() + kSampleDay;
  EXPECT_EQ(Check(issued_.epoch(), {now}), kNone);  // only a heartbeat
  GroupTerms without = terms;
  without.members.erase(Org(3));
  Founders().Count(history_, Founders().Sign(*MakeMembership(without, history_.newest(), now)), now);
  EXPECT_EQ(Check(issued_.epoch(), {now}), kMemberHash);
  EXPECT_EQ(Check(issued_.epoch(), {now, std::nullopt, true}), kNone);
}

TEST_F(EpochTest, ItsTermsAreTheGroups) {
  const auto week = absl::ToInt64Microseconds(trust::kEpoch);
  EXPECT_EQ(Check(Bent([](auto& b) { b.set_suite(2); })), kSuite);
  EXPECT_EQ(Check(Bent([=](auto& b) { b.set_not_after_us(b.not_before_us() + week + 1); })), kTime);
  EXPECT_EQ(Check(issued_.epoch(), {SampleNow() - kClockSkew}), kNone);
  EXPECT_EQ(Check(issued_.epoch(), {SampleNow() - kClockSkew - absl::Microseconds(1)}), kTime);
  EXPECT_EQ(Check(Bent([](auto& b) { b.set_n_slots(3); })), kParse);
}

TEST_F(EpochTest, UnderRedWhoIsTakenOutGetsNoGrace) {
  GroupTerms terms = Founders().Terms();
  terms.ceiling = v1::LABEL_RED;
  const Membership red = *Membership::Read(Founders().First(terms)), green = *history_.newest();
  const auto answer = [&](const Membership& membership, v1::EpochReason reason, absl::Duration grace) {
    Epoch epoch = epoch_;
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

TEST_F(EpochTest, P31_ASlotStandsAtItsPlaceUnderTheRoot) {
  const v1::EpochDelivery good = *DeliveryFor(issued_, 1);
  EXPECT_EQ(Place(good, Org(1)), kNone);
  EXPECT_EQ(Place(good, Org(2)), kSlotProof);
  EXPECT_EQ(Place(*DeliveryFor(issued_, 2), Org(1)), kSlotProof);
  const auto bent = [&](const std::function<void(v1::EpochDelivery&)>& bend) {
    v1::EpochDelivery delivery = good;
    bend(delivery);
    return Place(delivery, Org(1));
  };
  EXPECT_EQ(bent([](auto& d) { d.set_index(2); }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { (*d.mutable_slot())[700] ^= 1; }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { d.mutable_slot()->pop_back(); }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { d.mutable_path()->SwapElements(0, 1); }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { d.mutable_path()->RemoveLast(); }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { d.mutable_path(0)->pop_back(); }), kSlotProof);
  EXPECT_EQ(bent([](auto& d) { d.add_path(Bytes(32, 'x')); }), kSlotProof);
  v1::EpochDelivery none;
  EXPECT_EQ(Place(none, OrgId()), kNone);  // no member
  none.set_slot(Bytes(crypto::kSlotSize, '\0'));
  EXPECT_EQ(Place(none, OrgId()), kSlotProof);
}

TEST_F(EpochTest, P31_ASlotOpensForItsMemberAndHoldsWhatWasAnnounced) {
  const Bytes slot = DeliveryFor(issued_, 1)->slot();
  const absl::StatusOr<crypto::EpochSecret> secret = OpenEpochSlot(epoch_, Org(1), slot, *member_.prekeys, SampleNow());
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->Commitment(epoch_.fields()), epoch_.commit);
  const absl::Status zeros = OpenEpochSlot(epoch_, Org(1), Bytes(crypto::kSlotSize, '\0'), *member_.prekeys, SampleNow()).status();
  EXPECT_EQ(ReasonOf(zeros), kNoSlot);
  EXPECT_TRUE(std::string(zeros.message()).starts_with("the issuer had no prekey")) << zeros;
  EXPECT_EQ(Open(DeliveryFor(issued_, 0)->slot()), kNoSlot);  // another member's prekey
  EXPECT_EQ(Open(slot, SampleNow() + kPrekeyUse + kPrekeyGrace), kKeyGone);
  Bytes bent = slot;
  bent.back() = static_cast<char>(bent.back() ^ 1);
  EXPECT_EQ(Open(bent), kUnwrap);
  bent = slot;
  bent.replace(16 + 1088, 32, Bytes(32, '\0'));  // the X25519 share: of low order
  EXPECT_EQ(Open(bent), kKem);
  // The same slot for another organisation or epoch.
  EXPECT_EQ(ReasonOf(OpenEpochSlot(epoch_, Org(2), slot, *member_.prekeys, SampleNow()).status()), kUnwrap);
  Epoch other = epoch_;
  ++other.number;
  EXPECT_EQ(ReasonOf(OpenEpochSlot(other, Org(1), slot, *member_.prekeys, SampleNow()).status()), kUnwrap);
  other = epoch_;
  other.commit.data()[31] ^= 1;
  EXPECT_EQ(ReasonOf(OpenEpochSlot(other, Org(1), slot, *member_.prekeys, SampleNow()).status()), kCommit);
}

TEST_F(EpochTest, ARewrapIsForItsRecipientFromAnIssuer) {
  const crypto::EpochSecret secret = *OpenEpochSlot(epoch_, Org(1), DeliveryFor(issued_, 1)->slot(), *member_.prekeys, SampleNow());
  const Prekey prekey = member_.FreshPrekey(SampleNow());
  const Membership& newest = *history_.newest();
  const v1::SignedBody wire = *MakeRewrap(Founders().orgs[0].self, epoch_, secret, newest, newest, prekey, SampleNow());
  const auto check = [&](const v1::SignedBody& rewrap, const OrgId& self, absl::Time now = SampleNow()) {
    const absl::StatusOr<Rewrap> read = ReadRewrap(rewrap);
    return ReasonOf(read.ok() ? CheckRewrap(*read, rewrap, newest, self, Founders().parties, {now}) : read.status());
  };
  const auto bent = [&](const std::function<void(v1::RewrapBody&)>& bend, size_t by = 0) {
    v1::RewrapBody body;
    EXPECT_TRUE(body.ParseFromString(wire.body()));
    bend(body);
    return check(*SignBody(Founders().orgs[by].self, kRewrapType, body.SerializeAsString()), Org(1));
  };
  EXPECT_EQ(check(wire, Org(1)), kNone);
  EXPECT_EQ(Open(ReadRewrap(wire)->slot), kNone);
  EXPECT_EQ(check(wire, Org(2)), kAudience);
  EXPECT_EQ(check(wire, Org(1), SampleNow() - kClockSkew - absl::Microseconds(1)), kTime);
  for (const auto clear : {+[](v1::RewrapBody& b) { b.set_issuer("x"); }, +[](v1::RewrapBody& b) { b.set_key_id("x"); },
                           +[](v1::RewrapBody& b) { b.set_group_id("x"); }, +[](v1::RewrapBody& b) { b.set_epoch_id("x"); },
                           +[](v1::RewrapBody& b) { b.set_recipient("x"); }, +[](v1::RewrapBody& b) { b.set_slot("x"); },
                           +[](v1::RewrapBody& b) { b.set_epoch(0); }, +[](v1::RewrapBody& b) { b.set_time_us(0); },
                           +[](v1::RewrapBody& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(20, 1); }}) {
    EXPECT_EQ(bent(clear), kParse);
  }
  EXPECT_EQ(bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(4096, 'x')); }), kLimit);
  EXPECT_EQ(bent([](auto& b) { b.set_issuer(Org(2).str()), b.set_key_id(Founders().orgs[2].self.key_id.str()); }, 2), kIssuer);
  EXPECT_EQ(bent([](auto&) {}, 1), kSignature);
  EXPECT_EQ(bent([](auto& b) { b.set_key_id(Bytes(32, 'x')); }), kNoKey);
}

}  // namespace
}  // namespace entente::trust
