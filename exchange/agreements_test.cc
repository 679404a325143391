// What was agreed with a peer, and what follows from it for what goes to it and comes from it.
#include "exchange/agreements.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "exchange/testing/delivery_test.h"
#include "trust/agreement_history.h"

namespace entente::exchange {
namespace {

using model::Label;
using testing::DeliverAll;
using testing::DeliveryTest;
using testing::IdOf;
using testing::Indicator;
using testing::TestNode;
using enum RejectReason;

class AgreementsTest : public DeliveryTest {
 protected:
  static absl::StatusOr<v1::AgreementRow> Act(TestNode& node, const TestNode& peer, v1::AgreementRequest request) {
    request.set_peer(node.directory->NameOf(peer.org()));
    const absl::StatusOr<v1::AgreementReply> reply = Agree(node.room(), request);
    if (!reply.ok()) return reply.status();
    return reply->rows(0);
  }
  static absl::StatusOr<v1::AgreementRow> Propose(TestNode& node, const TestNode& peer, const v1::AgreementProposal& proposal) {
    v1::AgreementRequest request;
    *request.mutable_propose() = proposal;
    return Act(node, peer, request);
  }
  static absl::StatusOr<v1::AgreementRow> AcceptOffer(TestNode& node, const TestNode& peer, const std::string& id) {
    v1::AgreementRequest request;
    request.set_accept(id);
    return Act(node, peer, request);
  }
  static absl::StatusOr<v1::AgreementRow> Stop(TestNode& node, const TestNode& peer, bool end) {
    v1::AgreementRequest request;
    end ? request.set_end(true) : request.set_suspend(true);
    return Act(node, peer, request);
  }
  static v1::AgreementRow Shown(TestNode& node, const TestNode& peer) { return *Act(node, peer, {}); }
  // What a session tells.
  static RejectReason Tell(const TestNode& from, TestNode& to) {
    const auto party = from.directory->Find(to.org());
    for (const auto& agreement : {party->agreements->counts(), party->agreements->own_offer()}) {
      if (agreement == nullptr) continue;
      const absl::Status taken = TakeAgreement(to.room(), from.org(), agreement->wire());
      if (!taken.ok()) return ReasonOf(taken);
    }
    return kNone;
  }
  // Both have signed.
  void Agreed(const v1::AgreementProposal& proposal) {
    const auto offered = Propose(norlandia_, estovia_, proposal);
    ASSERT_TRUE(offered.ok()) << offered.status();
    ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
    const auto accepted = AcceptOffer(estovia_, norlandia_, offered->own_offer().id());
    ASSERT_TRUE(accepted.ok()) << accepted.status();
    ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
    ASSERT_EQ(Shown(norlandia_, estovia_).standing(), "in force");
  }
  static v1::AgreementProposal Upto(const std::string& ceiling) {
    v1::AgreementProposal proposal;
    proposal.set_ceiling(ceiling);
    return proposal;
  }
  std::string Decided(const std::string& tail, const std::string& peer = "cert.estovia") {
    const auto reply = norlandia_.reading->Explain(IdOf(tail), peer);
    EXPECT_TRUE(reply.ok()) << reply.status();
    return reply->decision() == "permit" ? "permit" : reply->reason();
  }
  static PublishTerms To(const OrgId& org) {
    PublishTerms terms;
    terms.constraints.addressees = {org};
    return terms;
  }
};

TEST_F(AgreementsTest, WhoAskedForAnActIsOnRecord) {
  v1::AgreementRequest request;
  *request.mutable_propose() = Upto("GREEN");
  request.set_peer("cert.estovia");
  ASSERT_TRUE(Agree(norlandia_.room(), request, "anna (uid 1001)").ok());
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  EXPECT_EQ((*norlandia_.journal->FindRecord(norlandia_.journal->Head().sequence))->by(), "anna (uid 1001)");
  EXPECT_EQ((*estovia_.journal->FindRecord(estovia_.journal->Head().sequence))->by(), "") << "a session asked";
}

TEST_F(AgreementsTest, AnOfferCountsOnceBothHaveSigned) {
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "none");
  const auto offered = Propose(norlandia_, estovia_, Upto("GREEN"));
  ASSERT_TRUE(offered.ok()) << offered.status();
  EXPECT_EQ(offered->standing(), "none");
  norlandia_.Publish({Indicator("1", "a.example", Label::kAmber)}, To(estovia_.org()));
  EXPECT_EQ(Decided("1"), "permit") << "an offer binds nobody";
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  ASSERT_TRUE(Shown(estovia_, norlandia_).has_their_offer());
  ASSERT_TRUE(AcceptOffer(estovia_, norlandia_, offered->own_offer().id()).ok());
  ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
  EXPECT_EQ(Shown(norlandia_, estovia_).counts().signed_by_size(), 2);
  EXPECT_FALSE(Shown(norlandia_, estovia_).has_own_offer());
  EXPECT_EQ(Decided("1"), "AGR_SCOPE");
}

TEST_F(AgreementsTest, ItsCeilingAndTypesBindBothWays) {
  v1::AgreementProposal proposal = Upto("GREEN");
  proposal.add_types("malware");
  Agreed(proposal);
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)});
  EXPECT_EQ(Decided("1"), "AGR_SCOPE");
  proposal.add_types("indicator");
  Agreed(proposal);
  EXPECT_EQ(Decided("1"), "permit");
}

