#include "crypto/slot.h"
#include "envelope/header.h"
#include "envelope/testing/group.h"

// How many asymmetric operations sealing and opening cost, and what refusals do not even try, counted at the library's
// door: the linker puts these functions in its place (envelope/CMakeLists.txt).
namespace {

struct Operations {
  int signatures = 0, verifications = 0, encapsulations = 0, decapsulations = 0;
  bool operator==(const Operations&) const = default;
};
Operations counted;
int chunks_opened = 0;  // of payloads

void PrintTo(const Operations& o, std::ostream* out) {
  *out << o.signatures << " signatures, " << o.verifications << " verifications, " << o.encapsulations
       << " encapsulations, " << o.decapsulations << " decapsulations";
}

}  // namespace

extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier): the linker's names
int __real_crypto_sign_ed25519_detached(unsigned char*, unsigned long long*, const unsigned char*, unsigned long long,
                                        const unsigned char*);
int __wrap_crypto_sign_ed25519_detached(unsigned char* signature, unsigned long long* size,
                                        const unsigned char* message, unsigned long long length,
                                        const unsigned char* key) {
  ++counted.signatures;
  return __real_crypto_sign_ed25519_detached(signature, size, message, length, key);
}
int __real_crypto_sign_ed25519_verify_detached(const unsigned char*, const unsigned char*, unsigned long long,
                                               const unsigned char*);
int __wrap_crypto_sign_ed25519_verify_detached(const unsigned char* signature, const unsigned char* message,
                                               unsigned long long length, const unsigned char* key) {
  ++counted.verifications;
  return __real_crypto_sign_ed25519_verify_detached(signature, message, length, key);
}
int __real_crypto_kem_xwing_enc_deterministic(unsigned char*, unsigned char*, const unsigned char*,
                                              const unsigned char*);
int __wrap_crypto_kem_xwing_enc_deterministic(unsigned char* enc, unsigned char* secret, const unsigned char* key,
                                              const unsigned char* seed) {
  ++counted.encapsulations;
  return __real_crypto_kem_xwing_enc_deterministic(enc, secret, key, seed);
}
int __real_crypto_kem_xwing_dec(unsigned char*, const unsigned char*, const unsigned char*);
int __wrap_crypto_kem_xwing_dec(unsigned char* secret, const unsigned char* enc, const unsigned char* key) {
  ++counted.decapsulations;
  return __real_crypto_kem_xwing_dec(secret, enc, key);
}
int __real_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(unsigned char*, unsigned char*, const unsigned char*,
                                                              unsigned long long, const unsigned char*,
                                                              const unsigned char*, unsigned long long,
                                                              const unsigned char*, const unsigned char*);
int __wrap_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(unsigned char* out, unsigned char* secret,
                                                              const unsigned char* sealed, unsigned long long size,
                                                              const unsigned char* tag, const unsigned char* ad,
                                                              unsigned long long ad_size, const unsigned char* nonce,
                                                              const unsigned char* key) {
  ++chunks_opened;
  return __real_crypto_aead_xchacha20poly1305_ietf_decrypt_detached(out, secret, sealed, size, tag, ad, ad_size, nonce,
                                                                    key);
}
// NOLINTEND(bugprone-reserved-identifier)
}

