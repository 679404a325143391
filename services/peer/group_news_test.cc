#include "services/peer/group_news.h"

#include <gtest/gtest.h>

#include "exchange/testing/group_nodes.h"

namespace entente::peer {
namespace {

using exchange::testing::GroupNodes;
using exchange::testing::TestNode;

const SteadyTime kStart{std::chrono::hours(1)};

// What Norlandia tells Volt.
class GroupNewsTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(n_.Found().ok()); }
  std::vector<v1::Document> At(SteadyTime now, GroupNews* news = nullptr) {
    std::vector<v1::Document> all;
    for (int i = 0; i < 10; ++i) {  // each call is about one group
      const auto next = (news != nullptr ? *news : news_).Next(now);
      EXPECT_TRUE(next.ok());
      all.insert(all.end(), next->begin(), next->end());
    }
    return all;
  }
  static std::vector<v1::DocumentKind> Kinds(const std::vector<v1::Document>& documents) {
    std::vector<v1::DocumentKind> out;
    for (const v1::Document& one : documents) out.push_back(one.kind());
    return out;
  }
  v1::Want WantOf(v1::DocumentKind kind, uint64_t first) const {
    v1::Want out;
    out.set_kind(kind);
    out.set_id(n_.group.str());
    out.set_first(first);
    out.set_count(kMaxWantCount);
    return out;
  }
  // The peer follows the group and is at version 1.
  void UpToDate() {
    news_.PeerAsked(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, 2), kStart);
    news_.PeerAsked(WantOf(v1::DOCUMENT_KIND_GROUP_LOG, 3), kStart);
    news_.PeerAsked(WantOf(v1::DOCUMENT_KIND_EPOCH, 2), kStart);
  }
  void Change() {
    n_.norlandia.clock.now += absl::Seconds(1);
    trust::GroupTerms terms = trust::TermsOf(*n_.norlandia.group_directory->Newest(n_.group));
    terms.name = "energy " + std::to_string(++changes_);
    ASSERT_TRUE(n_.norlandia.groups->Propose(n_.group, terms).ok());
  }
  GroupNodes n_;
  int changes_ = 0;
  GroupNews news_{n_.norlandia.room(), *n_.norlandia.groups, n_.volt.org()};
};

TEST_F(GroupNewsTest, WhoDoesNotAskIsToldTheNewestVersionOnce) {
  Change();
  EXPECT_TRUE(At(kStart).empty()) << "the session has not begun";
  news_.Begin(kStart);
  EXPECT_TRUE(At(kStart).empty());
  EXPECT_EQ(news_.due(), kStart + kHintAfter);
  const auto told = At(kStart + kHintAfter);
  ASSERT_EQ(Kinds(told), std::vector<v1::DocumentKind>{v1::DOCUMENT_KIND_MEMBERSHIP});
  EXPECT_EQ(told[0].number(), 2u);
  EXPECT_EQ(told[0].id(), n_.group.view());
  EXPECT_TRUE(At(kStart + std::chrono::hours(1)).empty());
  EXPECT_EQ(news_.due(), SteadyTime::max());
}

TEST_F(GroupNewsTest, WhoFollowsIsToldWhatIsBehindItsPosition) {
  news_.Begin(kStart);
  UpToDate();
  EXPECT_TRUE(At(kStart + kHintAfter).empty());
  EXPECT_FALSE(news_.changed());
  Change();
  EXPECT_TRUE(news_.changed());
  EXPECT_EQ(Kinds(At(kStart + kHintAfter)), (std::vector{v1::DOCUMENT_KIND_MEMBERSHIP, v1::DOCUMENT_KIND_GROUP_LOG}));
  EXPECT_FALSE(news_.changed());
  ASSERT_TRUE(n_.norlandia.groups->Rotate(n_.group, v1::EPOCH_REASON_AGE).ok());
  ASSERT_TRUE(n_.norlandia.groups->DoDuties().ok());
  const auto told = At(kStart + kHintAfter);
  EXPECT_EQ(Kinds(told), (std::vector{v1::DOCUMENT_KIND_GROUP_LOG, v1::DOCUMENT_KIND_EPOCH}));
  EXPECT_TRUE(At(kStart + kHintAfter).empty());
}

