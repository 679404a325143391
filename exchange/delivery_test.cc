#include "exchange/testing/delivery_test.h"

#include <future>

// What a peer refuses, what could not be written.
namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::DeliveryTest;
using testing::IdOf;
using testing::Indicator;

TEST_F(DeliveryTest, OneRefusedObjectIsHeldAndEverythingElseArrives) {
  Publish(0, 300);
  Delivery delivery(norlandia_.room(), estovia_.org());
  const int refused = Run(delivery, {IdOf("77")});
  EXPECT_LE(refused, kMaxAttempts + 8);
  EXPECT_EQ(estovia_.journal->Count().objects, 299u);
  EXPECT_EQ(Cursor().held, 1u);
  EXPECT_EQ(Cursor().refused, 0u);
  EXPECT_EQ(Lag(), 1u);
  EXPECT_FALSE(Explain(77).delivered());
  EXPECT_NE(Explain(77).recorded().find("not delivered: refused by the peer since"), std::string::npos);
  EXPECT_TRUE(Explain(78).delivered());
  Publish(300, 1);
  EXPECT_EQ(Run(delivery, {IdOf("77")}), 0);  // not before its time
  EXPECT_EQ(estovia_.journal->Count().objects, 300u);
  ExpectClean();
}

TEST_F(DeliveryTest, WhatWasRefusedIsTriedAgainWithGrowingPauses) {
  const auto pace = std::make_shared<RefusalPace>();
  Publish(1, 1);
  {
    Delivery delivery(norlandia_.room(), estovia_.org(), pace);
    EXPECT_EQ(RunRefusingAll(delivery), kMaxAttempts);
    EXPECT_EQ(delivery.Due(), norlandia_.clock.now + RefusalPace::kFirstWait);
  }
  Delivery delivery(norlandia_.room(), estovia_.org(), pace);
  EXPECT_EQ(RunRefusingAll(delivery), 0);  // a new session changes nothing
  Forward(RefusalPace::kFirstWait);
  EXPECT_EQ(RunRefusingAll(delivery), 1);
  Forward(RefusalPace::kFirstWait);
  EXPECT_EQ(RunRefusingAll(delivery), 0);
  Forward(RefusalPace::kFirstWait);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  EXPECT_EQ(Cursor().held, 0u);
  EXPECT_EQ(Lag(), 0u);
  EXPECT_TRUE(Explain(1).delivered());
  ExpectClean();
}

TEST_F(DeliveryTest, AfterARestartWhatWasRefusedIsTriedAtOnce) {
  Publish(1, 1);
  {
    Delivery delivery(norlandia_.room(), estovia_.org());
    RunRefusingAll(delivery);
  }
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u);
  EXPECT_EQ(Lag(), 0u);
}

TEST_F(DeliveryTest, APeerThatRefusesEverythingCostsABoundedNumberOfSealsARound) {
  Publish(0, 300);
  const auto pace = std::make_shared<RefusalPace>();
  for (int session = 0; session < 3; ++session) {
    Delivery delivery(norlandia_.room(), estovia_.org(), pace);
    EXPECT_EQ(RunRefusingAll(delivery), session == 0 ? RefusalPace::kRefusalsPerRound : 0);
    EXPECT_TRUE(pace->Spent());
  }
  EXPECT_EQ(Lag(), 300u);
  Delivery delivery(norlandia_.room(), estovia_.org(), pace);
  Forward(RefusalPace::kFirstWait);
  EXPECT_LE(RunRefusingAll(delivery), RefusalPace::kRefusalsPerRound);
  EXPECT_EQ(delivery.Due(), norlandia_.clock.now + 2 * RefusalPace::kFirstWait);
  for (int round = 0; round < 9; ++round) {
    Forward(RefusalPace::kLongestWait);
    EXPECT_LE(RunRefusingAll(delivery), RefusalPace::kRefusalsPerRound);
  }
  Forward(RefusalPace::kLongestWait);
  EXPECT_EQ(Run(delivery, {}), 0);  // its operator put it right: all of it arrives at once
  EXPECT_EQ(estovia_.journal->Count().objects, 300u);
  EXPECT_EQ(Lag(), 0u);
  ExpectClean();
}

