// One real session against a peer that a test plays by hand: what it asks, what it sends unasked, what it answers.
#include <gtest/gtest.h>

#include "services/peer/testing/documents_by_hand.h"

namespace entente::peer {
namespace {

using enum RejectReason;
using testing::Eventually;

class HostileDocuments : public testing::DocumentsByHand {};

TEST_F(HostileDocuments, OwnIdentityDocumentsAreForEverybodyInOrder) {
  Greet();
  const auto all = AnswerTo(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view()));
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].number(), 1u);
  EXPECT_EQ(all[1].number(), 2u);
  EXPECT_FALSE(all[0].end());
  const auto second = AnswerTo(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view(), 2, 1));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].document(), all[1].document());
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view(), 3)));
  const auto prekey = AnswerTo(WantOf(v1::DOCUMENT_KIND_PREKEY, norlandia_.org().view(), 0, 1));
  ASSERT_EQ(prekey.size(), 1u);
  EXPECT_EQ(prekey[0].document(), norlandia_.prekeys->Offer().SerializeAsString());
}

TEST_F(HostileDocuments, WhatIsOfOthersIsForWhoSharesAGroup) {
  const GroupId without = Found(norlandia_, {&norlandia_, &volt_});
  Greet();
  for (const auto kind : {v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_PROPOSAL, v1::DOCUMENT_KIND_GROUP_LOG,
                          v1::DOCUMENT_KIND_EPOCH, v1::DOCUMENT_KIND_EPOCH_SLOTS, v1::DOCUMENT_KIND_REWRAP}) {
    EXPECT_TRUE(IsEndAlone(WantOf(kind, without.view()))) << kind;
  }
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_LEAVE, without.view(), 0)));
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_IDENTITY, volt_.org().view())));
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_PREKEY, volt_.org().view(), 0)));
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, Bytes(32, 'n'))));  // that of nothing looks the same

  const GroupId common = Found(norlandia_, {&norlandia_, &estovia_, &volt_});
  EXPECT_EQ(AnswerTo(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, common.view())).size(), 1u);
  EXPECT_EQ(AnswerTo(WantOf(v1::DOCUMENT_KIND_GROUP_LOG, common.view())).size(), 2u);
  const auto epochs = AnswerTo(WantOf(v1::DOCUMENT_KIND_EPOCH, common.view()));
  ASSERT_EQ(epochs.size(), 1u);
  v1::EpochDelivery delivery;
  EXPECT_TRUE(delivery.ParseFromString(epochs[0].document()) && !delivery.slot().empty());
  EXPECT_EQ(AnswerTo(WantOf(v1::DOCUMENT_KIND_IDENTITY, volt_.org().view())).size(), 2u);
  EXPECT_TRUE(IsEndAlone(WantOf(v1::DOCUMENT_KIND_EPOCH_SLOTS, common.view())));
}

TEST_F(HostileDocuments, AFloodOfQuestionsEnds) {
  Greet();
  for (size_t i = 0; i < 4 * kMaxWants; ++i) Say(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view()));
  EXPECT_EQ(Bye(), "E_LIMIT");  // nothing of the answers was read
}

TEST_F(HostileDocuments, AQuestionOutOfBounds) {
  Greet();
  EXPECT_EQ(ByeAfter(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, Bytes(32, 'g'), 1, kMaxWantCount + 1)), "E_LIMIT");
}

TEST_F(HostileDocuments, ADocumentOver2MiB) {
  Greet();
  EXPECT_EQ(ByeAfter(DocumentOf(v1::DOCUMENT_KIND_LEAVE, Bytes(32, 'g'), 0, Bytes(kMaxDocumentBytes + 1, 'x'))),
            "E_LIMIT");
}

TEST_F(HostileDocuments, AnAnswerThatNobodyAskedFor) {
  Greet();
  EXPECT_EQ(ByeAfter(DocumentOf(v1::DOCUMENT_KIND_MEMBERSHIP, Bytes(32, 'g'), 1, "x", /*end=*/true)), "E_PARSE");
}