// A peer that sends what was not agreed: it is held.
TEST_F(AgreementsTest, WhatComesBeyondItIsHeld) {
  estovia_.Publish({Indicator("1", "a.example", Label::kAmber)}, To(norlandia_.org()));
  Delivery delivery(estovia_.room(), norlandia_.org());
  const auto out = delivery.Next(norlandia_.OfferedPrekey());
  ASSERT_TRUE(out.ok() && out->has_value()) << out.status();
  Agreed(Upto("GREEN"));
  ASSERT_TRUE(norlandia_.Admit(estovia_.org(), (*out)->envelope).ok());
  EXPECT_EQ(norlandia_.journal->Count().quarantined, 1u);
  EXPECT_EQ(norlandia_.journal->Count().objects, 0u);
}

TEST_F(AgreementsTest, WhatWaitsWaitsOnWhileItIsSuspended) {
  Agreed(Upto("AMBER"));
  Publish(1, 2);
  ASSERT_TRUE(Stop(estovia_, norlandia_, /*end=*/false).ok());
  ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "suspended");
  EXPECT_EQ(Decided("1"), "AGR_SUSPENDED");
  Delivery delivery(norlandia_.room(), estovia_.org());
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 0u);
  v1::AgreementProposal again;
  again.set_as_before(true);
  Agreed(again);
  EXPECT_EQ(Shown(norlandia_, estovia_).counts().body().terms().ceiling(), v1::LABEL_AMBER);
  Forward(absl::Hours(2));
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 2u);
  ExpectClean();
}

TEST_F(AgreementsTest, AnEndEndsTheAcceptanceToo) {
  Agreed(Upto("AMBER"));
  Publish(1, 1);
  ASSERT_TRUE(Stop(norlandia_, estovia_, /*end=*/true).ok());
  EXPECT_EQ(Decided("1"), "AGR_NONE");
  EXPECT_EQ(ReasonOf(Stop(norlandia_, estovia_, true).status()), kUsage) << "it has ended";
  EXPECT_EQ(ReasonOf(Stop(norlandia_, estovia_, false).status()), kUsage);
  Agreed(Upto("AMBER"));
  EXPECT_EQ(Decided("1"), "permit");
}

TEST_F(AgreementsTest, ItLapses) {
  v1::AgreementProposal proposal = Upto("AMBER");
  proposal.set_until_us(absl::ToUnixMicros(norlandia_.clock.now + absl::Hours(24)));
  Agreed(proposal);
  Publish(1, 1);
  EXPECT_EQ(Decided("1"), "permit");
  Forward(absl::Hours(24));
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "lapsed");
  EXPECT_EQ(Decided("1"), "LEGAL_BASIS_LAPSED");
}

TEST_F(AgreementsTest, ARestartAndANewAcceptanceFindIt) {
  Agreed(Upto("GREEN"));
  ASSERT_TRUE(Propose(norlandia_, estovia_, Upto("AMBER")).ok());
  norlandia_.Restart();
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "in force");
  EXPECT_EQ(Shown(norlandia_, estovia_).own_offer().body().version(), 2u);
  norlandia_.Accept(estovia_, Label::kRed);
  EXPECT_EQ(Shown(norlandia_, estovia_).counts().body().terms().ceiling(), v1::LABEL_GREEN);
  EXPECT_TRUE(norlandia_.journal->Fsck(false)->problems.empty());
}