TEST_F(DeliveryTest, ARefusedObjectIsGivenUpAfterThirtyDaysAndCounted) {
  Publish(1, 1);
  Delivery delivery(norlandia_.room(), estovia_.org());
  RunRefusingAll(delivery);
  Forward(kRefusedUntilGivenUp - absl::Hours(1));
  EXPECT_EQ(RunRefusingAll(delivery), 1);
  EXPECT_EQ(Cursor().held, 1u);
  Forward(absl::Hours(2));
  EXPECT_EQ(RunRefusingAll(delivery), 1);
  EXPECT_EQ(Cursor().held, 0u);
  EXPECT_EQ(Cursor().refused, 1u);
  EXPECT_EQ(Lag(), 0u);
  EXPECT_FALSE(Explain(1).delivered());
  Publish(1, 1);  // the operator's remedy
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
}

TEST_F(DeliveryTest, PublishingAgainReplacesWhatIsHeld) {
  Publish(1, 1);
  Delivery delivery(norlandia_.room(), estovia_.org());
  RunRefusingAll(delivery);
  Publish(1, 1);
  EXPECT_EQ(Cursor().held, 0u);
  EXPECT_EQ(Lag(), 1u);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_TRUE(Explain(1).delivered());
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}).unchanged(), 1u);
  ExpectClean();
}

TEST_F(DeliveryTest, ACursorThatCouldNotBeWrittenIsWrittenLater) {
  Publish(1, 2);
  Delivery delivery(norlandia_.room(), estovia_.org());
  const auto next = delivery.Next(estovia_.OfferedPrekey());
  ASSERT_TRUE(next.ok() && next->has_value());
  ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*next)->envelope).ok());
  const std::filesystem::path store = norlandia_.folder / "store", away = norlandia_.folder / "away";
  std::filesystem::rename(store, away);  // intake refuses while it cannot see how full the disk is
  delivery.Acknowledge((*next)->position, /*refused=*/false, std::nullopt);
  ASSERT_FALSE(norlandia_.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }).ok());
  EXPECT_EQ(Lag(), 2u);
  EXPECT_LT(delivery.Due(), norlandia_.clock.now + absl::Minutes(1));
  std::filesystem::rename(away, store);
  EXPECT_FALSE(delivery.Next(estovia_.OfferedPrekey())->has_value());
  Settle();
  EXPECT_EQ(Lag(), 0u);
  EXPECT_EQ(delivery.Due(), absl::InfiniteFuture());
}

TEST_F(DeliveryTest, ACursorThatWasNeverWrittenCostsARepeatThatThePeerRecognises) {
  Publish(1, 2);
  Delivery lost(norlandia_.room(), estovia_.org());
  ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*lost.Next(estovia_.OfferedPrekey()))->envelope).ok());
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u);
  EXPECT_EQ(Lag(), 0u);
  EXPECT_EQ(estovia_.journal->Count().versions, 2u);
  EXPECT_EQ(estovia_.counters.Of(Counters::kDuplicate), 2u);
}

// What was signed in a future is refused by everybody else. It is held, the rest goes on, publishing again repairs it.
TEST_F(DeliveryTest, ASenderWhoseClockWasAYearAheadRecovers) {
  const absl::Time right = norlandia_.clock.now;
  norlandia_.clock.now = right + absl::Hours(24 * 364);
  ASSERT_TRUE(norlandia_.prekeys->Rotate(norlandia_.clock.now).ok());
  Publish(1, 1);
  norlandia_.clock.now = right;
  ASSERT_TRUE(norlandia_.prekeys->Rotate(right).ok());
  Publish(2, 1);
  Delivery delivery(norlandia_.room(), estovia_.org());
  while (true) {
    const auto next = delivery.Next(estovia_.OfferedPrekey());
    ASSERT_TRUE(next.ok()) << next.status();
    if (!next->has_value()) break;
    const absl::Status taken = estovia_.Admit(norlandia_.org(), (*next)->envelope);
    EXPECT_TRUE(taken.ok() || ReasonOf(taken) == RejectReason::kTime) << taken;
    delivery.Acknowledge((*next)->position, !taken.ok(), std::nullopt);
  }
  Settle();
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  EXPECT_EQ(Cursor().held, 1u);
  Publish(1, 1);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
  EXPECT_EQ(Lag(), 0u);
  ExpectClean();
  EXPECT_EQ(estovia_.journal->Fsck(false)->problems, std::vector<std::string>());
}

