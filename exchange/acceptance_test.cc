#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "exchange/testing/test_node.h"
#include "storage/testing/file_size_limit.h"
#include "trust/card.h"

// Putting a party on file: in memory and in the journal, or in neither.
namespace entente::exchange {
namespace {

using storage::testing::FileSizeLimit;
using testing::TestNode;

constexpr auto kIdentity = "identity--11111111-1111-4111-8111-111111111111";

class Acceptance : public ::testing::Test {
 protected:
  v1::AddPeerRequest Request(const std::string& nation) const {
    v1::Card card;
    card.set_version(1);
    *card.mutable_identity() = estovia_.self->identity.wire();
    v1::AddPeerRequest request;
    request.set_card(trust::ArmourCard(card));
    request.set_fingerprint(crypto::ToFingerprint(estovia_.org()));
    request.set_nation(nation);
    request.set_kind("cert");
    request.add_identities(kIdentity);
    return request;
  }
  // With a disk that fails in the middle of the commit, behind the change in memory.
  RejectReason AcceptOnFailingDisk(const v1::AddPeerRequest& request) {
    const FileSizeLimit limit(16);
    return ReasonOf(AcceptParty(norlandia_.room(), request).status());
  }

  TestNode norlandia_{"cert.norlandia"}, estovia_{"cert.estovia", "XE"};
};

TEST_F(Acceptance, OfANewPartyThatIsNotDurableNothingStays) {
  EXPECT_EQ(AcceptOnFailingDisk(Request("XE")), RejectReason::kStoreIo);
  EXPECT_EQ(norlandia_.directory->Find(estovia_.org()), nullptr);
  EXPECT_EQ(norlandia_.directory->FindByName("cert.estovia"), nullptr);
  EXPECT_FALSE(norlandia_.directory->SpeaksAs(kIdentity));
  EXPECT_TRUE(norlandia_.journal->Parties()->empty());
  EXPECT_EQ(norlandia_.counters.Rejects(RejectReason::kStoreIo), 1u);
}

TEST_F(Acceptance, OfAChangeThatIsNotDurableWhatWasOnFileStays) {
  const auto added = AcceptParty(norlandia_.room(), Request("XE"));
  ASSERT_TRUE(added.ok()) << added.status();
  v1::AddPeerRequest changed = Request("XF");
  changed.set_name("renamed");
  changed.clear_identities();
  EXPECT_EQ(AcceptOnFailingDisk(changed), RejectReason::kStoreIo);
  const auto kept = norlandia_.directory->Find(estovia_.org());
  ASSERT_NE(kept, nullptr);
  EXPECT_EQ(DescribeParty(kept->party).SerializeAsString(), added->SerializeAsString());
  EXPECT_EQ(norlandia_.directory->FindByName("renamed"), nullptr);
  EXPECT_EQ(norlandia_.directory->SpeaksAs(kIdentity), estovia_.org());
}

// Else a rule about it would bind nobody any more, and nobody would notice.
TEST_F(Acceptance, APartyThatLocalRulesNameKeepsItsName) {
  const auto added = AcceptParty(norlandia_.room(), Request("XE"));
  ASSERT_TRUE(added.ok()) << added.status();
  norlandia_.rules.Set({1, *policy::Rules::Parse("version = 1\n[[rule]]\nid = \"a\"\nwhen = { peer = \"" + added->name() +
                                                     "\" }\neffect = \"withhold\"\n",
                                                 "rules.toml"),
                        std::nullopt});
  v1::AddPeerRequest renamed = Request("XE");
  renamed.set_name("renamed");
  EXPECT_EQ(ReasonOf(AcceptParty(norlandia_.room(), renamed).status()), RejectReason::kConflict);
  EXPECT_NE(norlandia_.directory->FindByName(added->name()), nullptr);
  EXPECT_TRUE(AcceptParty(norlandia_.room(), Request("XF")).ok()) << "its other facts may change";
  norlandia_.rules.Set({});
  EXPECT_TRUE(AcceptParty(norlandia_.room(), renamed).ok());
}

}  // namespace
}  // namespace entente::exchange
