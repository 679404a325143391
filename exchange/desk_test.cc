// The quarantine worked through: what a person's word lets go, what it does not, and that nobody gets more by it.
#include "exchange/desk.h"

#include <gtest/gtest.h>

#include "exchange/desk_publish.h"
#include "exchange/rule_changes.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

constexpr auto kBad = ",\"x_bad\":true";
constexpr auto kStamp = "2026-01-02T03:04:05.678Z";

class DeskTest : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  static void Rules(TestNode& node, const std::string& rules) {
    node.rules.Set({1, *policy::Rules::Parse("version = 1\n" + rules, "rules.toml"), std::nullopt});
  }
  static std::string HoldBad(const std::string& effect = "quarantine") {
    return "[[rule]]\nid = \"hold\"\nwhen = { has_property = \"x_bad\" }\neffect = \"" + effect + "\"\n";
  }
  static absl::StatusOr<v1::DeskReply> Act(TestNode& node, v1::DeskRequest request, uint32_t limit = 100) {
    request.set_limit(limit);
    return Desk(node.room(), *node.publication).Act(request, [] { return true; });
  }
  static v1::DeskReply Done(TestNode& node, const v1::DeskRequest& request) {
    const auto reply = Act(node, request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::DeskReply();
  }
  static v1::DeskRequest Release() {
    v1::DeskRequest request;
    request.set_release(true);
    return request;
  }
  static v1::DeskRequest PutAway() {
    v1::DeskRequest request;
    request.set_reject("noise");
    return request;
  }
  static v1::DeskRequest LabelAs(const std::string& label) {
    v1::DeskRequest request;
    request.set_label(label);
    return request;
  }
  static v1::DeskReply List(TestNode& node, const v1::HeldFilter& filter = {}) {
    const auto reply = Desk(node.room(), *node.publication).List(filter, kMaxHeldRows, false);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::DeskReply();
  }
  RejectReason Reads(TestNode& node, const std::string& tail) {
    return ReasonOf(node.reading->Get(IdOf(tail), "").status());
  }

  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
};

TEST_F(DeskTest, WhatARuleHeldOnArrivalIsLetGoAndReadable) {
  Rules(estovia_, HoldBad());
  norlandia_.Publish(
      {Indicator("1", "a.example", Label::kGreen, kStamp, kBad), Indicator("2", "b.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  ASSERT_EQ(List(estovia_).rows_size(), 1);
  EXPECT_EQ(List(estovia_).rows(0).reason(), "LOCAL_RULE");
  EXPECT_EQ(List(estovia_).rows(0).origin(), "cert.norlandia");
  EXPECT_EQ(List(estovia_).rows(0).tlp(), "GREEN");
  EXPECT_EQ(Reads(estovia_, "1"), kPolicyRule);
  const v1::DeskReply reply = Done(estovia_, Release());
  EXPECT_EQ(reply.done(), 1u);
  EXPECT_EQ(reply.rows(0).outcome(), "released");
  EXPECT_EQ(Reads(estovia_, "1"), kNone) << "the rule is in force still, and a person answered it";
  EXPECT_EQ(estovia_.reading->Search("a.example", 10)->matches_size(), 1);
  EXPECT_TRUE(estovia_.reading->Prove(IdOf("1"), "").ok());
  EXPECT_EQ(List(estovia_).matching(), 0u);
  EXPECT_TRUE(estovia_.journal->Fsck(false)->problems.empty());
  EXPECT_EQ(ReasonOf(Act(estovia_, Release()).status()), kNotFound);
}

// A person answers a rule that holds, and nothing else.
TEST_F(DeskTest, WhatAWithholdingRuleOrPolicyKeepsStays) {
  Rules(estovia_, HoldBad("withhold"));
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen, kStamp, kBad)});
  estovia_.Accept(norlandia_, Label::kClear);  // a ceiling below what comes
  norlandia_.Publish({Indicator("2", "b.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  ASSERT_EQ(List(estovia_).matching(), 2u);
  const v1::DeskReply reply = Done(estovia_, Release());
  EXPECT_EQ(reply.done(), 0u);
  for (const v1::HeldRow& row : reply.rows()) {
    EXPECT_EQ(row.outcome(), "kept");
    EXPECT_FALSE(row.why().empty());
  }
  EXPECT_EQ(List(estovia_).matching(), 2u);
  EXPECT_NE(Reads(estovia_, "1"), kNone);
}

TEST_F(DeskTest, AnOwnObjectWithoutALabelIsPublishedToWhomItWasFor) {
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  norlandia_.Accept(volt);
  PublishTerms terms;
  terms.constraints.addressees = {estovia_.org()};
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)}, terms).quarantined(), 1u);
  const v1::DeskReply reply = Done(norlandia_, LabelAs("GREEN"));
  EXPECT_EQ(reply.done(), 1u);
  EXPECT_EQ(reply.rows(0).outcome(), "published");
  EXPECT_EQ(Reads(norlandia_, "1"), kNone);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 1u);
  EXPECT_EQ(norlandia_.journal->Lag(volt.org()), 0u) << "it was addressed to another";
  EXPECT_EQ(norlandia_.journal->Count().quarantined, 0u);
}

