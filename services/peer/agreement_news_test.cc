// Agreements over sessions alone.
#include "services/peer/agreement_news.h"

#include <gtest/gtest.h>

#include "exchange/agreements.h"
#include "services/peer/testing/three_rooms.h"
#include "trust/agreement_history.h"

namespace entente::peer {
namespace {

using testing::TestNode;

class AgreementNewsTest : public ::testing::Test {
 protected:
  static v1::AgreementRow Act(TestNode& node, const TestNode& peer, v1::AgreementRequest request = {}) {
    request.set_peer(node.directory->NameOf(peer.org()));
    const auto reply = exchange::Agree(node.room(), request);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply.ok() ? reply->rows(0) : v1::AgreementRow();
  }
  static v1::AgreementRow Propose(TestNode& node, const TestNode& peer, const std::string& ceiling) {
    v1::AgreementRequest request;
    request.mutable_propose()->set_ceiling(ceiling);
    return Act(node, peer, request);
  }
  static void Accept(TestNode& node, const TestNode& peer) {
    v1::AgreementRequest request;
    request.set_accept(Act(node, peer).their_offer().id());
    Act(node, peer, request);
  }
  static void Stop(TestNode& node, const TestNode& peer, bool end) {
    v1::AgreementRequest request;
    end ? request.set_end(true) : request.set_suspend(true);
    Act(node, peer, request);
  }
  bool OfferComes() {
    return n_.Settles([&] { return Act(n_.estovia, n_.norlandia).has_their_offer(); });
  }
  bool BothSay(const std::string& standing) {
    return n_.Settles([&] {
      return Act(n_.norlandia, n_.estovia).standing() == standing && Act(n_.estovia, n_.norlandia).standing() == standing;
    });
  }
  testing::ThreeRooms n_;
};

TEST_F(AgreementNewsTest, ItIsMadeAndStoppedWhileTheSessionIsUp) {
  n_.OpenAll();
  Propose(n_.norlandia, n_.estovia, "GREEN");
  ASSERT_TRUE(OfferComes());
  Accept(n_.estovia, n_.norlandia);
  EXPECT_TRUE(BothSay("in force"));
  Stop(n_.estovia, n_.norlandia, /*end=*/false);
  EXPECT_TRUE(BothSay("suspended"));
  EXPECT_TRUE(n_.Rejections().empty());
  EXPECT_EQ(n_.volt.directory->agreement_changes(), 0u) << "it is between two";
}

TEST_F(AgreementNewsTest, WhatHappenedBeforeTheSessionIsTold) {
  Propose(n_.norlandia, n_.estovia, "GREEN");
  n_.Open(n_.norlandia, n_.estovia);
  ASSERT_TRUE(OfferComes());
  n_.CloseAll();
  Accept(n_.estovia, n_.norlandia);
  Stop(n_.norlandia, n_.estovia, /*end=*/true);
  n_.Open(n_.norlandia, n_.estovia);
  EXPECT_TRUE(BothSay("ended")) << "one accepted what the other took back: the stricter counts";
  EXPECT_TRUE(n_.Rejections().empty());
}

TEST_F(AgreementNewsTest, NothingIsToldTwice) {
  Propose(n_.norlandia, n_.estovia, "GREEN");
  AgreementNews news(n_.norlandia.room(), n_.estovia.org());
  EXPECT_TRUE(news.Next().empty()) << "the session has not begun";
  news.Begin();
  ASSERT_TRUE(news.changed());
  const auto told = news.Next();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].kind(), v1::DOCUMENT_KIND_AGREEMENT);
  EXPECT_EQ(told[0].id(), n_.norlandia.org().view());
  EXPECT_FALSE(news.changed());
  Propose(n_.norlandia, n_.volt, "GREEN");
  EXPECT_TRUE(news.changed());
  EXPECT_TRUE(news.Next().empty()) << "another peer's";
  Propose(n_.norlandia, n_.estovia, "AMBER");
  EXPECT_EQ(news.Next().size(), 1u);
}

TEST_F(AgreementNewsTest, WhatThePeerSentIsNotToldBack) {
  Propose(n_.norlandia, n_.estovia, "GREEN");
  AgreementNews news(n_.norlandia.room(), n_.estovia.org());
  news.Begin();
  v1::Document sent;
  sent.set_kind(v1::DOCUMENT_KIND_AGREEMENT);
  sent.set_document(n_.norlandia.directory->Find(n_.estovia.org())->agreements->own_offer()->wire().SerializeAsString());
  news.PeerSent(sent);
  EXPECT_TRUE(news.Next().empty());
}

TEST_F(AgreementNewsTest, WhatASessionRemembersIsBounded) {
  Propose(n_.norlandia, n_.estovia, "GREEN");
  v1::Document sent;
  sent.set_kind(v1::DOCUMENT_KIND_AGREEMENT);
  const std::string offer =
      n_.norlandia.directory->Find(n_.estovia.org())->agreements->own_offer()->wire().SerializeAsString();
  for (const bool forgotten : {false, true}) {
    AgreementNews news(n_.norlandia.room(), n_.estovia.org());
    news.Begin();
    sent.set_document(offer);
    news.PeerSent(sent);
    for (size_t i = 1; i < kMaxKnownAgreements + (forgotten ? 1 : 0); ++i) {
      sent.set_document("another " + std::to_string(i));
      news.PeerSent(sent);
    }
    EXPECT_EQ(news.Next().size(), forgotten ? 1u : 0u);
  }
}

}  // namespace
}  // namespace entente::peer
