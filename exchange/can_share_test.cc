// What would become of objects, and that asking leaves nothing behind: the answers are those of the publish that
// follows.
#include "exchange/can_share.h"

#include <gtest/gtest.h>

#include "exchange/testing/test_node.h"
#include "exchange/warned.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

class CanShareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    node_.Accept(estovia_);
    node_.Accept(volt_);
    ASSERT_TRUE(changes_.Load().ok());
  }
  std::vector<v1::CanShareReply> Ask(const v1::PublishOptions& options, const std::vector<std::string>& objects) {
    auto question = CanShare::Begin(node_.room(), *node_.publication, changes_, options);
    EXPECT_TRUE(question.ok()) << question.status();
    std::vector<PublishItem> items;
    for (const std::string& object : objects) items.push_back({object});
    const auto replies = question->Ask(std::move(items), 0);
    EXPECT_TRUE(replies.ok()) << replies.status();
    return *replies;
  }
  const std::string green_ = Indicator("1", "a.example", Label::kGreen);
  TestNode node_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"};
  TestNode volt_{"volt-energy", "XN", model::PartyKind::kPrivate};
  RuleChanges changes_{node_.room(), node_.rules};
};

TEST_F(CanShareTest, EverybodyOnFileIsAnsweredForAndNothingIsKept) {
  v1::PublishOptions options;
  options.add_to("cert.estovia");
  const uint64_t records = node_.journal->Head().sequence;
  const auto replies = Ask(options, {green_, Indicator("2", "b.example", Label::kUnlabelled), "{"});
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].outcome(), "published");
  ASSERT_EQ(replies[0].decisions_size(), 2);
  EXPECT_EQ(replies[0].decisions(0).peer(), "cert.estovia");
  EXPECT_EQ(replies[0].decisions(0).decision(), "permit");
  EXPECT_EQ(replies[0].decisions(0).reason(), "peer_nation");
  EXPECT_EQ(replies[0].decisions(1).decision(), "deny");
  EXPECT_EQ(replies[0].decisions(1).reason(), "NOT_ADDRESSED");
  EXPECT_EQ(replies[1].outcome(), "quarantined");
  EXPECT_EQ(replies[1].reason(), "NO_LABEL");
  EXPECT_EQ(replies[2].outcome(), "rejected");
  EXPECT_EQ(replies[2].reason(), "E_JSON");
  EXPECT_EQ(node_.journal->Head().sequence, records);
  EXPECT_EQ(node_.journal->Count().quarantined, 0u);
  EXPECT_EQ(node_.counters.Of(Counters::kPublished) + node_.counters.Permits(), 0u);
}

TEST_F(CanShareTest, OnePartyIsAnsweredForWithEveryCheck) {
  v1::PublishOptions options;
  options.set_can_share_with("volt-energy");
  const auto replies = Ask(options, {Indicator("1", "a.example", Label::kAmber)});
  ASSERT_EQ(replies[0].decisions_size(), 1);
  const v1::CanShareDecision& decision = replies[0].decisions(0);
  EXPECT_EQ(decision.peer(), "volt-energy");
  EXPECT_EQ(decision.reason(), "TLP");
  EXPECT_GT(decision.trace_size(), 10);
  EXPECT_FALSE(decision.remedy().empty());
}

TEST_F(CanShareTest, TheAnswerIsThatOfThePublishBehindIt) {
  v1::PublishOptions options;
  const std::vector<std::string> objects = {green_, Indicator("2", "b.example", Label::kAmber), green_,
                                            Indicator("1", "other.example", Label::kGreen)};
  const auto replies = Ask(options, objects);
  const v1::PublishProgress progress = node_.Publish(objects);
  uint64_t published = 0, unchanged = 0, rejected = 0, permitted = 0;
  for (const v1::CanShareReply& reply : replies) {
    published += reply.outcome() == "published" ? 1 : 0;
    unchanged += reply.outcome() == "unchanged" ? 1 : 0;
    rejected += reply.outcome() == "rejected" ? 1 : 0;
    const bool estovia = reply.decisions_size() > 0 && reply.decisions(0).decision() == "permit";
    permitted += reply.outcome() == "published" && estovia ? 1 : 0;
  }
  EXPECT_EQ(published, progress.published());
  EXPECT_EQ(unchanged, progress.unchanged());
  EXPECT_EQ(rejected, progress.rejected());
  EXPECT_EQ(permitted, progress.permitted().at("cert.estovia"));
  EXPECT_EQ(Ask(options, {green_})[0].outcome(), "unchanged");
}

