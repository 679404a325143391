#include "trust/prekey.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "trust/prekey_memory.h"

namespace entente::trust {
namespace {

constexpr std::string_view kNamePrefix = "prekey/";
// A stored prekey: seed 32 | public key 1216 | not_before us u64 | not_after us u64; of class offline 01 behind it.
constexpr size_t kPublicKeyAt = crypto::kKeySize;
constexpr size_t kNotBeforeAt = kPublicKeyAt + crypto::kKemPublicKeySize;
constexpr size_t kNotAfterAt = kNotBeforeAt + 8;
constexpr size_t kStoredSize = kNotAfterAt + 8;
constexpr char kOfflineMark = 1;

bool IsStored(const crypto::SecretBytes& entry) {
  return entry.size() == kStoredSize ||
         (entry.size() == kStoredSize + 1 && entry.ExposeSecret()[kStoredSize] == static_cast<uint8_t>(kOfflineMark));
}

std::string NameOf(const PrekeyId& id) { return std::string(kNamePrefix) + crypto::ToHex(id.view()); }

// A view into a keystore entry; valid until the keystore changes.
struct Stored {
  PrekeyId id;
  const crypto::SecretBytes* entry;

  ByteView At(size_t offset, size_t size) const {
    return ByteView(reinterpret_cast<const char*>(entry->ExposeSecret().data()), entry->size()).substr(offset, size);
  }
  ByteView public_key() const { return At(kPublicKeyAt, crypto::kKemPublicKeySize); }
  absl::Time not_before() const { return TimeAt(kNotBeforeAt); }
  absl::Time not_after() const { return TimeAt(kNotAfterAt); }
  v1::PrekeyClass prekey_class() const {
    return entry->size() == kStoredSize ? v1::PREKEY_CLASS_ONLINE : v1::PREKEY_CLASS_OFFLINE;
  }
  bool PastGrace(absl::Time now) const { return now >= not_after() + kPrekeyGrace; }

