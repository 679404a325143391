#include "trust/directory.h"

#include <gtest/gtest.h>

#include <thread>

#include "trust/sample_organisation.h"

namespace entente::trust {
namespace {

using enum RejectReason;

Accepted Party(const std::string& name, const v1::SignedIdentity& wire) {
  Accepted accepted{{}, *Identity::Check(wire, SampleNow())};
  accepted.party.org = accepted.identity.org();
  accepted.party.name = name;
  return accepted;
}
Accepted Party(const std::string& name, char c) { return Party(name, SampleIdentity(name, c)); }
Accepted Stranger(const std::string& name) {
  return Party(name, *MakeIdentity(name, crypto::SigningKey::Generate(), crypto::SigningKey::Generate(), SampleNow()));
}
class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() : directory_(Party("norlandia", 'A').party, Party("norlandia", 'A').identity) {}
  RejectReason Accept(Accepted accepted) { return ReasonOf(directory_.Accept(std::move(accepted))); }
  Directory directory_;
};

TEST_F(DirectoryTest, KnowsItselfButDoesNotListItself) {
  const OrgId self = Party("norlandia", 'A').identity.org();
  EXPECT_EQ(directory_.self().party.name, "norlandia");
  ASSERT_NE(directory_.Find(self), nullptr);
  ASSERT_NE(directory_.FindByName("norlandia"), nullptr);
  EXPECT_EQ(directory_.NameOf(self), "norlandia");
  EXPECT_TRUE(directory_.All().empty());
}

TEST_F(DirectoryTest, AcceptedPartiesAreFoundAndSortedByName) {
  EXPECT_EQ(Accept(Party("volt", 'V')), kNone);
  EXPECT_EQ(Accept(Party("estovia", 'E')), kNone);
  ASSERT_EQ(directory_.All().size(), 2u);
  EXPECT_EQ(directory_.All()[0]->party.name, "estovia");
  EXPECT_EQ(directory_.FindByName("volt")->identity.org(), Party("volt", 'V').identity.org());
  EXPECT_EQ(directory_.Find(Party("volt", 'V').identity.org())->party.name, "volt");
}

TEST_F(DirectoryTest, StrangersAreNotFoundAndNamedByTheirId) {
  const OrgId stranger = *OrgId::From(Bytes(32, '\xab'));
  EXPECT_EQ(directory_.Find(stranger), nullptr);
  EXPECT_EQ(directory_.FindByName("nobody"), nullptr);
  EXPECT_EQ(directory_.NameOf(stranger), "abababababababab");
}

TEST_F(DirectoryTest, AcceptingAgainReplacesAndFreesTheOldName) {
  EXPECT_EQ(Accept(Party("estovia", 'E')), kNone);
  const std::shared_ptr<const Accepted> before = directory_.FindByName("estovia");
  Accepted renamed = Party("estovia", 'E');
  renamed.party.name = "cert.estovia";
  EXPECT_EQ(Accept(renamed), kNone);
  EXPECT_EQ(directory_.All().size(), 1u);
  EXPECT_EQ(directory_.FindByName("estovia"), nullptr);
  EXPECT_EQ(before->party.name, "estovia");  // what a reader holds does not change under it
  EXPECT_EQ(Accept(Party("estovia", 'V')), kNone);
}

TEST_F(DirectoryTest, ANameBelongsToOneOrganisation) {
  EXPECT_EQ(Accept(Party("estovia", 'E')), kNone);
  EXPECT_EQ(Accept(Party("estovia", 'V')), kConflict);
  EXPECT_EQ(Accept(Party("norlandia", 'V')), kConflict);
  EXPECT_EQ(directory_.All().size(), 1u);
}

TEST_F(DirectoryTest, AKeyBelongsToOneOrganisation) {
  EXPECT_EQ(Accept(Party("estovia", 'E')), kNone);
  EXPECT_EQ(Accept(Party("twin", *MakeIdentity("twin", SampleKey('Y'), SampleKey('F'), SampleNow()))), kConflict);
  EXPECT_EQ(Accept(Party("twin", *MakeIdentity("twin", SampleKey('Y'), SampleKey('A'), SampleNow()))), kConflict);
  EXPECT_EQ(Accept(Party("twin", *MakeIdentity("twin", SampleKey('Y'), SampleKey('Z'), SampleNow()))), kNone);
}

TEST_F(DirectoryTest, WhoIsForgottenLeavesNameAndKeysToOthers) {
  const Accepted estovia = Party("estovia", 'E');
  EXPECT_EQ(Accept(estovia), kNone);
  directory_.Forget(estovia.identity.org());
  EXPECT_EQ(directory_.Find(estovia.identity.org()), nullptr);
  EXPECT_EQ(Accept(Stranger("estovia")), kNone);
  directory_.Forget(estovia.identity.org());  // once more changes nothing
  directory_.Forget(directory_.self().identity.org());
  EXPECT_EQ(Accept(Stranger("norlandia")), kConflict);
  EXPECT_EQ(directory_.All().size(), 1u);
}

TEST_F(DirectoryTest, ItselfAndMismatchedRecordsAreRefused) {
  EXPECT_EQ(Accept(Party("norlandia", 'A')), kUsage);
  Accepted mixed = Party("estovia", 'E');
  mixed.party.org = Party("volt", 'V').party.org;
  EXPECT_EQ(Accept(mixed), kUsage);
  EXPECT_TRUE(directory_.All().empty());
}

TEST_F(DirectoryTest, PartiesAreBounded) {
  for (size_t i = 0; i < kMaxParties; ++i) ASSERT_EQ(Accept(Stranger("party" + std::to_string(i))), kNone);
  EXPECT_EQ(Accept(Stranger("one-more")), kLimit);
  Accepted known = *directory_.FindByName("party7");
  known.party.name = "renamed";
  EXPECT_EQ(Accept(known), kNone);
}

TEST_F(DirectoryTest, ReadersAndAWriterMeet) {
  const OrgId org = Party("estovia", 'E').identity.org();
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) EXPECT_EQ(Accept(Party("estovia", 'E')), kNone);
  });
  for (int i = 0; i < 2000; ++i) {
    const std::shared_ptr<const Accepted> found = directory_.Find(org);
    EXPECT_EQ(found == nullptr ? "estovia" : found->party.name, "estovia");
    EXPECT_LE(directory_.All().size(), 1u);
  }
  writer.join();
}

}  // namespace
}  // namespace entente::trust