// What else is unknown, and therefore denied, both have stated now.
TEST_F(AgreementsTest, ItStatesWhatIsUnknownElse) {
  PublishTerms pap = To(estovia_.org());
  pap.constraints.pap = model::Pap::kAmber;
  norlandia_.Publish({Indicator("1", "a.example", Label::kGreen)}, pap);
  PublishTerms purpose = To(estovia_.org());
  purpose.constraints.purpose = {"network-security"};
  norlandia_.Publish({Indicator("2", "b.example", Label::kGreen)}, purpose);
  EXPECT_EQ(Decided("1"), "UNSUPPORTED");
  EXPECT_EQ(Decided("2"), "UNSUPPORTED");
  Agreed(Upto("AMBER"));
  EXPECT_EQ(Decided("1"), "PAP_UNATTESTED");
  EXPECT_EQ(Decided("2"), "UNSUPPORTED");
  v1::AgreementProposal proposal = Upto("AMBER");
  proposal.set_pap_attested(true);
  proposal.set_use("research");
  Agreed(proposal);
  EXPECT_EQ(Decided("1"), "permit");
  EXPECT_EQ(Decided("2"), "PURPOSE");
  proposal.set_use("network-security");
  Agreed(proposal);
  EXPECT_EQ(Decided("2"), "permit");
}

TEST_F(AgreementsTest, TheCeilingOnFileStaysTheUpperBound) {
  norlandia_.Accept(estovia_, Label::kGreen);
  Agreed(Upto("RED"));
  norlandia_.Publish({Indicator("1", "a.example", Label::kAmber)}, To(estovia_.org()));
  EXPECT_EQ(Decided("1"), "AGR_SCOPE");
}

TEST_F(AgreementsTest, AnEndTakesAnOfferBackThoughItIsAcceptedAtOnce) {
  const auto offered = Propose(norlandia_, estovia_, Upto("RED"));
  ASSERT_TRUE(offered.ok());
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  ASSERT_TRUE(Stop(norlandia_, estovia_, true).ok());
  ASSERT_TRUE(AcceptOffer(estovia_, norlandia_, offered->own_offer().id()).ok());
  ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "ended");
  EXPECT_EQ(Shown(estovia_, norlandia_).standing(), "ended");
}

TEST_F(AgreementsTest, ActsThatMakeNoSenseAreRefused) {
  const auto reason = [&](const auto& done) { return ReasonOf(done.status()); };
  EXPECT_EQ(reason(Stop(norlandia_, estovia_, true)), kUsage) << "nothing to end";
  EXPECT_EQ(reason(Stop(norlandia_, estovia_, false)), kUsage);
  v1::AgreementProposal as_before;
  as_before.set_as_before(true);
  EXPECT_EQ(reason(Propose(norlandia_, estovia_, as_before)), kUsage);
  EXPECT_EQ(reason(AcceptOffer(norlandia_, estovia_, std::string(64, 'a'))), kNotFound);
  const auto offered = Propose(estovia_, norlandia_, Upto("GREEN"));
  ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
  EXPECT_EQ(reason(AcceptOffer(norlandia_, estovia_, offered->own_offer().id().substr(0, 63))), kUsage);
  EXPECT_EQ(reason(AcceptOffer(estovia_, norlandia_, offered->own_offer().id())), kNotFound) << "its own";
  Forward(trust::kAgreementOpen);
  EXPECT_EQ(reason(AcceptOffer(norlandia_, estovia_, offered->own_offer().id())), kTime);
  EXPECT_FALSE(Shown(norlandia_, estovia_).has_their_offer());
  v1::AgreementProposal wrong = Upto("GREY");
  EXPECT_EQ(reason(Propose(norlandia_, estovia_, wrong)), kUsage);
  wrong = Upto("GREEN");
  wrong.add_types("Indicator");
  EXPECT_EQ(reason(Propose(norlandia_, estovia_, wrong)), kUsage);
  wrong = Upto("GREEN");
  wrong.add_actions("a7");
  EXPECT_EQ(reason(Propose(norlandia_, estovia_, wrong)), kUsage);
  wrong = Upto("GREEN");
  wrong.set_until_us(1);
  EXPECT_EQ(reason(Propose(norlandia_, estovia_, wrong)), kUsage);
  v1::AgreementRequest stranger;
  stranger.set_peer("cert.estovie");
  stranger.set_end(true);
  EXPECT_EQ(ReasonOf(Agree(norlandia_.room(), stranger).status()), kNotFound);
}

