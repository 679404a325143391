#include "trust/agreement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "trust/agreement_history.h"
#include "trust/directory.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

class AgreementTest : public ::testing::Test {
 protected:
  AgreementTest() : directory_(PartyOf(self_).party, self_.identity) {
    EXPECT_TRUE(directory_.Accept(PartyOf(other_)).ok());
    EXPECT_TRUE(directory_.Accept(PartyOf(third_)).ok());
  }
  static Accepted PartyOf(const Self& who) {
    Accepted out{{}, who.identity};
    out.party.org = who.org();
    out.party.name = who.identity.name();
    return out;
  }
  v1::AgreementBody Body(uint64_t version = 1, v1::AgreementState state = v1::AGREEMENT_STATE_IN_FORCE,
                         absl::Time time = SampleNow()) const {
    v1::AgreementBody body;
    body.set_first(std::min(self_.org(), other_.org()).str());
    body.set_second(std::max(self_.org(), other_.org()).str());
    body.set_version(version);
    body.set_state(state);
    body.mutable_terms()->set_ceiling(v1::LABEL_AMBER);
    body.set_time_us(absl::ToUnixMicros(time));
    body.set_until_us(absl::ToUnixMicros(time + absl::Hours(24)));
    return body;
  }
  Agreement By(const Self& who, const v1::AgreementBody& body) const {
    const absl::StatusOr<Agreement> made = MakeAgreement(who, body);
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }
  Agreement Both(const v1::AgreementBody& body) const { return *SignAgreement(other_, By(self_, body)); }
  RejectReason Bent(const std::function<void(v1::AgreementBody&)>& bend) const {
    v1::AgreementBody body = Body();
    bend(body);
    return ReasonOf(MakeAgreement(self_, body).status());
  }
  RejectReason Check(const Agreement& agreement, absl::Time now = SampleNow()) const {
    return ReasonOf(agreement.Check(directory_, {now}));
  }
  RejectReason Agree(const Agreement& agreement) {
    return ReasonOf(directory_.Agree(other_.org(), agreement, {SampleNow()}, [] { return absl::OkStatus(); }).status());
  }
  std::shared_ptr<const Agreement> Counts() const {
    const auto party = directory_.Find(other_.org());
    return party->agreements == nullptr ? nullptr : party->agreements->counts();
  }
  const Self self_ = SampleSelf("norlandia", 'A'), other_ = SampleSelf("estovia", 'K'), third_ = SampleSelf("volt", 'V');
  Directory directory_;
};

TEST_F(AgreementTest, EachFieldIsChecked) {
  EXPECT_EQ(Bent([](auto&) {}), kNone);
  EXPECT_EQ(Bent([](auto& b) { b.set_first("x"); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.mutable_first()->swap(*b.mutable_second()); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_second(b.first()); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_version(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_version(kMaxAgreementVersion); }), kNone);
  EXPECT_EQ(Bent([](auto& b) { b.set_version(kMaxAgreementVersion + 1); }), kLimit);
  EXPECT_EQ(Bent([](auto& b) { b.clear_state(); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_time_us(0); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_until_us(b.time_us()); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.set_until_us(b.time_us() + absl::ToInt64Microseconds(kLongestAgreement)); }), kNone);
  EXPECT_EQ(Bent([](auto& b) { b.set_until_us(b.time_us() + absl::ToInt64Microseconds(kLongestAgreement) + 1); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(20, 1); }), kParse);
  EXPECT_EQ(Bent([](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(8192, 'x')); }), kLimit);
}

