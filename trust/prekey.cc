#include "trust/prekey.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

constexpr std::string_view kNamePrefix = "prekey/";
// A stored prekey: seed 32 | public key 1216 | not_before us u64 | not_after us u64.
constexpr size_t kPublicKeyAt = crypto::kKeySize;
constexpr size_t kNotBeforeAt = kPublicKeyAt + crypto::kKemPublicKeySize;
constexpr size_t kNotAfterAt = kNotBeforeAt + 8;
constexpr size_t kStoredSize = kNotAfterAt + 8;

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
  bool PastGrace(absl::Time now) const { return now >= not_after() + kPrekeyGrace; }

 private:
  absl::Time TimeAt(size_t offset) const {
    return absl::FromUnixMicros(static_cast<int64_t>(ReadBigEndian<uint64_t>(At(offset, 8))));
  }
};

std::optional<Stored> Find(const crypto::Keystore& keystore, const PrekeyId& id) {
  const crypto::SecretBytes* entry = keystore.Find(NameOf(id));
  if (entry == nullptr || entry->size() != kStoredSize) return std::nullopt;
  return Stored{id, entry};
}

absl::StatusOr<std::vector<Stored>> All(const crypto::Keystore& keystore) {
  std::vector<Stored> out;
  for (const auto& [name, entry] : keystore.secrets()) {
    if (!name.starts_with(kNamePrefix)) continue;
    absl::StatusOr<Bytes> hex = crypto::FromHex(ByteView(name).substr(kNamePrefix.size()));
    const std::optional<PrekeyId> id = hex.ok() ? PrekeyId::From(*hex) : std::nullopt;
    if (!id.has_value() || name != NameOf(*id) || entry.size() != kStoredSize) {
      return Reject(RejectReason::kKeystore, "the keystore holds a prekey that this version cannot read; restore the "
                                             "keystore from its backup or run the version that wrote it");
    }
    out.push_back({*id, &entry});
  }
  return out;
}

crypto::SecretBytes Store(const crypto::KemKeyPair& pair, absl::Time from, absl::Time until) {
  Bytes open = pair.public_key;
  AppendBigEndian(open, static_cast<uint64_t>(absl::ToUnixMicros(from)));
  AppendBigEndian(open, static_cast<uint64_t>(absl::ToUnixMicros(until)));
  crypto::SecretBytes out(kStoredSize);
  std::memcpy(out.MutableSecret().data(), pair.seed.ExposeSecret().data(), crypto::kKeySize);
  std::memcpy(out.MutableSecret().data() + kPublicKeyAt, open.data(), open.size());
  return out;
}

absl::Status Gone() {
  return Reject(RejectReason::kKeyGone, "sealed to a prekey that this node no longer has; the sender must seal again");
}

absl::Status RefusePrekey(std::string_view what) {
  return Reject(RejectReason::kPrekey, "prekey refused: " + std::string(what) + "; the peer must offer a new one");
}