// Of one stored batch, decided about again at the seal.
TEST_F(AgreementsTest, WhatWaitsIsAskedAboutByItsType) {
  std::string malware = Indicator("2", "b.example", Label::kGreen);
  for (size_t at = 0; (at = malware.find("indicator", at)) != std::string::npos;) malware.replace(at, 9, "malware");
  ASSERT_EQ(norlandia_.Publish({Indicator("1", "a.example", Label::kGreen), malware}).permitted().at("cert.estovia"), 2u);
  v1::AgreementProposal proposal = Upto("GREEN");
  proposal.add_types("indicator");
  Agreed(proposal);
  Delivery delivery(norlandia_.room(), estovia_.org());
  EXPECT_EQ(Run(delivery, {}), 0);
  EXPECT_EQ(estovia_.journal->Count().objects, 1u);
  EXPECT_TRUE(estovia_.reading->Get(IdOf("1"), "").ok());
}

// An own offer that another one took the place of, accepted later: what was agreed behind it stays.
TEST_F(AgreementsTest, AnEarlierOfferDoesNotComeBack) {
  const auto wide = Propose(norlandia_, estovia_, Upto("RED"));
  const v1::SignedAgreement kept = norlandia_.directory->Find(estovia_.org())->agreements->own_offer()->wire();
  Agreed(Upto("GREEN"));
  const auto both = trust::SignAgreement(*estovia_.self, *trust::Agreement::Read(kept));
  ASSERT_EQ(ReasonOf(TakeAgreement(norlandia_.room(), estovia_.org(), both->wire())), kNone);
  EXPECT_EQ(Shown(norlandia_, estovia_).counts().body().terms().ceiling(), v1::LABEL_GREEN);
  EXPECT_NE(Shown(norlandia_, estovia_).counts().id(), wide->own_offer().id());
}

TEST_F(AgreementsTest, AnOfferOfLongAgoIsNotAcceptedByItsReceiverAlone) {
  ASSERT_TRUE(Propose(norlandia_, estovia_, Upto("RED")).ok());
  const v1::SignedAgreement offer = norlandia_.directory->Find(estovia_.org())->agreements->own_offer()->wire();
  const auto both = trust::SignAgreement(*estovia_.self, *trust::Agreement::Read(offer));
  Forward(trust::kAgreementOpen);
  EXPECT_EQ(ReasonOf(TakeAgreement(norlandia_.room(), estovia_.org(), both->wire())), kTime);
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "none");
}

TEST_F(AgreementsTest, AStopIsThereBehindSixteenOffersToo) {
  Agreed(Upto("AMBER"));
  for (size_t i = 0; i < trust::kMaxOffers; ++i) ASSERT_TRUE(Propose(norlandia_, estovia_, Upto("GREEN")).ok()) << i;
  EXPECT_EQ(ReasonOf(Propose(norlandia_, estovia_, Upto("GREEN")).status()), kBudget);
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  const std::string offer = Shown(estovia_, norlandia_).their_offer().id();
  ASSERT_TRUE(Stop(norlandia_, estovia_, /*end=*/false).ok());
  ASSERT_TRUE(AcceptOffer(estovia_, norlandia_, offer).ok());
  ASSERT_EQ(Tell(estovia_, norlandia_), kNone);
  ASSERT_EQ(Tell(norlandia_, estovia_), kNone);
  EXPECT_EQ(Shown(norlandia_, estovia_).standing(), "suspended");
  EXPECT_EQ(Shown(estovia_, norlandia_).standing(), "suspended");
}

TEST_F(AgreementsTest, AnotherSendersOrAForgedOneIsRefused) {
  ASSERT_TRUE(Propose(estovia_, norlandia_, Upto("GREEN")).ok());
  v1::SignedAgreement wire = estovia_.directory->Find(norlandia_.org())->agreements->own_offer()->wire();
  EXPECT_EQ(ReasonOf(TakeAgreement(norlandia_.room(), *OrgId::From(Bytes(32, 'x')), wire)), kUnknownParty);
  wire.mutable_signatures(0)->mutable_signature()->front() ^= 1;
  EXPECT_EQ(ReasonOf(TakeAgreement(norlandia_.room(), estovia_.org(), wire)), kSignature);
  EXPECT_FALSE(Shown(norlandia_, estovia_).has_their_offer());
}

}  // namespace
}  // namespace entente::exchange
