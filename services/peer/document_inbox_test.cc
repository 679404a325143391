#include "services/peer/document_inbox.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::peer {
namespace {

using enum RejectReason;

const OrgId kPeer = *OrgId::From(Bytes(32, 'p'));
const Bytes kGroup(32, 'g');
const SteadyTime kNow{std::chrono::hours(1)};

v1::Want WantOf(uint64_t first = 1, uint32_t count = 1, v1::DocumentKind kind = v1::DOCUMENT_KIND_MEMBERSHIP) {
  v1::Want out;
  out.set_kind(kind);
  out.set_id(kGroup);
  out.set_first(first);
  out.set_count(count);
  return out;
}

v1::Document DocumentOf(uint64_t number, const Bytes& bytes = "x", bool end = false,
                        v1::DocumentKind kind = v1::DOCUMENT_KIND_MEMBERSHIP) {
  v1::Document out;
  out.set_kind(kind);
  out.set_id(kGroup);
  out.set_number(number);
  out.set_document(bytes);
  out.set_end(end);
  return out;
}

class DocumentInboxTest : public ::testing::Test {
 protected:
  RejectReason Want(const v1::Want& want) { return ReasonOf(inbox_.Take(want)); }
  RejectReason Take(const v1::Document& document, SteadyTime now = kNow) {
    return ReasonOf(inbox_.Take(document, now));
  }
  void Drain() {
    while (inbox_.NextDocument()) {
    }
  }
  DocumentInbox inbox_{kPeer};
};

TEST_F(DocumentInboxTest, AQuestionHasItsShape) {
  EXPECT_EQ(Want(WantOf(1, 1, v1::DOCUMENT_KIND_UNSPECIFIED)), kParse);
  EXPECT_EQ(Want(WantOf(1, 1, static_cast<v1::DocumentKind>(v1::DocumentKind_MAX + 1))), kParse);
  v1::Want short_id = WantOf();
  short_id.set_id("g");
  EXPECT_EQ(Want(short_id), kParse);
  EXPECT_EQ(Want(WantOf(1, 0)), kLimit);
  EXPECT_EQ(Want(WantOf(1, kMaxWantCount + 1)), kLimit);
  EXPECT_EQ(Want(WantOf(UINT64_MAX, kMaxWantCount)), kNone);
  EXPECT_EQ(LastOf(WantOf(UINT64_MAX, kMaxWantCount)), UINT64_MAX);
  EXPECT_EQ(LastOf(WantOf(5, 3)), 7u);
}

TEST_F(DocumentInboxTest, EightQuestionsAreOpenUntilTheirEnd) {
  for (size_t i = 0; i < kMaxWants; ++i) EXPECT_EQ(Want(WantOf(i)), kNone);
  EXPECT_EQ(inbox_.NextWant()->first(), 0u);
  EXPECT_EQ(Want(WantOf(9)), kLimit);  // it is being answered
  inbox_.Answered();
  EXPECT_EQ(Want(WantOf(9)), kNone);
  EXPECT_EQ(inbox_.NextWant()->first(), 1u);
}

TEST_F(DocumentInboxTest, ADocumentHasItsShape) {
  EXPECT_EQ(Take(DocumentOf(1, "x", false, v1::DOCUMENT_KIND_UNSPECIFIED)), kParse);
  EXPECT_EQ(Take(DocumentOf(1, "x", false, static_cast<v1::DocumentKind>(99))), kParse);
  EXPECT_EQ(Take(DocumentOf(1, "")), kParse);
  EXPECT_EQ(Take(DocumentOf(1, Bytes(kMaxDocumentBytes + 1, 'x'))), kLimit);
  EXPECT_EQ(Take(DocumentOf(1, Bytes(kMaxDocumentBytes, 'x'))), kNone);
  v1::Document short_id = DocumentOf(1);
  short_id.set_id("g");
  EXPECT_EQ(Take(short_id), kParse);
}

TEST_F(DocumentInboxTest, WhatNobodyAskedForIsOfSomeKindsAlone) {
  EXPECT_EQ(Take(DocumentOf(1, "x", true)), kParse) << "the end of nothing";
  EXPECT_EQ(Take(DocumentOf(1, "", true)), kParse);
  EXPECT_EQ(Take(DocumentOf(0, "x", false, v1::DOCUMENT_KIND_PREKEY)), kParse);
  v1::Document identity = DocumentOf(2, "x", false, v1::DOCUMENT_KIND_IDENTITY);
  EXPECT_EQ(Take(identity), kParse) << "of a third organisation";
  identity.set_id(kPeer.str());
  EXPECT_EQ(Take(identity), kNone);
  v1::Document agreement = DocumentOf(1, "x", false, v1::DOCUMENT_KIND_AGREEMENT);
  EXPECT_EQ(Take(agreement), kParse) << "not under the sender's id";
  agreement.set_id(kPeer.str());
  EXPECT_EQ(Take(agreement), kNone);
  for (int kind = v1::DOCUMENT_KIND_MEMBERSHIP; kind <= v1::DOCUMENT_KIND_LEAVE; ++kind) {
    EXPECT_EQ(Take(DocumentOf(1, "x", false, static_cast<v1::DocumentKind>(kind))), kNone) << kind;
  }
}

TEST_F(DocumentInboxTest, SixtyFourAMinuteUnasked) {
  for (int i = 0; i < kDocumentsPerMinute; ++i) EXPECT_EQ(Take(DocumentOf(1)), kNone);
  EXPECT_EQ(Take(DocumentOf(1)), kBudget);
  EXPECT_EQ(Take(DocumentOf(1), kNow + std::chrono::seconds(1)), kNone);
  EXPECT_EQ(Take(DocumentOf(1), kNow + std::chrono::seconds(1)), kBudget);
  for (int i = 0; i < kDocumentsPerMinute; ++i) EXPECT_EQ(Take(DocumentOf(1), kNow + std::chrono::hours(1)), kNone);
  EXPECT_EQ(Take(DocumentOf(1), kNow + std::chrono::hours(1)), kBudget);
}

TEST_F(DocumentInboxTest, UnaskedBytesWaitWithinABound) {
  const Bytes large(kMaxDocumentBytes, 'x');
  for (size_t i = 0; i < kMaxUnaskedBytes / kMaxDocumentBytes; ++i) EXPECT_EQ(Take(DocumentOf(1, large)), kNone);
  EXPECT_EQ(inbox_.held_bytes(), kMaxUnaskedBytes);
  EXPECT_EQ(Take(DocumentOf(1)), kBudget);
  Drain();
  EXPECT_EQ(inbox_.held_bytes(), 0u);
  EXPECT_EQ(Take(DocumentOf(1, large)), kNone);
}

TEST_F(DocumentInboxTest, AnAnswerIsToldFromTheRestAndCostsNoneOfTheBudget) {
  inbox_.Asked(WantOf(5, kMaxWantCount));
  EXPECT_TRUE(inbox_.asking());
  for (uint64_t i = 0; i < 200; ++i) EXPECT_EQ(Take(DocumentOf(5 + i)), kNone);
  EXPECT_EQ(Take(DocumentOf(4)), kNone);
  EXPECT_EQ(Take(DocumentOf(6, "x", false, v1::DOCUMENT_KIND_GROUP_LOG)), kNone);
  EXPECT_EQ(Take(DocumentOf(300, "x", true)), kNone);
  EXPECT_FALSE(inbox_.asking());
  EXPECT_EQ(Take(DocumentOf(5)), kNone);
  size_t asked = 0, unasked = 0;
  while (const auto came = inbox_.NextDocument()) ++(came->asked ? asked : unasked);
  EXPECT_EQ(asked, 201u);
  EXPECT_EQ(unasked, 3u);
}

TEST_F(DocumentInboxTest, TheEndMayStandAlone) {
  inbox_.Asked(WantOf(5));
  EXPECT_EQ(Take(DocumentOf(4, "x", true)), kParse) << "another number with a document";
  EXPECT_EQ(Take(DocumentOf(0, "", true)), kNone);
  EXPECT_FALSE(inbox_.asking());
}

TEST_F(DocumentInboxTest, AnAnswerEndsAtItsBounds) {
  inbox_.Asked(WantOf(1, kMaxWantCount));
  const Bytes large(kMaxDocumentBytes, 'x');
  for (size_t i = 0; i < kMaxAnswerBytes / kMaxDocumentBytes + 1; ++i) EXPECT_EQ(Take(DocumentOf(1 + i, large)), kNone);
  EXPECT_EQ(Take(DocumentOf(20)), kLimit);
  Drain();
  DocumentInbox other(kPeer);
  other.Asked(WantOf(0, 1, v1::DOCUMENT_KIND_LEAVE));
  for (size_t i = 0; i < kMaxAnswerDocuments; ++i) {
    EXPECT_TRUE(other.Take(DocumentOf(0, "x", false, v1::DOCUMENT_KIND_LEAVE), kNow).ok());
  }
  EXPECT_EQ(ReasonOf(other.Take(DocumentOf(0, "x", false, v1::DOCUMENT_KIND_LEAVE), kNow)), kLimit);
}

TEST(PerMinuteTest, SaysWhenTheNextOneMayGo) {
  PerMinute pace(2);
  EXPECT_TRUE(pace.Take(kNow));
  EXPECT_TRUE(pace.Take(kNow));
  EXPECT_FALSE(pace.Take(kNow));
  EXPECT_EQ(pace.next(), kNow + std::chrono::seconds(30));
  EXPECT_FALSE(pace.Take(kNow + std::chrono::seconds(29)));
  EXPECT_TRUE(pace.Take(kNow + std::chrono::milliseconds(30'001)));
}

}  // namespace
}  // namespace entente::peer
