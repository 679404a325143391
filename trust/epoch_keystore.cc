#include "trust/epoch_keystore.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/reject.h"
#include "crypto/encoding.h"

namespace entente::trust {
namespace {

constexpr std::string_view kNamePrefix = "epoch/";
constexpr size_t kIdBytesInName = 8;
// ES 32 | drain_until us u64 | keep_until us u64
constexpr size_t kDrainAt = crypto::kKeySize, kKeepAt = kDrainAt + 8, kStoredSize = kKeepAt + 8;

std::string NameOf(const Epoch& epoch) {
  return std::string(kNamePrefix) + crypto::ToHex(epoch.membership.group.view()) + "/" + std::to_string(epoch.number) + "/" +
         crypto::ToHex(epoch.id.view().substr(0, kIdBytesInName));
}

ByteView ViewOf(const crypto::SecretBytes& entry) {
  return {reinterpret_cast<const char*>(entry.ExposeSecret().data()), entry.size()};
}

absl::Time TimeAt(const crypto::SecretBytes& entry, size_t offset) {
  return absl::FromUnixMicros(static_cast<int64_t>(ReadBigEndian<uint64_t>(ViewOf(entry).substr(offset, 8))));
}

absl::Status Unreadable() {
  return Reject(RejectReason::kKeystore, "the keystore holds an epoch's secret that this version cannot read; restore the keystore "
                                         "from its backup or run the version that wrote it");
}

}  // namespace

size_t CountEpochSecrets(const crypto::Keystore& keystore) {
  return static_cast<size_t>(std::count_if(keystore.secrets().begin(), keystore.secrets().end(),
                                           [](const auto& one) { return one.first.starts_with(kNamePrefix); }));
}

void PutEpochSecret(crypto::Keystore& keystore, const Epoch& epoch, const crypto::EpochSecret& secret, absl::Time drain_until,
                    absl::Time keep_until) {
  Bytes times;
  AppendBigEndian(times, static_cast<uint64_t>(absl::ToUnixMicros(drain_until)));
  AppendBigEndian(times, static_cast<uint64_t>(absl::ToUnixMicros(keep_until)));
  crypto::SecretBytes entry(kStoredSize);
  std::memcpy(entry.MutableSecret().data(), secret.bytes().ExposeSecret().data(), crypto::kKeySize);
  std::memcpy(entry.MutableSecret().data() + kDrainAt, times.data(), times.size());
  keystore.Put(NameOf(epoch), std::move(entry));
}

void RemoveEpochSecret(crypto::Keystore& keystore, const Epoch& epoch) { keystore.Remove(NameOf(epoch)); }

absl::StatusOr<StoredEpochSecret> FindEpochSecret(const crypto::Keystore& keystore, const Epoch& epoch) {
  const crypto::SecretBytes* entry = keystore.Find(NameOf(epoch));
  if (entry == nullptr) return StoredEpochSecret{};
  if (entry->size() != kStoredSize) return Unreadable();
  absl::StatusOr<crypto::EpochSecret> secret =
      crypto::EpochSecret::FromBytes(crypto::SecretBytes::CopyOf(ViewOf(*entry).substr(0, crypto::kKeySize)));
  if (!secret.ok()) return secret.status();
  if (!secret->CheckCommitment(epoch.fields(), epoch.commit).ok()) return Unreadable();
  return StoredEpochSecret{std::make_shared<const crypto::EpochSecret>(*std::move(secret)), TimeAt(*entry, kDrainAt)};
}

absl::StatusOr<bool> RemoveEndedSecrets(crypto::Keystore& keystore, absl::Time now) {
  std::vector<std::string> ended;
  for (const auto& [name, entry] : keystore.secrets()) {
    if (!name.starts_with(kNamePrefix)) continue;
    if (entry.size() != kStoredSize) return Unreadable();
    if (now >= std::max(TimeAt(entry, kDrainAt), TimeAt(entry, kKeepAt))) ended.push_back(name);
  }
  for (const std::string& name : ended) keystore.Remove(name);
  return !ended.empty();
}

}  // namespace entente::trust
