// Reading where it is known who holds which seat: by label, recorded, and with nothing told to who may not.
#include "exchange/seats.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "exchange/reading.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

constexpr uint32_t kDuty = 1001, kAnalyst = 1002, kGuest = 1003;

class SeatsTest : public ::testing::Test {
 protected:
  SeatsTest() {
    seats_.seats = {{"duty officer", {kDuty}}};
    seats_.need_to_know = {kAnalyst};
    seats_.officers = {kDuty};
    const model::Label labels[] = {model::Label::kClear, model::Label::kGreen, model::Label::kAmber,
                                   model::Label::kAmberStrict, model::Label::kRed};
    for (int i = 0; i < 5; ++i) node_.Publish({Indicator(std::to_string(i + 1), "a.example", labels[i])});
  }
  Reading As(std::optional<uint32_t> uid) {
    Room room = node_.room();
    room.seats = &seats_;
    return Reading(room, uid ? std::optional(Caller{*uid, "user"}) : std::nullopt);
  }
  // How many of the five labels `uid` may get, from CLEAR on: nobody gets a stricter one and not a looser one.
  int Gets(std::optional<uint32_t> uid) {
    int got = 0;
    for (int i = 1; i <= 5; ++i) {
      const absl::StatusOr<Reading::Object> object = As(uid).Get(IdOf(std::to_string(i)), "");
      EXPECT_TRUE(!object.ok() || got == i - 1) << i;
      EXPECT_EQ(ReasonOf(object.status()), object.ok() ? kNone : kPolicyTlp);
      if (object.ok()) ++got;
    }
    return got;
  }
  std::vector<v1::OpenedRow> Opened() { return *OpenedBefore(node_.room(), 100); }

  TestNode node_{"cert.norlandia"};
  Seats seats_;
};

TEST_F(SeatsTest, ASeatOpensRedANeedToKnowAmberStrictAndNobodyElseAboveGreen) {
  EXPECT_EQ(Gets(kDuty), 5);
  EXPECT_EQ(Gets(kAnalyst), 4);
  EXPECT_EQ(Gets(kGuest), 2);
  EXPECT_EQ(Gets(std::nullopt), 2) << "whom nobody knows";
  EXPECT_EQ(Reading(node_.room()).Get(IdOf("5"), "")->row.tlp(), "RED") << "where nobody said who holds a seat";
}

TEST_F(SeatsTest, WhoMayNotSeeItIsToldOfNothing) {
  EXPECT_EQ(As(kGuest).Search("a.example", 10)->matches_size(), 2);
  EXPECT_EQ(As(kDuty).Search("a.example", 10)->matches_size(), 5);
  EXPECT_FALSE(As(kGuest).Search("a.example", 2)->more()) << "the hits that are withheld must not show";
  EXPECT_TRUE(As(kGuest).Search("a.example", 1)->more());
  EXPECT_EQ(ReasonOf(As(kGuest).Prove(IdOf("5"), "").status()), kPolicyTlp);
  TestNode estovia("cert.estovia", "XE");
  node_.Accept(estovia);
  EXPECT_EQ(ReasonOf(As(kAnalyst).Explain(IdOf("5"), "cert.estovia").status()), kPolicyTlp);
  EXPECT_EQ(As(kDuty).Explain(IdOf("5"), "cert.estovia")->decision(), "deny");
}

