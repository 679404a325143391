// What an envelope may hold by its format, and this node cannot keep yet: refused whole, and nothing of it stays.
#include <gtest/gtest.h>

#include "envelope/testing/hostile.h"
#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using envelope::testing::Green;
using envelope::testing::HonestPayload;
using envelope::testing::HostileSeal;
using testing::Indicator;
using testing::TestNode;

class Unkept : public ::testing::Test {
 protected:
  void SetUp() override {
    for (TestNode* peer : {&norlandia_, &volt_}) estovia_.Accept(*peer);
  }
  absl::Time Now() const { return estovia_.clock.now; }
  v1::Payload Payload(const std::vector<OrgId>& audience, const envelope::BatchTerms& terms = {}) const {
    return HonestPayload(*norlandia_.self, Green(), audience, {Indicator("1", "a.example", model::Label::kGreen)}, Now(), terms);
  }
  // What Estovia's admission says of `payload`, which holds by its format, sealed by `by`.
  RejectReason Admitted(const v1::Payload& payload, const TestNode& by) {
    const Bytes wire = HostileSeal{*by.self, {estovia_.OfferedPrekey()}, Now()}.Make(payload);
    const auto opened =
        envelope::Open(wire, estovia_.org(), *estovia_.prekeys, Now(), [](const EnvelopeId&) { return false; }, nullptr);
    EXPECT_TRUE(opened.ok()) << opened.status();
    const auto verified = envelope::Verify(*opened, *estovia_.directory, by.org(), Now(), nullptr);
    EXPECT_TRUE(verified.ok()) << verified.status();
    return ReasonOf(estovia_.Admit(by.org(), wire));
  }
  void ExpectNothingKept() { EXPECT_EQ(estovia_.journal->Count().objects, 0u); }

  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"}, volt_{"volt-energy", "XN"};
};

TEST_F(Unkept, TheirOriginsOwnStatementsAreKept) {
  EXPECT_EQ(Admitted(Payload({estovia_.org()}), norlandia_), RejectReason::kNone);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
}
TEST_F(Unkept, ForwardedStatements) {
  v1::Payload payload = Payload({volt_.org()});
  const StatementId id = envelope::IdOf(payload.statements(0).body(), false);
  const envelope::ForwardTerms terms{{id}, {estovia_.org()}, v1::FORWARD_BASIS_LABEL, {}, model::Label::kGreen};
  *payload.add_forwards() = *envelope::MakeForward(*volt_.self, terms, nullptr, false, Now());
  EXPECT_EQ(Admitted(payload, volt_), RejectReason::kNotKept);
  ExpectNothingKept();
}
TEST_F(Unkept, JointStatements) {
  envelope::BatchTerms terms;
  terms.joint = envelope::JointTerms{{norlandia_.org(), volt_.org()}, 1};
  std::sort(terms.joint->organisations.begin(), terms.joint->organisations.end());
  EXPECT_EQ(Admitted(Payload({estovia_.org()}, terms), norlandia_), RejectReason::kNotKept);
  ExpectNothingKept();
}
TEST_F(Unkept, Notices) {
  v1::Payload recall, receipt;
  envelope::RecallTerms terms;
  terms.origin = norlandia_.org();
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  *recall.add_recalls() = envelope::MakeRecall(terms, Now());
  envelope::SignRecall(*norlandia_.self, *recall.mutable_recalls(0)).IgnoreError();
  EXPECT_EQ(Admitted(recall, norlandia_), RejectReason::kNotKept);
  envelope::Receipt stored;
  stored.subjects = terms.targets;
  stored.kind = v1::RECEIPT_KIND_STORED;
  *receipt.add_receipts() = *envelope::MakeReceipt(*norlandia_.self, estovia_.org(), stored, Now());
  EXPECT_EQ(Admitted(receipt, norlandia_), RejectReason::kNotKept);
  ExpectNothingKept();
}
TEST_F(Unkept, StatementsFromAnotherThanTheirOrigin) {
  EXPECT_EQ(Admitted(Payload({estovia_.org(), volt_.org()}), volt_), RejectReason::kNotKept);
  ExpectNothingKept();
}

}  // namespace
}  // namespace entente::exchange
