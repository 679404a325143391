#include "trust/prekey.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "crypto/encoding.h"
#include "trust/sample_organisation.h"

namespace entente::trust {
namespace {

using enum RejectReason;
namespace fs = std::filesystem;

class PrekeyRingTest : public testing::Test {
 protected:
  PrekeyRingTest() : self_(SampleSelf("norlandia", 'A')) {
    std::string folder = testing::TempDir() + "entente-prekey-XXXXXX";
    folder_ = mkdtemp(folder.data());
    keystore_.emplace(*crypto::Keystore::Create(path(), Passphrase(), crypto::kDaemon, {}));
    ring_.emplace(self_, *keystore_);
  }
  ~PrekeyRingTest() override { fs::remove_all(folder_); }
  static crypto::SecretBytes Passphrase() { return crypto::SecretBytes::CopyOf("correct horse battery staple"); }
  std::string path() const { return folder_ + "/keystore"; }
  void Restart() {
    ring_.reset();
    keystore_.emplace(*crypto::Keystore::Open(path(), Passphrase()));
    ring_.emplace(self_, *keystore_);
  }
  RejectReason Rotate(absl::Time now) { return ReasonOf(ring_->Rotate(now)); }
  PrekeyId Offered(absl::Time now) { return CheckPrekey(IdentityHistory(self_.identity), ring_->Offer(), now)->id; }
  RejectReason SeedReason(const PrekeyId& id, absl::Time now) { return ReasonOf(ring_->Seed(id, now).status()); }

  // The files that show `secret` as they are, and the entries of the keystore that hold it.
  std::vector<std::string> PlacesOf(ByteView secret) {
    std::vector<std::string> out;
    for (const fs::directory_entry& file : fs::directory_iterator(folder_)) {
      std::ifstream in(file.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(in)), {});
      if (bytes.find(secret) != std::string::npos) out.push_back(file.path().filename());
    }
    const crypto::Keystore opened = *crypto::Keystore::Open(path(), Passphrase());
    for (const auto& [name, entry] : opened.secrets()) {
      const std::span<const uint8_t> held = entry.ExposeSecret();
      if (std::search(held.begin(), held.end(), secret.begin(), secret.end(),
                      [](uint8_t a, char b) { return a == static_cast<uint8_t>(b); }) != held.end()) {
        out.push_back(name);
      }
    }
    return out;
  }

  Self self_;
  std::string folder_;
  std::optional<crypto::Keystore> keystore_;
  std::optional<PrekeyRing> ring_;
};
constexpr absl::Duration kTick = absl::Microseconds(1);

TEST_F(PrekeyRingTest, WhatIsSealedToTheOfferOpensWithItsSeed) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const absl::StatusOr<Prekey> prekey = CheckPrekey(IdentityHistory(self_.identity), ring_->Offer(), SampleNow());
  ASSERT_TRUE(prekey.ok()) << prekey.status();
  EXPECT_EQ(prekey->org, self_.org());
  EXPECT_EQ(prekey->not_after, SampleNow() + kPrekeyUse);
  EXPECT_EQ(*ring_->PublicKey(prekey->id), prekey->public_key);
  const crypto::HpkeSealed sealed = *crypto::HpkeSeal(prekey->public_key, "info", "", "secret", "hedge");
  const absl::StatusOr<crypto::SecretBytes> seed = ring_->Seed(prekey->id, SampleNow());
  ASSERT_TRUE(seed.ok());
  EXPECT_TRUE(crypto::HpkeOpen(*seed, sealed.enc, "info", "", sealed.ct).ok());
}

TEST_F(PrekeyRingTest, NothingIsOfferedBeforeTheFirstRotation) {
  EXPECT_EQ(ring_->Offer().ByteSizeLong(), 0u);
  EXPECT_EQ(SeedReason(PrekeyId(), SampleNow()), kNoSlot);
  EXPECT_EQ(ReasonOf(ring_->PublicKey(PrekeyId()).status()), kKeyGone);
}

TEST_F(PrekeyRingTest, ANewOneComesAtHalfOfItsUse) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const PrekeyId first = Offered(SampleNow());
  const absl::Time half = SampleNow() + kPrekeyUse / 2;
  ASSERT_EQ(Rotate(half - kTick), kNone);
  EXPECT_EQ(Offered(half), first);
  ASSERT_EQ(Rotate(half), kNone);
  EXPECT_NE(Offered(half), first);
  EXPECT_EQ(SeedReason(first, half), kNone);
}