namespace entente::envelope {
namespace {

using namespace testing;

constexpr size_t kIndicators = 256;

template <typename Work>
Operations CountOf(const Work& work) {
  counted = {};
  chunks_opened = 0;
  work();
  return counted;
}

constexpr size_t kCommitmentSize = 32;

class OperationsTest : public GroupTest {
 protected:
  Bytes SealedDirectly() {
    const Batch batch = *Signed(1, ForGroup(), Newest());
    return *SealDirect(Self(1), {batch.signed_body(), AllOf(batch)}, Permitted({Node(2).FreshPrekey(Now())}, batch.size()),
                       Now(), &Groups(1));
  }
  // What opening `wire` at node 2 asks of the library, where it refuses with `reason`.
  Operations Refused(ByteView wire, RejectReason reason) {
    return CountOf([&] { EXPECT_EQ(ReasonFor(OpenAt(2, wire)), reason); });
  }
};

TEST_F(OperationsTest, AGroupEnvelopeOf256IndicatorsCostsItsTwoSignatures) {
  std::optional<Batch> batch;
  Bytes wire;
  EXPECT_EQ(CountOf([&] { batch = *Signed(1, ForGroup(), Newest(), Now(), kIndicators); }),
            (Operations{.signatures = 1}));
  EXPECT_EQ(CountOf([&] { wire = *Seal(1, *batch); }), (Operations{.signatures = 1}));
  const Operations to_read = CountOf([&] {
    const auto verified = Accept(2, 1, wire);
    ASSERT_TRUE(verified.ok()) << verified.status();
    EXPECT_EQ(verified->batch->statements().size(), kIndicators);
  });
  EXPECT_EQ(to_read, (Operations{.verifications = 2}));
}

TEST_F(OperationsTest, ADirectEnvelopeCostsOneEncapsulationForEachRecipient) {
  const Batch batch = *Signed(1, ForGroup(), Newest(), Now(), kIndicators);
  const std::vector<Recipient> recipients =
      Permitted({Node(0).FreshPrekey(Now()), Node(2).FreshPrekey(Now()), Node(3).FreshPrekey(Now())}, kIndicators);
  Bytes wire;
  const Operations to_seal = CountOf([&] {
    wire = *SealDirect(Self(1), {batch.signed_body(), AllOf(batch)}, recipients, Now(), &Groups(1));
  });
  EXPECT_EQ(to_seal, (Operations{.signatures = 1, .encapsulations = 3}));
  EXPECT_EQ(CountOf([&] { EXPECT_TRUE(Accept(2, 1, wire).ok()); }),
            (Operations{.verifications = 2, .decapsulations = 1}));
}

// Without the AEAD, whichever bit of the commitment is another: a payload made for two keys is not even tried.
TEST_F(OperationsTest, P03ABentCommitmentNeverReachesTheAead) {
  const Bytes direct = SealedDirectly(), group = Sealed(1);
  for (const auto& [whole, at, unlocked] : {std::tuple{direct, kHeaderSize + kSlotSize, Operations{.decapsulations = 1}},
                                            std::tuple{group, kHeaderSize, Operations{}}}) {
    CountOf([&, &wire = whole] { ASSERT_TRUE(OpenAt(2, wire).ok()); });
    EXPECT_GT(chunks_opened, 0);
    for (size_t bit = 0; bit < kCommitmentSize * 8; ++bit) {
      Bytes bent = whole;
      bent[at + bit / 8] = static_cast<char>(bent[at + bit / 8] ^ (1 << (bit % 8)));
      EXPECT_EQ(Refused(bent, RejectReason::kCommit), unlocked) << bit;
      EXPECT_EQ(chunks_opened, 0) << bit;
    }
  }
}

TEST_F(OperationsTest, P10ASlotOfAnotherLengthNeverReachesTheKem) {
  const Bytes wire = SealedDirectly();
  const crypto::KemKeyPair pair = crypto::GenerateKemKeyPair();
  const PrekeyId prekey = crypto::RandomId<PrekeyId>();
  const Bytes slot = *crypto::WrapSlot(pair.public_key, prekey, "info", crypto::SecretBytes::Random(crypto::kKeySize), "");
  EXPECT_EQ(CountOf([&] { EXPECT_TRUE(crypto::OpenSlot(pair.seed, slot, "info").ok()); }), (Operations{.decapsulations = 1}));
  const auto refused = [&](ByteView other) {
    return CountOf([&] { EXPECT_EQ(ReasonFor(crypto::OpenSlot(pair.seed, other, "info")), RejectReason::kHeader); });
  };
  for (size_t size = 0; size < slot.size(); ++size) EXPECT_EQ(refused(ByteView(slot).substr(0, size)), Operations{}) << size;
  EXPECT_EQ(refused(slot + '\0'), Operations{});  // a sealed key of 49 bytes
  // An envelope says how many slots it has, not how long they are: cut within them or behind, it has too few bytes for them.
  for (size_t size = 0; size < kHeaderSize + kSlotSize + kCommitmentSize; ++size) {
    EXPECT_EQ(Refused(ByteView(wire).substr(0, size), RejectReason::kHeader), Operations{}) << size;
  }
  EXPECT_EQ(chunks_opened, 0);
}

}  // namespace
}  // namespace entente::envelope
