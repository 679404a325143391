// Publishing to a group: whom it is signed to, what goes out once for all members, and what goes to each.
#include <gtest/gtest.h>

#include "envelope/header.h"
#include "exchange/testing/group_nodes.h"

namespace entente::exchange {
namespace {

using enum RejectReason;
using model::Label;
using testing::DeliverAll;
using testing::GroupNodes;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;

class GroupPublishTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (TestNode* one : n_.all) {
      one->Accept(late_);
      late_.Accept(*one);
    }
    HearLate();
    const absl::Status founded = n_.Found();
    ASSERT_TRUE(founded.ok()) << founded;
    terms_.constraints.sg_id = n_.group.str();
  }
  void HearLate() {
    for (TestNode* one : n_.all) {
      GroupNodes::Hear(*one, late_);
      GroupNodes::Hear(late_, *one);
    }
  }
  void Forward(absl::Duration by) {
    late_.clock.now += by;
    ASSERT_TRUE(late_.prekeys->Rotate(late_.clock.now).ok());
    n_.Forward(by);
    HearLate();
  }
  v1::PublishProgress Publish(int n, Label label = Label::kGreen) {
    return n_.norlandia.Publish({Indicator(std::to_string(n), "a.example", label)}, terms_);
  }
  // The next envelope for `to`; empty where there is none.
  static Bytes Next(Delivery& delivery, const TestNode& to) {
    const auto next = delivery.Next(to.OfferedPrekey());
    EXPECT_TRUE(next.ok()) << next.status();
    if (!next.ok() || !next->has_value()) return Bytes();
    position_ = (*next)->position;
    return (*next)->envelope;
  }
  static bool OfGroup(const Bytes& envelope) {
    return envelope::ParseFrame(envelope)->header.mode == envelope::kGroupMode;
  }
  // The next version, in force here: with these members.
  void Change(const trust::GroupTerms& terms) {
    Forward(absl::Hours(1));
    const auto change = n_.norlandia.groups->Propose(n_.group, terms);
    ASSERT_TRUE(change.ok() && change->counts) << change.status();
    ASSERT_TRUE(n_.norlandia.groups->DoDuties().ok());
  }
  trust::GroupTerms Terms() const { return trust::TermsOf(*n_.norlandia.group_directory->Newest(n_.group)); }
  bool Has(const TestNode& node, int n) const { return node.reading->Get(IdOf(std::to_string(n)), "").ok(); }
  void ExpectClean() {
    for (TestNode* one : n_.all) EXPECT_EQ(one->journal->Fsck(false)->problems, std::vector<std::string>());
  }

  inline static uint64_t position_ = 0;
  GroupNodes n_;
  TestNode late_{"cert.late", "XL"};
  PublishTerms terms_;
};

TEST_F(GroupPublishTest, OneCiphertextReachesEveryMemberAndNobodyElse) {
  const auto progress = Publish(1);
  EXPECT_EQ(progress.published(), 1u);
  EXPECT_EQ(progress.permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(progress.permitted().at("volt"), 1u);
  EXPECT_EQ(progress.withheld().at("cert.late"), 1u);
  Delivery to_estovia(n_.norlandia.room(), n_.estovia.org()), to_volt(n_.norlandia.room(), n_.volt.org());
  const Bytes first = Next(to_estovia, n_.estovia), second = Next(to_volt, n_.volt);
  EXPECT_EQ(first, second);
  EXPECT_TRUE(OfGroup(first));
  EXPECT_TRUE(n_.estovia.Admit(n_.norlandia.org(), first).ok());
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), second).ok());
  EXPECT_TRUE(Has(n_.estovia, 1) && Has(n_.volt, 1));
  EXPECT_EQ(DeliverAll(n_.norlandia, late_), 0u);
  EXPECT_EQ(ReasonOf(late_.Admit(n_.norlandia.org(), first)), kEpoch);
  EXPECT_EQ(n_.norlandia.reading->Explain(IdOf("1"), "cert.late")->reason(), "SG");
  EXPECT_EQ(n_.norlandia.reading->Explain(IdOf("1"), "volt")->reason(), "same_sg");
  ExpectClean();
}

