#include "crypto/at_rest.h"

#include <gtest/gtest.h>

#include "base/reject.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

class AtRestTest : public testing::Test {
 protected:
  RejectReason Open(ByteView sealed, ByteView ad) const { return ReasonOf(at_rest_.Open(sealed, ad).status()); }
  const SecretBytes storage_key_ = SecretBytes::Random(kKeySize);
  const AtRest at_rest_{storage_key_};
};

TEST_F(AtRestTest, KnownAnswer) {
  for (const test::VectorRecord& v : test::ReadVectors("at_rest.txt")) {
    const AtRest at_rest(SecretBytes::CopyOf(v.at("storage_key")));
    const absl::StatusOr<Bytes> opened = at_rest.Open(v.at("sealed"), v.at("place"));
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, v.at("plaintext"));
    EXPECT_EQ(at_rest.IndexKey(v.at("label"), v.at("value")), v.at("index_key"));
  }
}

TEST_F(AtRestTest, OpensWhatItSealed) {
  for (size_t size : {0u, 1u, 100'000u}) {
    const Bytes sealed = at_rest_.Seal(Bytes(size, 'p'), "place");
    EXPECT_EQ(sealed.size(), size + AtRest::kOverhead);
    const absl::StatusOr<Bytes> opened = at_rest_.Open(sealed, "place");
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(*opened, Bytes(size, 'p'));
  }
}

TEST_F(AtRestTest, SealsTheSameTwiceDifferently) {
  EXPECT_NE(at_rest_.Seal("value", "place"), at_rest_.Seal("value", "place"));
}

TEST_F(AtRestTest, EveryFlippedBitIsSeen) {
  const Bytes good = at_rest_.Seal("value", "place");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(Open(bad, "place"), RejectReason::kStoreCorrupt) << bit;
  }
}

TEST_F(AtRestTest, ARecordOpensOnlyInItsPlaceAndWhole) {
  const Bytes sealed = at_rest_.Seal("value", "place");
  EXPECT_EQ(Open(sealed, "other place"), RejectReason::kStoreCorrupt);
  for (size_t size = 0; size < sealed.size(); ++size) {
    EXPECT_EQ(Open(ByteView(sealed).substr(0, size), "place"), RejectReason::kStoreCorrupt) << size;
  }
  EXPECT_EQ(Open(sealed + "x", "place"), RejectReason::kStoreCorrupt);
}

TEST_F(AtRestTest, AnotherStorageKeyOpensNothing) {
  const AtRest other(SecretBytes::Random(kKeySize));
  EXPECT_EQ(ReasonOf(other.Open(at_rest_.Seal("value", "place"), "place").status()), RejectReason::kStoreCorrupt);
  EXPECT_NE(other.IndexKey("label", "value"), at_rest_.IndexKey("label", "value"));
}

TEST_F(AtRestTest, IndexKeysRepeatForEqualValuesOfOneLabelOnly) {
  const Bytes key = at_rest_.IndexKey("label", "value");
  EXPECT_EQ(key.size(), AtRest::kIndexKeySize);
  EXPECT_EQ(AtRest(storage_key_).IndexKey("label", "value"), key);
  EXPECT_NE(at_rest_.IndexKey("label", "valuf"), key);
  EXPECT_NE(at_rest_.IndexKey("labelv", "alue"), key);
}

TEST(AtRestDeathTest, AStorageKeyOfAnotherSizeEndsTheProgram) {
  testing::GTEST_FLAG(death_test_style) = "threadsafe";
  EXPECT_DEATH(AtRest(SecretBytes(31)), "");
}

}  // namespace
}  // namespace entente::crypto