TEST_F(GroupNewsTest, WhatThePeerSentIsNotToldToIt) {
  news_.Begin(kStart);
  UpToDate();
  At(kStart + kHintAfter);
  Change();
  const auto answer = n_.norlandia.groups->AnswerFor(n_.group, n_.volt.org(), {2, 3, 2});
  for (const v1::Document& one : DocumentsOf(n_.group, *answer)) news_.PeerSent(one, kStart);
  EXPECT_TRUE(At(kStart + kHintAfter).empty());
}

TEST_F(GroupNewsTest, WhoSentSomethingOfTheGroupFollowsIt) {
  news_.Begin(kStart);
  const auto answer = n_.norlandia.groups->AnswerFor(n_.group, n_.volt.org(), {});
  news_.PeerSent(DocumentsOf(n_.group, *answer)[0], kStart);  // version 1
  EXPECT_EQ(Kinds(At(kStart + kHintAfter)),
            (std::vector{v1::DOCUMENT_KIND_GROUP_LOG, v1::DOCUMENT_KIND_GROUP_LOG, v1::DOCUMENT_KIND_EPOCH}));
}

TEST_F(GroupNewsTest, WhoIsFarBehindIsToldTheLastEntryAlone) {
  news_.Begin(kStart);
  UpToDate();
  At(kStart + kHintAfter);
  for (size_t i = 0; i < kMostPushed / 2; ++i) Change();
  EXPECT_EQ(At(kStart + kHintAfter).size(), kMostPushed);
  for (size_t i = 0; i <= kMostPushed / 2; ++i) Change();
  const auto told = At(kStart + kHintAfter);
  ASSERT_EQ(Kinds(told), std::vector<v1::DocumentKind>{v1::DOCUMENT_KIND_GROUP_LOG});
  EXPECT_EQ(told[0].number(), n_.norlandia.group_directory->History(n_.group)->log().size());
}

TEST_F(GroupNewsTest, ThePaceIsKept) {
  news_.Begin(kStart);
  UpToDate();
  const SteadyTime now = kStart + kHintAfter;
  At(now);
  size_t told = 0;
  for (int i = 0; i < kPushedPerMinute; ++i) {  // two documents each
    Change();
    told += At(now).size();
  }
  EXPECT_EQ(told, static_cast<size_t>(kPushedPerMinute));
  EXPECT_GT(news_.due(), now);
  EXPECT_LE(news_.due(), now + std::chrono::seconds(2));
  EXPECT_FALSE(At(now + std::chrono::minutes(2)).empty());
}

TEST_F(GroupNewsTest, WhoIsNotInTheGroupIsToldNothing) {
  TestNode stranger("stranger");
  n_.norlandia.Accept(stranger);
  GroupNews news(n_.norlandia.room(), *n_.norlandia.groups, stranger.org());
  news.Begin(kStart);
  news.PeerAsked(WantOf(v1::DOCUMENT_KIND_MEMBERSHIP, 1), kStart);
  Change();
  EXPECT_TRUE(At(kStart + kHintAfter, &news).empty());
}

// It cannot be checked here that it waits: the others' tests do. Once it was told, it is not told again.
TEST_F(GroupNewsTest, AProposalIsToldToAdminsAlone) {
  trust::GroupTerms terms = n_.Terms(/*threshold=*/2);
  terms.name = "other";
  GroupNews for_estovia(n_.norlandia.room(), *n_.norlandia.groups, n_.estovia.org());
  for (GroupNews* news : {&news_, &for_estovia}) {
    news->Begin(kStart);
    At(kStart + kHintAfter, news);
  }
  const auto change = n_.norlandia.groups->Propose(std::nullopt, terms);
  ASSERT_TRUE(change.ok() && !change->counts);
  EXPECT_TRUE(At(kStart + kHintAfter).empty());
  const auto told = At(kStart + kHintAfter, &for_estovia);
  ASSERT_EQ(Kinds(told), std::vector<v1::DocumentKind>{v1::DOCUMENT_KIND_PROPOSAL});
  EXPECT_EQ(told[0].number(), 1u);
  EXPECT_TRUE(At(kStart + std::chrono::hours(1), &for_estovia).empty());
}

}  // namespace
}  // namespace entente::peer