TEST_F(GroupPublishTest, TheSameMemberNeverGetsTheSameBytesAgain) {
  Publish(1);
  const auto take = [&](TestNode& to) {
    Delivery delivery(n_.norlandia.room(), to.org());
    return Next(delivery, to);
  };
  const Bytes first = take(n_.volt), again = take(n_.volt);
  EXPECT_NE(first, again);
  EXPECT_TRUE(OfGroup(again));
  EXPECT_EQ(take(n_.estovia), first);
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), first).ok());
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), again).ok());  // a duplicate, no replay
}

TEST_F(GroupPublishTest, WhatOneMemberMayNotHaveIsSignedToNone) {
  n_.norlandia.Accept(n_.volt, Label::kClear);
  const auto progress = Publish(1);
  EXPECT_EQ(progress.published(), 0u);
  ASSERT_EQ(progress.notable_size(), 1);
  EXPECT_NE(progress.notable(0).detail().find("volt, a member of the group, may not have it"), std::string::npos)
      << progress.notable(0).detail();
  EXPECT_EQ(DeliverAll(n_.norlandia, n_.estovia), 0u);
  n_.norlandia.Accept(n_.volt, Label::kGreen);
  EXPECT_EQ(Publish(1).published(), 1u);
}

TEST_F(GroupPublishTest, AMemberThatIsNotOnFileKeepsItFromAll) {
  TestNode stranger("stranger");
  trust::GroupTerms terms = Terms();
  terms.members[stranger.org()] = 1;
  Change(terms);
  const auto progress = Publish(1);
  EXPECT_EQ(progress.rejected(), 1u);
  EXPECT_EQ(progress.notable(0).reason(), "E_PARTY");
}

TEST_F(GroupPublishTest, TheGroupsCeilingHolds) {
  trust::GroupTerms terms = Terms();
  terms.ceiling = v1::LABEL_GREEN;
  Change(terms);
  EXPECT_EQ(Publish(1, Label::kAmber).notable(0).reason(), "E_AUDIENCE");
  EXPECT_EQ(Publish(2, Label::kGreen).published(), 1u);
}

TEST_F(GroupPublishTest, P30WhoComesInGetsNothingOfBeforeAndTheOthersTheirOwnEnvelopes) {
  Publish(1);
  trust::GroupTerms terms = Terms();
  terms.members[late_.org()] = 1;
  Change(terms);
  for (TestNode* member : {&n_.estovia, &n_.volt, &late_}) ASSERT_TRUE(n_.Pass(n_.norlandia, *member).ok());
  EXPECT_EQ(DeliverAll(n_.norlandia, late_), 0u);
  Delivery delivery(n_.norlandia.room(), n_.volt.org());
  const Bytes envelope = Next(delivery, n_.volt);
  EXPECT_FALSE(OfGroup(envelope));  // the newcomer has the epoch
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), envelope).ok());
  delivery.Acknowledge(position_, false, std::nullopt);

  EXPECT_EQ(Publish(1).published(), 1u);  // again, now that somebody new is in
  const Bytes next = Next(delivery, n_.volt);
  EXPECT_TRUE(OfGroup(next));
  EXPECT_TRUE(late_.Admit(n_.norlandia.org(), next).ok());
  EXPECT_TRUE(Has(late_, 1));
  EXPECT_EQ(late_.counters.Peer(n_.norlandia.org()).sequence_gaps.load(), 0u);  // a stream of its own
  EXPECT_EQ(Publish(1).unchanged(), 1u);
}

TEST_F(GroupPublishTest, P29WhoIsTakenOutGetsNothingThatWaitedForIt) {
  Publish(1);
  trust::GroupTerms terms = Terms();
  terms.members.erase(n_.volt.org());
  Change(terms);
  EXPECT_EQ(DeliverAll(n_.norlandia, n_.volt), 0u);
  EXPECT_EQ(n_.norlandia.journal->Cursor(n_.volt.org())->refused, 1u);
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  EXPECT_EQ(DeliverAll(n_.norlandia, n_.estovia), 1u);
  EXPECT_TRUE(Has(n_.estovia, 1));
  EXPECT_EQ(n_.norlandia.reading->Explain(IdOf("1"), "volt")->reason(), "SG");
}

