// How local rules come into force: compared first, durable, brought back, and the same after a restart.
#include "exchange/rule_changes.h"

#include <gtest/gtest.h>

#include "exchange/publication_batch.h"
#include "exchange/testing/test_node.h"
#include "storage/testing/file_size_limit.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

const auto kSilent = [](uint64_t, uint64_t) { return true; };
constexpr auto kNothingOut =
    "version = 1\n[[rule]]\nid = \"shut\"\nwhen = { direction = \"out\" }\neffect = \"withhold\"\n";
constexpr auto kNoRules = "version = 1\n";

class RuleChangesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.Accept(estovia_);
    ASSERT_TRUE(changes_.Load().ok());
  }
  absl::StatusOr<v1::PolicyReply> Apply(const std::string& text, std::optional<uint64_t> accept = std::nullopt) {
    v1::PolicyApply apply;
    apply.mutable_rules()->set_file("rules.toml");
    apply.mutable_rules()->set_text(text);
    if (accept) apply.set_accept(*accept);
    return changes_.Apply(apply, false, kSilent);
  }
  absl::StatusOr<v1::PolicyReply> Rollback(uint64_t number, std::optional<uint64_t> accept = std::nullopt) {
    v1::PolicyApply back;
    back.set_back_to(number);
    if (accept) back.set_accept(*accept);
    return changes_.Apply(back, true, kSilent);
  }
  v1::PolicyDifference Difference(const std::string& text) {
    v1::RulesText rules;
    rules.set_file("rules.toml");
    rules.set_text(text);
    const auto reply = changes_.Compare(rules, kSilent);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->difference() : v1::PolicyDifference();
  }
  void PublishThree() {
    node_.Publish({Indicator("1", "a.example", Label::kClear), Indicator("2", "b.example", Label::kGreen)});
    PublishTerms terms;
    terms.constraints.addressees = {estovia_.org()};
    node_.Publish({Indicator("3", "c.example", Label::kAmber)}, terms);
  }
  TestNode node_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
  RuleChanges changes_{node_.room(), node_.rules};
};

TEST_F(RuleChangesTest, TheDifferenceIsCountedForEachPartyWithItsStrictestLabel) {
  PublishThree();
  const v1::PolicyDifference shut = Difference(kNothingOut);
  EXPECT_EQ(shut.objects(), 3u);
  ASSERT_EQ(shut.parties_size(), 1);
  EXPECT_EQ(shut.parties(0).name(), "cert.estovia");
  EXPECT_FALSE(shut.parties(0).here());
  EXPECT_EQ(shut.parties(0).stops(), 3u);
  EXPECT_EQ(shut.parties(0).flows(), 0u);
  EXPECT_EQ(shut.parties(0).strictest_stopping(), "AMBER");
  EXPECT_EQ(shut.parties(0).strictest_flowing(), "");
  EXPECT_EQ(shut.parties(0).stopping_size(), 3);
  EXPECT_EQ(Difference(kNoRules).parties_size(), 0);
}

TEST_F(RuleChangesTest, OpeningAboveGreenWantsTheExactNumber) {
  PublishThree();
  ASSERT_TRUE(Apply(kNothingOut).ok());
  const v1::PolicyDifference open = Difference(kNoRules);
  EXPECT_EQ(open.parties(0).flows(), 3u);
  EXPECT_EQ(open.flows_above_green(), 1u);
  const absl::Status refused = Apply(kNoRules).status();
  EXPECT_EQ(ReasonOf(refused), kRulesOpen);
  EXPECT_NE(std::string(refused.message()).find("--accept 1"), std::string::npos) << refused;
  EXPECT_EQ(ReasonOf(Apply(kNoRules, 2).status()), kRulesOpen);
  EXPECT_EQ(ReasonOf(Apply(kNoRules, 0).status()), kRulesOpen);
  EXPECT_EQ(node_.rules.Now()->number, 1u) << "what was in force is";
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 1u);
  ASSERT_TRUE(Apply(kNoRules, 1).ok());
  EXPECT_EQ(node_.rules.Now()->number, 2u);
  EXPECT_EQ(ReasonOf(Apply(kNothingOut, 1).status()), kRulesOpen) << "nothing would flow that the operator says would";
}

