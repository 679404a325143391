// One real session against a peer that a test plays by hand: what it asks, what it sends unasked, what it answers.
#include <gtest/gtest.h>

#include "exchange/testing/group_nodes.h"
#include "services/peer/testing/by_hand.h"

namespace entente::peer {
namespace {

using enum RejectReason;
using exchange::testing::TestNode;
using testing::Eventually;

class HostileDocuments : public testing::ByHand {
 protected:
  void SetUp() override {
    for (TestNode* node : {&norlandia_, &estovia_, &volt_}) node->BecomeAdmin();
    for (TestNode* one : {&norlandia_, &estovia_, &volt_}) {
      for (TestNode* other : {&norlandia_, &estovia_, &volt_}) {
        if (one != other) one->Accept(*other);
      }
    }
    budget_ = std::make_shared<PeerBudget>(BudgetLimits{}, norlandia_.counters.Peer(estovia_.org()),
                                           std::chrono::steady_clock::now());
  }
  static v1::Frame WantOf(v1::DocumentKind kind, ByteView id, uint64_t first = 1, uint32_t count = kMaxWantCount) {
    v1::Frame frame;
    frame.mutable_want()->set_kind(kind);
    frame.mutable_want()->set_id(id.data(), id.size());
    frame.mutable_want()->set_first(first);
    frame.mutable_want()->set_count(count);
    return frame;
  }
  static v1::Frame DocumentOf(v1::DocumentKind kind, ByteView id, uint64_t number, const Bytes& bytes,
                              bool end = false) {
    v1::Frame frame;
    frame.mutable_document()->set_kind(kind);
    frame.mutable_document()->set_id(id.data(), id.size());
    frame.mutable_document()->set_number(number);
    frame.mutable_document()->set_document(bytes);
    frame.mutable_document()->set_end(end);
    return frame;
  }
  // What Norlandia answers, up to the end, each document once.
  std::vector<v1::Document> AnswerTo(const v1::Frame& want) {
    Say(want);
    std::vector<v1::Document> out;
    while (std::optional<v1::Frame> frame = Next(v1::Frame::kDocument)) {
      if (frame->document().kind() != want.want().kind() || frame->document().id() != want.want().id()) continue;
      const auto same = [&](const v1::Document& one) { return one.document() == frame->document().document(); };
      if (out.empty() || std::none_of(out.begin(), out.end(), same)) out.push_back(frame->document());  // told as well
      if (!frame->document().end()) continue;
      out.back().set_end(true);
      return out;
    }
    return {};
  }
  bool Lives() { return AnswerTo(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view())).size() == 2; }
  bool IsEndAlone(const v1::Frame& want) {
    const std::vector<v1::Document> answer = AnswerTo(want);
    return answer.size() == 1 && answer[0].end() && answer[0].document().empty();
  }
  // A group of these, founded by `by`, all of which count at once.
  GroupId Found(TestNode& by, const std::vector<const TestNode*>& members) {
    trust::GroupTerms terms;
    terms.name = "energy";
    terms.admins = {by.org()};
    terms.issuers = {by.org()};
    terms.log_org = by.org();
    for (const TestNode* one : members) terms.members[one->org()] = 1;
    const auto change = by.groups->Propose(std::nullopt, terms);
    EXPECT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(by.groups->DoDuties().ok());
    return change->group;
  }
  std::string BudgetOver() {
    const auto out = budget_->KeptOut(std::chrono::steady_clock::now());
    return out ? out->why : "";
  }
  v1::Frame Hint(const TestNode& of, const GroupId& group) {
    const auto newest = of.group_directory->Newest(group);
    return DocumentOf(v1::DOCUMENT_KIND_MEMBERSHIP, group.view(), newest->version(),
                      newest->wire().SerializeAsString());
  }
  TestNode volt_{"volt", "XN", model::PartyKind::kPrivate};
};

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
  EXPECT_EQ(Rejected(kParse), static_cast<uint64_t>(kMaxBadDocuments - 1));
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
  EXPECT_EQ(Rejected(kUnknownParty), 1u);
  EXPECT_TRUE(norlandia_.group_directory->All().empty());
}

