// The directory while parties' documents go forward.
#include <gtest/gtest.h>

#include <thread>

#include "trust/directory.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr v1::KeyUsage kStatement = v1::KEY_USAGE_STATEMENT;

Accepted Party(const std::string& name, const Identity& identity) {
  Accepted accepted{{}, identity};
  accepted.party.org = identity.org();
  accepted.party.name = name;
  return accepted;
}

class DirectoryVersionsTest : public testing::Test {
 protected:
  DirectoryVersionsTest() : directory_(Party("norlandia", norlandia_.newest()).party, norlandia_.newest()) {
    EXPECT_TRUE(directory_.Accept(Party("estovia", estovia_.newest())).ok());
    EXPECT_TRUE(directory_.Accept(Party("volt", volt_.newest())).ok());
  }
  // Estovia's next document on `day`, with whatever `change` does to it.
  v1::IdentityChain Next(int day, const std::function<void(Draft&)>& change = [](Draft&) {}) {
    Draft draft = NextDraft(estovia_, Day(day), "E");
    change(draft);
    v1::IdentityChain chain;
    *chain.add_documents() = draft.Signed();
    EXPECT_EQ(ReasonOf(estovia_.Extend(chain.documents(0), Day(day))), kNone);
    return chain;
  }
  RejectReason Extend(const v1::IdentityChain& chain, int day, const OrgId& org) {
    return ReasonOf(directory_.Extend(org, chain, Day(day), [&](const v1::SignedIdentity& wire) {
      stored_.push_back(wire.document());
      return disk_;
    }));
  }
  RejectReason Extend(const v1::IdentityChain& chain, int day) { return Extend(chain, day, estovia_.org()); }
  uint64_t VersionOnFile() const { return directory_.Find(estovia_.org())->identity.version(); }

  const IdentityHistory norlandia_ = *IdentityHistory::Begin(SampleIdentity("norlandia", 'A'));
  const IdentityHistory volt_ = *IdentityHistory::Begin(SampleIdentity("volt", 'V'));  // keys V and W
  IdentityHistory estovia_ = *IdentityHistory::Begin(SampleIdentity("estovia", 'E'));
  std::vector<Bytes> stored_;
  absl::Status disk_ = absl::OkStatus();
  Directory directory_;
};

TEST_F(DirectoryVersionsTest, ANewVersionIsStoredAndSeen) {
  const auto before = directory_.Find(estovia_.org());
  const v1::IdentityChain chain = Next(1, [](Draft& d) { d.document.set_name("east"); });
  EXPECT_EQ(Extend(chain, 1), kNone);
  EXPECT_EQ(stored_, std::vector<Bytes>({chain.documents(0).document()}));
  const auto after = directory_.Find(estovia_.org());
  EXPECT_EQ(after->identity.name(), "east");
  EXPECT_EQ(after->party.name, "estovia");  // the name on file is the operator's
  EXPECT_EQ(after->history->newest().hash(), after->identity.hash());
  EXPECT_EQ(before->identity.version(), 1u);  // what a reader holds does not change under it
  EXPECT_EQ(Extend(chain, 1), kNone);
  EXPECT_EQ(stored_.size(), 1u);
}

TEST_F(DirectoryVersionsTest, ADocumentIsDatedByWhenItCame) {
  EXPECT_EQ(directory_.Find(estovia_.org())->taken, absl::InfinitePast());
  const v1::IdentityChain chain = Next(1);
  EXPECT_EQ(Extend(chain, 2), kNone);
  EXPECT_EQ(directory_.Find(estovia_.org())->taken, Day(2));
  EXPECT_EQ(Extend(chain, 3), kNone);  // nothing new
  ASSERT_TRUE(directory_.Accept(Party("estovia", estovia_.newest())).ok());
  EXPECT_EQ(directory_.Find(estovia_.org())->taken, Day(2));
}

TEST_F(DirectoryVersionsTest, WhatCannotBeStoredDoesNotCount) {
  const v1::IdentityChain chain = Next(1, [](Draft& d) { d.Add(kStatement, 'n', Day(1)); });
  disk_ = Reject(kDiskFull, "no room");
  EXPECT_EQ(Extend(chain, 1), kDiskFull);
  EXPECT_EQ(VersionOnFile(), 1u);
  // Nor is its key taken: somebody else may come with it.
  const Identity twin = *Identity::Check(*MakeIdentity("twin", SampleKey('Y'), SampleKey('n'), SampleNow()), SampleNow());
  EXPECT_EQ(ReasonOf(directory_.Accept(Party("twin", twin))), kNone);
  disk_ = absl::OkStatus();
  EXPECT_EQ(Extend(chain, 1), kConflict);
}

TEST_F(DirectoryVersionsTest, WhatCameBeforeARefusalStays) {
  v1::IdentityChain chain = Next(1);
  *chain.add_documents() = Next(2).documents(0);
  chain.mutable_documents(1)->mutable_signatures(0)->mutable_signature()->front() ^= 1;
  EXPECT_EQ(Extend(chain, 2), kIdentityChain);
  EXPECT_EQ(VersionOnFile(), 2u);
  EXPECT_EQ(stored_.size(), 1u);
}

TEST_F(DirectoryVersionsTest, AKeyBelongsToOneOrganisationInEveryVersion) {
  const v1::IdentityChain mine = Next(1, [](Draft& d) { d.Add(kStatement, 'W', Day(1)); });  // volt's
  EXPECT_EQ(Extend(mine, 1), kConflict);
  EXPECT_EQ(VersionOnFile(), 1u);
  EXPECT_TRUE(stored_.empty());
}