absl::Status CheckTimes(const v1::PrekeyBody& body, absl::Time now) {
  const absl::Time from = absl::FromUnixMicros(body.not_before_us()), until = absl::FromUnixMicros(body.not_after_us());
  if (from >= until || until - from > kPrekeyUse + kClockSkew) return RefusePrekey("its lifetime is not one of 7 days");
  if (now + kClockSkew < from) return RefusePrekey("it is not valid yet, check the clocks");
  if (now >= until) return RefusePrekey("it has expired");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Prekey> CheckPrekey(const Identity& owner, const v1::SignedBody& prekey, absl::Time now) {
  if (prekey.body().size() > kMaxPrekeyBytes) {
    return Reject(RejectReason::kParse, "prekey refused: over 4 KiB; the peer must offer a new one");
  }
  v1::PrekeyBody body;
  if (absl::Status status = StrictParse(prekey.body(), body); !status.ok()) return status;
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<PrekeyId> id = PrekeyId::From(body.prekey_id());
  if (!key_id.has_value() || !id.has_value()) return RefusePrekey("an id has the wrong length");
  if (body.org_id() != owner.org().view()) return RefusePrekey("it is another organisation's");
  if (body.identity_hash() != owner.hash().view()) return RefusePrekey("it belongs to another identity document");
  if (body.suite() != crypto::kSuite) return RefusePrekey("it is not of suite 1");
  if (body.prekey_class() != v1::PREKEY_CLASS_ONLINE) return RefusePrekey("version 1 of a document announces no other class");
  if (absl::Status status = CheckTimes(body, now); !status.ok()) return status;
  if (absl::Status status = VerifyBody(owner, *key_id, kPrekeyType, prekey, now); !status.ok()) {
    return RefusePrekey(std::string(status.message()));
  }
  if (!crypto::IsValidKemKey(body.public_key())) return RefusePrekey("nothing can be sealed to its key");
  return Prekey{owner.org(), *id, body.public_key(), absl::FromUnixMicros(body.not_after_us())};
}

PrekeyRing::PrekeyRing(Self self, crypto::Keystore& keystore) : self_(std::move(self)), keystore_(keystore) {}

absl::Status PrekeyRing::Rotate(absl::Time now) {
  const std::lock_guard lock(mutex_);
  if (absl::Status status = DestroyPastGrace(now); !status.ok()) return status;
  absl::StatusOr<PrekeyId> id = NewestOrNew(now);
  if (!id.ok()) return id.status();
  // Nobody may seal to a seed that a crash could still lose, so what is offered is on disk first.
  if (unsaved_) {
    if (absl::Status status = keystore_.Save(); !status.ok()) return status;
    unsaved_ = false;
  }
  offer_ = Sign(*id);
  return absl::OkStatus();
}

absl::Status PrekeyRing::DestroyPastGrace(absl::Time now) {
  absl::StatusOr<std::vector<Stored>> all = All(keystore_);
  if (!all.ok()) return all.status();
  std::vector<std::string> past;
  for (const Stored& stored : *all) {
    if (stored.PastGrace(now)) past.push_back(NameOf(stored.id));
  }
  for (const std::string& name : past) keystore_.Remove(name);
  unsaved_ = unsaved_ || !past.empty();
  return absl::OkStatus();
}

absl::StatusOr<PrekeyId> PrekeyRing::NewestOrNew(absl::Time now) {
  absl::StatusOr<std::vector<Stored>> all = All(keystore_);
  if (!all.ok()) return all.status();
  const Stored* newest = nullptr;
  for (const Stored& stored : *all) {
    // One from the future was made before the clock was set back: peers would refuse it now.
    if (stored.not_before() > now + kClockSkew) continue;
    if (newest == nullptr || stored.not_before() > newest->not_before()) newest = &stored;
  }
  if (newest != nullptr && newest->not_after() - now > kPrekeyUse / 2) return newest->id;
  if (all->size() >= kMaxHeldPrekeys) {
    return Reject(RejectReason::kLimit, "no new prekey: 64 are held already; correct this machine's clock");
  }
  const PrekeyId id = crypto::RandomId<PrekeyId>();
  keystore_.Put(NameOf(id), Store(crypto::GenerateKemKeyPair(), now, now + kPrekeyUse));
  unsaved_ = true;
  return id;
}

v1::SignedBody PrekeyRing::Sign(const PrekeyId& id) const {
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
  return SignBody(self_, kPrekeyType, body.SerializeAsString());
}

v1::SignedBody PrekeyRing::Offer() const {
  const std::lock_guard lock(mutex_);
  return offer_;
}

absl::StatusOr<crypto::SecretBytes> PrekeyRing::Seed(const PrekeyId& id, absl::Time now) const {
  const std::lock_guard lock(mutex_);
  const std::optional<Stored> stored = Find(keystore_, id);
  if (!stored.has_value() || stored->PastGrace(now)) return Gone();
  return crypto::SecretBytes::CopyOf(stored->At(0, crypto::kKeySize));
}

absl::StatusOr<Bytes> PrekeyRing::PublicKey(const PrekeyId& id) const {
  const std::lock_guard lock(mutex_);
  const std::optional<Stored> stored = Find(keystore_, id);
  if (!stored.has_value()) return Gone();
  return Bytes(stored->public_key());
}

}  // namespace entente::trust
