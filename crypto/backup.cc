#include "crypto/backup.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/reject.h"
#include "crypto/keystore_file.h"
#include "crypto/octets.h"
#include "crypto/primitives.h"
#include "crypto/private_file.h"

namespace entente::crypto {
namespace {

const std::string kAbout = "backup";
constexpr uint8_t kVersion = 1;
constexpr size_t kAboutSize = 1 + 8 + OrgId::kSize;
constexpr int64_t kYear10000 = 253'402'300'800'000'000;

absl::Status CheckNames(const Secrets& secrets) {
  for (const auto& [name, secret] : secrets) {
    if (BelongsInBackup(name)) continue;
    return Reject(RejectReason::kKeystore, "a backup of keys must not hold what is called " + name.substr(0, 16) +
                                               "; only signing keys, the storage key and the identity are kept in one");
  }
  return absl::OkStatus();
}

SecretBytes About(const Backup& backup) {
  Bytes about(1, static_cast<char>(kVersion));
  AppendBigEndian(about, static_cast<uint64_t>(absl::ToUnixMicros(backup.made)));
  return SecretBytes::CopyOf(about + backup.org.str());
}

// Takes the entry that says what this is out of `secrets`.
std::optional<Backup> TakeAbout(Secrets secrets) {
  const auto found = secrets.find(kAbout);
  if (found == secrets.end() || found->second.size() != kAboutSize) return std::nullopt;
  const ByteView about = AsView(found->second.ExposeSecret());
  const uint64_t made = ReadBigEndian<uint64_t>(about.substr(1));
  if (static_cast<uint8_t>(about.front()) != kVersion || made == 0 || made >= kYear10000) return std::nullopt;
  Backup backup{absl::FromUnixMicros(static_cast<int64_t>(made)), *OrgId::From(about.substr(9)), {}};
  secrets.erase(found);
  backup.secrets = std::move(secrets);
  return backup;
}

}  // namespace

bool BelongsInBackup(ByteView name) {
  constexpr auto kNames = std::to_array<ByteView>({"root", "statement", "storage", "identity"});
  constexpr auto kFamilies = std::to_array<ByteView>({"root/", "statement/", "admin/", "log/", "witness/"});
  const auto of_a_key = [&](ByteView key) {
    return key == "root" || key == "statement" ||
           std::any_of(kFamilies.begin(), kFamilies.end(), [&](ByteView family) { return key.starts_with(family); });
  };
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() || of_a_key(name) ||
         (name.starts_with("hsm/") && of_a_key(name.substr(4)));
}

absl::Status WriteBackup(const std::string& path, const SecretBytes& passphrase, const Backup& backup,
                         KeystoreCost cost) {
  if (absl::Status names = CheckNames(backup.secrets); !names.ok()) return names;
  if (access(path.c_str(), F_OK) == 0) {
    return Reject(RejectReason::kKeystore, path + " exists; a backup never overwrites a file, name a new one");
  }
  const absl::StatusOr<KeystoreHeader> header = MakeKeystoreHeader(cost, KeyFile::kBackup);
  if (!header.ok()) return header.status();
  Secrets secrets;
  for (const auto& [name, secret] : backup.secrets) secrets.emplace(name, secret.Clone());
  secrets.emplace(kAbout, About(backup));
  const absl::StatusOr<SecretBytes> key = DeriveFileKey(passphrase, *header);
  if (!key.ok()) return key.status();
  const absl::StatusOr<Bytes> file = SealKeystore(*header, *key, secrets);
  if (!file.ok()) return file.status();
  return WritePrivateFile(path, *file, Existing::kRefuse);
}

absl::StatusOr<Backup> ReadBackup(const std::string& path, const SecretBytes& passphrase) {
  const absl::StatusOr<SecretBytes> file = ReadPrivateFile(path, kMaxKeystoreBytes);
  if (!file.ok()) return file.status();
  const ByteView bytes = AsView(file->ExposeSecret());
  const absl::StatusOr<KeystoreHeader> header = ReadKeystoreHeader(bytes, KeyFile::kBackup);
  if (!header.ok()) return header.status();
  const absl::StatusOr<SecretBytes> key = DeriveFileKey(passphrase, *header);
  if (!key.ok()) return key.status();
  absl::StatusOr<Secrets> secrets = OpenKeystore(bytes, *key, KeyFile::kBackup);
  if (!secrets.ok()) return secrets.status();
  std::optional<Backup> backup = TakeAbout(*std::move(secrets));
  if (!backup) {
    return Reject(RejectReason::kKeystore, path + " does not say whose backup it is; take another copy of it");
  }
  if (absl::Status names = CheckNames(backup->secrets); !names.ok()) return names;
  return *std::move(backup);
}

}  // namespace entente::crypto
