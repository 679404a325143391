#include "trust/prekey_memory.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/reject.h"
#include "crypto/encoding.h"

namespace entente::trust {
namespace {

constexpr std::string_view kGonePrefix = "prekey-gone/";

std::string GoneName(const PrekeyId& id) { return std::string(kGonePrefix) + crypto::ToHex(id.view()); }

absl::Time EndIn(const crypto::SecretBytes& entry) {
  const ByteView bytes(reinterpret_cast<const char*>(entry.ExposeSecret().data()), entry.size());
  return absl::FromUnixMicros(static_cast<int64_t>(ReadBigEndian<uint64_t>(bytes)));
}

}  // namespace

void RememberGone(crypto::Keystore& keystore, const PrekeyId& id, absl::Time end) {
  Bytes value;
  AppendBigEndian(value, static_cast<uint64_t>(absl::ToUnixMicros(end)));
  keystore.Put(GoneName(id), crypto::SecretBytes::CopyOf(value));
}

absl::StatusOr<bool> ForgetLongGone(crypto::Keystore& keystore, absl::Time now) {
  std::vector<std::pair<absl::Time, std::string>> gone;
  for (const auto& [name, entry] : keystore.secrets()) {
    if (!name.starts_with(kGonePrefix)) continue;
    if (entry.size() != sizeof(uint64_t)) {
      return Reject(RejectReason::kKeystore, "the keystore remembers a prekey in a form that this version cannot read; restore "
                                             "the keystore from its backup or run the version that wrote it");
    }
    gone.emplace_back(EndIn(entry), name);
  }
  std::sort(gone.begin(), gone.end());
  const size_t kept = std::min(gone.size(), kMaxRememberedPrekeys);
  const auto recent = std::find_if(gone.begin(), gone.end(), [&](const auto& one) { return now < one.first + kPrekeyMemory; });
  const auto first_kept = std::max(recent, gone.end() - static_cast<ptrdiff_t>(kept));
  for (auto one = gone.begin(); one != first_kept; ++one) keystore.Remove(one->second);
  return first_kept != gone.begin();
}

bool IsRemembered(const crypto::Keystore& keystore, const PrekeyId& id, absl::Time now) {
  const crypto::SecretBytes* entry = keystore.Find(GoneName(id));
  return entry != nullptr && entry->size() == sizeof(uint64_t) && now < EndIn(*entry) + kPrekeyMemory;
}

}  // namespace entente::trust
