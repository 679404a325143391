#include <gtest/gtest.h>

#include "exchange/heads.h"
#include "exchange/publication_batch.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;

class Exchange : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  PublishTerms To(const TestNode& node) {
    PublishTerms terms;
    terms.constraints.addressees = {node.org()};
    return terms;
  }
  TestNode norlandia_{"cert.norlandia", "XN"};
  TestNode estovia_{"cert.estovia", "XE"};
};

TEST_F(Exchange, WhatIsPermittedArrivesByteForByte) {
  const std::string object = Indicator("1", "a.example", Label::kGreen, "2026-01-02T03:04:05.678Z", " , \"x\" :\t1.50e0 ");
  EXPECT_EQ(norlandia_.Publish({object}).permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u);
  const absl::StatusOr<Reading::Object> got = estovia_.reading->Get(IdOf("1"), "");
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->content, object);
  EXPECT_EQ(got->row.origin(), "cert.norlandia");
  EXPECT_EQ(got->row.tlp(), "GREEN");
}

TEST_F(Exchange, CountsAddUpForEveryPeer) {
  const v1::PublishProgress progress =
      norlandia_.Publish({Indicator("1", "a.example", Label::kGreen), Indicator("2", "b.example", Label::kAmber),
                          Indicator("3", "c.example", Label::kUnlabelled), "{", Indicator("1", "a.example", Label::kGreen)});
  EXPECT_EQ(progress.objects(), 5u);
  EXPECT_EQ(progress.published(), 2u);
  EXPECT_EQ(progress.quarantined(), 1u);
  EXPECT_EQ(progress.rejected(), 1u);
  EXPECT_EQ(progress.unchanged(), 1u);
  EXPECT_EQ(progress.permitted().at("cert.estovia") + progress.withheld().at("cert.estovia"), progress.published());
}

TEST_F(Exchange, APartyAcceptedInMidPublishIsCountedWhole) {
  PublicationBatch batch(norlandia_.room(), {{Indicator("1", "a.example", Label::kGreen), absl::OkStatus()}}, {}, 0);
  batch.Parse();
  ASSERT_TRUE(norlandia_.journal->CommitAndWait([&](storage::Transaction& t) { return batch.Store(t); }).ok());
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  norlandia_.Accept(volt);
  const v1::PublishProgress progress = batch.Report();
  for (const std::string peer : {"cert.estovia", "volt-energy"}) {
    EXPECT_EQ(progress.permitted().at(peer) + progress.withheld().at(peer), progress.published()) << peer;
  }
}

TEST_F(Exchange, ADuplicateDeliveryIsOneObject) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  Delivery first(norlandia_.room(), estovia_.org()), second(norlandia_.room(), estovia_.org());
  const auto one = first.Next(estovia_.OfferedPrekey()), two = second.Next(estovia_.OfferedPrekey());
  EXPECT_TRUE(estovia_.Admit(norlandia_.org(), (*one)->envelope).ok());
  PeerCounters& counters = estovia_.counters.Peer(norlandia_.org());
  const uint64_t length = estovia_.journal->Head().sequence, fruitful = counters.cpu_ns;
  EXPECT_EQ(counters.fruitless_cpu_ns, 0u);
  // Sealed anew: another envelope, known statements. It leaves no trace, and again is what it was.
  for (uint64_t copies = 1; copies <= 2; ++copies) {
    EXPECT_TRUE(estovia_.Admit(norlandia_.org(), (*two)->envelope).ok());
    EXPECT_EQ(estovia_.journal->Head().sequence, length);
    EXPECT_EQ(estovia_.counters.Of(Counters::kDuplicate), copies);
  }
  EXPECT_GT(counters.cpu_ns, fruitful);
  EXPECT_EQ(estovia_.journal->Count().versions, 1u);
}

// As of a peer whose full disk keeps it from writing down what was answered, session after session; and of one that goes on.
TEST_F(Exchange, RepeatsCostAPeerNothingUpToABound) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  Delivery first(norlandia_.room(), estovia_.org()), second(norlandia_.room(), estovia_.org());
  const auto one = first.Next(estovia_.OfferedPrekey()), two = second.Next(estovia_.OfferedPrekey());
  ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*one)->envelope).ok());
  PeerCounters& counters = estovia_.counters.Peer(norlandia_.org());
  for (int i = 0; i < 256; ++i) ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*two)->envelope).ok());
  EXPECT_EQ(counters.fruitless_cpu_ns, 0u);
  uint64_t before = counters.cpu_ns;
  for (int i = 0; i < 10'000 && counters.fruitless_cpu_ns == 0; ++i) {
    before = counters.cpu_ns;
    ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*two)->envelope).ok());
  }
  EXPECT_GT(counters.fruitless_cpu_ns, 0u);
  EXPECT_EQ(counters.cpu_ns, before + counters.fruitless_cpu_ns) << "what it costs";
}

