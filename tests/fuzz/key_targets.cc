#include "crypto/crypto.h"
#include "crypto/encoding.h"
#include "crypto/keystore_file.h"
#include "crypto/primitives.h"
#include "crypto/token_reference.h"
#include "crypto/transport_certificate.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;

const crypto::SecretBytes& FileKey() {
  static const crypto::SecretBytes key = crypto::SecretBytes::CopyOf(Bytes(crypto::kKeySize, 'k'));
  return key;
}

// A keystore that authenticates, whatever `plaintext` is: its owner's program went wrong, or its owner did.
Bytes KeystoreOf(ByteView plaintext) {
  constexpr size_t kNonceAt = 5 + 4 + 8 + crypto::kSaltSize, kHeaderSize = kNonceAt + crypto::kXChaChaNonceSize;
  const crypto::KeystoreHeader header{crypto::kDaemon, Bytes(crypto::kSaltSize, 's')};
  Bytes clear = crypto::SealKeystore(header, FileKey(), {})->substr(0, kHeaderSize + Digest::kSize);
  Bytes key(crypto::kKeySize, '\0');
  FUZZ_CHECK(crypto::HkdfExpand(crypto::AsView(FileKey().ExposeSecret()), crypto::ExpandInfo("entente/1/keystore/key"),
                                {crypto::Octets(key), key.size()}));
  Bytes sealed(plaintext.size() + crypto::kTagSize, '\0');
  crypto::XChaChaSeal(key, ByteView(clear).substr(kNonceAt, crypto::kXChaChaNonceSize), clear, plaintext,
                      crypto::Octets(sealed));
  return clear + sealed;
}

bool OpenAndSealAgain(ByteView file, crypto::KeyFile kind = crypto::KeyFile::kKeystore) {
  const absl::StatusOr<crypto::Secrets> secrets = crypto::OpenKeystore(file, FileKey(), kind);
  if (!secrets.ok()) {
    CheckRefused(secrets.status(), {kKeystore});
    return false;
  }
  const auto header = crypto::ReadKeystoreHeader(file, kind);
  FUZZ_CHECK(header.ok());
  const auto sealed = crypto::SealKeystore(*header, FileKey(), *secrets);
  FUZZ_CHECK(sealed.ok());
  const auto again = crypto::OpenKeystore(*sealed, FileKey(), kind);
  FUZZ_CHECK(again.ok() && again->size() == secrets->size());
  for (const auto& [name, secret] : *secrets) {
    const auto found = again->find(name);
    FUZZ_CHECK(found != again->end());
    FUZZ_CHECK(crypto::AsView(found->second.ExposeSecret()) == crypto::AsView(secret.ExposeSecret()));
  }
  return true;
}

bool ReadReference(ByteView value) {
  const auto reference = crypto::ReadTokenReference(value);
  if (!reference.ok()) {
    CheckRefused(reference.status(), {kKeystore});
    return false;
  }
  FUZZ_CHECK(reference->uri.size() <= crypto::kMaxTokenUri && reference->uri.find('?') == std::string::npos);
  const auto again = crypto::EncodeTokenReference(*reference);
  FUZZ_CHECK(again.ok() && *again == value);
  return true;
}

bool ReadClaim(ByteView pem) {
  const auto claim = crypto::ReadTransportClaim(pem);
  if (!claim.ok()) {
    CheckRefused(claim.status(), {kIdentity});
    return false;
  }
  FUZZ_CHECK(claim->signature.size() == crypto::kSignatureSize && claim->spki_hash.size() == Digest::kSize);
  FUZZ_CHECK(ByteView(claim->signed_body).starts_with(claim->org.view()));
  FUZZ_CHECK(!crypto::VerifyTransportClaim(*claim, Bytes(crypto::kPublicKeySize, '\0')));
  return true;
}

}  // namespace

// The first byte says whether the rest is a file as found on disk, a keystore or a backup, the plaintext inside one
// that authenticates, or an entry that refers to a token.
bool FuzzKeystore(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  if (input[0] % 2 != 0) return OpenAndSealAgain(KeystoreOf(rest));
  if (input[0] % 4 == 2) return ReadReference(rest);
  const auto header = crypto::ReadKeystoreHeader(rest);
  const auto backup = crypto::ReadKeystoreHeader(rest, crypto::KeyFile::kBackup);
  FUZZ_CHECK(!header.ok() || !backup.ok());
  for (const auto& status : {header.status(), backup.status()}) {
    if (!status.ok()) CheckRefused(status, {kKeystore});
  }
  return OpenAndSealAgain(rest) || OpenAndSealAgain(rest, crypto::KeyFile::kBackup) || header.ok() || backup.ok();
}

// The first byte says whether the rest is PEM or the DER inside it.
bool FuzzCertificate(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  if (input[0] % 2 == 0) return ReadClaim(rest);
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  const std::string base64 = crypto::ToBase64(rest);
  for (size_t at = 0; at < base64.size(); at += 64) pem += base64.substr(at, 64) + "\n";
  return ReadClaim(pem + "-----END CERTIFICATE-----\n");
}

}  // namespace entente::fuzz