TEST_F(SeatsTest, WhatIsHeldIsSeenByItsLabelAndWithoutOneAsAmberStrict) {
  node_.Publish({Indicator("6", "b.example", model::Label::kUnlabelled)});
  EXPECT_EQ(ReasonOf(As(kGuest).Get(IdOf("6"), "").status()), kPolicyTlp);
  EXPECT_EQ(ReasonOf(As(kAnalyst).Get(IdOf("6"), "").status()), kNoLabel);
  std::string wrong = Indicator("7", "c.example", model::Label::kGreen);
  const size_t marking = wrong.find("marking-definition--");
  ASSERT_NE(marking, std::string::npos);
  wrong.insert(marking - 1, R"("marking-definition--11111111-1111-4111-8111-111111111111",)");
  node_.Publish({wrong});
  EXPECT_EQ(ReasonOf(As(kGuest).Get(IdOf("7"), "").status()), kPolicyTlp) << "GREEN and a marking that nobody knows";
  EXPECT_EQ(ReasonOf(As(kAnalyst).Get(IdOf("7"), "").status()), kMarking);
  EXPECT_EQ(HeldLabel(model::Label::kRed, "MARKING", false), model::Label::kRed);
  EXPECT_EQ(HeldLabel(model::Label::kGreen, "POLICY_RULE", true), model::Label::kGreen);
  EXPECT_EQ(HeldLabel(model::Label::kGreen, "POLICY_RULE", false), model::Label::kAmberStrict);
  EXPECT_EQ(ReasonOf(As(kAnalyst).CheckLabel(model::Label::kRed)), kPolicyTlp);
  EXPECT_TRUE(As(kDuty).CheckLabel(model::Label::kRed).ok());
}

TEST_F(SeatsTest, ItIsOnRecordWhoOpenedWhatIsAboveAmber) {
  const uint64_t before = node_.journal->Head().sequence;
  ASSERT_TRUE(As(kDuty).Get(IdOf("3"), "").ok());
  EXPECT_EQ(node_.journal->Head().sequence, before) << "AMBER is not recorded";
  ASSERT_TRUE(As(kDuty).Get(IdOf("5"), "").ok());
  ASSERT_TRUE(As(kAnalyst).Search("a.example", 10).ok());
  const std::vector<v1::OpenedRow> opened = Opened();
  ASSERT_EQ(opened.size(), 2u) << "what was withheld from the analyst was not opened";
  EXPECT_EQ(opened[0].by(), "user (uid 1002)");
  EXPECT_EQ(opened[0].how() + " " + opened[0].id() + " " + opened[0].tlp(), "search " + IdOf("4") + " AMBER+STRICT");
  EXPECT_EQ(opened[1].by(), "user (uid 1001)");
  EXPECT_EQ(opened[1].how() + " " + opened[1].id() + " " + opened[1].tlp(), "get " + IdOf("5") + " RED");
  EXPECT_EQ(OpenedBefore(node_.room(), 1)->size(), 1u);
  EXPECT_TRUE(node_.journal->Fsck(false)->problems.empty());
}

TEST_F(SeatsTest, OneCallIsOneRecordUpToItsBound) {
  std::vector<v1::ObjectRow> rows(kOpenedTogether + 1);
  for (v1::ObjectRow& row : rows) row.set_tlp("RED");
  const uint64_t before = node_.journal->Head().sequence;
  ASSERT_TRUE(As(kDuty).Opened("tail", rows).ok());
  EXPECT_EQ(node_.journal->Head().sequence, before + 2);
  EXPECT_EQ(ReasonOf(As(std::nullopt).Opened("tail", rows)), kRole) << "nobody to write down";
}

TEST_F(SeatsTest, WhatCannotBeRecordedIsNotShown) {
  node_.journal->Stop();
  EXPECT_EQ(ReasonOf(As(kDuty).Get(IdOf("5"), "").status()), kUnavailable);
  EXPECT_TRUE(As(kDuty).Get(IdOf("3"), "").ok());
}

TEST(WrittenCaller, IsShownAsItIsAndNeverTrusted) {
  EXPECT_EQ(Written({1001, "anna"}), "anna (uid 1001)");
  EXPECT_EQ(Written({0, ""}), "uid 0");
  const std::string hostile = Written({7, std::string("a\n\x1b[31m") + std::string(500, 'b')});
  EXPECT_EQ(hostile.find('\n'), std::string::npos);
  EXPECT_EQ(hostile.find('\x1b'), std::string::npos);
  EXPECT_LE(hostile.size(), storage::kMaxByBytes);
}

}  // namespace
}  // namespace entente::exchange
