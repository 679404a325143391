#include <gtest/gtest.h>
#include <sodium.h>
#include <sodium/crypto_kem_mlkem768.h>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

// What encapsulation and HPKE are made of, on every machine; corpus_kem_test.cc has all published figures.
namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

const unsigned char* In(const VectorRecord& v, const char* name) {
  return Octets(ByteView(v.at(name)));
}

Bytes SealOnce(ByteView key, ByteView nonce, ByteView aad, ByteView text) {
  Bytes sealed(text.size() + kTagSize, '\0');
  crypto_aead_chacha20poly1305_ietf_encrypt(Octets(sealed), nullptr, Octets(text), text.size(), Octets(aad), aad.size(),
                                            nullptr, Octets(nonce), Octets(key));
  return sealed;
}

TEST(KemParts, X25519) {
  for (const VectorRecord& v : ReadVectors("x25519.txt")) {
    Bytes shared(32, '\0');
    EXPECT_EQ(crypto_scalarmult_curve25519(Octets(shared), In(v, "private"), In(v, "public")), 0) << v.at("number");
    EXPECT_EQ(shared, v.at("shared")) << v.at("number");
  }
}

TEST(KemParts, ChaCha20Poly1305) {
  size_t refused = 0;
  for (const VectorRecord& v : ReadVectors("chacha20_poly1305.txt")) {
    const Bytes &sealed = v.at("sealed"), &aad = v.at("aad");
    Bytes opened(sealed.size(), '\0');
    const bool opens =
        crypto_aead_chacha20poly1305_ietf_decrypt(Octets(opened), nullptr, nullptr, In(v, "sealed"), sealed.size(),
                                                  Octets(ByteView(aad)), aad.size(), In(v, "nonce"), In(v, "key")) == 0;
    EXPECT_EQ(opens, v.at("valid") == "yes") << v.at("number");
    EXPECT_EQ(SealOnce(v.at("key"), v.at("nonce"), aad, v.at("plaintext")) == sealed, opens) << v.at("number");
    refused += opens ? 0 : 1;
  }
  EXPECT_EQ(refused, 16u);
}

TEST(KemParts, MlKem768FromSeeds) {
  for (const VectorRecord& v : ReadVectors("mlkem768.txt")) {
    Bytes key(crypto_kem_mlkem768_PUBLICKEYBYTES, '\0'), secret(crypto_kem_mlkem768_SECRETKEYBYTES, '\0'), ss(32, '\0');
    ASSERT_EQ(crypto_kem_mlkem768_seed_keypair(Octets(key), Octets(secret), In(v, "seed")), 0);
    EXPECT_EQ(key, v.at("public_key")) << v.at("number");
    ASSERT_EQ(crypto_kem_mlkem768_dec(Octets(ss), In(v, "ciphertext"), Octets(ByteView(secret))), 0);
    EXPECT_EQ(ss, v.at("shared_secret")) << v.at("number");
  }
}

TEST(KemParts, KeysOverTheModulusAreNoPrekeys) {
  const KemKeyPair pair = GenerateKemKeyPair();
  const Bytes share = pair.public_key.substr(crypto_kem_mlkem768_PUBLICKEYBYTES);
  for (const VectorRecord& v : ReadVectors("mlkem768_keys.txt")) {
    EXPECT_FALSE(IsValidKemKey(v.at("public_key") + share)) << v.at("line");
    EXPECT_EQ(ReasonOf(HpkeSeal(v.at("public_key") + share, "info", "", "text", "hedge").status()),
              RejectReason::kPrekey);
  }
}

TEST(KemParts, HpkeKeySchedule) {
  size_t ours = 0;
  for (const VectorRecord& v : ReadVectors("hpke_schedule.txt")) {
    const HpkeKeys keys = HpkeKeySchedule(v.at("suite"), v.at("shared_secret"), v.at("info"));
    EXPECT_EQ(keys.key.view(), v.at("key")) << v.at("name");
    EXPECT_EQ(keys.nonce.view(), v.at("base_nonce")) << v.at("name");
    Bytes nonce(keys.nonce.view());
    nonce.back() = static_cast<char>(nonce.back() ^ std::stoi(v.at("sequence")));
    EXPECT_EQ(SealOnce(keys.key.view(), nonce, v.at("aad"), v.at("plaintext")), v.at("ciphertext")) << v.at("name");
    ours += v.at("suite") == kXWingSuite ? 1 : 0;
  }
  EXPECT_EQ(ours, 3u);
}

}  // namespace
}  // namespace entente::crypto
