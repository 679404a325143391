#include "trust/card.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

v1::Card SampleCard(const std::string& address = "cert.norlandia.example:7443") {
  v1::Card card;
  card.set_version(1);
  *card.mutable_identity() = SampleIdentity("norlandia", 'A');
  card.set_address(address);
  return card;
}
RejectReason Read(const std::string& text) { return ReasonOf(ReadCard(text).status()); }
std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  return text.replace(text.find(from), from.size(), to);
}

TEST(Card, RoundTrips) {
  const v1::Card card = SampleCard();
  const std::string text = ArmourCard(card);
  EXPECT_TRUE(text.starts_with("-----BEGIN ENTENTE CARD-----\n"));
  EXPECT_TRUE(text.ends_with("\n-----END ENTENTE CARD-----\n"));
  const absl::StatusOr<v1::Card> read = ReadCard(text);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->SerializeAsString(), card.SerializeAsString());
  EXPECT_TRUE(Identity::Check(read->identity(), SampleNow()).ok());
}

TEST(Card, LinesAreOf64) {
  std::istringstream lines(ArmourCard(SampleCard()));
  std::string line;
  size_t shorter = 0;
  while (std::getline(lines, line)) {
    EXPECT_LE(line.size(), 64u);
    shorter += line.size() < 64 ? 1 : 0;
  }
  EXPECT_LE(shorter, 3u);  // BEGIN, END and the last of the base64
}

TEST(Card, AFingerprintTellsCardsApart) {
  const OrgId norlandia = Identity::Check(SampleIdentity("norlandia", 'A'), SampleNow())->org();
  const OrgId forged = Identity::Check(SampleIdentity("norlandia", 'K'), SampleNow())->org();
  EXPECT_EQ(*crypto::FromFingerprint(crypto::ToFingerprint(norlandia)), norlandia);
  EXPECT_NE(*crypto::FromFingerprint(crypto::ToFingerprint(forged)), norlandia);
}

TEST(Card, WhiteSpaceAroundAndMailLineEndsAreFine) {
  const std::string text = ArmourCard(SampleCard());
  EXPECT_EQ(Read("\n \t" + text + "\n\n"), kNone);
  EXPECT_EQ(Read(text.substr(0, text.size() - 1)), kNone);
  std::string mailed;
  for (char c : text) mailed += c == '\n' ? std::string("\r\n") : std::string(1, c);
  EXPECT_EQ(Read(mailed), kNone);
}

TEST(Card, AnythingElseAroundRefuses) {
  const std::string text = ArmourCard(SampleCard());
  for (const std::string& bad : {std::string(), std::string("\n"), "x" + text, "x\n" + text, text + "x", text + text,
                                 Replaced(text, "BEGIN", "begin"), Replaced(text, "ENTENTE CARD", "ENTENTE  CARD"),
                                 Replaced(text, "-----END ENTENTE CARD-----\n", ""), text.substr(20)}) {
    EXPECT_EQ(Read(bad), kIdentity) << bad;
  }
}

TEST(Card, AnythingElseBetweenTheLinesRefuses) {
  const std::string text = ArmourCard(SampleCard()), begin = "BEGIN ENTENTE CARD-----\n";
  for (const std::string& bad : {Replaced(text, begin, begin + "\n"), Replaced(text, begin, begin + "Comment: x\n"),
                                 std::string(text).insert(40, "\n"), std::string(text).insert(40, " "),
                                 std::string(text).insert(40, 1, '\0'), std::string(text).insert(40, "AAAA")}) {
    EXPECT_EQ(Read(bad), kIdentity) << bad;
  }
}

TEST(Card, EveryOtherCharacterRefusesOrChangesTheUnsignedAddressAlone) {
  const std::string good = ArmourCard(SampleCard());
  const Bytes identity = SampleCard().identity().SerializeAsString();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string damaged = good;
    damaged[i] = good[i] == 'A' ? 'B' : 'A';
    const absl::StatusOr<v1::Card> card = ReadCard(damaged);
    if (!card.ok() || CheckReason(card->identity()) != kNone) continue;
    EXPECT_EQ(card->identity().SerializeAsString(), identity) << i;
    EXPECT_NE(card->address(), SampleCard().address()) << i;
  }
}

TEST(Card, EveryCutRefuses) {
  const std::string text = ArmourCard(SampleCard());
  for (size_t size = 0; size + 1 < text.size(); ++size) EXPECT_EQ(Read(text.substr(0, size)), kIdentity) << size;
}

