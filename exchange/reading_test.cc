#include <gtest/gtest.h>

#include "envelope/proof.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;

constexpr auto kOld = "2026-01-02T03:04:05.678Z", kNew = "2026-05-05T00:00:00Z";
constexpr auto kUnknownMarking =
    R"(,"object_marking_refs":["marking-definition--11111111-1111-4111-8111-111111111111"])";

class ReadingNode : public ::testing::Test {
 protected:
  void SetUp() override {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  v1::ExplainReply Explained(TestNode& node, const std::string& peer, std::string_view version = {}) {
    const auto reply = node.reading->Explain(IdOf("1"), peer, version);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? *reply : v1::ExplainReply();
  }
  TestNode norlandia_{"cert.norlandia", "XN"};
  TestNode estovia_{"cert.estovia", "XE"};
};

TEST_F(ReadingNode, QuarantineIsToldWithItsOwnReason) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled),
                      Indicator("2", "b.example", Label::kUnlabelled, kOld, kUnknownMarking)});
  EXPECT_EQ(ReasonOf(norlandia_.reading->Get(IdOf("1"), "").status()), RejectReason::kNoLabel);
  const absl::Status marking = norlandia_.reading->Get(IdOf("2"), "").status();
  EXPECT_EQ(ReasonOf(marking), RejectReason::kMarking);
  EXPECT_NE(std::string(marking.message()).find("unknown marking id"), std::string::npos) << marking;
  EXPECT_EQ(ReasonOf(norlandia_.reading->Get(IdOf("2"), kOld).status()), RejectReason::kMarking);
  EXPECT_EQ(ReasonOf(norlandia_.reading->Get(IdOf("2"), kNew).status()), RejectReason::kNotFound);
}

// What a reader without a node makes of the proof that `node` gives for object "1".
RejectReason ProofReason(TestNode& node, const trust::Directory& known, std::string_view version = {}) {
  const auto proof = node.reading->Prove(IdOf("1"), version);
  if (!proof.ok()) return ReasonOf(proof.status());
  const auto proven = envelope::CheckProof(*proof, known, node.clock.Now(), nullptr, nullptr);
  if (proven.ok()) {
    EXPECT_TRUE(proven->content_shown);
  }
  return ReasonOf(proven.status());
}

TEST_F(ReadingNode, AProofHoldsForTheOriginAndForWhoeverReceivedIt) {
  norlandia_.Publish({Indicator("0", "z.example", Label::kGreen), Indicator("1", "a.example", Label::kGreen),
                      Indicator("2", "b.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  const auto at_home = norlandia_.reading->Prove(IdOf("1"), ""), away = estovia_.reading->Prove(IdOf("1"), "");
  ASSERT_TRUE(at_home.ok() && away.ok()) << at_home.status() << away.status();
  EXPECT_EQ(at_home->SerializeAsString(), away->SerializeAsString());
  EXPECT_EQ(at_home->statement().path_size(), 2);
  EXPECT_EQ(ProofReason(norlandia_, *norlandia_.directory), RejectReason::kNone);
  EXPECT_EQ(ProofReason(estovia_, *norlandia_.directory), RejectReason::kNone);
}

TEST_F(ReadingNode, WhatMayNotBeReadHasNoProof) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled)});
  EXPECT_EQ(ProofReason(norlandia_, *norlandia_.directory), RejectReason::kNoLabel);
  EXPECT_EQ(ReasonOf(norlandia_.reading->Prove(IdOf("9"), "").status()), RejectReason::kNotFound);
  EXPECT_EQ(ProofReason(norlandia_, *norlandia_.directory, "yesterday"), RejectReason::kUsage);
}

