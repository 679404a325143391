#include <sodium.h>
#include <sodium/crypto_kem_mlkem768.h>

#include <cstdio>
#include <memory>

#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "crypto/testing/corpus.h"

// What encapsulation and HPKE are made of, against the published corpora.
namespace entente::crypto {
namespace {

using simdjson::dom::element;

class CorpusKem : public testing::CorpusTest {
 protected:
  static Bytes Unzipped(const std::filesystem::path& file) {
    const std::string command = "gzip -dc " + (Root() / file).string();
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    Bytes out;
    char buffer[1 << 16];
    for (size_t got = 0; (got = std::fread(buffer, 1, sizeof(buffer), pipe.get())) > 0;) out.append(buffer, got);
    return out;
  }
  static uint64_t Number(const element& test, const char* name) { return test[name].get_uint64().value(); }

  // Every ciphertext of a published HPKE context under our key schedule; gives their number.
  static size_t Encryptions(const element& test, ByteView suite) {
    const HpkeKeys keys = HpkeKeySchedule(suite, Hex(test, "shared_secret"), Hex(test, "info"));
    EXPECT_EQ(keys.key.view(), Hex(test, "key"));
    EXPECT_EQ(keys.nonce.view(), Hex(test, "base_nonce"));
    size_t sequence = 0;
    for (const element entry : test["encryptions"].get_array()) {
      Bytes nonce(keys.nonce.view());
      for (size_t i = 0; i < 8; ++i) nonce[11 - i] = static_cast<char>(nonce[11 - i] ^ (sequence >> (8 * i)));
      const Bytes text = Hex(entry, "pt"), aad = Hex(entry, "aad");
      Bytes ct(text.size() + kTagSize, '\0');
      crypto_aead_chacha20poly1305_ietf_encrypt(Octets(ct), nullptr, Octets(ByteView(text)), text.size(),
                                                Octets(ByteView(aad)), aad.size(), nullptr, Octets(nonce),
                                                keys.key.data());
      EXPECT_EQ(ct, Hex(entry, "ct")) << sequence;
      ++sequence;
    }
    return sequence;
  }
};

TEST_F(CorpusKem, WycheproofX25519) {
  size_t zero = 0;
  const size_t count = Wycheproof("x25519_test.json", [&](const element&, const element& test) {
    const Bytes expected = Hex(test, "shared"), key = Hex(test, "private"), share = Hex(test, "public");
    Bytes shared(32, '\0');
    const int result = crypto_scalarmult_curve25519(Octets(shared), Octets(ByteView(key)), Octets(ByteView(share)));
    EXPECT_EQ(result, expected == Bytes(32, '\0') ? -1 : 0);
    EXPECT_EQ(shared, expected);
    zero += result == 0 ? 0 : 1;
  });
  EXPECT_EQ(count, 518u);
  EXPECT_EQ(zero, 31u);
}

TEST_F(CorpusKem, WycheproofChaCha20Poly1305) {
  size_t usable = 0;
  Wycheproof("chacha20_poly1305_test.json", [&](const element&, const element& test) {
    const Bytes nonce = Hex(test, "iv"), sealed = Hex(test, "ct") + Hex(test, "tag"), text = Hex(test, "msg");
    const Bytes key = Hex(test, "key"), aad = Hex(test, "aad");
    if (nonce.size() != kHpkeNonceSize) return;  // the key schedule makes 12 bytes, by construction
    ++usable;
    Bytes opened(text.size() + 1, '\0'), again(sealed.size(), '\0');
    EXPECT_EQ(crypto_aead_chacha20poly1305_ietf_decrypt(Octets(opened), nullptr, nullptr, Octets(ByteView(sealed)),
                                                        sealed.size(), Octets(ByteView(aad)), aad.size(),
                                                        Octets(ByteView(nonce)), Octets(ByteView(key))) == 0,
              Valid(test));
    crypto_aead_chacha20poly1305_ietf_encrypt(Octets(again), nullptr, Octets(ByteView(text)), text.size(),
                                              Octets(ByteView(aad)), aad.size(), nullptr, Octets(ByteView(nonce)),
                                              Octets(ByteView(key)));
    EXPECT_EQ(again == sealed, Valid(test));
  });
  EXPECT_EQ(usable, 316u);
}

// Lengths are the caller's to check: HpkeOpen and HpkeSealFromSeed do, and nothing of another length reaches ML-KEM.
TEST_F(CorpusKem, WycheproofMlKemFromSeeds) {
  size_t opened = 0;
  const size_t count = Wycheproof("mlkem_768_test.json", [&](const element&, const element& test) {
    const Bytes seed = Hex(test, "seed"), ct = Hex(test, "c");
    const bool fits = seed.size() == crypto_kem_mlkem768_SEEDBYTES && ct.size() == crypto_kem_mlkem768_CIPHERTEXTBYTES;
    EXPECT_EQ(fits, Valid(test));
    if (!fits) return;
    Bytes key(crypto_kem_mlkem768_PUBLICKEYBYTES, '\0'), secret(crypto_kem_mlkem768_SECRETKEYBYTES, '\0'), ss(32, '\0');
    ASSERT_EQ(crypto_kem_mlkem768_seed_keypair(Octets(key), Octets(secret), Octets(ByteView(seed))), 0);
    EXPECT_EQ(key, Hex(test, "ek"));
    ASSERT_EQ(crypto_kem_mlkem768_dec(Octets(ss), Octets(ByteView(ct)), Octets(ByteView(secret))), 0);
    EXPECT_EQ(ss, Hex(test, "K"));
    ++opened;
  });
  EXPECT_EQ(count, 193u);
  EXPECT_EQ(opened, 153u);
}

TEST_F(CorpusKem, WycheproofMlKemEncapsulation) {
  size_t sealed = 0;
  Wycheproof("mlkem_768_encaps_test.json", [&](const element&, const element& test) {
    const Bytes key = Hex(test, "ek"), seed = Hex(test, "m");
    if (key.size() != crypto_kem_mlkem768_PUBLICKEYBYTES || !Valid(test)) return;  // keys: the test below
    Bytes ct(crypto_kem_mlkem768_CIPHERTEXTBYTES, '\0'), ss(32, '\0');
    ASSERT_EQ(
        crypto_kem_mlkem768_enc_deterministic(Octets(ct), Octets(ss), Octets(ByteView(key)), Octets(ByteView(seed))),
        0);
    EXPECT_EQ(ct, Hex(test, "c"));
    EXPECT_EQ(ss, Hex(test, "K"));
    ++sealed;
  });
  EXPECT_EQ(sealed, 133u);
}

// Every ML-KEM key with a coefficient over the modulus is refused as part of an X-Wing key, every good one is accepted.
TEST_F(CorpusKem, WycheproofMlKemKeysInsideXWingKeys) {
  const Bytes share = GenerateKemKeyPair().public_key.substr(crypto_kem_mlkem768_PUBLICKEYBYTES);
  const size_t count = Wycheproof("mlkem_768_encaps_test.json", [&](const element&, const element& test) {
    EXPECT_EQ(IsValidKemKey(Hex(test, "ek") + share), Valid(test));
  });
  EXPECT_EQ(count, 265u);
}

TEST_F(CorpusKem, CctvMlKemKeysOverTheModulusInsideXWingKeys) {
  const Bytes share = GenerateKemKeyPair().public_key.substr(crypto_kem_mlkem768_PUBLICKEYBYTES);
  std::istringstream lines(Unzipped("cctv/ML-KEM-768-modulus.txt.gz"));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Bytes key = *FromHex(line);
    ASSERT_EQ(key.size(), crypto_kem_mlkem768_PUBLICKEYBYTES);
    EXPECT_FALSE(IsValidKemKey(key + share)) << count;
  }
  EXPECT_EQ(count, 780u);
}

TEST_F(CorpusKem, XWing) {
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

// All ten ciphertexts; the first through HpkeSeal's own path, the later ones by the schedule, since we seal once per
// key.
TEST_F(CorpusKem, HpkeWithXWing) {
  size_t suites = 0;
  for (const element test : Load("hpke/hpke-pq-test-vectors.json").get_array()) {
    if (Number(test, "kem_id") != 0x647a || Number(test, "kdf_id") != 1 || Number(test, "aead_id") != 3) continue;
    ++suites;
    EXPECT_EQ(Encryptions(test, kXWingSuite), 10u);
    const element first = test["encryptions"].at(0);
    const absl::StatusOr<HpkeSealed> sealed =
        HpkeSealFromSeed(Hex(test, "pkRm"), Hex(test, "info"), Hex(first, "aad"), Hex(first, "pt"), Hex(test, "ikmE"));
    ASSERT_TRUE(sealed.ok());
    EXPECT_EQ(sealed->enc, Hex(test, "enc"));
    EXPECT_EQ(sealed->ct, Hex(first, "ct"));
    EXPECT_TRUE(HpkeOpen(SecretBytes::CopyOf(Hex(test, "skRm")), Hex(test, "enc"), Hex(test, "info"), Hex(first, "aad"),
                         Hex(first, "ct"))
                    .ok());
    // Deviates: this file derives its seed by the IETF's LabeledDerive, draft-connolly and older libraries by plain
    // SHAKE256, under one KEM number. Hence DeriveKeyPair is never used here; the seed itself is the private key.
    const auto derived = [](const Bytes& input) {
      Bytes out(kKeySize, '\0');
      EXPECT_EQ(crypto_xof_shake256(Octets(out), out.size(), Octets(ByteView(input)), input.size()), 0);
      return out;
    };
    const Bytes ikm = Hex(test, "ikmR");
    EXPECT_EQ(derived(ikm + Bytes("HPKE-v1KEM\x64\x7a\0\x0d"
                                  "DeriveKeyPair\0\x20",
                                  29)),
              Hex(test, "skRm"));
    EXPECT_NE(derived(ikm), Hex(test, "skRm"));
  }
  EXPECT_EQ(suites, 1u);
}

// Our schedule and AEAD under RFC 9180's own KEM, from its shared secret on; only Base mode is ours.
TEST_F(CorpusKem, HpkeOfRfc9180) {
  const Bytes json = Unzipped("hpke/rfc9180.json.gz");
  simdjson::dom::parser parser;
  size_t suites = 0;
  for (const element test : parser.parse(json).get_array()) {
    if (Number(test, "mode") != 0 || Number(test, "kem_id") != 32 || Number(test, "kdf_id") != 1) continue;
    if (Number(test, "aead_id") != 3) continue;
    ++suites;
    EXPECT_EQ(Encryptions(test, ByteView("HPKE\x00\x20\x00\x01\x00\x03", 10)), 257u);
  }
  EXPECT_EQ(suites, 1u);
}

}  // namespace
}  // namespace entente::crypto