TEST_F(PrekeyRingTest, PastItsGraceASeedIsGoneFromMemoryAndFile) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const PrekeyId id = Offered(SampleNow());
  const absl::Time end = SampleNow() + kPrekeyUse + kPrekeyGrace;
  EXPECT_EQ(SeedReason(id, end - kTick), kNone);
  const absl::StatusOr<crypto::SecretBytes> seed = ring_->Seed(id, SampleNow());
  const std::span<const uint8_t> secret = seed->ExposeSecret();
  const ByteView wanted(reinterpret_cast<const char*>(secret.data()), secret.size());
  EXPECT_EQ(PlacesOf(wanted), std::vector<std::string>{"prekey/" + crypto::ToHex(id.view())});
  EXPECT_EQ(SeedReason(id, end), kKeyGone);  // even before anybody has rotated
  ASSERT_EQ(Rotate(end), kNone);
  EXPECT_EQ(SeedReason(id, SampleNow()), kKeyGone);
  const crypto::Keystore reopened = *crypto::Keystore::Open(path(), Passphrase());
  EXPECT_EQ(reopened.Find("prekey/" + crypto::ToHex(id.view())), nullptr);
  EXPECT_EQ(reopened.secrets().size(), 2u);  // the new one, and that there was another
  EXPECT_EQ(PlacesOf(wanted), std::vector<std::string>());
}

TEST_F(PrekeyRingTest, ARestartOffersTheSameBytesAgain) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const Bytes offer = ring_->Offer().SerializeAsString();
  const PrekeyId id = Offered(SampleNow());
  Restart();
  EXPECT_EQ(SeedReason(id, SampleNow()), kNone);
  ASSERT_EQ(Rotate(SampleNow() + absl::Hours(1)), kNone);
  EXPECT_EQ(ring_->Offer().SerializeAsString(), offer);
  Restart();
  ASSERT_EQ(Rotate(SampleNow() + kPrekeyUse / 2), kNone);
  EXPECT_NE(Offered(SampleNow() + kPrekeyUse / 2), id);
}

TEST_F(PrekeyRingTest, WhatIsNotOnDiskIsNotOffered) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const Bytes offer = ring_->Offer().SerializeAsString();
  const absl::Time half = SampleNow() + kPrekeyUse / 2;
  fs::rename(folder_, folder_ + ".away");
  EXPECT_NE(Rotate(half), kNone);
  EXPECT_EQ(ring_->Offer().SerializeAsString(), offer);
  fs::rename(folder_ + ".away", folder_);
  ASSERT_EQ(Rotate(half), kNone);
  const PrekeyId id = Offered(half);
  Restart();
  EXPECT_EQ(SeedReason(id, half), kNone);
}

TEST_F(PrekeyRingTest, ADestructionThatWasNotWrittenIsWrittenNextTime) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const PrekeyId id = Offered(SampleNow());
  const absl::Time end = SampleNow() + kPrekeyUse + kPrekeyGrace;
  fs::rename(folder_, folder_ + ".away");
  EXPECT_NE(Rotate(end), kNone);
  EXPECT_EQ(SeedReason(id, SampleNow()), kKeyGone);
  fs::rename(folder_ + ".away", folder_);
  ASSERT_EQ(Rotate(end), kNone);
  EXPECT_EQ(crypto::Keystore::Open(path(), Passphrase())->Find("prekey/" + crypto::ToHex(id.view())), nullptr);
}

TEST_F(PrekeyRingTest, AClockSetBackMakesOneMoreAndOnlyOne) {
  const absl::Time earlier = SampleNow() + absl::Hours(24), later = earlier + absl::Hours(1);
  ASSERT_EQ(Rotate(later), kNone);
  const PrekeyId future = Offered(later);
  ASSERT_EQ(Rotate(earlier), kNone);
  const PrekeyId now = Offered(earlier);
  EXPECT_NE(now, future);
  ASSERT_EQ(Rotate(earlier + absl::Minutes(1)), kNone);
  EXPECT_EQ(Offered(earlier), now);
  EXPECT_EQ(SeedReason(future, earlier), kNone);  // somebody may have sealed to it
}

TEST_F(PrekeyRingTest, HeldPrekeysAreBounded) {
  absl::Time now = SampleNow() + absl::Hours(24);
  for (size_t i = 0; i < kMaxHeldPrekeys; ++i) {
    ASSERT_EQ(Rotate(now), kNone) << i;
    now -= kClockSkew + kTick;
  }
  EXPECT_EQ(Rotate(now), kLimit);
}

TEST_F(PrekeyRingTest, AnEntryOfAnotherShapeStopsTheRing) {
  const std::string id(32, 'a'), upper(32, 'A');
  for (const std::string& name : {"prekey/" + id, "prekey/" + id + "aa", "prekey/" + upper, std::string("prekey/zz")}) {
    keystore_->Put(name, crypto::SecretBytes(name == "prekey/" + id ? 7 : 1264));
    EXPECT_EQ(Rotate(SampleNow()), kKeystore) << name;
    EXPECT_EQ(SeedReason(*PrekeyId::From(Bytes(16, '\xaa')), SampleNow()), kNoSlot);
    keystore_->Remove(name);
  }
  keystore_->Put("storage", crypto::SecretBytes(32));  // not a prekey: none of the ring's business
  EXPECT_EQ(Rotate(SampleNow()), kNone);
}