TEST_F(HostileDocuments, ADocumentUnderAnotherGroupsIdIsDropped) {
  const GroupId group = Found(estovia_, {&norlandia_, &estovia_});
  Greet();
  v1::Frame hint = Hint(estovia_, group);
  hint.mutable_document()->set_id(Bytes(32, 'g'));
  Say(hint);
  EXPECT_TRUE(Lives());
  EXPECT_EQ(Rejected(kParse), 1u);
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
  EXPECT_EQ(Rejected(kParse), 1u);
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

// --- Newer identity documents, which stand before everything else ---

class NewerIdentity : public HostileDocuments {
 protected:
  // Norlandia has asked for the documents that Estovia's Hello promised.
  void Promise(uint64_t version, const Digest& hash) {
    v1::Frame hello = HelloFrame();
    hello.mutable_hello()->set_identity_version(version);
    hello.mutable_hello()->set_identity_hash(hash.str());
    Open();
    Say(hello);
    const std::optional<v1::Frame> want = Next(v1::Frame::kWant);
    ASSERT_TRUE(want);
    EXPECT_EQ(want->want().kind(), v1::DOCUMENT_KIND_IDENTITY);
    EXPECT_EQ(want->want().id(), estovia_.org().view());
    EXPECT_EQ(want->want().first(), 2u);  // from the newest on file on
  }
  v1::Frame Own(uint64_t number, const Bytes& bytes, bool end = true) {
    return DocumentOf(v1::DOCUMENT_KIND_IDENTITY, estovia_.org().view(), number, bytes, end);
  }
  uint64_t VersionHere() { return norlandia_.directory->Find(estovia_.org())->identity.version(); }
};

TEST_F(NewerIdentity, TheDocumentComesAndTheSessionBeginsAnew) {
  const trust::Self next = estovia_.Next();
  Promise(3, next.identity.hash());
  EXPECT_EQ(ByeAfter(Own(3, next.identity.wire().SerializeAsString())), "replaced");
  EXPECT_EQ(VersionHere(), 3u);
  EXPECT_FALSE(Hangup().refused);
}

TEST_F(NewerIdentity, ThereIsNone) {
  Promise(3, *Digest::From(Bytes(32, 'x')));
  EXPECT_EQ(ByeAfter(Own(3, "")), "E_IDENTITY");
  EXPECT_TRUE(Hangup().refused);
}

TEST_F(NewerIdentity, ItIsGarbage) {
  Promise(3, *Digest::From(Bytes(32, 'x')));
  EXPECT_EQ(ByeAfter(Own(3, "garbage")), "E_PARSE");
}

TEST_F(NewerIdentity, NoAnswerComes) {
  newer_patience_ = std::chrono::milliseconds(50);
  Promise(3, *Digest::From(Bytes(32, 'x')));
  EXPECT_EQ(Bye(), "E_IDENTITY");
}

TEST_F(NewerIdentity, ASecondDocumentForOneVersionIsKeptAsEvidence) {
  const trust::Self one = estovia_.Next(), other = estovia_.Next();
  norlandia_.Learn(one);
  ASSERT_EQ(VersionHere(), 3u);
  v1::Frame hello = HelloFrame();
  hello.mutable_hello()->set_identity_version(4);
  hello.mutable_hello()->set_identity_hash(Bytes(32, 'x'));
  Open();
  Say(hello);
  ASSERT_TRUE(Next(v1::Frame::kWant));
  EXPECT_EQ(ByeAfter(Own(3, other.identity.wire().SerializeAsString())), "E_EQUIV");
  EXPECT_TRUE(norlandia_.directory->Find(estovia_.org())->history->contradiction().has_value());
}

// Nothing else of the peer counts meanwhile; what it asks of this organisation's own documents is answered, so that two
// sides that both have newer ones come forward.
TEST_F(NewerIdentity, NothingElseCountsMeanwhile) {
  const trust::Self next = estovia_.Next();
  const GroupId group = Found(norlandia_, {&norlandia_, &estovia_});
  Promise(3, next.identity.hash());
  Say(MakePiece(1, "garbage", 0));
  Say(AckFrame(7));
  Say(DocumentOf(v1::DOCUMENT_KIND_LEAVE, group.view(), 0, "garbage"));
  Say(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, group.view()));
  Say(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view(), 2, 1));
  const std::optional<v1::Frame> answer = Next(v1::Frame::kDocument);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->document().kind(), v1::DOCUMENT_KIND_IDENTITY);
  EXPECT_EQ(ByeAfter(Own(3, next.identity.wire().SerializeAsString())), "replaced");
  EXPECT_EQ(norlandia_.counters.Peer(estovia_.org()).envelopes_received, 0u);
  EXPECT_EQ(Rejected(kParse) + Rejected(kNotFound), 0u);
}

TEST_F(NewerIdentity, AHelloMustNameWhatItIs) {
  EXPECT_EQ(ByeAfterHello([](v1::Hello& hello) { hello.set_identity_version(1); }), "E_IDENTITY");  // it is version 2
}

TEST_F(NewerIdentity, OfLevel0OnlyTheNewestOnFile) {
  const trust::Self next = estovia_.Next();
  EXPECT_EQ(ByeAfterHello([&](v1::Hello& hello) {
              hello.clear_level();
              hello.set_identity_hash(next.identity.hash().str());
              hello.set_identity_version(3);
            }),
            "E_IDENTITY");
  EXPECT_EQ(VersionHere(), 2u);
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
    Say(MakePiece(1, "garbage", 0));
    const std::optional<v1::Frame> next = pipe_->Take(1);
    ASSERT_TRUE(next);
    // Of level 1 it is asked about their group first.
    EXPECT_EQ(next->kind_case(), level == 0 ? v1::Frame::kAck : v1::Frame::kWant);
    if (level == 0) {
      EXPECT_EQ(ByeAfter(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, group.view())), "E_PARSE");
    }
    Hangup();
  }
}

}  // namespace
}  // namespace entente::peer
