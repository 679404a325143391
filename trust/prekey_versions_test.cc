// Prekeys while the own identity document and statement key change, and those of class offline.
#include <gtest/gtest.h>

#include <filesystem>

#include "crypto/encoding.h"
#include "proto/strict_parse.h"
#include "trust/prekey.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr absl::Duration kTick = absl::Microseconds(1);
constexpr auto kOffline = v1::PREKEY_CLASS_OFFLINE, kOnline = v1::PREKEY_CLASS_ONLINE;

class PrekeyVersionsTest : public testing::Test {
 protected:
  PrekeyVersionsTest() : self_(SampleSelf("norlandia", 'A')), history_(self_.identity) {
    std::string folder = testing::TempDir() + "entente-prekey-XXXXXX";
    folder_ = mkdtemp(folder.data());
    keystore_.emplace(*crypto::Keystore::Create(folder_ + "/keystore", Passphrase(), crypto::kDaemon, {}));
    ring_.emplace(self_, *keystore_);
    EXPECT_TRUE(ring_->Rotate(SampleNow()).ok());
  }
  ~PrekeyVersionsTest() override { std::filesystem::remove_all(folder_); }
  static crypto::SecretBytes Passphrase() { return crypto::SecretBytes::CopyOf("correct horse battery staple"); }
  void Restart() {
    ring_.reset();
    keystore_.emplace(*crypto::Keystore::Open(folder_ + "/keystore", Passphrase()));
    ring_.emplace(self_, *keystore_);
  }
  // The next document on `day`, and from there on this node signs with the statement key `seed`.
  void Next(int day, char seed, const std::function<void(Draft&)>& change) {
    Draft draft = NextDraft(history_, Day(day), "A");
    change(draft);
    ASSERT_EQ(ReasonOf(history_.Extend(draft.Signed(), Day(day))), kNone);
    self_ = {history_.newest(), SampleKeyId(v1::KEY_USAGE_STATEMENT, seed),
             std::make_shared<const crypto::SigningKey>(SampleKey(seed))};
    ASSERT_TRUE(ring_->SignAnew(self_).ok());
  }
  void RotateStatementKey(int day) {
    Next(day, 'n', [&](Draft& d) {
      d.Revoke(v1::KEY_USAGE_STATEMENT, 'B', Day(day) + kKeyOverlap);
      d.Add(v1::KEY_USAGE_STATEMENT, 'n', Day(day));
    });
  }
  void GoOffline(int day) {
    Next(day, 'B', [](Draft& d) { d.document.mutable_offline()->set_ceiling(v1::LABEL_AMBER); });
  }
  RejectReason Check(const v1::SignedBody& prekey, absl::Time now, v1::PrekeyClass of = kOnline) {
    return ReasonOf(CheckPrekey(history_, prekey, now, of).status());
  }
  static v1::PrekeyBody BodyOf(const v1::SignedBody& prekey) {
    v1::PrekeyBody body;
    EXPECT_TRUE(StrictParse(prekey.body(), body).ok());
    return body;
  }

  Self self_;
  IdentityHistory history_;
  std::string folder_;
  std::optional<crypto::Keystore> keystore_;
  std::optional<PrekeyRing> ring_;
};

TEST_F(PrekeyVersionsTest, ANewStatementKeySignsTheSamePrekey) {
  const v1::SignedBody before = ring_->Offer();
  RotateStatementKey(1);
  const v1::SignedBody after = ring_->Offer();
  v1::PrekeyBody expected = BodyOf(before);
  expected.set_key_id(self_.key_id.str());
  expected.set_identity_hash(history_.newest().hash().str());
  EXPECT_EQ(BodyOf(after).SerializeAsString(), expected.SerializeAsString());
  EXPECT_EQ(Check(after, Day(1)), kNone);
  EXPECT_EQ(Check(before, Day(1)), kNone);  // under the document before, by a key that still counts
}

