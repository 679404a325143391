#include "exchange/testing/delivery_test.h"
#include "model/timestamp.h"

// What waits for a time.
namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::DeliveryTest;
using testing::IdOf;
using testing::Indicator;

class Embargo : public DeliveryTest {
 protected:
  Embargo() {
    terms_.constraints.embargo_until = end_;
    terms_.constraints.post_embargo_label = Label::kGreen;
  }
  const absl::Time end_ = norlandia_.clock.now + absl::Hours(3);
  PublishTerms terms_;
};

TEST_F(Embargo, WhatWasWithheldIsSentWhenTheEmbargoEnds) {
  const auto progress = norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, terms_);
  EXPECT_EQ(progress.withheld().at("cert.estovia"), 1u);
  EXPECT_EQ(progress.permitted().at("cert.estovia"), 0u);
  Publish(2, 1);
  Delivery delivery(norlandia_.room(), estovia_.org());
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);  // the other one is not kept waiting
  EXPECT_EQ(delivery.Due(), end_ + kEmbargoMargin);
  EXPECT_EQ(Lag(), 0u);
  EXPECT_EQ(Cursor().embargoed, 1u);
  const v1::ExplainReply before = Explain(1);
  EXPECT_EQ(before.decision(), "deny");
  EXPECT_FALSE(before.delivered());
  EXPECT_NE(before.recorded().find("sent by itself at " + model::FormatTimestamp(end_ + kEmbargoMargin)),
            std::string::npos)
      << before.recorded();
  Forward(absl::Hours(3) + kEmbargoMargin);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
  EXPECT_EQ(estovia_.journal->Count().quarantined, 0u);
  EXPECT_EQ(Cursor().embargoed, 0u);
  EXPECT_TRUE(Explain(1).delivered());
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, terms_).unchanged(), 1u);
  ExpectClean();
}

TEST_F(Embargo, WhatWasGivenUpAtItsEndIsSentWhenPublishedAgain) {
  Publish(1, 1, terms_);
  Forward(absl::Hours(4));
  Delivery delivery(norlandia_.room(), estovia_.org());
  norlandia_.Accept(estovia_, Label::kClear);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(Cursor().refused, 1u);
  norlandia_.Accept(estovia_);
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, terms_).permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
}

TEST_F(Embargo, ItEndsWhileAStatementIsValid) {
  v1::PublishOptions options;
  const auto until = [&](absl::Duration after) {
    options.mutable_constraints()->set_embargo_until_us(absl::ToUnixMicros(norlandia_.clock.now + after));
    return ReasonOf(norlandia_.publication->Terms(options).status());
  };
  EXPECT_EQ(until(kLongestEmbargo), RejectReason::kNone);
  EXPECT_EQ(until(kLongestEmbargo + absl::Seconds(1)), RejectReason::kUsage);
}

TEST_F(Embargo, ItIsSentBySessionsThatBeginLater) {
  Publish(1, 300, terms_);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
  Forward(absl::Hours(4));
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 2u);
  EXPECT_EQ(estovia_.journal->Count().objects, 300u);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
}

TEST_F(Embargo, AnEarlierEndIsKeptAfterTheClockRanAheadAndWasSetBack) {
  Publish(1, 1, terms_);
  Delivery delivery(norlandia_.room(), estovia_.org());
  norlandia_.clock.now += absl::Hours(4);
  const auto early = delivery.Next(estovia_.OfferedPrekey());
  ASSERT_TRUE(early.ok() && early->has_value());
  delivery.Acknowledge((*early)->position, /*refused=*/false, std::nullopt);
  norlandia_.clock.now -= absl::Hours(4);
  terms_.constraints.embargo_until = norlandia_.clock.now + absl::Hours(1);
  Publish(2, 1, terms_);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 0u);
  EXPECT_EQ(delivery.Due(), terms_.constraints.embargo_until + kEmbargoMargin);
  Forward(absl::Hours(1) + kEmbargoMargin);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  EXPECT_EQ(Cursor().embargoed, 0u);
}

TEST_F(Embargo, PolicyIsAskedAgainAtItsEnd) {
  Publish(1, 1, terms_);
  norlandia_.Accept(estovia_, Label::kClear);
  Forward(absl::Hours(4));
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
  EXPECT_EQ(Cursor().embargoed, 0u);
  EXPECT_EQ(Cursor().refused, 1u);
}

TEST_F(Embargo, ANamedPartyGetsItBeforeItsEnd) {
  Publish(1, 1, terms_);
  terms_.constraints.addressees = {estovia_.org()};
  Publish(1, 1, terms_);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  Forward(absl::Hours(4));
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(estovia_.journal->Count().versions, 1u);
}

TEST_F(Embargo, WhatIsRefusedAtItsEndIsHeld) {
  Publish(1, 3, terms_);
  Forward(absl::Hours(4));
  Delivery delivery(norlandia_.room(), estovia_.org());
  Run(delivery, {IdOf("2")});
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
  EXPECT_EQ(Cursor().embargoed, 0u);
  EXPECT_EQ(Cursor().held, 1u);
  EXPECT_EQ(Lag(), 1u);
  Forward(RefusalPace::kLongestWait);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(Lag(), 0u);
  ExpectClean();
}

}  // namespace
}  // namespace entente::exchange