TEST_F(AgreementTest, EachTermIsChecked) {
  const auto bent = [&](const std::function<void(v1::AgreementTerms&)>& bend) {
    return Bent([&](auto& b) { bend(*b.mutable_terms()); });
  };
  EXPECT_EQ(bent([](auto& t) { t.clear_ceiling(); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.add_types("not a word"); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.add_types("b"), t.add_types("a"); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.add_types("a"), t.add_types("a"); }), kParse);
  const auto types = [](size_t count) {
    return [count](v1::AgreementTerms& t) {
      for (size_t i = 0; i < count; ++i) t.add_types("t" + std::to_string(100 + i));
    };
  };
  EXPECT_EQ(bent(types(kMaxAgreedTypes)), kNone);
  EXPECT_EQ(bent(types(kMaxAgreedTypes + 1)), kLimit);
  EXPECT_EQ(bent([](auto& t) { t.set_actions(127); }), kNone);
  EXPECT_EQ(bent([](auto& t) { t.set_actions(128); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.set_actions(2); }), kParse) << "without a0";
  EXPECT_EQ(bent([](auto& t) { t.set_legal_basis("two words"); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.set_use(std::string(65, 'x')); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.set_hop_limit(kMaxAgreedHops + 1); }), kNone);
  EXPECT_EQ(bent([](auto& t) { t.set_hop_limit(kMaxAgreedHops + 2); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.set_keep_days(kMaxKeepDays); }), kNone);
  EXPECT_EQ(bent([](auto& t) { t.set_keep_days(kMaxKeepDays + 1); }), kParse);
  EXPECT_EQ(bent([](auto& t) { t.set_distributor(true); }), kParse);
}

TEST_F(AgreementTest, OnlyTheTwoSignEachOnceInOrder) {
  const v1::SignedAgreement both = Both(Body()).wire();
  const auto bent = [&](const std::function<void(v1::SignedAgreement&)>& bend) {
    v1::SignedAgreement wire = both;
    bend(wire);
    return ReasonOf(Agreement::Read(wire).status());
  };
  EXPECT_EQ(bent([](auto&) {}), kNone);
  EXPECT_EQ(bent([](auto& w) { w.clear_signatures(); }), kParse);
  EXPECT_EQ(bent([](auto& w) { w.mutable_signatures()->SwapElements(0, 1); }), kParse);
  EXPECT_EQ(bent([](auto& w) { *w.mutable_signatures(1) = w.signatures(0); }), kParse);
  EXPECT_EQ(bent([](auto& w) { *w.add_signatures() = w.signatures(1); }), kParse);
  EXPECT_EQ(bent([&](auto& w) { w.mutable_signatures(0)->set_org_id(third_.org().str()); }), kParse);
  EXPECT_EQ(bent([](auto& w) { w.mutable_signatures(0)->set_key_id("x"); }), kParse);
}

// What is kept and told on holds nothing that nobody signed.
TEST_F(AgreementTest, NothingRidesAlong) {
  v1::SignedAgreement wire = Both(Body()).wire();
  const Bytes clean = wire.SerializeAsString();
  wire.GetReflection()->MutableUnknownFields(&wire)->AddLengthDelimited(100, "x");
  v1::OrgSignature& signature = *wire.mutable_signatures(0);
  signature.GetReflection()->MutableUnknownFields(&signature)->AddLengthDelimited(100, "x");
  EXPECT_EQ(Agreement::Read(wire)->wire().SerializeAsString(), clean);
}

TEST_F(AgreementTest, EverySignatureIsChecked) {
  EXPECT_EQ(Check(Both(Body())), kNone);
  for (const int at : {0, 1}) {
    v1::SignedAgreement wire = Both(Body()).wire();
    wire.mutable_signatures(at)->mutable_signature()->front() ^= 1;
    EXPECT_EQ(Check(*Agreement::Read(wire)), kSignature) << at;
    wire = Both(Body()).wire();
    wire.mutable_signatures(at)->set_key_id(third_.key_id.str());
    EXPECT_EQ(Check(*Agreement::Read(wire)), kNoKey) << at;
  }
  const v1::AgreementBody ahead = Body(1, v1::AGREEMENT_STATE_IN_FORCE, SampleNow() + absl::Minutes(11));
  EXPECT_EQ(Check(By(self_, ahead)), kTime);
  EXPECT_EQ(Check(By(self_, ahead), SampleNow() + absl::Minutes(1)), kNone);
}

