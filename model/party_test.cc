#include "model/party.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::model {
namespace {

TEST(Party, KindsReadWhatTheyWrite) {
  for (const PartyKind kind : {PartyKind::kNation, PartyKind::kCert, PartyKind::kPrivate, PartyKind::kResearch,
                               PartyKind::kObserver, PartyKind::kRelay}) {
    EXPECT_EQ(ParsePartyKind(Name(kind)).value(), kind);
  }
}

TEST(Party, UnknownKindsNameTheChoices) {
  const auto kind = ParsePartyKind("privat");
  EXPECT_EQ(ReasonOf(kind.status()), RejectReason::kUsage);
  EXPECT_NE(kind.status().message().find("research, observer or relay"), absl::string_view::npos);
  EXPECT_NE(kind.status().message().find("did you mean 'private'"), absl::string_view::npos);
  EXPECT_FALSE(ParsePartyKind("").ok());
  EXPECT_FALSE(ParsePartyKind("Cert").ok());
}

TEST(Party, NationsAreUpperCased) {
  for (const char* text : {"no", "NO", "No", "nO"}) EXPECT_EQ(ParseNation(text).value(), "NO");
  for (const char* text : {"EE", "DE", "GB", "US", "AX", "ZW", "AA", "QM", "QZ", "XA", "XK", "XZ", "ZZ"}) {
    EXPECT_EQ(ParseNation(text).value(), text);
  }
}

TEST(Party, RefusesWhatIsNoNation) {
  for (const char* text : {"", "N", "NOR", "QL", "AB", "ZA ", "1A", "false", "\xC3\x85", "EU", "YU", "SU", "DA"}) {
    EXPECT_EQ(ReasonOf(ParseNation(text).status()), RejectReason::kUsage) << text;
  }
  EXPECT_NE(ParseNation("uk").status().message().find("is GB"), absl::string_view::npos);
}

TEST(Party, CountsTheAssignedCodes) {
  int accepted = 0;
  for (char a = 'A'; a <= 'Z'; ++a) {
    for (char b = 'A'; b <= 'Z'; ++b) accepted += ParseNation(std::string{a, b}).ok() ? 1 : 0;
  }
  EXPECT_EQ(accepted, 249 + 26 + 14 + 2);  // assigned, XA-XZ, QM-QZ, AA and ZZ
}

TEST(Party, NamesWithinTheAlphabet) {
  for (const std::string& text : {std::string("a"), std::string("cert.norlandia"), std::string("volt-energy_2"),
                                  std::string("9lives"), std::string(64, 'x')}) {
    EXPECT_EQ(ParsePartyName(text).value(), text);
  }
}

TEST(Party, RefusesOtherNames) {
  for (const std::string& text :
       {std::string(), std::string(65, 'x'), std::string("Cert"), std::string("a b"), std::string("-a"),
        std::string("a."), std::string("_"), std::string("a/b"), std::string("..") + "/x", std::string("\xC3\xA5"),
        std::string("a\nb"), std::string("a\0b", 3)}) {
    const auto name = ParsePartyName(text);
    EXPECT_EQ(ReasonOf(name.status()), RejectReason::kUsage) << text;
    EXPECT_EQ(name.status().message().find('\n'), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace entente::model