TEST(Card, VersionAndIdentityAreNeeded) {
  v1::Card card = SampleCard();
  card.set_version(2);
  EXPECT_EQ(Read(ArmourCard(card)), kIdentity);
  card = SampleCard();
  card.clear_identity();
  EXPECT_EQ(Read(ArmourCard(card)), kIdentity);
  card = SampleCard();
  card.GetReflection()->MutableUnknownFields(&card)->AddVarint(99, 1);
  EXPECT_EQ(Read(ArmourCard(card)), kIdentity);
}

TEST(Card, HoldsWhatFollowedVersion1) {
  const IdentityHistory history = SampleHistory();
  const v1::Card card = MakeCard(history, "cert.norlandia.example:7443");
  EXPECT_EQ(card.identity().SerializeAsString(), history.versions()[0]->wire().SerializeAsString());
  ASSERT_EQ(card.later_size(), 1);
  const absl::StatusOr<v1::Card> read = ReadCard(ArmourCard(card));
  ASSERT_TRUE(read.ok()) << read.status();
  const absl::StatusOr<IdentityHistory> taken = HistoryOfCard(*read, Day(2));
  ASSERT_TRUE(taken.ok()) << taken.status();
  EXPECT_EQ(taken->newest().hash(), history.newest().hash());
  EXPECT_EQ(HistoryOfCard(*read, history.newest().expires())->newest().version(), 2u);  // who asks for fresh ones asks so
}

TEST(Card, ChainIsCheckedAsAnyOther) {
  const v1::Card good = MakeCard(SampleHistory(), "");
  const auto reason = [](const v1::Card& card, absl::Time now = Day(2)) { return ReasonOf(HistoryOfCard(card, now).status()); };
  EXPECT_EQ(reason(good), kNone);
  EXPECT_EQ(reason(good, SampleNow()), kTime);  // version 2 is from tomorrow
  v1::Card card = good;
  card.mutable_later(0)->mutable_signatures(0)->mutable_signature()->front() ^= 1;
  EXPECT_EQ(reason(card), kIdentityChain);
  card = good;
  *card.mutable_identity() = SampleIdentity("estovia", 'K');
  EXPECT_EQ(reason(card), kIdentityChain);
  card = good;
  *card.add_later() = good.later(0);
  EXPECT_EQ(reason(card), kIdentityChain);
  card = good;
  *card.mutable_later(0) = good.identity();
  EXPECT_EQ(reason(card), kIdentity);
  card = good;
  *card.mutable_identity() = good.later(0);
  EXPECT_EQ(reason(card), kIdentity);
}

TEST(Card, HoldsAsManyVersionsAsFit) {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed());
  for (int i = 1; i < 400; ++i) {
    ASSERT_TRUE(history.Extend(NextDraft(history, SampleNow() + i * absl::Seconds(1), "A").Signed(), Day(1)).ok());
  }
  const v1::Card card = MakeCard(history, "");
  EXPECT_GT(card.later_size(), 100);
  EXPECT_LT(card.later_size(), 399);
  EXPECT_EQ(HistoryOfCard(*ReadCard(ArmourCard(card)), Day(1))->newest().version(), 1u + static_cast<size_t>(card.later_size()));
  v1::Card one_more = card;
  *one_more.add_later() = history.versions()[static_cast<size_t>(card.later_size()) + 1]->wire();
  EXPECT_EQ(Read(ArmourCard(one_more)), kIdentity);
}

TEST(Card, AddressIsEmptyOrHostAndPort) {
  for (const char* good : {"", "localhost:1", "127.0.0.1:7443", "[::1]:65535", "a-b.example:7443"}) {
    EXPECT_EQ(Read(ArmourCard(SampleCard(good))), kNone) << good;
  }
  for (const char* bad : {":7443", "host", "host:", "host:0", "host:65536", "host:07", "host:+7", "host:7x", "a b:7",
                          "[]:7", "[::1:7", "::1]:7", "[zz]:7", "unix:/x:7", "host:7\n", "h\xc3\xa4st:7", "[::1]7"}) {
    EXPECT_EQ(Read(ArmourCard(SampleCard(bad))), kIdentity) << bad;
  }
  EXPECT_EQ(Read(ArmourCard(SampleCard(std::string(253, 'h') + ":7"))), kNone);
  EXPECT_EQ(Read(ArmourCard(SampleCard(std::string(254, 'h') + ":7"))), kIdentity);
}

TEST(Card, SizeIsBounded) {
  const std::string text = ArmourCard(SampleCard());
  EXPECT_EQ(Read(text + std::string(kMaxCardBytes - text.size(), '\n')), kNone);
  EXPECT_EQ(Read(text + std::string(kMaxCardBytes - text.size() + 1, '\n')), kIdentity);
}

}  // namespace
}  // namespace entente::trust