// Whoever accepts may have a key that was not there when the other side wrote.
TEST_F(AgreementTest, ALaterKeyMayAcceptAnEarlierDocument) {
  const v1::AgreementBody earlier = Body(1, v1::AGREEMENT_STATE_IN_FORCE, SampleNow() - absl::Hours(48));
  EXPECT_EQ(Check(By(self_, earlier)), kNone);
  EXPECT_EQ(Check(By(self_, earlier), SampleNow() - absl::Hours(47)), kTime) << "nobody had that key then";
}

TEST_F(AgreementTest, OneAloneStopsAndBothBegin) {
  EXPECT_FALSE(By(self_, Body()).whole());
  EXPECT_TRUE(Both(Body()).whole());
  EXPECT_TRUE(By(self_, Body(1, v1::AGREEMENT_STATE_SUSPENDED)).whole());
  EXPECT_TRUE(By(other_, Body(1, v1::AGREEMENT_STATE_ENDED)).whole());
  EXPECT_TRUE(By(self_, Body()).open(SampleNow() + kAgreementOpen - absl::Seconds(1)));
  EXPECT_FALSE(By(self_, Body()).open(SampleNow() + kAgreementOpen));
  EXPECT_EQ(By(self_, Body()).id(), Both(Body()).id()) << "the id is the body's";
}

TEST_F(AgreementTest, AnOfferIsAcceptedAndGivesWay) {
  ASSERT_EQ(Agree(By(other_, Body())), kNone);
  EXPECT_EQ(Counts(), nullptr);
  const auto offer = directory_.Find(other_.org())->agreements->their_offer();
  ASSERT_NE(offer, nullptr);
  ASSERT_EQ(Agree(*SignAgreement(self_, *offer)), kNone);
  ASSERT_NE(Counts(), nullptr);
  EXPECT_EQ(Counts()->id(), offer->id());
  EXPECT_EQ(directory_.Find(other_.org())->agreements->their_offer(), nullptr);
  EXPECT_EQ(directory_.Find(other_.org())->agreements->next_version(), 2u);
}

TEST_F(AgreementTest, WhatIsOnFileAndWhatWasPassedOverIsNoNews) {
  ASSERT_EQ(Agree(Both(Body(3))), kNone);
  const uint64_t changes = directory_.agreement_changes();
  for (const Agreement& old : {Both(Body(3)), By(self_, Body(3)), By(other_, Body(2)), Both(Body(1))}) {
    EXPECT_EQ(Agree(old), kNone);
  }
  EXPECT_EQ(directory_.agreement_changes(), changes);
  EXPECT_EQ(Counts()->version(), 3u);
}

TEST_F(AgreementTest, WhatIsNotPersistedDoesNotCount) {
  const auto failing = [] { return Reject(kDiskFull, "full"); };
  EXPECT_EQ(ReasonOf(directory_.Agree(other_.org(), Both(Body()), {SampleNow()}, failing).status()), kDiskFull);
  EXPECT_EQ(Counts(), nullptr);
}

TEST_F(AgreementTest, AnotherPairsAgreementIsNobodysHere) {
  EXPECT_EQ(ReasonOf(directory_.Agree(third_.org(), Both(Body()), {SampleNow()}, [] { return absl::OkStatus(); }).status()),
            kUnknownParty);
  directory_.Forget(other_.org());
  EXPECT_EQ(Agree(Both(Body())), kUnknownParty);
}

TEST_F(AgreementTest, ItStaysWithThePartyAcrossChangesOfTheParty) {
  ASSERT_EQ(Agree(Both(Body())), kNone);
  Accepted again = PartyOf(other_);
  again.party.ceiling = model::Label::kRed;
  ASSERT_TRUE(directory_.Accept(std::move(again)).ok());
  ASSERT_NE(Counts(), nullptr);
}