// Without any rule about lists: both say so, and the publish goes through.
TEST_F(CanShareTest, ValuesOnWarningListsAreWarnedOf) {
  EXPECT_TRUE(Ask({}, {green_})[0].warnings().empty());
  for (const std::string name : {"seen everywhere", "resolvers"}) {
    node_.warning_lists.push_back(*model::WarningList::Parse(
        R"({"name":")" + name + R"(","version":1,"type":"hostname","list":["a.example"]})", "list.json"));
  }
  std::vector<std::string> objects = {Indicator("0", "fine.example", Label::kGreen)};
  for (int i = 1; i <= kMaxWarningsTold + 1; ++i) {
    objects.push_back(Indicator(std::to_string(i), std::to_string(i) + ".a.example", Label::kGreen));
  }
  const auto replies = Ask({}, objects);
  EXPECT_TRUE(replies[0].warnings().empty());
  ASSERT_EQ(replies[1].warnings_size(), 2);
  EXPECT_EQ(replies[1].warnings(0) + ", " + replies[1].warnings(1), "resolvers, seen everywhere");
  const v1::PublishProgress progress = node_.Publish(objects);
  EXPECT_EQ(progress.published(), objects.size());
  EXPECT_EQ(progress.warned(), objects.size() - 1);
  ASSERT_EQ(progress.warnings_size(), kMaxWarningsTold);
  EXPECT_EQ(progress.warnings(0).index(), 1u);
  EXPECT_EQ(progress.warnings(0).id(), testing::IdOf("1"));
  EXPECT_EQ(progress.warnings(0).lists(1), "seen everywhere");
}

TEST_F(CanShareTest, OtherRulesThanThoseInForceCanBeTried) {
  v1::PublishOptions options;
  options.mutable_can_share_under()->set_file("trial.toml");
  options.mutable_can_share_under()->set_text(
      "version = 1\n[[rule]]\nid = \"shut\"\nwhen = { peer = \"volt-energy\" }\neffect = \"withhold\"\n");
  const auto replies = Ask(options, {green_});
  EXPECT_EQ(replies[0].decisions(0).decision(), "permit");
  EXPECT_EQ(replies[0].decisions(1).reason(), "LOCAL_RULE");
  EXPECT_EQ(replies[0].decisions(1).rule(), "shut");
  EXPECT_EQ(node_.rules.Now()->in_force.size(), 0u);
  options.mutable_can_share_under()->set_text("version = 2\n");
  EXPECT_EQ(ReasonOf(CanShare::Begin(node_.room(), *node_.publication, changes_, options).status()), kConfig);
  options.clear_can_share_under();
  options.set_can_share_with("nobody");
  EXPECT_EQ(ReasonOf(CanShare::Begin(node_.room(), *node_.publication, changes_, options).status()), kNotFound);
}

// A marking that an earlier chunk defines is known to a later one, as it is to a publish.
TEST_F(CanShareTest, MarkingsDefinedInFrontAreKnown) {
  const std::string id = "marking-definition--11111111-1111-4111-8111-111111111111";
  const std::string definition =
      R"({"type":"marking-definition","spec_version":"2.1","id":")" + id +
      R"(","created":"2026-01-01T00:00:00Z","definition_type":"statement",)"
      R"("definition":{"statement":"Copyright"},)"
      R"("object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]})";
  const std::string marked =
      Indicator("1", "a.example", Label::kUnlabelled, "2026-01-02T03:04:05.678Z",
                R"(,"object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",")" + id + "\"]");
  auto question = CanShare::Begin(node_.room(), *node_.publication, changes_, {});
  ASSERT_TRUE(question.ok());
  EXPECT_EQ((*question->Ask({{marked}}, 0))[0].outcome(), "quarantined");
  EXPECT_EQ((*question->Ask({{definition}}, 1))[0].outcome(), "published");
  EXPECT_EQ((*question->Ask({{marked}}, 2))[0].outcome(), "published");
}

}  // namespace
}  // namespace entente::exchange