TEST_F(PrekeyVersionsTest, NothingIsOfferedForSigningAnewBeforeTheFirstRotation) {
  Restart();
  RotateStatementKey(1);
  EXPECT_EQ(ring_->Offer().ByteSizeLong(), 0u);
}

TEST_F(PrekeyVersionsTest, P25NothingIsSealedToWhoTakesNoSuite1AnyMore) {
  const v1::SignedBody before = ring_->Offer();
  EXPECT_EQ(ring_->min_suite(), 1u);
  Next(1, 'B', [](Draft& d) {
    d.document.add_suites(7);
    d.document.set_min_suite(7);
  });
  EXPECT_EQ(ring_->min_suite(), 7u);
  EXPECT_EQ(Check(before, Day(1)), kSuite);
  EXPECT_EQ(Check(ring_->Offer(), Day(1)), kSuite);
  EXPECT_EQ(ReasonOf(CheckSuiteFloor(history_.newest())), kSuite);
}

TEST_F(PrekeyVersionsTest, P12ARevokedSignersPrekeyRefuses) {
  const v1::SignedBody before = ring_->Offer();
  Next(1, 'n', [](Draft& d) {
    d.Drop(v1::KEY_USAGE_STATEMENT, 'B');
    d.Revoke(v1::KEY_USAGE_STATEMENT, 'B', Day(1), v1::REVOCATION_REASON_COMPROMISED);
    d.Add(v1::KEY_USAGE_STATEMENT, 'n', Day(1));
  });
  EXPECT_EQ(Check(before, Day(1)), kPrekey);
  EXPECT_EQ(Check(ring_->Offer(), Day(1)), kNone);
}

TEST_F(PrekeyVersionsTest, TheSignerStandsInTheNamedDocument) {
  RotateStatementKey(1);
  v1::PrekeyBody body = BodyOf(ring_->Offer());
  body.set_identity_hash(
      SampleSelf("norlandia", 'A').identity.hash().str());  // version 1, which does not hold the new key
  EXPECT_EQ(Check(*SignBody(self_, kPrekeyType, body.SerializeAsString()), Day(1)), kPrekey);
}

TEST_F(PrekeyVersionsTest, P12UnderAnExpiredDocumentNothingIsSealedTo) {
  Next(1, 'B', [](Draft& d) { d.document.set_expires_us(absl::ToUnixMicros(Day(3))); });
  EXPECT_EQ(Check(ring_->Offer(), Day(3) - kTick), kNone);
  EXPECT_EQ(Check(ring_->Offer(), Day(3)), kPrekey);
}

// Nor by a key that only an earlier document holds, which would have lasted longer.
TEST_F(PrekeyVersionsTest, P12AnEarlierDocumentDoesNotOutliveTheNewest) {
  const v1::SignedBody before = ring_->Offer();
  Next(1, 'n', [](Draft& d) {
    d.Drop(v1::KEY_USAGE_STATEMENT, 'B');
    d.Revoke(v1::KEY_USAGE_STATEMENT, 'B', Day(15));
    d.Add(v1::KEY_USAGE_STATEMENT, 'n', Day(1));
    d.document.set_expires_us(absl::ToUnixMicros(Day(3)));
  });
  EXPECT_EQ(Check(before, Day(3) - kTick), kNone);
  EXPECT_EQ(Check(before, Day(3)), kPrekey);
}

TEST_F(PrekeyVersionsTest, ClassOfflineComesWithTheDocumentThatAnnouncesIt) {
  EXPECT_EQ(ring_->OfflineOffer().ByteSizeLong(), 0u);
  GoOffline(1);
  ASSERT_TRUE(ring_->Rotate(Day(1)).ok());
  const v1::SignedBody offer = ring_->OfflineOffer();
  EXPECT_EQ(Check(offer, Day(1), kOffline), kNone);
  EXPECT_EQ(Check(offer, Day(91) - kTick, kOffline), kNone);
  EXPECT_EQ(Check(offer, Day(91), kOffline), kPrekey);
  EXPECT_EQ(Check(offer, Day(1)), kPrekey);                        // never where an online one belongs, as in Hello
  EXPECT_EQ(Check(ring_->Offer(), Day(1), kOffline), kPrekey);
  EXPECT_EQ(BodyOf(ring_->Offer()).prekey_class(), kOnline);
  Next(2, 'B', [](Draft& d) { d.document.clear_offline(); });
  EXPECT_EQ(Check(offer, Day(2), kOffline), kPrekey);
  EXPECT_EQ(ring_->OfflineOffer().ByteSizeLong(), 0u);
}