TEST_F(RuleChangesTest, AnEarlierNumberComesBackAsANewOne) {
  ASSERT_TRUE(Apply(kNothingOut).ok());
  ASSERT_TRUE(Apply(kNoRules).ok());
  const auto back = Rollback(1);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->in_force().number(), 3u);
  EXPECT_EQ(back->in_force().back_to(), 1u);
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 1u);
  v1::PolicyShow which;
  EXPECT_EQ(changes_.ShowText(which)->text(), kNothingOut);
  which.set_number(2);
  EXPECT_EQ(changes_.ShowText(which)->text(), kNoRules);
  which.set_number(9);
  EXPECT_EQ(ReasonOf(changes_.ShowText(which).status()), kNotFound);
  EXPECT_EQ(ReasonOf(Rollback(9).status()), kNotFound);
  ASSERT_TRUE(Rollback(0).ok());
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 0u);
  PublishThree();
  EXPECT_EQ(ReasonOf(Rollback(0, 1).status()), kRulesOpen);
  ASSERT_TRUE(Rollback(1).ok());
  EXPECT_EQ(ReasonOf(Rollback(0).status()), kRulesOpen) << "going back opens as well";
  EXPECT_TRUE(Rollback(0, 1).ok());
}

TEST_F(RuleChangesTest, AFaultyFileChangesNothing) {
  ASSERT_TRUE(Apply(kNothingOut).ok());
  const uint64_t records = node_.journal->Head().sequence;
  for (const std::string text :
       {"version = 1\n[[rule]]\nid = \"a\"\neffct = \"withhold\"\n", "",
        "version = 1\n[[rule]]\nid = \"a\"\nwhen = { peer = \"cert.estovja\" }\neffect = \"withhold\"\n"}) {
    const absl::Status refused = Apply(text).status();
    EXPECT_EQ(ReasonOf(refused), kConfig);
    EXPECT_EQ(std::string(refused.message()).rfind("rules.toml:", 0), 0u) << refused;
  }
  EXPECT_EQ(node_.journal->Head().sequence, records);
  EXPECT_EQ(node_.rules.Now()->number, 1u);
  v1::PolicyApply nameless;
  nameless.mutable_rules()->set_file(std::string(kMaxRulesFile + 1, 'x'));
  nameless.mutable_rules()->set_text(kNoRules);
  EXPECT_EQ(ReasonOf(changes_.Apply(nameless, false, kSilent).status()), kUsage);
}

TEST_F(RuleChangesTest, ARestartFindsWhatWasInForceAndInTheShadow) {
  ASSERT_TRUE(Apply(kNothingOut).ok());
  v1::RulesText trial;
  trial.set_file("trial.toml");
  trial.set_text(kNothingOut);
  ASSERT_TRUE(changes_.SetShadow(trial).ok());
  RuleBook book;
  RuleChanges again(node_.room(), book);
  ASSERT_TRUE(again.Load().ok());
  EXPECT_EQ(book.Now()->number, 1u);
  EXPECT_EQ(book.Now()->in_force.size(), 1u);
  ASSERT_TRUE(book.Now()->shadow.has_value());
  EXPECT_EQ(again.Show(9).SerializeAsString(), changes_.Show(9).SerializeAsString());
  ASSERT_TRUE(changes_.SetShadow(v1::RulesText()).ok());
  ASSERT_TRUE(again.Load().ok());
  EXPECT_FALSE(book.Now()->shadow.has_value());
  EXPECT_TRUE(node_.journal->Fsck(false)->problems.empty());
}

TEST_F(RuleChangesTest, WhatCannotBecomeDurableIsNotInForce) {
  ASSERT_TRUE(Apply(kNothingOut).ok());
  node_.journal->Stop();
  EXPECT_EQ(ReasonOf(Apply(kNoRules).status()), kUnavailable);
  EXPECT_EQ(node_.rules.Now()->number, 1u);
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 1u);
}

TEST_F(RuleChangesTest, OnAFailingDiskWhatWasInForceIs) {
  ASSERT_TRUE(Apply(kNothingOut).ok());
  const storage::testing::FileSizeLimit limit(16);
  EXPECT_EQ(ReasonOf(Apply(kNoRules).status()), kStoreIo);
  EXPECT_EQ(node_.rules.Now()->number, 1u);
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 1u);
}

TEST_F(RuleChangesTest, NobodyWaitsForAComparisonThatNobodyWants) {
  PublishThree();
  v1::RulesText rules;
  rules.set_text(kNothingOut);
  const auto gone = changes_.Compare(rules, [](uint64_t, uint64_t) { return false; });
  EXPECT_EQ(ReasonOf(gone.status()), kUnavailable);
}

