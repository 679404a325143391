#include "crypto/transport_certificate.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "crypto/octets.h"

namespace entente::crypto {
namespace {

constexpr ByteView kBegin = "-----BEGIN CERTIFICATE-----\n", kEnd = "-----END CERTIFICATE-----\n";

Bytes ToDer(ByteView pem) {
  const size_t from = pem.find(kBegin) + kBegin.size();
  return *FromBase64(pem.substr(from, pem.find(kEnd) - from));
}
Bytes ToPem(ByteView der) {
  std::string text = ToBase64(der);
  for (size_t at = 64; at < text.size(); at += 65) text.insert(at, "\n");
  return Bytes(kBegin) + text + "\n" + Bytes(kEnd);
}

class Transport : public testing::Test {
 protected:
  TransportCertificate Make(absl::Time now) const { return *MakeTransportCertificate(org_, key_id_, signer_, now); }
  RejectReason Read(ByteView pem) const { return ReasonOf(ReadTransportClaim(pem).status()); }

  const absl::Time now_ = absl::FromUnixMillis(1'800'000'000'123);
  const OrgId org_ = *OrgId::From(Sha256("org").view());
  const KeyId key_id_ = *KeyId::From(Sha256("key").view());
  const SigningKey signer_ = SigningKey::Generate();
  const TransportCertificate made_ = Make(now_);
};

TEST_F(Transport, ClaimsWhatItWasMadeFor) {
  const absl::StatusOr<TransportClaim> claim = ReadTransportClaim(made_.certificate_pem);
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_EQ(claim->org, org_);
  EXPECT_EQ(claim->key_id, key_id_);
  EXPECT_EQ(claim->not_before, absl::FromUnixSeconds(1'800'000'000) - kClockSkew);
  EXPECT_EQ(claim->not_after, absl::FromUnixSeconds(1'800'000'000) + kTransportLifetime);
  EXPECT_EQ(claim->spki_hash.size(), Digest::kSize);
  EXPECT_TRUE(VerifyTransportClaim(*claim, signer_.public_key()));
  EXPECT_FALSE(VerifyTransportClaim(*claim, SigningKey::Generate().public_key()));
}

TEST_F(Transport, TheSignedBodyIsTheDocumentedOne) {
  const absl::StatusOr<TransportClaim> claim = ReadTransportClaim(made_.certificate_pem);
  ASSERT_TRUE(claim.ok());
  Bytes body = org_.str() + key_id_.str() + claim->spki_hash;
  AppendBigEndian<uint64_t>(body, 1'800'000'000 + 90 * 24 * 3600);
  EXPECT_EQ(claim->signed_body, body);
  EXPECT_TRUE(Verify(signer_.public_key(), kTransportType, body, claim->signature));
}

TEST_F(Transport, EveryCertificateHasItsOwnKeyAndThePrivateOneFits) {
  EXPECT_NE(ReadTransportClaim(made_.certificate_pem)->spki_hash,
            ReadTransportClaim(Make(now_).certificate_pem)->spki_hash);
  const ByteView pem = AsView(made_.private_key_pem.ExposeSecret());
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> key_in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())),
                                                             BIO_free_all);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(BIO_new_mem_buf(made_.certificate_pem.data(), -1),
                                                         BIO_free_all);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr),
                                                                X509_free);
  ASSERT_TRUE(key && certificate);
  EXPECT_EQ(X509_check_private_key(certificate.get(), key.get()), 1);
}

TEST_F(Transport, EveryFlippedByteOfTheCertificateIsRefused) {
  const Bytes der = ToDer(made_.certificate_pem);
  ASSERT_EQ(Read(ToPem(der)), RejectReason::kNone);
  for (size_t at = 0; at < der.size(); ++at) {
    Bytes bad = der;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    EXPECT_EQ(Read(ToPem(bad)), RejectReason::kIdentity) << at;
  }
}

TEST_F(Transport, RefusesWhatIsNoCertificate) {
  const std::string& pem = made_.certificate_pem;
  const ByteView key = AsView(made_.private_key_pem.ExposeSecret());
  for (ByteView bad : {ByteView(), ByteView("text"), kBegin, ByteView(pem).substr(0, pem.size() / 2), key}) {
    EXPECT_EQ(Read(bad), RejectReason::kIdentity);
  }
  EXPECT_EQ(Read(Bytes(kBegin) + "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00000000000000000000000000000000\n\n" +
                 pem.substr(kBegin.size())),
            RejectReason::kIdentity);
}

TEST_F(Transport, CarriesDocumentsUpToItsBound) {
  EXPECT_EQ(ReadTransportClaim(made_.certificate_pem)->carried, "");
  const Bytes most(kMaxCarriedIdentity, 'x');
  const auto full = MakeTransportCertificate(org_, key_id_, signer_, now_, most);
  ASSERT_TRUE(full.ok()) << full.status();
  const auto claim = ReadTransportClaim(full->certificate_pem);
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_EQ(claim->carried, most);
  EXPECT_TRUE(VerifyTransportClaim(*claim, signer_.public_key()));
  EXPECT_EQ(ReasonOf(MakeTransportCertificate(org_, key_id_, signer_, now_, most + "x").status()), RejectReason::kLimit);
}

TEST_F(Transport, LooksAtSixteenKibibytesOnly) {
  EXPECT_EQ(Read(made_.certificate_pem + std::string(1 << 20, 'x')), RejectReason::kNone);
  EXPECT_EQ(Read(std::string(8 * 1024, '\n') + made_.certificate_pem), RejectReason::kNone);
  EXPECT_EQ(Read(std::string(16 * 1024, '\n') + made_.certificate_pem), RejectReason::kIdentity);
}

TEST_F(Transport, LeavesNoErrorForTheTlsLibraryToFind) {
  EXPECT_EQ(Read("text"), RejectReason::kIdentity);
  EXPECT_EQ(ERR_peek_error(), 0u);
}

// Certificates that are self-signed and well formed, but make no claim, or one lifted from another certificate.
class ForeignCertificate : public Transport {
 protected:
  using Extensions = STACK_OF(X509_EXTENSION);
  // A certificate over a fresh key of `curve`, with the last extension of ours `times` times, or without it.
  std::string Make(const char* curve, bool with_extensions, int times) const {
    return Make(made_.certificate_pem, curve, with_extensions, times);
  }
  static std::string Make(const std::string& from, const char* curve, bool with_extensions, int times) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(BIO_new_mem_buf(from.data(), -1), BIO_free_all);
    const std::unique_ptr<X509, decltype(&X509_free)> ours(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr),
                                                           X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen(curve), EVP_PKEY_free);
    X509_set_pubkey(ours.get(), key.get());
    const int last = X509_get_ext_count(ours.get()) - 1;
    if (!with_extensions) X509_EXTENSION_free(X509_delete_ext(ours.get(), last));
    for (int i = 1; i < times; ++i) X509_add_ext(ours.get(), X509_get_ext(ours.get(), last), -1);
    X509_sign(ours.get(), key.get(), EVP_sha256());
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
    PEM_write_bio_X509(out.get(), ours.get());
    char* text = nullptr;
    const long size = BIO_get_mem_data(out.get(), &text);
    return std::string(text, static_cast<size_t>(size));
  }
  std::string ReasonFor(const std::string& pem) const {
    return std::string(ReadTransportClaim(pem).status().message());
  }
};

TEST_F(ForeignCertificate, AClaimAboutAnotherKeyIsRefused) {
  EXPECT_NE(ReasonFor(Make("P-256", true, 1)).find("another key"), std::string::npos);
}

TEST_F(ForeignCertificate, NoClaimOrTwoAreRefused) {
  EXPECT_NE(ReasonFor(Make("P-256", false, 1)).find("no claim"), std::string::npos);
  EXPECT_NE(ReasonFor(Make("P-256", true, 2)).find("no claim"), std::string::npos);
}

TEST_F(ForeignCertificate, CarriedDocumentsTwiceAreRefused) {
  const std::string carrying = MakeTransportCertificate(org_, key_id_, signer_, now_, "a chain")->certificate_pem;
  EXPECT_NE(ReasonFor(Make(carrying, "P-256", true, 1)).find("another key"), std::string::npos);
  EXPECT_NE(ReasonFor(Make(carrying, "P-256", true, 2)).find("twice"), std::string::npos);
}

TEST_F(ForeignCertificate, AnotherCurveIsRefused) {
  EXPECT_NE(ReasonFor(Make("P-384", true, 1)).find("P-256"), std::string::npos);
}

}  // namespace
}  // namespace entente::crypto
