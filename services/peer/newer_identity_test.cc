// Newer identity documents, which stand before everything else of a peer, against one that a test plays by hand.
#include <gtest/gtest.h>

#include "services/peer/testing/documents_by_hand.h"

namespace entente::peer {
namespace {

using enum RejectReason;

class NewerIdentity : public testing::DocumentsByHand {
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

}  // namespace
}  // namespace entente::peer