 private:
  absl::Time TimeAt(size_t offset) const {
    return absl::FromUnixMicros(static_cast<int64_t>(ReadBigEndian<uint64_t>(At(offset, 8))));
  }
};

std::optional<Stored> Find(const crypto::Keystore& keystore, const PrekeyId& id) {
  const crypto::SecretBytes* entry = keystore.Find(NameOf(id));
  if (entry == nullptr || !IsStored(*entry)) return std::nullopt;
  return Stored{id, entry};
}

absl::StatusOr<std::vector<Stored>> All(const crypto::Keystore& keystore) {
  std::vector<Stored> out;
  for (const auto& [name, entry] : keystore.secrets()) {
    if (!name.starts_with(kNamePrefix)) continue;
    absl::StatusOr<Bytes> hex = crypto::FromHex(ByteView(name).substr(kNamePrefix.size()));
    const std::optional<PrekeyId> id = hex.ok() ? PrekeyId::From(*hex) : std::nullopt;
    if (!id.has_value() || name != NameOf(*id) || !IsStored(entry)) {
      return Reject(RejectReason::kKeystore, "the keystore holds a prekey that this version cannot read; restore the "
                                             "keystore from its backup or run the version that wrote it");
    }
    out.push_back({*id, &entry});
  }
  return out;
}

absl::Duration UseOf(v1::PrekeyClass prekey_class) {
  return prekey_class == v1::PREKEY_CLASS_OFFLINE ? kOfflinePrekeyUse : kPrekeyUse;
}
// How old the offered one is when a new one is made.
absl::Duration AgeOf(v1::PrekeyClass prekey_class) {
  return prekey_class == v1::PREKEY_CLASS_OFFLINE ? kOfflinePrekeyAge : kPrekeyUse / 2;
}

crypto::SecretBytes Store(const crypto::KemKeyPair& pair, absl::Time from, v1::PrekeyClass prekey_class) {
  Bytes open = pair.public_key;
  AppendBigEndian(open, static_cast<uint64_t>(absl::ToUnixMicros(from)));
  AppendBigEndian(open, static_cast<uint64_t>(absl::ToUnixMicros(from + UseOf(prekey_class))));
  if (prekey_class == v1::PREKEY_CLASS_OFFLINE) open.push_back(kOfflineMark);
  crypto::SecretBytes out(kPublicKeyAt + open.size());
  std::memcpy(out.MutableSecret().data(), pair.seed.ExposeSecret().data(), crypto::kKeySize);
  std::memcpy(out.MutableSecret().data() + kPublicKeyAt, open.data(), open.size());
  return out;
}

absl::Status Gone() {
  return Reject(RejectReason::kKeyGone, "sealed to a prekey that this node no longer has; the sender must seal again");
}

}  // namespace

PrekeyRing::PrekeyRing(Self self, crypto::Keystore& keystore) : self_(std::move(self)), keystore_(keystore) {}

absl::Status PrekeyRing::Rotate(absl::Time now) {
  const std::lock_guard lock(keystore_.mutex());
  if (absl::Status status = DestroyPastGrace(now); !status.ok()) return status;
  absl::StatusOr<PrekeyId> id = NewestOrNew(v1::PREKEY_CLASS_ONLINE, now);
  if (!id.ok()) return id.status();
  std::optional<PrekeyId> offline;
  if (self_.identity.document().has_offline()) {
    absl::StatusOr<PrekeyId> newest = NewestOrNew(v1::PREKEY_CLASS_OFFLINE, now);
    if (!newest.ok()) return newest.status();
    offline = *newest;
  }
  // Nobody may seal to a seed that a crash could still lose, so what is offered is on disk first.
  if (unsaved_) {
    if (absl::Status status = keystore_.Save(); !status.ok()) return status;
    unsaved_ = false;
  }
  return SignOffers(*id, offline);
}

absl::Status PrekeyRing::SignAnew(Self self) {
  const std::lock_guard lock(keystore_.mutex());
  self_ = std::move(self);
  return SignOffers(offered_, self_.identity.document().has_offline() ? offered_offline_ : std::nullopt);
}

absl::Status PrekeyRing::DestroyPastGrace(absl::Time now) {
  absl::StatusOr<std::vector<Stored>> all = All(keystore_);
  if (!all.ok()) return all.status();
  std::vector<std::pair<PrekeyId, absl::Time>> past;
  for (const Stored& stored : *all) {
    if (stored.PastGrace(now)) past.emplace_back(stored.id, stored.not_after());
  }
  for (const auto& [id, end] : past) {
    keystore_.Remove(NameOf(id));
    RememberGone(keystore_, id, end);
  }
  unsaved_ = unsaved_ || !past.empty();
  const absl::StatusOr<bool> forgotten = ForgetLongGone(keystore_, now);
  if (!forgotten.ok()) return forgotten.status();
  unsaved_ = unsaved_ || *forgotten;
  return absl::OkStatus();
}

absl::StatusOr<PrekeyId> PrekeyRing::NewestOrNew(v1::PrekeyClass prekey_class, absl::Time now) {
  absl::StatusOr<std::vector<Stored>> all = All(keystore_);
  if (!all.ok()) return all.status();
  const Stored* newest = nullptr;
  for (const Stored& stored : *all) {
    // One from the future was made before the clock was set back: peers would refuse it now.
    if (stored.prekey_class() != prekey_class || stored.not_before() > now + kClockSkew) continue;
    if (newest == nullptr || stored.not_before() > newest->not_before()) newest = &stored;
  }
  if (newest != nullptr && newest->not_after() - now > UseOf(prekey_class) - AgeOf(prekey_class)) return newest->id;
  if (all->size() >= kMaxHeldPrekeys) {
    return Reject(RejectReason::kLimit, "no new prekey: 64 are held already; correct this machine's clock");
  }
  const PrekeyId id = crypto::RandomId<PrekeyId>();
  keystore_.Put(NameOf(id), Store(crypto::GenerateKemKeyPair(), now, prekey_class));
  unsaved_ = true;
  return id;
}

absl::StatusOr<v1::SignedBody> PrekeyRing::Sign(const PrekeyId& id) const {
  const Stored stored = *Find(keystore_, id);
  v1::PrekeyBody body;
  body.set_org_id(self_.org().str());
  body.set_key_id(self_.key_id.str());
  body.set_prekey_id(id.str());
  body.set_suite(crypto::kSuite);
  body.set_public_key(Bytes(stored.public_key()));
  body.set_not_before_us(absl::ToUnixMicros(stored.not_before()));
  body.set_not_after_us(absl::ToUnixMicros(stored.not_after()));
  body.set_identity_hash(self_.identity.hash().str());
  body.set_prekey_class(stored.prekey_class());
  return SignBody(self_, kPrekeyType, body.SerializeAsString());
}

// Both or neither: where one is not signed, both stay what they were.
absl::Status PrekeyRing::SignOffers(const std::optional<PrekeyId>& online, const std::optional<PrekeyId>& offline) {
  absl::StatusOr<v1::SignedBody> first = v1::SignedBody(), second = v1::SignedBody();
  if (online.has_value() && Find(keystore_, *online).has_value()) first = Sign(*online);
  if (!first.ok()) return first.status();
  if (offline.has_value() && Find(keystore_, *offline).has_value()) second = Sign(*offline);
  if (!second.ok()) return second.status();
  offered_ = online;
  offered_offline_ = offline;
  offer_ = *std::move(first);
  offline_offer_ = *std::move(second);
  return absl::OkStatus();
}

v1::SignedBody PrekeyRing::Offer() const {
  const std::lock_guard lock(keystore_.mutex());
  return offer_;
}

v1::SignedBody PrekeyRing::OfflineOffer() const {
  const std::lock_guard lock(keystore_.mutex());
  return offline_offer_;
}

absl::StatusOr<crypto::SecretBytes> PrekeyRing::Seed(const PrekeyId& id, absl::Time now) const {
  const std::lock_guard lock(keystore_.mutex());
  const std::optional<Stored> stored = Find(keystore_, id);
  if (!stored.has_value() && !IsRemembered(keystore_, id, now)) {
    return Reject(RejectReason::kNoSlot, "sealed to a prekey that this node does not know; the sender must seal again");
  }
  if (!stored.has_value() || stored->PastGrace(now)) return Gone();
  return crypto::SecretBytes::CopyOf(stored->At(0, crypto::kKeySize));
}

uint32_t PrekeyRing::min_suite() const {
  const std::lock_guard lock(keystore_.mutex());
  return self_.identity.document().min_suite();
}

absl::StatusOr<Bytes> PrekeyRing::PublicKey(const PrekeyId& id) const {
  const std::lock_guard lock(keystore_.mutex());
  const std::optional<Stored> stored = Find(keystore_, id);
  if (!stored.has_value()) return Gone();
  return Bytes(stored->public_key());
}

}  // namespace entente::trust
