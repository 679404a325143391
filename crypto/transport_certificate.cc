#include "crypto/transport_certificate.h"

#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/octets.h"

// docs/formats/transport-certificate.md
namespace entente::crypto {
namespace {

// An arc under 2.25, which anyone may take with a random UUID.
constexpr char kClaimOid[] = "2.25.292603512037439351072769666065255528623";
constexpr char kCarriedOid[] = "2.25.12215652351781280650089150522260328408";
constexpr char kSubject[] = "entente";
constexpr size_t kMaxPem = 16 * 1024, kSerialSize = 16;
constexpr size_t kOrgAt = 0, kKeyIdAt = 32, kSpkiAt = 64, kBodySize = 104;  // a u64 time ends it
constexpr size_t kClaimSize = kBodySize + kSignatureSize;

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
template <typename T, auto free_function>
using Owned = std::unique_ptr<T, Free<free_function>>;
using Certificate = Owned<X509, X509_free>;
using PrivateKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using Extension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OctetString = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using ObjectId = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using Memory = Owned<BIO, BIO_free_all>;  // a memory BIO clears its buffer when freed

// Leaves nothing in the thread's error queue: TLS reads the same queue and would take our refusals for its own.
struct ErrorQueueGuard {
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
  ~ErrorQueueGuard() { ERR_clear_error(); }
};

absl::Status NotMade() {
  return Reject(RejectReason::kInternal, "OpenSSL could not make a transport certificate");
}

absl::Status Malformed(std::string_view why) {
  return Reject(RejectReason::kIdentity, "not a transport certificate of an Entente node: " + std::string(why));
}

// SHA-256 of the DER SubjectPublicKeyInfo; empty where it cannot be encoded.
Bytes SpkiHash(X509* certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
  if (size <= 0) return {};
  const Digest hash = Sha256({reinterpret_cast<const char*>(der), static_cast<size_t>(size)});
  OPENSSL_free(der);
  return hash.str();
}

Bytes ClaimBody(const OrgId& org, const KeyId& key_id, ByteView spki_hash, absl::Time not_after) {
  Bytes body = org.str() + key_id.str() + Bytes(spki_hash);
  AppendBigEndian(body, static_cast<uint64_t>(absl::ToUnixSeconds(not_after)));
  return body;
}

ByteView StringView(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<size_t>(ASN1_STRING_length(string))};
}

bool AddStandardExtension(X509* certificate, int nid, const char* value) {
  const Extension extension(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// `content` in a DER OCTET STRING inside the extension's own. Not critical: TLS libraries that do not know it must still
// complete the handshake, in which our verifier reads it.
bool AddOctets(X509* certificate, const char* name, ByteView content) {
  const OctetString inner(ASN1_OCTET_STRING_new()), outer(ASN1_OCTET_STRING_new());
  const ObjectId oid(OBJ_txt2obj(name, 1));
  if (!inner || !outer || !oid ||
      !ASN1_OCTET_STRING_set(inner.get(), Octets(content), static_cast<int>(content.size()))) {
    return false;
  }
  unsigned char* der = nullptr;
  const int size = i2d_ASN1_OCTET_STRING(inner.get(), &der);
  const bool set = size > 0 && ASN1_OCTET_STRING_set(outer.get(), der, size) == 1;
  OPENSSL_free(der);
  const Extension extension(set ? X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, outer.get()) : nullptr);
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool SetSerial(X509* certificate) {
  Bytes serial(kSerialSize, '\0');
  RandomBytes(Octets(serial), serial.size());
  serial[0] = static_cast<char>((serial[0] & 0x3f) | 0x40);  // positive, and always of full length
  const Owned<BIGNUM, BN_free> number(BN_bin2bn(Octets(serial), kSerialSize, nullptr));
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool Fill(X509* certificate, EVP_PKEY* key, absl::Time not_before, absl::Time not_after) {
  X509_NAME* name = X509_get_subject_name(certificate);
  return X509_set_version(certificate, X509_VERSION_3) == 1 && SetSerial(certificate) &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(kSubject), -1, -1,
                                    0) == 1 &&
         X509_set_issuer_name(certificate, name) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(certificate), absl::ToTimeT(not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), absl::ToTimeT(not_after)) != nullptr &&
         X509_set_pubkey(certificate, key) == 1 &&
         AddStandardExtension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
         AddStandardExtension(certificate, NID_key_usage, "critical,digitalSignature");
}

std::optional<TransportCertificate> ToPem(X509* certificate, EVP_PKEY* key) {
  const Memory public_pem(BIO_new(BIO_s_mem())), private_pem(BIO_new(BIO_s_mem()));
  if (!public_pem || !private_pem || PEM_write_bio_X509(public_pem.get(), certificate) != 1 ||
      PEM_write_bio_PrivateKey(private_pem.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return std::nullopt;
  }
  char *public_text = nullptr, *private_text = nullptr;
  const long public_size = BIO_get_mem_data(public_pem.get(), &public_text);
  const long private_size = BIO_get_mem_data(private_pem.get(), &private_text);
  return TransportCertificate{std::string(public_text, static_cast<size_t>(public_size)),
                              SecretBytes::CopyOf({private_text, static_cast<size_t>(private_size)})};
}

std::optional<absl::Time> ToTime(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return std::nullopt;
  return absl::FromTM(fields, absl::UTCTimeZone());
}

Certificate ParsePem(ByteView pem) {
  pem = pem.substr(0, kMaxPem);
  const Memory in(BIO_new_mem_buf(Octets(pem), static_cast<int>(pem.size())));
  // Without this callback an encrypted block would make OpenSSL ask at the terminal.
  const auto no_passphrase = [](char*, int, int, void*) { return -1; };
  return Certificate(in ? PEM_read_bio_X509(in.get(), nullptr, no_passphrase, nullptr) : nullptr);
}

bool IsP256(EVP_PKEY* key) {
  char group[32];
  size_t size = 0;
  return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_group_name(key, group, sizeof(group), &size) == 1 && ByteView(group, size) == SN_X9_62_prime256v1;
}

bool Has(X509* certificate, const char* name) {
  const ObjectId oid(OBJ_txt2obj(name, 1));
  return oid && X509_get_ext_by_OBJ(certificate, oid.get(), -1) >= 0;
}

// The content of the one extension of that name; empty where there is none, more than one, or one of another form.
Bytes OctetsOf(X509* certificate, const char* name) {
  const ObjectId oid(OBJ_txt2obj(name, 1));
  const int at = oid ? X509_get_ext_by_OBJ(certificate, oid.get(), -1) : -1;
  if (at < 0 || X509_get_ext_by_OBJ(certificate, oid.get(), at) >= 0) return {};
  const ByteView outer = StringView(X509_EXTENSION_get_data(X509_get_ext(certificate, at)));
  const unsigned char* der = Octets(outer);
  const OctetString inner(d2i_ASN1_OCTET_STRING(nullptr, &der, static_cast<long>(outer.size())));
  if (!inner || der != Octets(outer) + outer.size()) return {};
  return Bytes(StringView(inner.get()));
}

}  // namespace

absl::StatusOr<TransportCertificate> MakeTransportCertificate(const OrgId& org, const KeyId& key_id,
                                                              const Signer& signer, absl::Time now,
                                                              ByteView carried) {
  if (carried.size() > kMaxCarriedIdentity) {
    return Reject(RejectReason::kLimit, "a transport certificate carries at most 8 KiB of identity documents");
  }
  const ErrorQueueGuard guard;
  // Not before is set back by the skew that peers' clocks may have; both ends are whole seconds, as X.509 has no
  // others.
  const absl::Time not_before = absl::FromUnixSeconds(absl::ToUnixSeconds(now - kClockSkew));
  const absl::Time not_after = absl::FromUnixSeconds(absl::ToUnixSeconds(now + kTransportLifetime));
  const Certificate certificate(X509_new());
  const PrivateKey key(EVP_EC_gen(SN_X9_62_prime256v1));
  if (!certificate || !key || !Fill(certificate.get(), key.get(), not_before, not_after)) return NotMade();
  const Bytes body = ClaimBody(org, key_id, SpkiHash(certificate.get()), not_after);
  if (body.size() != kBodySize) return NotMade();
  const absl::StatusOr<Bytes> signature = signer.Sign(kTransportType, body);
  if (!signature.ok()) return signature.status();
  const bool added = AddOctets(certificate.get(), kClaimOid, body + *signature) &&
                     (carried.empty() || AddOctets(certificate.get(), kCarriedOid, carried));
  if (!added || X509_sign(certificate.get(), key.get(), EVP_sha256()) <= 0) return NotMade();
  std::optional<TransportCertificate> made = ToPem(certificate.get(), key.get());
  if (!made) return NotMade();
  return *std::move(made);
}

absl::StatusOr<TransportClaim> ReadTransportClaim(ByteView pem) {
  const ErrorQueueGuard guard;
  const Certificate certificate = ParsePem(pem);
  if (!certificate) return Malformed("no certificate in it");
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  if (!IsP256(key)) return Malformed("its key is not a P-256 key");
  if ((X509_get_key_usage(certificate.get()) & KU_DIGITAL_SIGNATURE) == 0) return Malformed("its key may not sign");
  // Absent reads as all uses.
  constexpr uint32_t kBothEnds = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  if ((X509_get_extended_key_usage(certificate.get()) & kBothEnds) != kBothEnds) {
    return Malformed("it is not for both ends of TLS");
  }
  if (X509_verify(certificate.get(), key) != 1) return Malformed("it is not signed by its own key");
  const Bytes content = OctetsOf(certificate.get(), kClaimOid);
  if (content.size() != kClaimSize) return Malformed("it carries no claim, or more than one");
  Bytes carried = OctetsOf(certificate.get(), kCarriedOid);
  if (carried.size() > kMaxCarriedIdentity || (carried.empty() && Has(certificate.get(), kCarriedOid))) {
    return Malformed("what it carries is no identity chain of at most 8 KiB, or stands there twice");
  }

  const std::optional<absl::Time> not_before = ToTime(X509_get0_notBefore(certificate.get()));
  const std::optional<absl::Time> not_after = ToTime(X509_get0_notAfter(certificate.get()));
  const ByteView body = ByteView(content).substr(0, kBodySize);
  TransportClaim claim;
  claim.org = *OrgId::From(body.substr(kOrgAt, OrgId::kSize));
  claim.key_id = *KeyId::From(body.substr(kKeyIdAt, KeyId::kSize));
  claim.spki_hash = Bytes(body.substr(kSpkiAt, Digest::kSize));
  claim.signed_body = Bytes(body);
  claim.signature = content.substr(kBodySize);
  claim.carried = std::move(carried);
  // The claim is about this certificate's key and end, or it was lifted from another one.
  if (claim.spki_hash != SpkiHash(certificate.get())) return Malformed("its claim is about another key");
  if (!not_before || !not_after || ClaimBody(claim.org, claim.key_id, claim.spki_hash, *not_after) != body) {
    return Malformed("its claim has another end of validity");
  }
  claim.not_before = *not_before;
  claim.not_after = *not_after;
  return claim;
}

bool VerifyTransportClaim(const TransportClaim& claim, ByteView statement_key) {
  return Verify(statement_key, kTransportType, claim.signed_body, claim.signature);
}

}  // namespace entente::crypto