// Whether who left was given a slot, its issuer alone knows: the others get envelopes of their own until it is taken
// out.
TEST_F(GroupPublishTest, WhoLeftGetsNothingAndTheOthersGoOn) {
  Forward(absl::Hours(1));
  ASSERT_TRUE(n_.volt.groups->Leave(n_.group).ok());
  ASSERT_TRUE(n_.Pass(n_.volt, n_.norlandia).ok());
  ASSERT_TRUE(n_.norlandia.groups->DoDuties().ok());
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.estovia).ok());
  EXPECT_EQ(Publish(1).published(), 1u);
  EXPECT_EQ(DeliverAll(n_.norlandia, n_.volt), 0u);
  Delivery delivery(n_.norlandia.room(), n_.estovia.org());
  const Bytes envelope = Next(delivery, n_.estovia);
  EXPECT_FALSE(OfGroup(envelope));
  EXPECT_TRUE(n_.estovia.Admit(n_.norlandia.org(), envelope).ok());
  EXPECT_EQ(ReasonOf(n_.volt.Admit(n_.norlandia.org(), envelope)), kNoSlot);
}

TEST_F(GroupPublishTest, WhoLacksTheEpochGetsAnEnvelopeOfItsOwn) {
  Forward(absl::Hours(1));
  ASSERT_TRUE(n_.norlandia.groups->Rotate(n_.group, v1::EPOCH_REASON_COMPROMISE).ok());
  Forward(absl::Hours(1));
  ASSERT_EQ(n_.Epoch(n_.norlandia), 2u);
  Publish(1);
  Delivery delivery(n_.norlandia.room(), n_.volt.org());
  const Bytes first = Next(delivery, n_.volt);
  EXPECT_TRUE(OfGroup(first));
  EXPECT_EQ(ReasonOf(n_.volt.Admit(n_.norlandia.org(), first)), kEpoch);
  delivery.Acknowledge(position_, /*refused=*/true, std::nullopt);
  const Bytes second = Next(delivery, n_.volt);
  EXPECT_FALSE(OfGroup(second));
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), second).ok());
}

TEST_F(GroupPublishTest, WhatWaitsForARenewedDocumentIsNotLost) {
  Publish(1);
  Forward(absl::Hours(24 * 8));  // nobody renewed the document
  Delivery delivery(n_.norlandia.room(), n_.volt.org());
  EXPECT_EQ(Next(delivery, n_.volt), Bytes());
  EXPECT_EQ(n_.norlandia.journal->Cursor(n_.volt.org())->refused, 0u);
  EXPECT_EQ(n_.norlandia.journal->Cursor(n_.volt.org())->held, 0u);  // its write is on the way
  ASSERT_TRUE(n_.norlandia.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }).ok());
  EXPECT_EQ(n_.norlandia.journal->Cursor(n_.volt.org())->held, 1u);
  EXPECT_EQ(Publish(2).notable(0).reason(), "SG");
  const auto renewed = n_.norlandia.groups->Propose(n_.group, Terms());
  ASSERT_TRUE(renewed.ok() && renewed->counts) << renewed.status();
  Forward(absl::Hours(1));
  ASSERT_TRUE(n_.norlandia.groups->DoDuties().ok());
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.volt).ok());
  const Bytes envelope = Next(delivery, n_.volt);
  ASSERT_NE(envelope, Bytes());
  EXPECT_TRUE(n_.volt.Admit(n_.norlandia.org(), envelope).ok());
  EXPECT_TRUE(Has(n_.volt, 1));
}

TEST_F(GroupPublishTest, WhatWasHeldGoesInAnEnvelopeOfItsOwn) {
  Publish(1);
  Forward(absl::Hours(24 * 8));
  Delivery delivery(n_.norlandia.room(), n_.volt.org());
  EXPECT_EQ(Next(delivery, n_.volt), Bytes());
  ASSERT_TRUE(n_.norlandia.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }).ok());
  ASSERT_TRUE(n_.norlandia.groups->Propose(n_.group, Terms())->counts);
  Forward(absl::Hours(1));
  ASSERT_TRUE(n_.norlandia.groups->DoDuties().ok());
  const Bytes envelope = Next(delivery, n_.volt);
  ASSERT_NE(envelope, Bytes());
  EXPECT_FALSE(OfGroup(envelope));
}

