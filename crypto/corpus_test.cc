#include <gtest/gtest.h>
#include <simdjson.h>
#include <sodium/crypto_kem_mlkem768.h>

#include <algorithm>
#include <filesystem>

#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/primitives.h"

// Published corpora, read where they lie beside the checkout. What every machine must check is in tests/vectors/.
namespace entente::crypto {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;

class Corpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(Root())) GTEST_SKIP() << "corpora not present";
  }
  static fs::path Root() { return ENTENTE_SOURCE_DIR "/../shared/data/vectors"; }
  element Load(const fs::path& file) { return parser_.load((Root() / file).string()).value(); }
  static Bytes Hex(const element& test, const char* name) { return FromHex(test[name].get_string().value()).value(); }
  static Bytes Base64(const element& value) { return FromBase64(value.get_string().value()).value(); }
  static bool Valid(const element& test) { return test["result"].get_string().value() == "valid"; }

  // Calls `check(group, test)` for every test of a Wycheproof file and gives their number.
  template <typename Check>
  size_t Wycheproof(const std::string& file, Check check) {
    size_t count = 0;
    for (const element group : Load("wycheproof/" + file)["testGroups"].get_array()) {
      for (const element test : group["tests"].get_array()) {
        SCOPED_TRACE(test["tcId"].get_int64().value());
        check(group, test);
        ++count;
      }
    }
    return count;
  }

 private:
  simdjson::dom::parser parser_;
};

TEST_F(Corpus, WycheproofEd25519) {
  const size_t count = Wycheproof("ed25519_test.json", [](const element& group, const element& test) {
    const Bytes public_key = Hex(group["publicKey"], "pk");
    EXPECT_EQ(VerifyMessage(public_key, Hex(test, "msg"), Hex(test, "sig")), Valid(test));
    EXPECT_TRUE(IsValidPoint(public_key));
  });
  EXPECT_EQ(count, 151u);
}

TEST_F(Corpus, WycheproofXChaCha20Poly1305) {
  size_t usable = 0;
  Wycheproof("xchacha20_poly1305_test.json", [&](const element&, const element& test) {
    const Bytes nonce = Hex(test, "iv"), sealed = Hex(test, "ct") + Hex(test, "tag"), text = Hex(test, "msg");
    if (nonce.size() != kXChaChaNonceSize) return;  // our nonces have one size, by construction
    ++usable;
    Bytes opened(text.size(), '\0'), again(sealed.size(), '\0');
    EXPECT_EQ(XChaChaOpen(Hex(test, "key"), nonce, Hex(test, "aad"), sealed, Octets(opened)), Valid(test));
    XChaChaSeal(Hex(test, "key"), nonce, Hex(test, "aad"), text, Octets(again));
    EXPECT_EQ(opened == text && again == sealed, Valid(test));
  });
  EXPECT_EQ(usable, 306u);
}

TEST_F(Corpus, WycheproofHkdfSha256) {
  const size_t count = Wycheproof("hkdf_sha256_test.json", [](const element&, const element& test) {
    Bytes okm(test["size"].get_uint64().value(), '\0');
    const Wiped<kKeySize> prk = HkdfExtract(Hex(test, "salt"), {Hex(test, "ikm")});
    EXPECT_EQ(HkdfExpand(prk.view(), Hex(test, "info"), {Octets(okm), okm.size()}), Valid(test));
    if (!Valid(test)) return;
    EXPECT_EQ(okm, Hex(test, "okm"));
  });
  EXPECT_EQ(count, 86u);
}

// The point check and the verification together accept one of the 914 edge cases: the one without a flaw.
TEST_F(Corpus, CctvEd25519) {
  size_t verified = 0, accepted = 0, count = 0;
  for (const element test : Load("cctv/ed25519vectors.json").get_array()) {
    const Bytes public_key = Hex(test, "key");
    const bool verifies = VerifyMessage(public_key, test["msg"].get_string().value(), Hex(test, "sig"));
    const bool accepts = verifies && IsValidPoint(public_key);
    ++count;
    verified += verifies ? 1 : 0;
    accepted += accepts ? 1 : 0;
    EXPECT_EQ(accepts, test["flags"].is_null());
  }
  EXPECT_EQ(count, 914u);
  EXPECT_EQ(verified, 43u);
  EXPECT_EQ(accepted, 1u);
}

// Every ML-KEM key with a coefficient over the modulus is refused as part of an X-Wing key, every good one is accepted.
TEST_F(Corpus, WycheproofMlKemKeysInsideXWingKeys) {
  const Bytes share = GenerateKemKeyPair().public_key.substr(crypto_kem_mlkem768_PUBLICKEYBYTES);
  const size_t count = Wycheproof("mlkem_768_encaps_test.json", [&](const element&, const element& test) {
    const Bytes key = Hex(test, "ek");
    EXPECT_EQ(IsValidKemKey(key + share), Valid(test));
  });
  EXPECT_EQ(count, 265u);
}

TEST_F(Corpus, XWing) {
  size_t count = 0;
  for (const element test : Load("xwing/test-vectors.json").get_array()) {
    const Bytes public_key = Hex(test, "pk");
    const absl::StatusOr<HpkeSealed> sealed = HpkeSealFromSeed(public_key, "info", "aad", "text", Hex(test, "eseed"));
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(sealed->enc, Hex(test, "ct"));
    const absl::StatusOr<SecretBytes> opened =
        HpkeOpen(SecretBytes::CopyOf(Hex(test, "sk")), sealed->enc, "info", "aad", sealed->ct);
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(AsView(opened->ExposeSecret()), "text");
    ++count;
  }
  EXPECT_EQ(count, 3u);
}

// What a proof of the corpus leads to; nothing when a hash in it is not 32 bytes long or the path does not fit.
std::optional<Digest> ProvenRoot(const element& test, const std::optional<Digest>& leaf_hash) {
  std::vector<Digest> path;
  simdjson::dom::array proof;
  if (test["proof"].get_array().get(proof) == simdjson::SUCCESS) {
    for (const element entry : proof) {
      const std::optional<Digest> hash = Digest::From(FromBase64(entry.get_string().value()).value());
      if (!hash) return std::nullopt;
      path.push_back(*hash);
    }
  }
  if (!leaf_hash) return std::nullopt;
  return RootFromLeafHash(*leaf_hash, test["leafIdx"].get_uint64().value(), test["treeSize"].get_uint64().value(),
                          path);
}

TEST_F(Corpus, MerkleInclusion) {
  size_t count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Root() / "merkle/testdata/inclusion")) {
    if (entry.path().extension() != ".json") continue;
    const element test = Load(fs::relative(entry.path(), Root()));
    const std::optional<Digest> root = ProvenRoot(test, Digest::From(Base64(test["leafHash"])));
    const bool included = root && root->view() == Base64(test["root"]);
    EXPECT_EQ(included, !test["wantErr"].get_bool().value()) << entry.path();
    ++count;
  }
  EXPECT_EQ(count, 98u);
}

}  // namespace
}  // namespace entente::crypto