TEST_F(ReadingNode, ExplainSpeaksOfTheNewestVersionAndOfTheOneNamed) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen, kOld)});
  norlandia_.Publish({Indicator("1", "a.example", Label::kUnlabelled, kNew)});
  const v1::ExplainReply newest = Explained(norlandia_, "cert.estovia");
  EXPECT_EQ(newest.decision(), "quarantine");
  EXPECT_EQ(newest.reason(), "NO_LABEL");
  EXPECT_EQ(newest.version(), kNew);
  EXPECT_NE(newest.recorded().find(kOld), std::string::npos) << newest.recorded();
  EXPECT_EQ(Explained(norlandia_, "cert.estovia", kOld).decision(), "permit");
  EXPECT_EQ(Explained(norlandia_, "cert.estovia", kNew).decision(), "quarantine");
  EXPECT_EQ(ReasonOf(norlandia_.reading->Explain(IdOf("1"), "cert.estovia", "2020-01-01T00:00:00Z").status()),
            RejectReason::kNotFound);
  EXPECT_EQ(ReasonOf(norlandia_.reading->Explain(IdOf("1"), "cert.estovia", "yesterday").status()),
            RejectReason::kUsage);
}

TEST_F(ReadingNode, WhatCameFromAPeerWasNotPublishedHere) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  const v1::ExplainReply reply = Explained(estovia_, "cert.norlandia");
  EXPECT_EQ(reply.decision(), "deny");
  EXPECT_NE(reply.recorded().find("received from cert.norlandia"), std::string::npos) << reply.recorded();
  EXPECT_FALSE(reply.delivered());
}

TEST_F(ReadingNode, AReceivedObjectInQuarantineNamesItsOrigin) {
  TestNode cautious("cautious", "XE");
  cautious.Accept(norlandia_, Label::kGreen);
  norlandia_.Accept(cautious);
  PublishTerms terms;
  terms.constraints.addressees = {cautious.org()};
  norlandia_.Publish({Indicator("1", "a.example", Label::kAmber)}, terms);
  DeliverAll(norlandia_, cautious);
  const absl::Status status = cautious.reading->Get(IdOf("1"), "").status();
  EXPECT_EQ(ReasonOf(status), RejectReason::kPolicyScope);
  EXPECT_NE(std::string(status.message()).find("received from cert.norlandia"), std::string::npos) << status;
  const v1::ExplainReply reply = Explained(cautious, "cert.norlandia");
  EXPECT_EQ(reply.decision(), "quarantine");
  EXPECT_NE(reply.recorded().find("received from cert.norlandia"), std::string::npos) << reply.recorded();
}

TEST_F(ReadingNode, NamesComeBackAsTheyAre) {
  const std::string name = "\"quoted\" back\\slash \xC3\xBC \xE2\x80\x8D";  // a zero-width joiner at the end
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen, kOld,
                                R"(,"name":"\"quoted\" back\\slash )" "\xC3\xBC \xE2\x80\x8D\"")});
  EXPECT_EQ(norlandia_.reading->Get(IdOf("1"), "")->row.name(), name);
  std::string longer;
  for (int i = 0; i < 200; ++i) longer += "\xC3\xBC";
  norlandia_.Publish({Indicator("2", "a.example", Label::kGreen, kOld, ",\"name\":\"x" + longer + "\"")});
  EXPECT_EQ(norlandia_.reading->Get(IdOf("2"), "")->row.name(), "x" + longer.substr(0, 254));
}

TEST_F(ReadingNode, PlacesCountFromTheFile) {
  std::vector<PublishItem> items;
  items.push_back({.content = "{\n  \"type\" 1}", .start = model::TextPlace{40, 7}});
  items.push_back({.content = R"({"type":"indicator"})", .start = model::TextPlace{42, 3}});
  std::promise<v1::PublishProgress> done;
  norlandia_.publication->Publish(std::move(items), {}, 0, [&](auto progress) { done.set_value(*progress); });
  const v1::PublishProgress progress = done.get_future().get();
  EXPECT_NE(progress.notable(0).detail().find("line 41, column "), std::string::npos) << progress.notable(0).detail();
  EXPECT_EQ(progress.notable(1).line(), 42u);
  EXPECT_EQ(progress.notable(1).column(), 3u);
}

}  // namespace
}  // namespace entente::exchange