// Only the newest version of an object counts, and what came from others is asked about as passed on.
TEST_F(RuleChangesTest, OldVersionsAndOthersObjectsCountAsTheyWouldMove) {
  node_.Publish({Indicator("1", "a.example", Label::kGreen)});
  node_.Publish({Indicator("1", "b.example", Label::kGreen, "2026-05-05T00:00:00Z")});
  EXPECT_EQ(Difference(kNothingOut).objects(), 1u);
  estovia_.Accept(node_);
  estovia_.Publish({Indicator("2", "c.example", Label::kGreen)});
  testing::DeliverAll(estovia_, node_);
  const v1::PolicyDifference shut = Difference(kNothingOut);
  EXPECT_EQ(shut.objects(), 2u);
  EXPECT_EQ(shut.parties(0).stops(), 1u) << "what was received goes nowhere as it is";
}

// One decision for each class, and the same counts as one for each object.
TEST_F(RuleChangesTest, ManyObjectsOfFewClasses) {
  std::vector<std::string> objects;
  for (int i = 0; i < 300; ++i) {
    const std::string n = std::to_string(i);
    objects.push_back(Indicator(n, n + ".example", Label::kGreen, "2026-01-02T03:04:05.678Z",
                                i % 3 == 0 ? ",\"x_bad\":true" : ",\"x_n\":" + n));
  }
  for (size_t at = 0; at < objects.size(); at += 100) {
    node_.Publish({objects.begin() + static_cast<long>(at), objects.begin() + static_cast<long>(at) + 100});
  }
  const v1::PolicyDifference difference = Difference(
      "version = 1\n[[rule]]\nid = \"a\"\nwhen = { has_property = \"x_bad\", direction = \"out\" }\neffect = "
      "\"withhold\"\n");
  EXPECT_EQ(difference.objects(), 300u);
  EXPECT_EQ(difference.parties(0).stops(), 100u);
  EXPECT_LE(difference.classes(), 2u * kMaxReplayThreads);
}

// What is stored in the same group of commits is asked about through the transaction: the store has none of it yet.
TEST_F(RuleChangesTest, WhatIsNotDurableYetIsCompared) {
  const policy::Rules rules = *policy::Rules::Parse(
      "version = 1\n[[rule]]\nid = \"a\"\nwhen = { type = \"indicator\", direction = \"out\" }\neffect = "
      "\"withhold\"\n",
      "r");
  RuleDiff diff(node_.room(), rules, policy::Rules());
  PublicationBatch batch(node_.room(), {{Indicator("1", "a.example", Label::kGreen)}}, {}, 0);
  batch.Parse();
  const absl::Status compared = node_.journal->CommitAndWait([&](storage::Transaction& transaction) -> absl::Status {
    const uint64_t before = node_.journal->Head().sequence;
    if (absl::Status status = batch.Store(transaction); !status.ok()) return status;
    for (uint64_t seq = before + 1; seq <= before + 2; ++seq) {
      if (absl::Status status = diff.Add(transaction, seq); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
  ASSERT_TRUE(compared.ok()) << compared;
  EXPECT_EQ(diff.Report().parties(0).flows(), 1u);
}

// Until the record is durable nothing is decided under it, and a party that it names keeps its name already.
TEST_F(RuleChangesTest, RulesOnTheirWayCountForNamesAlone) {
  const policy::Rules rules = *policy::Rules::Parse(
      "version = 1\n[[rule]]\nid = \"a\"\nwhen = { peer = \"cert.estovia\" }\neffect = \"withhold\"\n", "r");
  RuleBook book;
  book.Prepare({1, rules, std::nullopt});
  EXPECT_EQ(book.Now()->in_force.size(), 0u);
  EXPECT_TRUE(book.NamesParty("cert.estovia"));
  book.Settle(false);
  EXPECT_FALSE(book.NamesParty("cert.estovia"));
  book.Prepare({1, rules, std::nullopt});
  book.Settle(true);
  EXPECT_EQ(book.Now()->in_force.size(), 1u);
}

// At the end of an embargo what it alone kept goes by itself: rules that let it go then open it now.
TEST_F(RuleChangesTest, AnEmbargosEndCounts) {
  TestNode volt("volt-energy", "XN", model::PartyKind::kPrivate);
  node_.Accept(volt);
  ASSERT_TRUE(Apply(kNothingOut).ok());
  PublishTerms terms;
  terms.constraints.addressees = {estovia_.org()};
  terms.constraints.embargo_until = node_.clock.now + absl::Hours(2);
  terms.constraints.post_embargo_label = Label::kGreen;
  node_.Publish({Indicator("1", "a.example", Label::kGreen)}, terms);
  const v1::PolicyDifference open = Difference(kNoRules);
  ASSERT_EQ(open.parties_size(), 1);
  EXPECT_EQ(open.parties(0).name(), "cert.estovia");
  EXPECT_EQ(open.flows_above_green(), 1u) << "under the embargo it counts as AMBER+STRICT";
}

}  // namespace
}  // namespace entente::exchange