TEST_F(DeliveryTest, WhatPolicyHoldsInFrontOfARefusedEnvelopeIsNotLost) {
  // By a clock that is ahead, the embargo of 1 is over when it is published; 2 and 3 are made in the future.
  const absl::Time right = norlandia_.clock.now;
  norlandia_.clock.now = right + absl::Hours(240);
  ASSERT_TRUE(norlandia_.prekeys->Rotate(norlandia_.clock.now).ok());
  PublishTerms terms;
  terms.constraints.embargo_until = right + absl::Hours(200);
  terms.constraints.post_embargo_label = Label::kGreen;
  Publish(1, 1, terms);
  Publish(2, 2);
  norlandia_.clock.now = right;
  ASSERT_TRUE(norlandia_.prekeys->Rotate(right).ok());
  const auto pace = std::make_shared<RefusalPace>();
  Delivery delivery(norlandia_.room(), estovia_.org(), pace);
  for (;;) {
    const auto next = delivery.Next(estovia_.OfferedPrekey());
    ASSERT_TRUE(next.ok()) << next.status();
    if (!next->has_value()) break;
    delivery.Acknowledge((*next)->position, true, std::nullopt);
    Settle();  // each answer in a commit of its own
  }
  EXPECT_EQ(Cursor().held, 3u);
  EXPECT_EQ(Lag(), 3u);
  EXPECT_FALSE(Explain(1).delivered());
  EXPECT_NE(pace->NextRound(), absl::InfiniteFuture());
  ExpectClean();
}

TEST_F(DeliveryTest, WhatPolicyHoldsAloneIsTriedAgain) {
  const absl::Time right = norlandia_.clock.now;
  norlandia_.clock.now = right + absl::Hours(240);
  PublishTerms terms;
  terms.constraints.embargo_until = right + absl::Hours(200);
  terms.constraints.post_embargo_label = Label::kGreen;
  Publish(1, 1, terms);
  norlandia_.clock.now = right;
  const auto pace = std::make_shared<RefusalPace>();
  Delivery delivery(norlandia_.room(), estovia_.org(), pace);
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(Cursor().held, 1u);
  EXPECT_NE(pace->NextRound(), absl::InfiniteFuture());
}

TEST_F(DeliveryTest, OfSeveralAnswersTheNewestHeadIsKept) {
  Publish(1, 300);
  Delivery delivery(norlandia_.room(), estovia_.org());
  const auto head = [&](uint64_t n) { return *trust::MakeHead(*estovia_.self, n, Digest(), estovia_.clock.now); };
  std::vector<uint64_t> positions;
  for (;;) {
    const auto next = delivery.Next(estovia_.OfferedPrekey());
    ASSERT_TRUE(next.ok()) << next.status();
    if (!next->has_value()) break;
    positions.push_back((*next)->position);
  }
  ASSERT_EQ(positions.size(), 2u);
  // The committer is held, so the answers meet in one step.
  std::promise<void> entered, release;
  norlandia_.journal->Commit(
      [&](storage::Transaction&) {
        entered.set_value();
        release.get_future().wait();
        return absl::OkStatus();
      },
      [](const absl::Status&) {});
  entered.get_future().wait();
  delivery.Acknowledge(positions[0], false, head(100));
  delivery.Acknowledge(positions[1], false, head(200));
  release.set_value();
  Settle();
  const auto cursor = Cursor();
  ASSERT_TRUE(cursor.seen_head);
  EXPECT_EQ(cursor.seen_head->body(), head(200).body());
}

}  // namespace
}  // namespace entente::exchange
