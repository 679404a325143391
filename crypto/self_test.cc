#include "crypto/self_test.h"

#include <sodium.h>
#include <sodium/crypto_kem_xwing.h>

#include <cstdio>
#include <tuple>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/group_keys.h"
#include "crypto/primitives.h"

// Sources and licences of the figures: tests/vectors/README.md, where the same answers stand in full.
namespace entente::crypto {
namespace {

Bytes Hex(ByteView text) {
  return FromHex(text).value_or(Bytes());
}

bool Sha256Holds() {  // FIPS 180-4
  const std::optional<Digest> digest = TrySha256("abc");
  return digest && digest->view() == Hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

bool HmacHolds() {  // RFC 4231, case 2
  return Hmac(HmacPads("Jefe"), {"what do ya want ", "for nothing?"}).view() ==
         Hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

bool HkdfHolds() {  // RFC 5869, case 1
  const Wiped<kKeySize> prk = HkdfExtract(Hex("000102030405060708090a0b0c"), {Bytes(22, '\x0b')});
  Bytes okm(42, '\0');
  return HkdfExpand(prk.view(), Hex("f0f1f2f3f4f5f6f7f8f9"), {Octets(okm), okm.size()}) &&
         okm == Hex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
}

bool Ed25519Holds() {  // RFC 8032, test 2
  const Bytes seed = Hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const Bytes public_key = Hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Bytes signature =
      Hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  return SignMessage(SecretBytes::CopyOf(seed + public_key), "r") == signature &&
         VerifyMessage(public_key, "r", signature) && !VerifyMessage(public_key, "s", signature) &&
         IsValidPoint(public_key) && !IsValidPoint(Bytes(kPublicKeySize, '\0'));
}

bool XChaChaHolds() {  // draft-irtf-cfrg-xchacha, A.3.1; the ciphertext by its hash
  const Bytes key = Hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const Bytes nonce = Hex("404142434445464748494a4b4c4d4e4f5051525354555657"), ad = Hex("50515253c0c1c2c3c4c5c6c7");
  constexpr ByteView kText =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be "
      "it.";
  Bytes sealed(kText.size() + kTagSize, '\0'), opened(kText.size(), '\0');
  XChaChaSeal(key, nonce, ad, kText, Octets(sealed));
  const bool seals = sealed.substr(kText.size()) == Hex("c0875924c1c7987947deafd8780acf49") &&
                     Sha256(sealed.substr(0, kText.size())).view() ==
                         Hex("e62f0144cfa943773767686db9998ff037d0f165c9b4f34e113be63b7213afc6");
  const bool opens = XChaChaOpen(key, nonce, ad, sealed, Octets(opened)) && opened == kText;
  sealed.back() ^= 1;
  return seals && opens && !XChaChaOpen(key, nonce, ad, sealed, Octets(opened));
}

bool HpkeHolds() {  // draft-ietf-hpke-pq: X-Wing, HKDF-SHA256, ChaCha20-Poly1305; key and encapsulation by their hashes
  const Bytes seed = Hex("3ec47fa82dd5689d27c6190e724c74ec8f608df3331ce331929e37b829676630");
  const Bytes encapsulation_seed =
      Hex("2a1c0a3745fe8a48fb62034d300f54dfe1974a5b2e169e580a8789cb1cf5fd19"
          "0fc00f3fd899594e01a8b15334b9f3fa03d8de44da86e19f5776850fb689e6c8");
  constexpr ByteView kTarget = "4f6465206f6e2061204772656369616e2055726e", kAad = "Count-0";
  constexpr ByteView kText = "4265617574792069732074727574682c20747275746820626561757479";
  Bytes public_key(kKemPublicKeySize, '\0');
  Wiped<kKeySize> secret;
  crypto_kem_xwing_seed_keypair(Octets(public_key), secret.data(), Octets(seed));
  const absl::StatusOr<HpkeSealed> sealed = HpkeSealFromSeed(public_key, kTarget, kAad, kText, encapsulation_seed);
  if (!sealed.ok()) return false;
  const absl::StatusOr<SecretBytes> opened =
      HpkeOpen(SecretBytes::CopyOf(seed), sealed->enc, kTarget, kAad, sealed->ct);
  return Sha256(public_key).view() == Hex("ad8aaf3f00d8a39bfeec2947a7d5dde68be08bba19bd301a348a45dc5fcc8341") &&
         Sha256(sealed->enc).view() == Hex("95c0a5fca31ea59f29bbc66255ad6637b5a476b3212886af11afdc8930aeb772") &&
         sealed->ct == Hex("c5c591f99092d5e38df0a52699af249c66f8275a863423c076de8147a53e65cc584041c963b77a7e59ea93"
                           "841b1339b5efda8909b71f74bb0073ad62e899de310c1566dea2fd29eba377") &&
         opened.ok() && AsView(opened->ExposeSecret()) == kText;
}

bool XWingHolds() {  // draft-connolly-cfrg-xwing-kem, case 1; key and encapsulation by their hashes
  const Bytes seed = Hex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26");
  const Bytes encapsulation_seed =
      Hex("3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
          "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2");
  const Bytes expected = Hex("d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384");
  Bytes public_key(kKemPublicKeySize, '\0'), enc(kKemCiphertextSize, '\0');
  Wiped<kKeySize> secret, sent, received;
  return crypto_kem_xwing_seed_keypair(Octets(public_key), secret.data(), Octets(seed)) == 0 &&
         Sha256(public_key).view() == Hex("2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb") &&
         crypto_kem_xwing_enc_deterministic(Octets(enc), sent.data(), Octets(public_key), Octets(encapsulation_seed)) ==
             0 &&
         Sha256(enc).view() == Hex("17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33") &&
         sent.view() == expected && crypto_kem_xwing_dec(received.data(), Octets(enc), Octets(seed)) == 0 &&
         received.view() == expected;
}

bool GroupKeysHold() {  // docs/formats/examples/derive.txt
  const absl::StatusOr<EpochSecret> secret = EpochSecret::Next(
      nullptr, SecretBytes::CopyOf(Hex("0c321ae3a892d83321fed870b163b980504bfef6bcea36a78333b5310d7f95d0")));
  const auto fields = Digest::From(Hex("350a6f89addaa19fcad6751a1fa59a370b21e5fe7cd3c331b0bac5f1f4f64140"));
  const auto group = GroupId::From(Hex("bdd494b51929d819be0e50b07603f2428aaa4f30189eb9fd19824ef704b2fc88"));
  const auto salt = Digest::From(Hex("d13527d15b3be25b8cfa223688ca5ff38d1b5cc6ed9fc485c9506e9181a1fa28"));
  if (!secret.ok() || !fields || !group || !salt) return false;
  return secret->Commitment(*fields).view() ==
             Hex("17243fc230d69f719c7a33f18d4f4b74dfd367bf566596ac2f213d47c6a28abf") &&
         secret->Tag(*fields).view() == Hex("b00226c1c7d5bc6f4ab3050ea9f3b175") &&
         AsView(secret->ContentKey(*group, 1, *salt).ExposeSecret()) ==
             Hex("a6e95f5bb62a0d958e1d22ad01c885d720ae6b1eee45a14aec4668239e15fb84");
}

bool Argon2idHolds() {  // computed by the reference implementation; far under the floor, to be quick
  SecretBytes key(kKeySize);
  return Argon2id("correct horse", "0123456789abcdef", {3, 64 << 10}, key) &&
         AsView(key.ExposeSecret()) == Hex("5de797640c71ce5e1dbe17ed17ba7d249adbc20db030460e84bd4c325101844e");
}

bool RandomnessMoves() {
  const SecretBytes first = SecretBytes::Random(kKeySize), second = SecretBytes::Random(kKeySize);
  return !ConstantTimeEqual(AsView(first.ExposeSecret()), AsView(second.ExposeSecret()));
}

constexpr KnownAnswer kKnownAnswers[] = {
    {"SHA-256", Sha256Holds},    {"HMAC-SHA256", HmacHolds},
    {"HKDF-SHA256", HkdfHolds},  {"Ed25519", Ed25519Holds},
    {"HPKE X-Wing", HpkeHolds},  {"XChaCha20-Poly1305", XChaChaHolds},
    {"X-Wing", XWingHolds},      {"group keys", GroupKeysHold},
    {"Argon2id", Argon2idHolds}, {"random bytes", RandomnessMoves},
};

// "1.0.22" as numbers, ordered as versions are; zeros for what is no version.
std::tuple<int, int, int> ParseVersion(ByteView text) {
  int major = 0, minor = 0, patch = 0;
  if (std::sscanf(Bytes(text).c_str(), "%d.%d.%d", &major, &minor, &patch) != 3) return {0, 0, 0};
  return {major, minor, patch};
}

absl::Status RunSelfTest() {
  if (sodium_init() < 0) return Reject(RejectReason::kSelfTest, "libsodium did not start: no source of randomness");
  const absl::Status version = CheckSodiumVersion(sodium_library_version_major(), sodium_version_string());
  return version.ok() ? CheckKnownAnswers(kKnownAnswers) : version;
}

}  // namespace

std::span<const KnownAnswer> KnownAnswers() {
  return kKnownAnswers;
}

absl::Status CheckKnownAnswers(std::span<const KnownAnswer> answers) {
  for (const KnownAnswer& answer : answers) {
    if (answer.holds()) continue;
    return Reject(RejectReason::kSelfTest, "self-test failed: " + std::string(answer.name) +
                                               " gives a wrong answer; reinstall the program, then check the machine");
  }
  return absl::OkStatus();
}

absl::Status CheckSodiumVersion(int library_major, ByteView version) {
  if (library_major == SODIUM_LIBRARY_VERSION_MAJOR && ParseVersion(version) >= std::tuple(1, 0, 22)) {
    return absl::OkStatus();
  }
  return Reject(RejectReason::kSelfTest, "libsodium 1.0.22 or newer (library major 26) is required, found " +
                                             std::string(version) + " (major " + std::to_string(library_major) + ")");
}

absl::Status Initialise() {
  static const absl::Status result = RunSelfTest();
  return result;
}

}  // namespace entente::crypto
