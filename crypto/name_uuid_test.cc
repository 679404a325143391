#include "crypto/name_uuid.h"

#include <gtest/gtest.h>

#include "crypto/encoding.h"

namespace entente::crypto {
namespace {

// RFC 9562, A.4, in the namespace of domain names; and STIX 2.1, 2.9, a deterministic id of an address.
TEST(NameUuid, GivesTheKnownAnswers) {
  const Bytes dns = *FromHex("6ba7b8109dad11d180b400c04fd430c8");
  EXPECT_EQ(NameUuid(dns, "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
  const Bytes stix = *FromHex("00abedb4aa42466c9c01fed23315a9b7");
  EXPECT_EQ(NameUuid(stix, R"({"value":"198.51.100.3"})"), "28bb3599-77cd-5a82-a950-b5bc3caf07c4");
}

TEST(NameUuid, DependsOnBoth) {
  const Bytes one(16, 'a'), two(16, 'b');
  EXPECT_EQ(NameUuid(one, "x"), NameUuid(one, "x"));
  EXPECT_NE(NameUuid(one, "x"), NameUuid(one, "y"));
  EXPECT_NE(NameUuid(one, "x"), NameUuid(two, "x"));
  EXPECT_NE(NameUuid(one, ""), NameUuid(two, ""));
}

TEST(NameUuidDeath, NeedsANamespaceOfSixteenBytes) {
  EXPECT_DEATH(NameUuid(Bytes(15, 'a'), "x"), "");
}

}  // namespace
}  // namespace entente::crypto
