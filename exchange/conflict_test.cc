// Two things under one name: other bytes for a version, another origin for an id, another origin's identity as creator.
#include <gtest/gtest.h>

#include "exchange/testing/test_node.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::Indicator;
using testing::TestNode;

constexpr auto kOld = "2026-01-02T03:04:05.678Z", kNew = "2026-05-05T00:00:00Z";

std::string IdOf(const std::string& tail) {
  return "indicator--00000000-0000-4000-8000-" + std::string(12 - tail.size(), '0') + tail;
}
std::string IdentityId(char c) {
  return "identity--00000000-0000-4000-8000-" + std::string(12, c);
}
std::string IdentityObject(char c) {
  return R"({"type":"identity","spec_version":"2.1","id":")" + IdentityId(c) +
         R"(","created":"2026-01-01T00:00:00Z","modified":"2026-01-01T00:00:00Z","name":"n","identity_class":"organization",)"
         R"("object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]})";
}
std::string CreatedBy(const std::string& tail, char c, const char* modified = kOld) {
  return Indicator(tail, "a.example", Label::kGreen, modified, ",\"created_by_ref\":\"" + IdentityId(c) + "\"");
}

class Conflict : public ::testing::Test {
 protected:
  void SetUp() override {
    for (TestNode* sender : {&norlandia_, &rival_}) {
      sender->Accept(estovia_);
      estovia_.Accept(*sender);
    }
    trust::Accepted known = *estovia_.directory->Find(norlandia_.org());
    known.party.identities = {IdentityId('a'), IdentityId('c')};
    ASSERT_TRUE(estovia_.directory->Accept(known).ok());
  }
  // What `node` holds of object 1 in quarantine.
  std::vector<storage::QuarantineEntry> Held(TestNode& node, const std::string& tail = "1") {
    return *node.journal->FindQuarantine(IdOf(tail));
  }
  uint64_t Rejected(RejectReason reason) { return estovia_.counters.Rejects(reason); }

  TestNode norlandia_{"cert.norlandia", "XN"}, estovia_{"cert.estovia", "XE"}, rival_{"rival", "XR"};
};

// The first keeps the place, the conflict is on record, and both can be seen.
TEST_F(Conflict, P58TheSameVersionWithOtherContentIsRecordedAndTheFirstKept) {
  const std::string first = Indicator("1", "a.example", Label::kGreen), second = Indicator("1", "b.example", Label::kGreen);
  norlandia_.Publish({first});
  rival_.Publish({second});
  DeliverAll(norlandia_, estovia_);
  DeliverAll(rival_, estovia_);
  EXPECT_EQ(estovia_.reading->Get(IdOf("1"), "")->content, first);
  EXPECT_EQ(estovia_.journal->Count().versions, 1u);
  EXPECT_EQ(Rejected(RejectReason::kConflict), 1u);
  const auto held = Held(estovia_);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].reason, "CONFLICT");
  EXPECT_EQ(held[0].origin, rival_.org());
  EXPECT_EQ((*estovia_.journal->FindRecord(held[0].seq))->quarantine().content(), second);
}

TEST_F(Conflict, P58AnEqualModifiedWithOtherContentIsRefusedToItsOwnPublisher) {
  const std::string first = Indicator("1", "a.example", Label::kGreen);
  norlandia_.Publish({first});
  const v1::PublishProgress again = norlandia_.Publish({Indicator("1", "b.example", Label::kGreen)});
  EXPECT_EQ(again.rejected(), 1u);
  EXPECT_EQ(again.notable(0).reason(), "CONFLICT");
  const v1::PublishProgress once =
      norlandia_.Publish({Indicator("2", "a.example", Label::kGreen), Indicator("2", "b.example", Label::kGreen)});
  EXPECT_EQ(once.notable(0).reason(), "CONFLICT");
  EXPECT_EQ(norlandia_.reading->Get(IdOf("1"), "")->content, first);
  EXPECT_EQ(norlandia_.reading->Get(IdOf("2"), "")->content, Indicator("2", "a.example", Label::kGreen));
}

TEST_F(Conflict, P58AVersionFromThePastIsKeptAndNeverBecomesTheNewest) {
  const std::string newer = Indicator("1", "b.example", Label::kGreen, kNew), older = Indicator("1", "a.example", Label::kGreen, kOld);
  norlandia_.Publish({newer});
  norlandia_.Publish({older});
  DeliverAll(norlandia_, estovia_);
  for (TestNode* node : {&norlandia_, &estovia_}) {
    EXPECT_EQ(node->reading->Get(IdOf("1"), "")->content, newer);
    EXPECT_EQ(node->reading->Get(IdOf("1"), kOld)->content, older);
    EXPECT_EQ(node->journal->Count().versions, 2u);
  }
}

