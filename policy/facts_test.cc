#include <gtest/gtest.h>

#include "policy/sample_questions.h"

// What follows from facts beside the records: hops, personal data, groups' clients, IEP, purposes, obligations.
namespace entente::policy {
namespace {

using model::Label;
using enum RejectReason;

Question Addressed(Label label) {
  Question question = SampleQuestion(label, Estovia());
  question.constraints.addressees = {question.recipient.org};
  question.honours_obligations = true;
  return question;
}
Question OnwardToClient(uint32_t made) {
  Question question = SampleQuestion(Label::kAmber, Volt());
  question.hop = Hop::kOnward;
  question.hops_made = made;
  question.standing.client = question.standing.need_to_know.emplace(true);
  return question;
}
std::optional<uint32_t> HopsLeft(const Question& question) {
  const Decision decision = Evaluate({}, question);
  EXPECT_TRUE(decision.permitted());
  return decision.permitted() ? decision.permit()->hops_left() : 99;
}

TEST(Hops, AmberGoesToClientsAndThroughADistributorOneFurther) {
  EXPECT_EQ(HopsLeft(OnwardToClient(0)), 0u);
  EXPECT_EQ(ReasonFor(OnwardToClient(1)), kPolicyHops);
  Question to_distributor = OnwardToClient(0);
  to_distributor.standing.distributor = true;
  EXPECT_EQ(HopsLeft(to_distributor), 1u);
  Question from_distributor = OnwardToClient(1);
  from_distributor.distributed = true;
  EXPECT_EQ(HopsLeft(from_distributor), 0u);
  from_distributor.hops_made = 2;
  EXPECT_EQ(ReasonFor(from_distributor), kPolicyHops);
}

TEST(Hops, TheLeastLimitCounts) {
  Question question = SampleQuestion(Label::kGreen, Estovia());
  question.hop = Hop::kOnward;
  question.hops_made = 3;
  EXPECT_EQ(HopsLeft(question), std::nullopt);
  question.constraints.hop_limit = 10;
  EXPECT_EQ(HopsLeft(question), 6u);
  question.standing.terms.hop_limit = 5;
  EXPECT_EQ(HopsLeft(question), 1u);
  question.standing.group.emplace().hop_limit = 4;
  EXPECT_EQ(HopsLeft(question), 0u);
  question.hops_made = 4;
  EXPECT_EQ(ReasonFor(question), kPolicyHops);
  question.hop = Hop::kDirect;
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Hops, ATokenMakesAHopDirect) {
  Question question = Addressed(Label::kRed);
  question.hop = Hop::kOnward;
  question.constraints.orcon = true;
  question.release_token = true;
  question.standing.seat = true;
  EXPECT_EQ(ReasonFor(question), kNone);
  question.release_token = false;
  EXPECT_EQ(ReasonFor(question), kPolicyOrcon);
}

TEST(Groups, ClientsFollowTheLabelUnlessTheDocumentSays) {
  for (const Label label : {Label::kGreen, Label::kAmber, Label::kAmberStrict}) {
    Question question = SampleQuestion(label, Volt());
    question.constraints.addressees = {question.recipient.org};
    question.constraints.sg_id = Bytes(kSharingGroupIdSize, 'g');
    question.standing.client = question.standing.need_to_know.emplace(true);
    question.standing.group = GroupStanding();
    EXPECT_EQ(ReasonFor(question), label == Label::kAmberStrict ? kPolicyGroup : kNone);
    question.standing.group->clients = true;
    EXPECT_EQ(ReasonFor(question), kNone);
    question.standing.group->clients = false;
    EXPECT_EQ(ReasonFor(question), kPolicyGroup);
    question.standing.group->member = true;
    question.standing.group->ceiling = Label::kGreen;
    EXPECT_EQ(ReasonFor(question), label == Label::kGreen ? kNone : kPolicyGroup);
  }
}

Question WithPersonalData() {
  Question question = Addressed(Label::kAmber);
  question.sender.nation = "DE";
  question.recipient.nation = "FR";
  question.constraints.personal_data = PersonalData::kPresent;
  question.constraints.purpose = {"network-security"};
  question.constraints.retain_until = question.now + absl::Hours(24);
  question.standing.use = "network-security";
  question.standing.terms.keeps = absl::Hours(24);
  question.legal_basis = "gdpr-6-1-f";
  return question;
}

TEST(PersonalDataAbroad, NeedsBasisPurposeEndAndTransfer) {
  const Question good = WithPersonalData();
  ASSERT_EQ(ReasonFor(good), kNone);
  Question question = good;
  question.legal_basis.reset();
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  for (const auto& [basis, reason] :
       std::vector<std::pair<std::string, RejectReason>>{{"gdpr-6-1-c", kNone},
                                                         {"gdpr-6-1-e", kNone},
                                                         {"local:art-5", kNone},
                                                         {"local:", kPolicyNoBasis},
                                                         {"local:two words", kPolicyNoBasis},
                                                         {"gdpr-6-1-a", kPolicyNoBasis},
                                                         {"", kPolicyNoBasis}}) {
    question.legal_basis = basis;
    EXPECT_EQ(ReasonFor(question), reason) << basis;
  }
  question = good, question.constraints.purpose = {"blocking"};
  EXPECT_EQ(ReasonFor(question), kPolicyNoBasis);
  question = good, question.standing.terms.keeps = absl::Hours(23);
  EXPECT_EQ(ReasonFor(question), kPolicyNoBasis);
  question = good, question.standing.terms.keeps.reset();
  EXPECT_EQ(ReasonFor(question), kPolicyNoBasis);
  question = good, question.constraints.retain_until = absl::InfiniteFuture();
  EXPECT_EQ(ReasonFor(question), kPolicyNoBasis);
  for (const char* nation : {"GB", "", "XE"}) {
    question = good, question.recipient.nation = nation;
    EXPECT_EQ(ReasonFor(question), kPolicyNoBasis) << nation;
    question.standing.terms.transfer_basis = true;
    EXPECT_EQ(ReasonFor(question), kNone) << nation;
  }
  question = good, question.sender.nation = "XN";  // it leaves no EEA that it was not in
  question.recipient.nation = "XE";
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(PersonalDataAbroad, VictimsAreRedactedUnlessSomebodyLooked) {
  Question question = WithPersonalData();
  EXPECT_TRUE(Evaluate({}, question).permit()->asks(Obligation::kRedactVictims));
  question.names_victims = false;
  EXPECT_FALSE(Evaluate({}, question).permit()->asks(Obligation::kRedactVictims));
  question.names_victims = true;
  question.recipient.nation = question.sender.nation;
  EXPECT_FALSE(Evaluate({}, question).permit()->asks(Obligation::kRedactVictims));
}

TEST(PersonalDataAbroad, SpecialNeedsAnApproval) {
  Question question = Addressed(Label::kGreen);
  question.constraints.personal_data = PersonalData::kSpecial;
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  question.standing.terms.special_approved = false;
  EXPECT_EQ(ReasonFor(question), kPolicySpecial);
  question.standing.terms.special_approved = true;
  EXPECT_EQ(ReasonFor(question), kNone);
}

TEST(Obliged, WhoDoesNotHonourIsDenied) {
  Question question = Addressed(Label::kGreen);
  question.names_victims = true;
  EXPECT_EQ(ReasonFor(question), kNone);
  question.honours_obligations = false;
  const Decision decision = Evaluate({}, question);
  ASSERT_NE(decision.denial(), nullptr);
  EXPECT_EQ(decision.denial()->reason, kPolicyUnsupported);
  EXPECT_EQ(decision.trace.back().check, "obligations");
}

TEST(Obliged, OfTheSource) {
  Question question = Addressed(Label::kGreen);
  question.iep.emplace().attribution = model::Iep::Attribution::kMust;
  EXPECT_TRUE(Evaluate({}, question).permit()->asks(Obligation::kKeepSource));
  question.hop = Hop::kOnward;
  question.hops_made = 0;
  question.unattributed = true;
  EXPECT_TRUE(Evaluate({}, question).permit()->asks(Obligation::kStripSource));
  EXPECT_FALSE(Evaluate({}, question).permit()->asks(Obligation::kKeepSource));
  question.iep->encrypt_in_transit = true;
  EXPECT_TRUE(Evaluate({}, question).permit()->asks(Obligation::kEncrypt));
}

TEST(Purposes, TheUseIsHeldAgainstObjectAndAgreement) {
  Question question = Addressed(Label::kGreen);
  question.constraints.purpose = {"blocking", "research"};
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
  question.standing.use = "research";
  EXPECT_EQ(ReasonFor(question), kNone);
  question.standing.terms.purposes = {"blocking"};
  EXPECT_EQ(ReasonFor(question), kPolicyPurpose);
  question.constraints.purpose.clear();
  EXPECT_EQ(ReasonFor(question), kPolicyPurpose);
  question.standing.use.reset();
  EXPECT_EQ(ReasonFor(question), kPolicyUnsupported);
}

}  // namespace
}  // namespace entente::policy