TEST_F(DeskTest, AnOwnObjectThatARuleHeldIsPublishedByAPersonsWord) {
  Rules(norlandia_, HoldBad());
  EXPECT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen, kStamp, kBad)}).quarantined(), 1u);
  EXPECT_EQ(Done(norlandia_, Release()).done(), 1u);
  EXPECT_EQ(Reads(norlandia_, "1"), kNone);
  EXPECT_EQ(DeliverAll(norlandia_, estovia_), 1u) << "the rule that held it does not stop it at the seal";
  EXPECT_EQ(Reads(estovia_, "1"), kNone);
}

TEST_F(DeskTest, AnUnlabelledObjectIsNotReleasedWithoutALabelAndOthersObjectsAreNotLabelled) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)});
  const v1::DeskReply released = Done(norlandia_, Release());
  EXPECT_EQ(released.done(), 0u);
  EXPECT_NE(released.rows(0).why().find("NO_LABEL"), std::string::npos) << released.rows(0).why();
  Rules(estovia_, HoldBad());
  norlandia_.Publish({Indicator("2", "b.example", Label::kGreen, kStamp, kBad)});
  DeliverAll(norlandia_, estovia_);
  const v1::DeskReply labelled = Done(estovia_, LabelAs("CLEAR"));
  EXPECT_EQ(labelled.done(), 0u);
  EXPECT_NE(labelled.rows(0).why().find("only its origin"), std::string::npos);
  EXPECT_EQ(ReasonOf(Act(estovia_, LabelAs("PURPLE")).status()), kUsage);
}

TEST_F(DeskTest, WhatIsPutAwayWaitsForNobodyAndIsReadByNobody) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)});
  EXPECT_EQ(Done(norlandia_, PutAway()).done(), 1u);
  EXPECT_EQ(List(norlandia_).matching(), 0u);
  EXPECT_EQ(Reads(norlandia_, "1"), kNotFound);
  EXPECT_TRUE(norlandia_.journal->Fsck(false)->problems.empty());
  v1::DeskRequest wordy;
  wordy.set_reject(std::string(kMaxHeldNote + 1, 'x'));
  EXPECT_EQ(ReasonOf(Act(norlandia_, wordy).status()), kUsage);
}

TEST_F(DeskTest, FiltersNarrowAndALimitTouchesNothing) {
  Rules(norlandia_, HoldBad());
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled), Indicator("2", "b.example", Label::kUnlabelled),
                      Indicator("3", "c.example", Label::kGreen, kStamp, kBad)});
  v1::HeldFilter filter;
  EXPECT_EQ(List(norlandia_).matching(), 3u);
  filter.set_reason("NO_LABEL");
  EXPECT_EQ(List(norlandia_, filter).matching(), 2u);
  filter.set_id(IdOf("1"));
  EXPECT_EQ(List(norlandia_, filter).matching(), 1u);
  filter.set_type("malware");
  EXPECT_EQ(List(norlandia_, filter).matching(), 0u);
  v1::HeldFilter theirs;
  theirs.set_origin("cert.estovia");
  EXPECT_EQ(List(norlandia_, theirs).matching(), 0u);
  theirs.set_origin("nobody");
  const Desk desk(norlandia_.room(), *norlandia_.publication);
  EXPECT_EQ(ReasonOf(desk.List(theirs, 1, false).status()), kNotFound);
  theirs.set_origin("");
  theirs.set_reason("NO_SUCH");
  EXPECT_EQ(ReasonOf(desk.List(theirs, 1, false).status()), kUsage);
  EXPECT_EQ(ReasonOf(desk.List({}, kMaxHeldRows + 1, false).status()), kUsage);
  EXPECT_EQ(ReasonOf(Act(norlandia_, PutAway(), 2).status()), kUsage) << "three fit, and two may be touched";
  EXPECT_EQ(List(norlandia_).matching(), 3u);
}

