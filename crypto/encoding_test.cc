#include "crypto/encoding.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::crypto {
namespace {

TEST(Encoding, HexKnownAnswers) {
  EXPECT_EQ(ToHex(""), "");
  EXPECT_EQ(ToHex({"\x00\x9f\xff", 3}), "009fff");
  EXPECT_EQ(*FromHex("009fFF"), Bytes("\x00\x9f\xff", 3));
  EXPECT_EQ(*FromHex("00-9f:ff 01"), Bytes("\x00\x9f\xff\x01", 4));
  EXPECT_EQ(*FromHex(""), "");
}

TEST(Encoding, HexRefusals) {
  for (ByteView bad : {"0", "0g", "00 0", "0x00", "00\n", "00,11", "0-0"}) {
    EXPECT_EQ(ReasonOf(FromHex(bad).status()), RejectReason::kUsage) << bad;
  }
  EXPECT_EQ(ReasonOf(FromHex({"00\00011", 5}).status()), RejectReason::kUsage);
}

TEST(Encoding, Base64KnownAnswers) {  // RFC 4648, section 10
  const std::pair<ByteView, ByteView> answers[] = {{"", ""},
                                                   {"f", "Zg=="},
                                                   {"fo", "Zm8="},
                                                   {"foo", "Zm9v"},
                                                   {"foob", "Zm9vYg=="},
                                                   {"fooba", "Zm9vYmE="},
                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : answers) {
    EXPECT_EQ(ToBase64(bytes), text);
    EXPECT_EQ(*FromBase64(text), bytes);
  }
  EXPECT_EQ(*FromBase64("Zm9v\r\nYmFy\n"), "foobar");
}

TEST(Encoding, Base64Refusals) {
  for (ByteView bad : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9v*", "Zm9vYm-_", "Zm 9v", "Z"}) {
    EXPECT_EQ(ReasonOf(FromBase64(bad).status()), RejectReason::kUsage) << bad;
  }
  EXPECT_EQ(ReasonOf(FromBase64({"Zm9v\0", 5}).status()), RejectReason::kUsage);
}

TEST(Encoding, RandomBytesSurviveBothForms) {
  for (size_t size = 0; size < 200; ++size) {
    Bytes bytes(size, '\0');
    RandomBytes(reinterpret_cast<uint8_t*>(bytes.data()), size);
    EXPECT_EQ(*FromHex(ToHex(bytes)), bytes);
    EXPECT_EQ(*FromBase64(ToBase64(bytes)), bytes);
  }
}

TEST(Encoding, Fingerprint) {
  const OrgId org = *OrgId::From(Sha256("abc").view());
  const std::string text = ToFingerprint(org);
  EXPECT_EQ(text, "ba78-16bf-8f01-cfea-4141-40de-5dae-2223-b003-61a3-9617-7a9c-b410-ff61-f200-15ad");
  EXPECT_EQ(*FromFingerprint(text), org);
  EXPECT_EQ(*FromFingerprint(ToHex(org.view())), org);
}

TEST(Encoding, FingerprintRefusals) {
  const std::string text = ToFingerprint(OrgId());
  for (const std::string& bad : {text.substr(3), text + "-00", text.substr(1), std::string(), "x" + text.substr(1)}) {
    EXPECT_EQ(ReasonOf(FromFingerprint(bad).status()), RejectReason::kUsage) << bad;
  }
}

}  // namespace
}  // namespace entente::crypto
