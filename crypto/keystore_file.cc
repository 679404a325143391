#include "crypto/keystore_file.h"

#include <limits>
#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

// With the version.
constexpr ByteView MagicOf(KeyFile kind) {
  return kind == KeyFile::kKeystore ? ByteView("ENTK\x01", 5) : ByteView("ENTB\x01", 5);
}
constexpr size_t kCostAt = MagicOf(KeyFile::kKeystore).size(), kSaltAt = kCostAt + 4 + 8,
                 kNonceAt = kSaltAt + kSaltSize;
constexpr size_t kHeaderSize = kNonceAt + kXChaChaNonceSize, kClearSize = kHeaderSize + Digest::kSize;
constexpr size_t kMaxName = std::numeric_limits<uint8_t>::max(), kMaxSecret = std::numeric_limits<uint16_t>::max();

absl::Status Damaged() {
  return Reject(RejectReason::kKeystore,
                "wrong passphrase, or the file of keys is damaged; try again or take another copy of it");
}

Wiped<kKeySize> FileKey(const SecretBytes& key) {
  Wiped<kKeySize> out;
  HkdfExpand(AsView(key.ExposeSecret()), ExpandInfo("entente/1/keystore/key"), out.span());
  return out;
}

// Depends on the header as well, so that a changed header is refused before the AEAD sees anything.
Wiped<Digest::kSize> Commitment(const SecretBytes& key, ByteView header) {
  Wiped<Digest::kSize> out;
  HkdfExpand(AsView(key.ExposeSecret()), ExpandInfo("entente/1/keystore/commit", header), out.span());
  return out;
}

absl::StatusOr<SecretBytes> Encode(const Secrets& secrets) {
  size_t size = 0;
  for (const auto& [name, secret] : secrets) {
    if (name.empty() || name.size() > kMaxName || secret.size() > kMaxSecret) {
      return Reject(RejectReason::kLimit,
                    "a keystore holds names of 1 to 255 bytes and secrets of at most 65535 bytes");
    }
    size += 1 + name.size() + 2 + secret.size();
  }
  if (size > kMaxKeystoreBytes - kClearSize - kTagSize) {
    return Reject(RejectReason::kLimit, "the keystore is full; remove secrets that are no longer used");
  }
  SecretBytes plaintext(size);
  uint8_t* out = plaintext.MutableSecret().data();
  for (const auto& [name, secret] : secrets) {
    *out++ = static_cast<uint8_t>(name.size());
    out = std::copy(name.begin(), name.end(), out);
    *out++ = static_cast<uint8_t>(secret.size() >> 8);
    *out++ = static_cast<uint8_t>(secret.size());
    const std::span<const uint8_t> value = secret.ExposeSecret();
    out = std::copy(value.begin(), value.end(), out);
  }
  return plaintext;
}

// Takes `size` bytes off the front; false when there are fewer.
bool Take(ByteView& in, size_t size, ByteView& out) {
  if (in.size() < size) return false;
  out = in.substr(0, size);
  in.remove_prefix(size);
  return true;
}

absl::StatusOr<Secrets> Decode(ByteView in) {
  Secrets secrets;
  while (!in.empty()) {
    ByteView size, name, value;
    if (!Take(in, 1, size) || !Take(in, ReadBigEndian<uint8_t>(size), name) || name.empty() || !Take(in, 2, size) ||
        !Take(in, ReadBigEndian<uint16_t>(size), value) || (!secrets.empty() && secrets.rbegin()->first >= name)) {
      return Damaged();
    }
    secrets.emplace_hint(secrets.end(), std::string(name), SecretBytes::CopyOf(value));
  }
  return secrets;
}

}  // namespace

absl::Status CheckCost(KeystoreCost cost) {
  if (cost.passes < kCostFloor.passes || cost.memory_bytes < kCostFloor.memory_bytes) {
    return Reject(RejectReason::kKeystore,
                  "the keystore's Argon2id cost is under 3 passes or 64 MiB: too weak to be used");
  }
  if (cost.passes > kCostCap.passes || cost.memory_bytes > kCostCap.memory_bytes) {
    return Reject(RejectReason::kKeystore, "the keystore's Argon2id cost is over 10 passes or 4 GiB: refused unhashed");
  }
  return absl::OkStatus();
}

