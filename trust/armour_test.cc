#include "trust/armour.h"

#include <gtest/gtest.h>

#include "base/reject.h"

namespace entente::trust {
namespace {

RejectReason Read(std::string_view text, std::string_view kind = kStatementArmour) {
  return ReasonOf(Unarmour(kind, text).status());
}

TEST(Armour, RoundTripsEverySize) {
  for (size_t size = 0; size < 300; ++size) {
    Bytes bytes(size, '\0');
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 37);
    const std::string text = Armour(kStatementArmour, bytes);
    const auto read = Unarmour(kStatementArmour, text);
    ASSERT_TRUE(read.ok()) << size << read.status();
    EXPECT_EQ(*read, bytes);
    EXPECT_EQ(ArmourKind(text), kStatementArmour);
  }
}

TEST(Armour, TheKindIsPartOfIt) {
  const std::string text = Armour(kCardArmour, "bytes");
  EXPECT_EQ(Read(text, kCardArmour), RejectReason::kNone);
  EXPECT_EQ(Read(text, kStatementArmour), RejectReason::kParse);
  EXPECT_EQ(ArmourKind(" \r\n" + text), kCardArmour);
  EXPECT_EQ(ArmourKind("-----BEGIN ENTENTE -----\n"), std::nullopt);
  EXPECT_EQ(ArmourKind("-----BEGIN PGP MESSAGE-----\n"), std::nullopt);
  EXPECT_EQ(ArmourKind(""), std::nullopt);
}

TEST(Armour, MailMayChangeLineEndsAndNothingElse) {
  const std::string text = Armour(kStatementArmour, Bytes(100, 'x'));
  std::string mailed = " \n";
  for (const char c : text) mailed += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_EQ(Read(mailed), RejectReason::kNone);
  EXPECT_EQ(Read("Hello,\n" + text), RejectReason::kParse);
  EXPECT_EQ(Read(text + "Yours"), RejectReason::kParse);
  EXPECT_EQ(Read(text + text), RejectReason::kParse);
  EXPECT_EQ(Read(""), RejectReason::kParse);
}

TEST(Armour, EveryCutAndEveryOtherCharacterRefuses) {
  const Bytes bytes(100, 'x');
  const std::string text = Armour(kStatementArmour, bytes);
  for (size_t size = 0; size + 1 < text.size(); ++size) EXPECT_EQ(Read(text.substr(0, size)), RejectReason::kParse) << size;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    std::string bent = text;
    bent[i] = bent[i] == 'Z' ? 'Y' : 'Z';
    const auto read = Unarmour(kStatementArmour, bent);
    EXPECT_TRUE(!read.ok() || *read != bytes) << i;  // other base64 is other bytes, which prove nothing
  }
}

}  // namespace
}  // namespace entente::trust