TEST_F(GroupPublishTest, WhatIsKeptForAMemberIsAskedAboutAgainForEachOther) {
  Publish(1);
  Delivery to_estovia(n_.norlandia.room(), n_.estovia.org()), to_volt(n_.norlandia.room(), n_.volt.org());
  EXPECT_TRUE(OfGroup(Next(to_estovia, n_.estovia)));
  n_.norlandia.Accept(n_.estovia, Label::kClear);  // from here on it may not have it
  EXPECT_FALSE(OfGroup(Next(to_volt, n_.volt)));
}

TEST_F(GroupPublishTest, WhatWasForOthersIsNotCalledUnchanged) {
  PublishTerms alone;
  alone.constraints.addressees = {late_.org()};
  EXPECT_EQ(n_.norlandia.Publish({Indicator("1", "a.example", Label::kGreen)}, alone).published(), 1u);
  const auto progress = Publish(1);
  ASSERT_EQ(progress.notable_size(), 1);
  EXPECT_EQ(progress.notable(0).reason(), "LABEL_LOWERED");
}

TEST_F(GroupPublishTest, ARenewedDocumentGoesOnInTheSameStream) {
  Publish(1);
  Change(Terms());
  ASSERT_TRUE(n_.Pass(n_.norlandia, n_.volt).ok());
  Publish(2);
  EXPECT_EQ(DeliverAll(n_.norlandia, n_.volt), 2u);
  v1::StatementBody one, two;
  ASSERT_TRUE(one.ParseFromString(n_.volt.reading->Prove(IdOf("1"), "")->statement().body()));
  ASSERT_TRUE(two.ParseFromString(n_.volt.reading->Prove(IdOf("2"), "")->statement().body()));
  EXPECT_EQ(two.sequence(), 2u);
  EXPECT_EQ(two.stream_id(), one.stream_id());
  EXPECT_EQ(two.group().membership_version(), one.group().membership_version() + 1);
}

TEST_F(GroupPublishTest, TermsNameTheGroup) {
  v1::PublishOptions options;
  options.set_group("energy");
  EXPECT_EQ(n_.norlandia.publication->Terms(options)->constraints.sg_id, n_.group.view());
  EXPECT_EQ(ReasonOf(late_.publication->Terms(options).status()), kNotFound);
  options.add_to("volt");
  EXPECT_EQ(ReasonOf(n_.norlandia.publication->Terms(options).status()), kUsage);
  options.clear_to();
  options.mutable_constraints()->set_sg_id(n_.group.str());
  EXPECT_EQ(ReasonOf(n_.norlandia.publication->Terms(options).status()), kUsage);
  options.clear_constraints();
  Forward(absl::Hours(24 * 8));
  EXPECT_EQ(ReasonOf(n_.norlandia.publication->Terms(options).status()), kFreeze);
}

TEST(GroupEnvelopes, KeepsAWhileAndWithinItsBound) {
  GroupEnvelopes kept;
  const OrgId a = *OrgId::From(Bytes(32, 'a')), b = *OrgId::From(Bytes(32, 'b'));
  int sealed = 0;
  absl::Time now = absl::FromUnixSeconds(1'790'000'000);
  const auto get = [&](const OrgId& org, uint64_t entry, size_t size) {
    return *kept.For({RouteTag(), {entry}}, org, now,
                     [&]() -> absl::StatusOr<Bytes> { return Bytes(size, static_cast<char>('0' + ++sealed)); });
  };
  EXPECT_EQ(get(a, 1, 10), get(b, 1, 10));
  EXPECT_EQ(sealed, 1);
  now += GroupEnvelopes::kKept;
  get(*OrgId::From(Bytes(32, 'c')), 1, 10);
  EXPECT_EQ(sealed, 2);
  get(a, 2, GroupEnvelopes::kMaxKeptBytes);  // pushes the other out
  get(b, 1, 10);
  EXPECT_EQ(sealed, 4);
  get(b, 2, 10);  // and was pushed out by it
  EXPECT_EQ(sealed, 5);
  EXPECT_EQ(
      ReasonOf(kept.For({RouteTag(), {9}}, a, now, [] { return Reject(kHsm, "the token does not sign"); }).status()),
      kHsm);
}

}  // namespace
}  // namespace entente::exchange
