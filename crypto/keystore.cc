#include "crypto/keystore.h"

#include <sodium.h>
#include <unistd.h>

#include <atomic>
#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/keystore_file.h"
#include "crypto/primitives.h"
#include "crypto/private_file.h"

namespace entente::crypto {
namespace {
std::atomic<uint64_t> argon2id_runs = 0;
}  // namespace

uint64_t Argon2idRuns() {
  return argon2id_runs;
}

// The working memory belongs to this call and is given back before it returns.
bool Argon2id(ByteView passphrase, ByteView salt, KeystoreCost cost, SecretBytes& out) {
  static_assert(crypto_pwhash_argon2id_SALTBYTES == kSaltSize);
  ++argon2id_runs;
  return crypto_pwhash_argon2id(out.MutableSecret().data(), out.size(), passphrase.data(), passphrase.size(),
                                Octets(salt), cost.passes, cost.memory_bytes,
                                crypto_pwhash_argon2id_ALG_ARGON2ID13) == 0;
}

absl::StatusOr<Keystore> Keystore::Create(const std::string& path, const SecretBytes& passphrase, KeystoreCost cost,
                                          std::map<std::string, SecretBytes> secrets) {
  if (access(path.c_str(), F_OK) == 0) {
    return Reject(RejectReason::kKeystore, path + " exists; a keystore is never overwritten by a new one");
  }
  absl::StatusOr<KeystoreHeader> header = MakeKeystoreHeader(cost, KeyFile::kKeystore);
  if (!header.ok()) return header.status();
  absl::StatusOr<SecretBytes> key = DeriveFileKey(passphrase, *header);
  if (!key.ok()) return key.status();
  const absl::StatusOr<Bytes> file = SealKeystore(*header, *key, secrets);
  if (!file.ok()) return file.status();
  // The check above spares the hashing; this one cannot be raced.
  if (const absl::Status written = WritePrivateFile(path, *file, Existing::kRefuse); !written.ok()) return written;

  Keystore keystore;
  keystore.path_ = path;
  keystore.cost_ = cost;
  keystore.salt_ = std::move(header->salt);
  keystore.key_ = *std::move(key);
  keystore.secrets_ = std::move(secrets);
  return keystore;
}

absl::StatusOr<Keystore> Keystore::Open(const std::string& path, const SecretBytes& passphrase) {
  const absl::StatusOr<SecretBytes> file = ReadPrivateFile(path, kMaxKeystoreBytes);
  if (!file.ok()) return file.status();
  const ByteView bytes = AsView(file->ExposeSecret());
  absl::StatusOr<KeystoreHeader> header = ReadKeystoreHeader(bytes);
  if (!header.ok()) return header.status();
  absl::StatusOr<SecretBytes> key = DeriveFileKey(passphrase, *header);
  if (!key.ok()) return key.status();
  absl::StatusOr<Secrets> secrets = OpenKeystore(bytes, *key);
  if (!secrets.ok()) return secrets.status();

  Keystore keystore;
  keystore.path_ = path;
  keystore.cost_ = header->cost;
  keystore.salt_ = std::move(header->salt);
  keystore.key_ = *std::move(key);
  keystore.secrets_ = *std::move(secrets);
  return keystore;
}

const SecretBytes* Keystore::Find(const std::string& name) const {
  const auto found = secrets_.find(name);
  return found == secrets_.end() ? nullptr : &found->second;
}

void Keystore::Put(const std::string& name, SecretBytes secret) {
  secrets_.insert_or_assign(name, std::move(secret));
}

void Keystore::Remove(const std::string& name) {
  secrets_.erase(name);
}

absl::Status Keystore::Save() {
  const absl::StatusOr<Bytes> file = SealKeystore({cost_, salt_}, key_, secrets_);
  if (!file.ok()) return file.status();
  return WritePrivateFile(path_, *file, Existing::kReplace);
}

absl::StatusOr<SecretBytes> ReadPassphrase(const std::string& path) {
  const absl::StatusOr<SecretBytes> file = ReadPrivateFile(path, kMaxPassphraseBytes + 2);
  if (!file.ok()) return file.status();
  ByteView line = AsView(file->ExposeSecret());
  if (line.ends_with('\n')) line.remove_suffix(line.ends_with("\r\n") ? 2 : 1);
  if (line.empty() || line.size() > kMaxPassphraseBytes || line.find('\n') != ByteView::npos) {
    return Reject(RejectReason::kKeystore, path + " must hold one line of 1 to 4096 bytes");
  }
  return SecretBytes::CopyOf(line);
}

}  // namespace entente::crypto