TEST_F(PrekeyVersionsTest, AnOfflineOneOfOverNinetyDaysRefuses) {
  GoOffline(1);
  ASSERT_TRUE(ring_->Rotate(Day(1)).ok());
  v1::PrekeyBody body = BodyOf(ring_->OfflineOffer());
  const auto lasting = [&](absl::Duration life) {
    body.set_not_after_us(body.not_before_us() + absl::ToInt64Microseconds(life));
    return Check(*SignBody(self_, kPrekeyType, body.SerializeAsString()), Day(1), kOffline);
  };
  EXPECT_EQ(lasting(kOfflinePrekeyUse + kClockSkew), kNone);
  EXPECT_EQ(lasting(kOfflinePrekeyUse + kClockSkew + kTick), kPrekey);
}

TEST_F(PrekeyVersionsTest, AnOfflineOneIsReplacedAfterThirtyDaysAndGoneAfterNinetySeven) {
  GoOffline(1);
  ASSERT_TRUE(ring_->Rotate(Day(1)).ok());
  const PrekeyId first = *PrekeyId::From(BodyOf(ring_->OfflineOffer()).prekey_id());
  ASSERT_TRUE(ring_->Rotate(Day(31) - kTick).ok());
  EXPECT_EQ(BodyOf(ring_->OfflineOffer()).prekey_id(), first.view());
  ASSERT_TRUE(ring_->Rotate(Day(31)).ok());
  EXPECT_NE(BodyOf(ring_->OfflineOffer()).prekey_id(), first.view());
  EXPECT_EQ(ReasonOf(ring_->Seed(first, Day(98) - kTick).status()), kNone);
  EXPECT_EQ(ReasonOf(ring_->Seed(first, Day(98)).status()), kKeyGone);
  ASSERT_TRUE(ring_->Rotate(Day(98)).ok());
  const crypto::Keystore reopened = *crypto::Keystore::Open(folder_ + "/keystore", Passphrase());
  EXPECT_EQ(reopened.Find("prekey/" + crypto::ToHex(first.view())), nullptr);
}

TEST_F(PrekeyVersionsTest, BothClassesAreOfferedAgainAfterARestart) {
  GoOffline(1);
  ASSERT_TRUE(ring_->Rotate(Day(1)).ok());
  const Bytes online = ring_->Offer().SerializeAsString(), offline = ring_->OfflineOffer().SerializeAsString();
  Restart();
  ASSERT_TRUE(ring_->Rotate(Day(2)).ok());
  EXPECT_EQ(ring_->Offer().SerializeAsString(), online);
  EXPECT_EQ(ring_->OfflineOffer().SerializeAsString(), offline);
}

TEST_F(PrekeyVersionsTest, AnEntryWithAnotherMarkStopsTheRing) {
  GoOffline(1);
  ASSERT_TRUE(ring_->Rotate(Day(1)).ok());
  const std::string name = "prekey/" + crypto::ToHex(BodyOf(ring_->OfflineOffer()).prekey_id());
  crypto::SecretBytes entry = crypto::SecretBytes::CopyOf(
      ByteView(reinterpret_cast<const char*>(keystore_->Find(name)->ExposeSecret().data()), keystore_->Find(name)->size()));
  ASSERT_EQ(entry.size(), 1265u);
  entry.MutableSecret()[1264] = 2;
  keystore_->Put(name, std::move(entry));
  EXPECT_EQ(ReasonOf(ring_->Rotate(Day(1))), kKeystore);
}

}  // namespace
}  // namespace entente::trust