TEST_F(DirectoryVersionsTest, AKeyThatWentBelongsToItsOrganisationStill) {
  ASSERT_EQ(Extend(Next(1, [](Draft& d) {
    d.Add(kStatement, 'n', Day(1));
    d.Drop(kStatement, 'F');
    d.Revoke(kStatement, 'F', Day(1));
  }), 1), kNone);
  const Identity twin = *Identity::Check(*MakeIdentity("twin", SampleKey('Y'), SampleKey('F'), SampleNow()), SampleNow());
  EXPECT_EQ(ReasonOf(directory_.Accept(Party("twin", twin))), kConflict);
  directory_.Forget(estovia_.org());
  EXPECT_EQ(ReasonOf(directory_.Accept(Party("twin", twin))), kNone);
}

TEST_F(DirectoryVersionsTest, AnOldCardChangesTheRecordAndNotTheDocuments) {
  ASSERT_EQ(Extend(Next(1), 1), kNone);
  const Identity first = *Identity::Check(SampleIdentity("estovia", 'E'), SampleNow());
  ASSERT_EQ(ReasonOf(directory_.Accept(Party("cert.estovia", first))), kNone);
  EXPECT_EQ(directory_.Find(first.org())->party.name, "cert.estovia");
  EXPECT_EQ(VersionOnFile(), 2u);
}

TEST_F(DirectoryVersionsTest, TheNodeItselfHasEveryKeyOfItsHistory) {
  Next(1, [](Draft& d) {
    d.Add(kStatement, 'n', Day(1));
    d.Drop(kStatement, 'F');
    d.Revoke(kStatement, 'F', Day(1));
  });
  Directory own(Party("estovia", estovia_.newest()).party, std::make_shared<const IdentityHistory>(estovia_));
  EXPECT_EQ(own.self().identity.version(), 2u);
  EXPECT_EQ(own.self().history->versions().size(), 2u);
  for (const char key : {'F', 'n'}) {
    const Identity twin = *Identity::Check(*MakeIdentity("twin", SampleKey('Y'), SampleKey(key), SampleNow()), SampleNow());
    EXPECT_EQ(ReasonOf(own.Accept(Party("twin", twin))), kConflict) << key;
  }
}

TEST_F(DirectoryVersionsTest, ANewPartyComesFromItsFirstDocument) {
  Next(1);
  directory_.Forget(estovia_.org());
  EXPECT_EQ(ReasonOf(directory_.Accept(Party("estovia", estovia_.newest()))), kUsage);
  Accepted whole = Party("estovia", estovia_.newest());
  whole.history = std::make_shared<const IdentityHistory>(estovia_);
  EXPECT_EQ(ReasonOf(directory_.Accept(whole)), kNone);
  EXPECT_EQ(VersionOnFile(), 2u);
}

TEST_F(DirectoryVersionsTest, StrangersAndItselfAreNotExtended) {
  const v1::IdentityChain chain = Next(1);
  EXPECT_EQ(Extend(chain, 1, *OrgId::From(Bytes(32, '\xab'))), kUnknownParty);
  EXPECT_EQ(Extend(chain, 1, norlandia_.org()), kUnknownParty);
  EXPECT_EQ(Extend(chain, 1, volt_.org()), kIdentityChain);
}

TEST_F(DirectoryVersionsTest, APartyThatIsForgottenMeanwhileStaysForgotten) {
  v1::IdentityChain chain = Next(1);
  *chain.add_documents() = Next(2, [](Draft& d) { d.Add(kStatement, 'n', Day(2)); }).documents(0);
  const absl::Status extended = directory_.Extend(estovia_.org(), chain, Day(2), [&](const v1::SignedIdentity&) {
    directory_.Forget(estovia_.org());
    return absl::OkStatus();
  });
  EXPECT_EQ(ReasonOf(extended), kUnknownParty);
  EXPECT_EQ(directory_.Find(estovia_.org()), nullptr);
  const Identity twin = *Identity::Check(*MakeIdentity("twin", SampleKey('Y'), SampleKey('n'), SampleNow()), SampleNow());
  EXPECT_EQ(ReasonOf(directory_.Accept(Party("twin", twin))), kNone);
}

TEST_F(DirectoryVersionsTest, AContradictionIsKeptAndStopsWhatIsNew) {
  const IdentityHistory fork = estovia_;
  ASSERT_EQ(Extend(Next(1), 1), kNone);
  v1::IdentityChain other;
  Draft draft = NextDraft(fork, Day(1), "E");
  draft.document.set_name("west");
  draft.Add(kStatement, 'W', Day(1));  // volt's key: it counts for nothing here
  *other.add_documents() = draft.Signed();
  EXPECT_EQ(Extend(other, 1), kEquivocation);
  ASSERT_TRUE(directory_.Find(fork.org())->history->contradiction().has_value());
  EXPECT_EQ(stored_.back(), other.documents(0).document());
  EXPECT_EQ(Extend(Next(2), 2), kEquivocation);
  EXPECT_EQ(VersionOnFile(), 2u);
}

TEST_F(DirectoryVersionsTest, ReadersGoOnWhileADocumentIsStored) {
  const v1::IdentityChain chain = Next(1);
  const absl::Status extended = directory_.Extend(estovia_.org(), chain, Day(1), [&](const v1::SignedIdentity&) {
    std::thread reader([&] { EXPECT_EQ(VersionOnFile(), 1u); });
    reader.join();
    return absl::OkStatus();
  });
  EXPECT_TRUE(extended.ok());
  EXPECT_EQ(VersionOnFile(), 2u);
}

}  // namespace
}  // namespace entente::trust
