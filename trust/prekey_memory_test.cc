#include "trust/prekey_memory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "crypto/encoding.h"
#include "trust/prekey.h"
#include "trust/sample_organisation.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1);

class PrekeyMemoryTest : public testing::Test {
 protected:
  PrekeyMemoryTest() {
    SampleKey('A');  // the library is ready
    std::string folder = testing::TempDir() + "entente-prekey-XXXXXX";
    folder_ = mkdtemp(folder.data());
    keystore_.emplace(*crypto::Keystore::Create(folder_ + "/keystore", Passphrase(), crypto::kDaemon, {}));
  }
  ~PrekeyMemoryTest() override { std::filesystem::remove_all(folder_); }
  static crypto::SecretBytes Passphrase() { return crypto::SecretBytes::CopyOf("correct horse battery staple"); }
  static PrekeyId Id(size_t n) {
    Bytes bytes(8, 'i');
    AppendBigEndian(bytes, static_cast<uint64_t>(n));
    return *PrekeyId::From(bytes);
  }
  bool Remembered(size_t n, absl::Time now) const { return IsRemembered(*keystore_, Id(n), now); }

  std::string folder_;
  std::optional<crypto::Keystore> keystore_;
};

TEST_F(PrekeyMemoryTest, LastsThirtyFiveDaysFromTheEndOfUse) {
  RememberGone(*keystore_, Id(1), SampleNow());
  const absl::Time end = SampleNow() + kPrekeyMemory;
  EXPECT_TRUE(Remembered(1, end - kTick));
  EXPECT_FALSE(Remembered(1, end));  // even before it is taken out
  EXPECT_FALSE(Remembered(2, SampleNow()));
  EXPECT_FALSE(*ForgetLongGone(*keystore_, end - kTick));
  EXPECT_TRUE(*ForgetLongGone(*keystore_, end));
  EXPECT_TRUE(keystore_->secrets().empty());
}

TEST_F(PrekeyMemoryTest, KeepsTheLatest) {
  for (size_t i = 0; i <= kMaxRememberedPrekeys; ++i) RememberGone(*keystore_, Id(i), SampleNow() + static_cast<int>(i) * kTick);
  EXPECT_TRUE(*ForgetLongGone(*keystore_, SampleNow()));
  EXPECT_EQ(keystore_->secrets().size(), kMaxRememberedPrekeys);
  EXPECT_FALSE(Remembered(0, SampleNow()));
  EXPECT_TRUE(Remembered(1, SampleNow()));
}

TEST_F(PrekeyMemoryTest, AnEntryOfAnotherShapeStopsTheRing) {
  keystore_->Put("prekey-gone/" + crypto::ToHex(Id(1).view()), crypto::SecretBytes(7));
  EXPECT_EQ(ReasonOf(ForgetLongGone(*keystore_, SampleNow()).status()), kKeystore);
  EXPECT_FALSE(Remembered(1, SampleNow()));
  PrekeyRing ring(SampleSelf("norlandia", 'A'), *keystore_);
  EXPECT_EQ(ReasonOf(ring.Rotate(SampleNow())), kKeystore);
}

// What the ring destroys it remembers, on disk too, with nothing of the key.
TEST_F(PrekeyMemoryTest, P12ADestroyedPrekeyIsGoneAndLaterUnknown) {
  PrekeyRing ring(SampleSelf("norlandia", 'A'), *keystore_);
  ASSERT_TRUE(ring.Rotate(SampleNow()).ok());
  const std::string name = keystore_->secrets().begin()->first;
  const PrekeyId id = *PrekeyId::From(*crypto::FromHex(ByteView(name).substr(7)));
  const absl::Time end = SampleNow() + kPrekeyUse;
  ASSERT_TRUE(ring.Rotate(end + kPrekeyGrace).ok());
  EXPECT_EQ(ReasonOf(ring.Seed(id, end + kPrekeyMemory - kTick).status()), kKeyGone);
  EXPECT_EQ(ReasonOf(ring.Seed(id, end + kPrekeyMemory).status()), kNoSlot);
  const crypto::Keystore stored = *crypto::Keystore::Open(folder_ + "/keystore", Passphrase());
  EXPECT_TRUE(IsRemembered(stored, id, end + kPrekeyGrace));
  EXPECT_EQ(stored.Find("prekey-gone/" + name.substr(7))->size(), 8u);
  EXPECT_EQ(stored.Find(name), nullptr);
  ASSERT_TRUE(ring.Rotate(end + kPrekeyMemory).ok());
  EXPECT_FALSE(IsRemembered(*crypto::Keystore::Open(folder_ + "/keystore", Passphrase()), id, end));
}

}  // namespace
}  // namespace entente::trust