TEST_F(HostileDocuments, AFloodUnaskedKeepsThePeerOut) {
  const GroupId group = Found(norlandia_, {&norlandia_, &estovia_});
  Greet();
  const v1::Frame hint = Hint(norlandia_, group);  // what is on file costs nothing but its place
  for (int i = 0; i < 3 * kDocumentsPerMinute; ++i) Say(hint);
  EXPECT_EQ(Bye(), "E_BUDGET");
  EXPECT_EQ(BudgetOver(), "documents");
}

TEST_F(HostileDocuments, GarbageIsCountedUntilThereIsTooMuchOfIt) {
  Greet();
  const Bytes group(32, 'g');
  for (int i = 1; i < kMaxBadDocuments; ++i) {
    const auto kind = static_cast<v1::DocumentKind>(v1::DOCUMENT_KIND_MEMBERSHIP + i % 7);
    Say(DocumentOf(kind, group, static_cast<uint64_t>(i), "garbage"));
  }
  EXPECT_TRUE(Lives());
  EXPECT_TRUE(Eventually([&] { return Rejected(kParse) == static_cast<uint64_t>(kMaxBadDocuments - 1); }));
  EXPECT_EQ(BudgetOver(), "");
  EXPECT_EQ(ByeAfter(DocumentOf(v1::DOCUMENT_KIND_LEAVE, group, 0, "garbage")), "E_BUDGET");
  EXPECT_EQ(BudgetOver(), "documents");
  EXPECT_GT(norlandia_.counters.Peer(estovia_.org()).fruitless_cpu_ns, 0u);
}

TEST_F(HostileDocuments, DocumentsOfAGroupThatThisNodeIsNotInAreDropped) {
  const GroupId group = Found(estovia_, {&estovia_, &volt_});
  Greet();
  Say(Hint(estovia_, group));
  EXPECT_TRUE(Lives());
  EXPECT_TRUE(Eventually([&] { return Rejected(kUnknownParty) == 1u; }));
  EXPECT_TRUE(norlandia_.group_directory->All().empty());
}

// Its members tell of it, too, who know its founders: no reason to keep them out.
TEST_F(HostileDocuments, GroupsThatThisNodeIsNotInAreNoBreach) {
  const GroupId group = Found(estovia_, {&estovia_, &volt_});
  const v1::Frame hint = Hint(estovia_, group);
  Greet();
  for (int i = 0; i < kMaxBadDocuments + 4; ++i) Say(hint);
  EXPECT_TRUE(Lives());
  EXPECT_TRUE(Eventually([&] { return Rejected(kUnknownParty) == static_cast<uint64_t>(kMaxBadDocuments + 4); }));
}

TEST_F(HostileDocuments, ADocumentUnderAnotherGroupsIdIsDropped) {
  const GroupId group = Found(estovia_, {&norlandia_, &estovia_});
  Greet();
  v1::Frame hint = Hint(estovia_, group);
  hint.mutable_document()->set_id(Bytes(32, 'g'));
  Say(hint);
  EXPECT_TRUE(Lives());
  EXPECT_TRUE(Eventually([&] { return Rejected(kParse) == 1u; }));
}

// It tells of a group and then answers with garbage: one round of questions, and it is not asked again because of that.
TEST_F(HostileDocuments, WhoAnswersGarbageIsNotAskedAgain) {
  const GroupId group = Found(estovia_, {&norlandia_, &estovia_});
  Greet();
  Say(Hint(estovia_, group));
  for (const auto kind : {v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_GROUP_LOG}) {
    const std::optional<v1::Frame> want = Next(v1::Frame::kWant);
    ASSERT_TRUE(want);
    EXPECT_EQ(want->want().kind(), kind);
    EXPECT_EQ(want->want().id(), group.view());
    EXPECT_EQ(want->want().first(), 1u);
    Say(DocumentOf(kind, group.view(), 1, "garbage", /*end=*/true));
  }
  Say(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view(), 9));
  const std::optional<v1::Frame> next = pipe_->Take(1);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->has_document()) << next->ShortDebugString();
  EXPECT_TRUE(Eventually([&] { return Rejected(kParse) == 1u; }));
  EXPECT_TRUE(norlandia_.group_directory->All().empty());
}

