#include "envelope/testing/group.h"

// How many asymmetric operations sealing and opening cost, counted at the library's door: the linker puts these
// functions in its place (envelope/CMakeLists.txt).
namespace {

struct Operations {
  int signatures = 0, verifications = 0, encapsulations = 0, decapsulations = 0;
  bool operator==(const Operations&) const = default;
};
Operations counted;

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
// NOLINTEND(bugprone-reserved-identifier)
}

namespace entente::envelope {
namespace {

using namespace testing;

constexpr size_t kIndicators = 256;

template <typename Work>
Operations CountOf(const Work& work) {
  counted = {};
  work();
  return counted;
}

class OperationsTest : public GroupTest {};

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

}  // namespace
}  // namespace entente::envelope