TEST_F(AgreementTest, OffersOfOneSideAreBounded) {
  const auto offer = [&](const Self& who, size_t i) {
    return By(who, Body(1, v1::AGREEMENT_STATE_IN_FORCE, SampleNow() + absl::Seconds(i)));
  };
  for (size_t i = 0; i < kMaxOffers; ++i) ASSERT_EQ(Agree(offer(other_, i)), kNone);
  EXPECT_EQ(Agree(offer(other_, kMaxOffers)), kBudget);
  EXPECT_EQ(Agree(offer(self_, 0)), kNone) << "the other side has its own";
  EXPECT_EQ(Agree(offer(other_, 0)), kNone) << "passed over";
  ASSERT_EQ(Agree(Both(Body(1))), kNone);
  EXPECT_EQ(Agree(By(other_, Body(2))), kNone) << "what both signed begins anew";
}

// One side alone neither fills the journal nor uses the versions up.
TEST_F(AgreementTest, StopsOfOneSideAreBounded) {
  using enum v1::AgreementState;
  for (uint64_t version = 1; version <= kMaxOffers; ++version) {
    ASSERT_EQ(Agree(By(other_, Body(version, version % 2 == 0 ? AGREEMENT_STATE_ENDED : AGREEMENT_STATE_SUSPENDED))), kNone);
  }
  EXPECT_EQ(Agree(By(other_, Body(kMaxOffers + 1, AGREEMENT_STATE_SUSPENDED))), kBudget);
  EXPECT_EQ(Agree(By(self_, Body(kMaxOffers + 1, AGREEMENT_STATE_ENDED))), kNone) << "the other side has its own";
  ASSERT_EQ(Agree(Both(Body(kMaxOffers + 2))), kNone);
  EXPECT_EQ(Agree(By(other_, Body(kMaxOffers + 3, AGREEMENT_STATE_SUSPENDED))), kNone);
}

TEST_F(AgreementTest, OneAloneDoesNotJumpAhead) {
  using enum v1::AgreementState;
  EXPECT_EQ(Agree(By(other_, Body(kMaxOffers + 1))), kLimit);
  EXPECT_EQ(Agree(By(other_, Body(kMaxAgreementVersion, AGREEMENT_STATE_ENDED))), kLimit);
  EXPECT_EQ(Counts(), nullptr);
  EXPECT_EQ(Agree(By(other_, Body(kMaxOffers))), kNone);
  EXPECT_EQ(Agree(By(other_, Body(kMaxOffers, AGREEMENT_STATE_ENDED))), kNone);
}

// Both sides acted at once, and hear of it in different orders: rule 1.
TEST_F(AgreementTest, EveryOrderOfWholeDocumentsLeadsToOne) {
  using enum v1::AgreementState;
  std::vector<Agreement> all;
  for (const uint64_t version : {1, 2}) {
    for (const auto state : {AGREEMENT_STATE_IN_FORCE, AGREEMENT_STATE_SUSPENDED, AGREEMENT_STATE_ENDED}) {
      for (const int second : {0, 1}) all.push_back(Both(Body(version, state, SampleNow() + absl::Seconds(second))));
    }
  }
  const auto strictest = [](const Agreement& one) { return one.version() == 2 && one.body().state() == AGREEMENT_STATE_ENDED; };
  std::vector<Digest> ends;
  for (const Agreement& one : all) {
    if (strictest(one)) ends.push_back(one.id());
  }
  ASSERT_EQ(ends.size(), 2u);
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    AgreementHistory history(self_.org(), other_.org());
    for (const Agreement& one : all) {
      if (*history.IsNews(one)) history.Take(one);
    }
    ASSERT_EQ(history.counts()->id(), std::min(ends[0], ends[1])) << round;
  }
}

TEST_F(AgreementTest, EveryFlippedBitOfTheBodyRefuses) {
  const v1::SignedAgreement good = Both(Body()).wire();
  for (size_t bit = 0; bit < good.body().size() * 8; ++bit) {
    v1::SignedAgreement damaged = good;
    Bytes& body = *damaged.mutable_body();
    body[bit / 8] = static_cast<char>(body[bit / 8] ^ (1 << (bit % 8)));
    const absl::StatusOr<Agreement> read = Agreement::Read(damaged);
    if (!read.ok()) continue;
    EXPECT_NE(Check(*read), kNone) << bit;
  }
}

}  // namespace
}  // namespace entente::trust