absl::StatusOr<KeystoreHeader> MakeKeystoreHeader(KeystoreCost cost, KeyFile kind) {
  if (absl::Status accepted = CheckCost(cost); !accepted.ok()) return accepted;
  KeystoreHeader header{cost, Bytes(kSaltSize, '\0'), kind};
  RandomBytes(Octets(header.salt), kSaltSize);
  return header;
}

absl::StatusOr<SecretBytes> DeriveFileKey(const SecretBytes& passphrase, const KeystoreHeader& header) {
  if (absl::Status accepted = CheckCost(header.cost); !accepted.ok()) return accepted;
  if (passphrase.empty() || passphrase.size() > kMaxPassphraseBytes) {
    return Reject(RejectReason::kKeystore, "a passphrase has 1 to 4096 bytes");
  }
  SecretBytes key(kKeySize);
  if (Argon2id(AsView(passphrase.ExposeSecret()), header.salt, header.cost, key)) return key;
  return Reject(RejectReason::kKeystore, "not enough memory to unlock the file of keys: it needs " +
                                             std::to_string(header.cost.memory_bytes >> 20) + " MiB for a moment");
}

absl::StatusOr<KeystoreHeader> ReadKeystoreHeader(ByteView file, KeyFile kind) {
  if (file.size() < kClearSize + kTagSize || file.size() > kMaxKeystoreBytes || !file.starts_with(MagicOf(kind))) {
    const std::string what = kind == KeyFile::kKeystore ? "keystore" : "backup of keys";
    return Reject(RejectReason::kKeystore, "not an Entente " + what + " of version 1; check the path");
  }
  const KeystoreHeader header{
      {ReadBigEndian<uint32_t>(file.substr(kCostAt)), ReadBigEndian<uint64_t>(file.substr(kCostAt + 4))},
      Bytes(file.substr(kSaltAt, kSaltSize)),
      kind};
  const absl::Status cost = CheckCost(header.cost);
  if (!cost.ok()) return cost;
  return header;
}

absl::StatusOr<Bytes> SealKeystore(const KeystoreHeader& header, const SecretBytes& key, const Secrets& secrets) {
  const absl::StatusOr<SecretBytes> plaintext = Encode(secrets);
  if (!plaintext.ok()) return plaintext.status();
  Bytes file(MagicOf(header.kind));
  AppendBigEndian(file, header.cost.passes);
  AppendBigEndian(file, header.cost.memory_bytes);
  file.append(header.salt).resize(kHeaderSize);
  RandomBytes(Octets(file) + kNonceAt, kXChaChaNonceSize);
  file.append(Commitment(key, file).view());
  const Bytes clear = file;
  file.resize(kClearSize + plaintext->size() + kTagSize);
  XChaChaSeal(FileKey(key).view(), ByteView(clear).substr(kNonceAt, kXChaChaNonceSize), clear,
              AsView(plaintext->ExposeSecret()), Octets(file) + kClearSize);
  return file;
}

absl::StatusOr<Secrets> OpenKeystore(ByteView file, const SecretBytes& key, KeyFile kind) {
  const absl::StatusOr<KeystoreHeader> header = ReadKeystoreHeader(file, kind);
  if (!header.ok()) return header.status();
  const ByteView clear = file.substr(0, kClearSize), sealed = file.substr(kClearSize);
  const ByteView commitment = clear.substr(kHeaderSize);
  if (!ConstantTimeEqual(Commitment(key, clear.substr(0, kHeaderSize)).view(), commitment)) return Damaged();
  SecretBytes plaintext(sealed.size() - kTagSize);
  const ByteView nonce = clear.substr(kNonceAt, kXChaChaNonceSize);
  if (!XChaChaOpen(FileKey(key).view(), nonce, clear, sealed, plaintext.MutableSecret().data())) return Damaged();
  return Decode(AsView(plaintext.ExposeSecret()));
}

}  // namespace entente::crypto