TEST_F(HostileDocuments, WhatAnHonestOneAnswersIsTakenIn) {
  const GroupId group = Found(estovia_, {&norlandia_, &estovia_});
  Greet();
  Say(Hint(estovia_, group));
  const DocumentAnswers answers(estovia_.room(), *estovia_.groups, norlandia_.org());
  std::vector<v1::DocumentKind> asked;
  while (norlandia_.group_directory->Epochs(group, 1, 9, norlandia_.clock.now).empty()) {
    const std::optional<v1::Frame> want = Next(v1::Frame::kWant);
    ASSERT_TRUE(want);
    asked.push_back(want->want().kind());
    const auto documents = answers.To(want->want());
    for (const v1::Document& document : *documents) {
      v1::Frame frame;
      *frame.mutable_document() = document;
      Say(frame);
    }
    if (want->want().kind() == v1::DOCUMENT_KIND_EPOCH) break;
  }
  EXPECT_EQ(asked, (std::vector<v1::DocumentKind>{v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_GROUP_LOG,
                                                  v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_GROUP_LOG,
                                                  v1::DOCUMENT_KIND_LEAVE, v1::DOCUMENT_KIND_EPOCH}));
  EXPECT_TRUE(
      Eventually([&] { return !norlandia_.group_directory->Epochs(group, 1, 9, norlandia_.clock.now).empty(); }));
}

// It learnt of the question, so it tells what came since, and its answers were not taken in yet.
TEST_F(HostileDocuments, WhatIsToldOfAGroupWhileItIsAskedAboutIsNoFault) {
  const GroupId group = Found(estovia_, {&norlandia_, &estovia_});
  Greet();
  Say(Hint(estovia_, group));
  const DocumentAnswers answers(estovia_.room(), *estovia_.groups, norlandia_.org());
  const auto give = [&](const v1::Frame& want, bool asked) {
    const auto documents = answers.To(want.want());
    for (const v1::Document& document : *documents) {
      v1::Frame frame;
      *frame.mutable_document() = document;
      if (!asked) frame.mutable_document()->set_end(false);
      if (asked || !document.document().empty()) Say(frame);
    }
  };
  const std::optional<v1::Frame> versions = Next(v1::Frame::kWant);
  ASSERT_TRUE(versions);
  for (const auto kind : {v1::DOCUMENT_KIND_GROUP_LOG, v1::DOCUMENT_KIND_EPOCH}) {
    give(WantOf(kind, group.view()), /*asked=*/false);
  }
  give(*versions, /*asked=*/true);
  while (norlandia_.group_directory->Epochs(group, 1, 9, norlandia_.clock.now).empty()) {
    const std::optional<v1::Frame> want = Next(v1::Frame::kWant);
    ASSERT_TRUE(want);
    give(*want, /*asked=*/true);
    if (want->want().kind() == v1::DOCUMENT_KIND_EPOCH) break;
  }
  EXPECT_TRUE(
      Eventually([&] { return !norlandia_.group_directory->Epochs(group, 1, 9, norlandia_.clock.now).empty(); }));
  EXPECT_EQ(Rejected(kUnknownParty) + Rejected(kIdentityChain), 0u);
}

TEST_F(HostileDocuments, ALaterLevelCountsAs1AndLevel0IsServedWithoutDocuments) {
  const GroupId group = Found(norlandia_, {&norlandia_, &estovia_});
  for (const uint32_t level : {0u, 7u}) {
    v1::Frame hello = HelloFrame();
    hello.mutable_hello()->set_level(level);
    Open();
    Say(hello);
    const std::optional<v1::Frame> own = Next(v1::Frame::kHello);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->hello().level(), 1u);
    EXPECT_EQ(own->hello().identity_version(), 2u);
    ASSERT_TRUE(Next(v1::Frame::kCredit));
    if (level == 0) {
      Say(MakePiece(1, "garbage", 0));
      const std::optional<v1::Frame> next = pipe_->Take(1);
      ASSERT_TRUE(next);
      EXPECT_EQ(next->kind_case(), v1::Frame::kAck) << "it is asked nothing";
      EXPECT_EQ(ByeAfter(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, group.view())), "E_PARSE");
    } else {
      EXPECT_TRUE(Next(v1::Frame::kWant)) << "about their group";
    }
    Hangup();
  }
}

}  // namespace
}  // namespace entente::peer