TEST_F(PrekeyRingTest, RotationAndReadersMeet) {
  ASSERT_EQ(Rotate(SampleNow()), kNone);
  const PrekeyId id = Offered(SampleNow());
  std::thread rotation([&] {
    for (int i = 1; i <= 3; ++i) EXPECT_EQ(Rotate(SampleNow() + i * kPrekeyUse / 2), kNone);
  });
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(SeedReason(id, SampleNow()), kNone);
    EXPECT_GT(ring_->Offer().body().size(), 1216u);
  }
  rotation.join();
}

// --- What other organisations offer ---
class CheckPrekeyTest : public PrekeyRingTest {
 protected:
  CheckPrekeyTest() { (void)ring_->Rotate(SampleNow()); }
  RejectReason Check(const v1::SignedBody& prekey, absl::Time now = SampleNow()) {
    return ReasonOf(CheckPrekey(IdentityHistory(self_.identity), prekey, now).status());
  }
  RejectReason After(const std::function<void(v1::PrekeyBody&)>& change) {
    v1::PrekeyBody body;
    body.ParseFromString(ring_->Offer().body());
    change(body);
    return Check(*SignBody(self_, kPrekeyType, body.SerializeAsString()));
  }
};

TEST_F(CheckPrekeyTest, LifetimeIsHeldWithSkewBeforeIt) {
  EXPECT_EQ(Check(ring_->Offer(), SampleNow() - kClockSkew), kNone);
  EXPECT_EQ(Check(ring_->Offer(), SampleNow() - kClockSkew - kTick), kPrekey);
  EXPECT_EQ(Check(ring_->Offer(), SampleNow() + kPrekeyUse - kTick), kNone);
  EXPECT_EQ(Check(ring_->Offer(), SampleNow() + kPrekeyUse), kPrekey);
}

TEST_F(CheckPrekeyTest, WellSignedNonsenseRefuses) {
  EXPECT_EQ(After([](auto&) {}), kNone);
  EXPECT_EQ(After([](auto& p) { p.set_org_id(Bytes(32, 'o')); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_identity_hash(Bytes(32, 'h')); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_suite(2); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_prekey_class(v1::PREKEY_CLASS_OFFLINE); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_prekey_id("short"); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_key_id("short"); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_key_id(Bytes(32, 'k')); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_not_after_us(p.not_before_us()); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.GetReflection()->MutableUnknownFields(&p)->AddVarint(99, 1); }), kParse);
}

TEST_F(CheckPrekeyTest, AtMostSevenDaysAndTheSkew) {
  const auto lasting = [](absl::Duration life) {
    return [life](v1::PrekeyBody& p) { p.set_not_after_us(p.not_before_us() + absl::ToInt64Microseconds(life)); };
  };
  EXPECT_EQ(After(lasting(kPrekeyUse + kClockSkew)), kNone);
  EXPECT_EQ(After(lasting(kPrekeyUse + kClockSkew + kTick)), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.set_not_before_us(INT64_MIN), p.set_not_after_us(INT64_MAX); }), kPrekey);
}

TEST_F(CheckPrekeyTest, KeysThatNothingCanBeSealedToRefuse) {
  EXPECT_EQ(After([](auto& p) { p.mutable_public_key()->pop_back(); }), kPrekey);
  EXPECT_EQ(After([](auto& p) { p.mutable_public_key()->replace(0, 3, "\xff\xff\xff"); }), kPrekey);  // not canonical
  EXPECT_EQ(After([](auto& p) { p.mutable_public_key()->replace(1184, 32, Bytes(32, '\0')); }), kPrekey);  // low order
}

TEST_F(CheckPrekeyTest, OnlyTheOwnersStatementKeyCounts) {
  const Self other = SampleSelf("estovia", 'K');
  EXPECT_EQ(ReasonOf(CheckPrekey(IdentityHistory(other.identity), ring_->Offer(), SampleNow()).status()), kPrekey);
  EXPECT_EQ(Check(*SignBody(other, kPrekeyType, ring_->Offer().body())), kPrekey);
  EXPECT_EQ(Check(*SignBody(self_, kHeadType, ring_->Offer().body())), kPrekey);
  v1::SignedBody unsigned_offer = ring_->Offer();
  unsigned_offer.clear_signature();
  EXPECT_EQ(Check(unsigned_offer), kPrekey);
}

TEST_F(CheckPrekeyTest, EveryDamagedByteRefuses) {
  const v1::SignedBody good = ring_->Offer();
  for (size_t i = 0; i < good.body().size(); ++i) {
    v1::SignedBody damaged = good;
    (*damaged.mutable_body())[i] = static_cast<char>(good.body()[i] ^ (1 << (i % 8)));
    EXPECT_NE(Check(damaged), kNone) << i;
  }
}

TEST_F(CheckPrekeyTest, SizeIsBounded) {
  const auto padded = [](size_t size) {
    return [size](v1::PrekeyBody& p) {
      p.GetReflection()->MutableUnknownFields(&p)->AddLengthDelimited(100, Bytes(size - p.ByteSizeLong() - 4, 'p'));
    };
  };
  EXPECT_EQ(After(padded(kMaxPrekeyBytes)), kNone);
  EXPECT_EQ(After(padded(kMaxPrekeyBytes + 1)), kParse);
}

}  // namespace
}  // namespace entente::trust