TEST_F(Conflict, P59AnIdThatAnotherProducerUsedFirstStaysItsOwn) {
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  DeliverAll(norlandia_, estovia_);
  rival_.Publish({Indicator("1", "b.example", Label::kGreen, kNew)});
  DeliverAll(rival_, estovia_);
  EXPECT_EQ(estovia_.reading->Get(IdOf("1"), "")->row.origin(), "cert.norlandia");
  EXPECT_EQ(Held(estovia_).at(0).reason, "OWNER");
  EXPECT_EQ(Rejected(RejectReason::kOwner), 1u);
  EXPECT_EQ(estovia_.Publish({Indicator("1", "c.example", Label::kGreen, kNew)}).notable(0).reason(), "OWNER");
}

TEST_F(Conflict, P59ACreatedByRefToAPartysIdentityIsHeldNotBelieved) {
  norlandia_.Publish({IdentityObject('a'), CreatedBy("1", 'a')});
  DeliverAll(norlandia_, estovia_);
  EXPECT_EQ(estovia_.journal->Count().versions, 2u);
  rival_.Publish({CreatedBy("2", 'a'), CreatedBy("3", 'b')});
  DeliverAll(rival_, estovia_);
  EXPECT_EQ(ReasonOf(estovia_.reading->Get(IdOf("2"), "").status()), RejectReason::kOwner);
  EXPECT_EQ(Held(estovia_, "2").at(0).origin, rival_.org());
  EXPECT_TRUE(estovia_.reading->Get(IdOf("3"), "").ok());  // an identity that is on file for nobody binds nobody
  EXPECT_EQ(Rejected(RejectReason::kOwner), 1u);
}

// Who is first with an identity object does not own the name: only the operator's record says whose it is.
TEST_F(Conflict, P59AnIdentityThatAnotherBroughtFirstKeepsNobodyOut) {
  rival_.Publish({IdentityObject('a'), IdentityObject('b')});
  DeliverAll(rival_, estovia_);
  norlandia_.Publish({CreatedBy("1", 'a'), CreatedBy("2", 'b')});
  DeliverAll(norlandia_, estovia_);
  EXPECT_TRUE(estovia_.reading->Get(IdOf("1"), "").ok());
  EXPECT_TRUE(estovia_.reading->Get(IdOf("2"), "").ok());
  EXPECT_EQ(Rejected(RejectReason::kOwner), 0u);
}

TEST_F(Conflict, P59APeerMayNotSpeakInThisNodesName) {
  estovia_.Publish({IdentityObject('e')});
  rival_.Publish({CreatedBy("6", 'e')});
  DeliverAll(rival_, estovia_);
  EXPECT_EQ(Held(estovia_, "6").at(0).reason, "OWNER");
  EXPECT_EQ(estovia_.Publish({CreatedBy("7", 'e')}).published(), 1u);
}

TEST_F(Conflict, P59APublisherMayNotSpeakInAPartysName) {
  const v1::PublishProgress spoofed = estovia_.Publish({CreatedBy("4", 'a'), IdentityObject('e'), CreatedBy("5", 'e')});
  EXPECT_EQ(spoofed.rejected(), 1u);
  EXPECT_EQ(spoofed.published(), 2u);
  EXPECT_EQ(spoofed.notable(0).reason(), "OWNER");
  EXPECT_NE(spoofed.notable(0).detail().find("cert.norlandia"), std::string::npos);
}

// Who passes on what others wrote says so, and is believed to be nobody but itself.
TEST_F(Conflict, P59ACustodianSpeaksInNobodysName) {
  PublishTerms custodian;
  custodian.constraints.source_role = policy::SourceRole::kCustodian;
  rival_.Publish({CreatedBy("3", 'c')}, custodian);
  rival_.Publish({CreatedBy("4", 'c')});
  DeliverAll(rival_, estovia_);
  EXPECT_TRUE(estovia_.reading->Get(IdOf("3"), "").ok());
  EXPECT_EQ(Held(estovia_, "4").at(0).reason, "OWNER");
  EXPECT_EQ(estovia_.Publish({CreatedBy("5", 'c')}, custodian).published(), 1u);
  estovia_.Publish({IdentityObject('f')}, custodian);  // passed on, not this node's own
  rival_.Publish({CreatedBy("8", 'f')});
  DeliverAll(rival_, estovia_);
  EXPECT_TRUE(estovia_.reading->Get(IdOf("8"), "").ok());
}

// The same bytes twice are one object, whoever sends them.
TEST_F(Conflict, P59TheVeryBytesOfTheOwnerAreNoSpoof) {
  norlandia_.Publish({IdentityObject('a'), CreatedBy("1", 'a')});
  DeliverAll(norlandia_, estovia_);
  rival_.Publish({CreatedBy("1", 'a')});
  DeliverAll(rival_, estovia_);
  EXPECT_EQ(Rejected(RejectReason::kOwner), 0u);
  EXPECT_EQ(estovia_.journal->Count().quarantined, 0u);
}

}  // namespace
}  // namespace entente::exchange