TEST_F(Exchange, OneNewStatementAmongKnownOnesIsKeptWithItsEnvelope) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  Delivery first(norlandia_.room(), estovia_.org());
  ASSERT_TRUE(estovia_.Admit(norlandia_.org(), (*first.Next(estovia_.OfferedPrekey()))->envelope).ok());
  norlandia_.Publish({Indicator("2", "b.example", Label::kGreen)});
  const auto fresh = first.Next(estovia_.OfferedPrekey());
  EXPECT_TRUE(estovia_.Admit(norlandia_.org(), (*fresh)->envelope).ok());
  EXPECT_EQ(ReasonOf(estovia_.Admit(norlandia_.org(), (*fresh)->envelope)), RejectReason::kReplay);
  EXPECT_EQ(estovia_.counters.Peer(norlandia_.org()).sequence_gaps, 0u);
}

TEST_F(Exchange, TheSameEnvelopeTwiceIsAReplay) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  Delivery delivery(norlandia_.room(), estovia_.org());
  const auto next = delivery.Next(estovia_.OfferedPrekey());
  EXPECT_TRUE(estovia_.Admit(norlandia_.org(), (*next)->envelope).ok());
  EXPECT_EQ(ReasonOf(estovia_.Admit(norlandia_.org(), (*next)->envelope)), RejectReason::kReplay);
}

TEST_F(Exchange, TheCursorSurvivesAndNothingIsSentTwiceOnceAcknowledged) {
  for (int i = 0; i < 3; ++i) norlandia_.Publish({Indicator(std::to_string(i), "a.example", Label::kGreen)});
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 3u);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u);
}

TEST_F(Exchange, NothingIsSealedToWhomItIsNotFor) {
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  norlandia_.Publish({Indicator("1", "a.example", Label::kAmber)}, To(estovia_));
  Delivery delivery(norlandia_.room(), estovia_.org());
  EXPECT_EQ(ReasonOf(delivery.Next(volt.OfferedPrekey()).status()), RejectReason::kAudience);
}

TEST_F(Exchange, APeerThatIsNotOnFileIsRefused) {
  TestNode stranger("stranger");
  stranger.Accept(estovia_);
  stranger.Publish({Indicator("1", "a.example", Label::kGreen)});
  Delivery delivery(stranger.room(), estovia_.org());
  const auto next = delivery.Next(estovia_.OfferedPrekey());
  EXPECT_EQ(ReasonOf(estovia_.Admit(stranger.org(), (*next)->envelope)), RejectReason::kUnknownParty);
}

TEST_F(Exchange, AboveTheCeilingOfTheSenderIsHeldNotLost) {
  TestNode cautious("cautious", "XE");
  cautious.Accept(norlandia_, Label::kGreen);
  norlandia_.Accept(cautious);
  PublishTerms terms = To(cautious);
  terms.constraints.source_role = policy::SourceRole::kCustodian;
  norlandia_.Publish({Indicator("1", "a.example", Label::kAmber)}, terms);
  EXPECT_EQ(DeliverAll(norlandia_, cautious), 1u);
  const auto explained = cautious.reading->Explain(IdOf("1"), "cert.norlandia", "");
  ASSERT_TRUE(explained.ok()) << explained.status();
  EXPECT_EQ(explained->origin() + " " + explained->source_role(), "cert.norlandia custodian");
  EXPECT_EQ(cautious.journal->Count().versions, 0u);
  EXPECT_EQ(cautious.journal->Count().quarantined, 1u);
  EXPECT_EQ(norlandia_.journal->Lag(cautious.org()), 0u);
}

TEST_F(Exchange, AStatementMarkingIsKnownOnlyFromItsOrigin) {
  const std::string marking = "marking-definition--11111111-1111-4111-8111-111111111111";
  const std::string definition = R"({"type":"marking-definition","spec_version":"2.1","id":")" + marking +
                                 R"(","created":"2026-01-01T00:00:00Z","definition_type":"statement","definition":{"statement":"copyright"}})";
  const std::string object = Indicator("1", "a.example", Label::kUnlabelled, "2026-01-02T03:04:05.678Z",
                                       ",\"object_marking_refs\":[\"" + marking + "\"]");
  PublishTerms green;
  green.constraints.label = Label::kGreen;
  EXPECT_EQ(norlandia_.Publish({object}, green).quarantined(), 1u);
  const v1::PublishProgress both = norlandia_.Publish({definition, object}, green);
  EXPECT_EQ(both.published(), 2u);
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
  EXPECT_EQ(estovia_.Publish({Indicator("9", "z.example", Label::kGreen, "2026-01-02T03:04:05.678Z",
                                        ",\"granular_markings\":[{\"marking_ref\":\"" + marking +
                                            "\",\"selectors\":[\"pattern\"]}]")})
                .quarantined(),
            1u);
}

