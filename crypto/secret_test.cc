#include "crypto/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "crypto/octets.h"

namespace entente::crypto {
namespace {

static_assert(!std::is_copy_constructible_v<SecretBytes> && !std::is_copy_assignable_v<SecretBytes>);

TEST(Secret, StartsAsZeros) {
  const SecretBytes secret(100);
  EXPECT_EQ(AsView(secret.ExposeSecret()), Bytes(100, '\0'));
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(0).empty());
}

TEST(Secret, CopiesAndClones) {
  const SecretBytes secret = SecretBytes::CopyOf("secret"), clone = secret.Clone();
  EXPECT_EQ(AsView(clone.ExposeSecret()), "secret");
  EXPECT_NE(clone.ExposeSecret().data(), secret.ExposeSecret().data());
  EXPECT_TRUE(SecretBytes::CopyOf("").Clone().empty());
}

TEST(Secret, MovesLeaveNothingBehind) {
  SecretBytes from = SecretBytes::CopyOf("secret");
  SecretBytes to(std::move(from));
  EXPECT_TRUE(from.empty());
  SecretBytes other = SecretBytes::CopyOf("other");
  other = std::move(to);
  EXPECT_TRUE(to.empty());
  EXPECT_EQ(AsView(other.ExposeSecret()), "secret");
}

TEST(Secret, RandomDiffers) {
  const SecretBytes one = SecretBytes::Random(32), two = SecretBytes::Random(32);
  EXPECT_FALSE(ConstantTimeEqual(AsView(one.ExposeSecret()), AsView(two.ExposeSecret())));
}

TEST(Secret, ConstantTimeEqualComparesLengthAndContent) {
  EXPECT_TRUE(ConstantTimeEqual("", ""));
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "ab"));
}

TEST(Secret, WipeClearsWhatALongerContentLeft) {
  Bytes bytes(200, 's');
  const char* memory = bytes.data();
  bytes.resize(10);
  Wipe(bytes);
  EXPECT_TRUE(bytes.empty());
  ASSERT_EQ(bytes.data(), memory);  // the same 200 bytes still belong to the string
  EXPECT_EQ(std::count(memory, memory + 200, 's'), 0);
}

TEST(SecretDeathTest, ReadingBeyondTheEndFaults) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  const SecretBytes secret(4096);
  EXPECT_DEATH(
      {
        volatile uint8_t beyond = secret.ExposeSecret().data()[4096];
        (void)beyond;
      },
      "");
}

}  // namespace
}  // namespace entente::crypto