// The person saw that a label was missing, and not that a rule holds it.
TEST_F(DeskTest, ALabelAnswersNoRule) {
  Rules(norlandia_, HoldBad());
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled, kStamp, kBad)});
  ASSERT_EQ(List(norlandia_).rows(0).reason(), "NO_LABEL");
  const v1::DeskReply labelled = Done(norlandia_, LabelAs("GREEN"));
  EXPECT_EQ(labelled.done(), 0u);
  EXPECT_NE(labelled.rows(0).why().find("LOCAL_RULE"), std::string::npos) << labelled.rows(0).why();
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u);
  ASSERT_EQ(List(norlandia_).matching(), 1u);
  EXPECT_EQ(List(norlandia_).rows(0).reason(), "LOCAL_RULE") << "now the row says what a person has to answer";
  EXPECT_EQ(Done(norlandia_, Release()).done(), 1u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 1u);
}

TEST_F(DeskTest, WhatWasReleasedStaysSoWhenItIsPublishedAgain) {
  Rules(norlandia_, HoldBad());
  const std::string bad = Indicator("1", "a.example", Label::kGreen, kStamp, kBad);
  norlandia_.Publish({bad});
  ASSERT_EQ(Done(norlandia_, Release()).done(), 1u);
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  norlandia_.Accept(volt);
  EXPECT_EQ(norlandia_.Publish({bad}).permitted().at("volt-energy"), 1u) << "who came later gets it";
}

// Published again for fewer, it is held for fewer.
TEST_F(DeskTest, TheNewestWordsOfAnOwnPublishCount) {
  const std::string bare = Indicator("1", "a.example", Label::kUnlabelled);
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  norlandia_.Accept(volt);
  norlandia_.Publish({bare});
  PublishTerms narrow;
  narrow.constraints.addressees = {estovia_.org()};
  norlandia_.Publish({bare}, narrow);
  ASSERT_EQ(List(norlandia_).matching(), 1u);
  ASSERT_EQ(Done(norlandia_, LabelAs("GREEN")).done(), 1u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 1u);
  EXPECT_EQ(norlandia_.journal->Lag(volt.org()), 0u);
}

// An act that began before another person put the object away must not publish it.
TEST_F(DeskTest, WhatWasPutAwayMeanwhileIsNotPublished) {
  const std::string bare = Indicator("1", "a.example", Label::kUnlabelled);
  norlandia_.Publish({bare});
  const uint64_t seq = List(norlandia_).rows(0).journal_seq();
  ASSERT_EQ(Done(norlandia_, PutAway()).done(), 1u);
  v1::HeldRow row;
  row.set_journal_seq(seq);
  std::vector<v1::HeldRow> rows = {row};
  PublishHeld(norlandia_.room(), *norlandia_.publication, {seq}, Label::kGreen, "anna (uid 1001)", rows);
  EXPECT_EQ(rows[0].outcome(), "kept");
  EXPECT_NE(rows[0].why().find("in quarantine no more"), std::string::npos) << rows[0].why();
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 0u);
}

TEST_F(DeskTest, ThousandsAreSettledByOneFilter) {
  for (int chunk = 0; chunk < 8; ++chunk) {
    std::vector<std::string> objects;
    for (int i = 0; i < 256; ++i) {
      objects.push_back(
          Indicator(std::to_string(chunk * 256 + i), "x" + std::to_string(i) + ".example", Label::kUnlabelled));
    }
    norlandia_.Publish(objects);
  }
  const auto reply = Act(norlandia_, LabelAs("GREEN"), 10'000);
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->done(), 2048u);
  EXPECT_EQ(reply->rows_size(), static_cast<int>(kMaxHeldRows));
  EXPECT_EQ(norlandia_.journal->Count().quarantined, 0u);
  EXPECT_EQ(norlandia_.journal->Lag(estovia_.org()), 2048u);
}

}  // namespace
}  // namespace entente::exchange