TEST_F(Exchange, PublishingAgainDropsNoRestriction) {
  PublishTerms not_xe, plain;
  not_xe.constraints.label = plain.constraints.label = Label::kGreen;
  not_xe.constraints.not_rel_to = {"XE"};
  const std::string object = Indicator("1", "a.example", Label::kGreen);
  EXPECT_EQ(norlandia_.Publish({object}, not_xe).withheld().at("cert.estovia"), 1u);
  EXPECT_EQ(norlandia_.Publish({object}, plain).unchanged(), 1u);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
  plain.constraints.label = Label::kAmber;
  EXPECT_EQ(norlandia_.Publish({object}, plain).notable(0).reason(), "LABEL_LOWERED");
}

TEST_F(Exchange, ALabelRaisedBeforeDeliveryHoldsTheDeliveryBack) {
  PublishTerms red;
  red.constraints.label = Label::kRed;
  const std::string object = Indicator("1", "a.example", Label::kGreen);
  EXPECT_EQ(norlandia_.Publish({object}).permitted().at("cert.estovia"), 1u);
  EXPECT_EQ(norlandia_.Publish({object}, red).published(), 1u);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 0u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u);
  EXPECT_EQ(norlandia_.reading->Explain(IdOf("1"), "cert.estovia")->decision(), "deny");
}

TEST_F(Exchange, AnotherOriginsLabelDoesNotBindOwnObjects) {
  const std::string object = Indicator("1", "a.example", Label::kGreen);
  norlandia_.Publish({object});
  PublishTerms strict = To(norlandia_);
  strict.constraints.label = Label::kAmberStrict;
  estovia_.Publish({object}, strict);
  DeliverAll(estovia_, norlandia_);
  EXPECT_EQ(norlandia_.reading->Explain(IdOf("1"), "cert.estovia")->decision(), "permit");
}

TEST_F(Exchange, AnUnlabelledCopyDoesNotSpoilALabelledOneInTheSameChunk) {
  const v1::PublishProgress progress = norlandia_.Publish(
      {Indicator("1", "a.example", Label::kUnlabelled), Indicator("1", "a.example", Label::kGreen)});
  EXPECT_EQ(progress.quarantined(), 1u);
  EXPECT_EQ(progress.published(), 1u);
}

TEST_F(Exchange, MarkingsInsideAnObjectHoldItBack) {
  PublishTerms clear;
  clear.constraints.label = Label::kClear;
  const std::string inner = Indicator("7", "inner.example", Label::kRed);
  const std::string observed = Indicator("1", "a.example", Label::kClear, "2026-01-02T03:04:05.678Z",
                                         ",\"objects\":{\"0\":" + inner + "}");
  EXPECT_EQ(norlandia_.Publish({observed}, clear).quarantined(), 1u);
}

TEST_F(Exchange, ABundleInsideABundleIsNoObject) {
  PublishTerms clear;
  clear.constraints.label = Label::kClear;
  const std::string nested = R"({"type":"bundle","id":"bundle--11111111-1111-4111-8111-111111111111","objects":[)" +
                             Indicator("7", "inner.example", Label::kRed) + "]}";
  EXPECT_EQ(norlandia_.Publish({nested}, clear).notable(0).reason(), "E_STIX");
}

TEST_F(Exchange, ANewerRememberedHeadMeansThisStoreWasRolledBack) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  const storage::JournalHead head = norlandia_.journal->Head();
  EXPECT_TRUE(CheckRememberedHead(norlandia_.room(), head.signed_head).ok());
  const v1::SignedBody longer = *trust::MakeHead(*norlandia_.self, head.sequence + 1, head.root, norlandia_.clock.now);
  EXPECT_EQ(ReasonOf(CheckRememberedHead(norlandia_.room(), longer)), RejectReason::kRolledBack);
  const v1::SignedBody other =
      *trust::MakeHead(*norlandia_.self, head.sequence, crypto::Sha256("fork"), norlandia_.clock.now);
  EXPECT_EQ(ReasonOf(CheckRememberedHead(norlandia_.room(), other)), RejectReason::kRolledBack);
  const v1::SignedBody foreign = *trust::MakeHead(*estovia_.self, head.sequence + 9, head.root, norlandia_.clock.now);
  EXPECT_TRUE(CheckRememberedHead(norlandia_.room(), foreign).ok());
}

TEST_F(Exchange, AnEnvelopeCarriesAtMost256StatementsOfOneBatch) {
  std::vector<std::string> objects;
  for (int i = 0; i < 600; ++i) objects.push_back(Indicator(std::to_string(i), "a.example", Label::kGreen));
  norlandia_.Publish(objects);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 3u);
  EXPECT_EQ(estovia_.journal->Count().objects, 600u);
  EXPECT_EQ(estovia_.counters.Peer(norlandia_.org()).sequence_gaps, 0u);
}

}  // namespace
}  // namespace entente::exchange
