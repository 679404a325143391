#include "trust/epoch_issuer.h"

#include <algorithm>

#include "crypto/crypto.h"
#include "crypto/slot.h"
#include "trust/epoch_ring.h"

namespace entente::trust {
namespace {

using enum RejectReason;

// The slot of one member. The hedge is a secret of this call, so that a bad generator does not give two slots one key.
absl::StatusOr<Bytes> MakeSlot(const Epoch& epoch, const crypto::EpochSecret& secret, const Prekey& prekey) {
  const std::span<const uint8_t> key = secret.bytes().ExposeSecret();
  Digest hedge = crypto::LabeledHash("entente/1/encaps", {{reinterpret_cast<const char*>(key.data()), key.size()},
                                                          epoch.fields().view(), prekey.id.view()});
  const Bytes info = EpochSlotInfo(epoch, prekey.org, prekey.id, prekey.public_key);
  absl::StatusOr<Bytes> slot = crypto::WrapSlot(prekey.public_key, prekey.id, info, secret.bytes(), hedge.view());
  explicit_bzero(hedge.data(), Digest::kSize);
  return slot;
}

const Prekey* FindPrekey(std::span<const Prekey> prekeys, const OrgId& org, absl::Time now) {
  const auto found = std::find_if(prekeys.begin(), prekeys.end(), [&](const Prekey& prekey) { return prekey.org == org && now < prekey.not_after; });
  return found == prekeys.end() ? nullptr : &*found;
}

absl::StatusOr<Bytes> MakeSlots(const Epoch& epoch, const EpochTerms& terms, const crypto::EpochSecret& secret,
                                std::span<const Prekey> prekeys, absl::Time now) {
  Bytes slots;
  slots.reserve(epoch.slots * crypto::kSlotSize);
  for (const OrgId& member : terms.membership.members()) {
    const bool left = std::find(terms.left.begin(), terms.left.end(), member) != terms.left.end();
    const Prekey* prekey = left ? nullptr : FindPrekey(prekeys, member, now);
    if (prekey == nullptr) {
      slots.append(crypto::kSlotSize, '\0');
      continue;
    }
    const absl::StatusOr<Bytes> slot = MakeSlot(epoch, secret, *prekey);
    if (!slot.ok()) return slot.status();
    slots.append(*slot);
  }
  return slots;
}

std::vector<ByteView> Cut(ByteView slots) {
  std::vector<ByteView> out;
  for (size_t at = 0; at + crypto::kSlotSize <= slots.size(); at += crypto::kSlotSize) out.push_back(slots.substr(at, crypto::kSlotSize));
  return out;
}

v1::EpochBody BodyOf(const Epoch& epoch) {
  v1::EpochBody body;
  body.set_issuer(epoch.issuer.str());
  body.set_key_id(epoch.key_id.str());
  body.set_group_id(epoch.membership.group.str());
  body.set_membership_version(epoch.membership.version);
  body.set_membership_hash(epoch.membership.hash.str());
  body.set_epoch(epoch.number);
  body.set_previous_commit(epoch.previous_commit.str());
  body.set_not_before_us(absl::ToUnixMicros(epoch.not_before));
  body.set_not_after_us(absl::ToUnixMicros(epoch.not_after));
  body.set_suite(epoch.suite);
  body.set_n_slots(epoch.slots);
  body.set_slots_root(epoch.slots_root.str());
  body.set_epoch_commit(epoch.commit.str());
  body.set_grace_s(static_cast<uint32_t>(absl::ToInt64Seconds(epoch.grace)));
  body.set_reason(epoch.reason);
  return body;
}

Epoch Plan(const Self& self, const EpochTerms& terms) {
  const Membership& membership = terms.membership;
  Epoch epoch;
  epoch.issuer = self.org();
  epoch.key_id = self.key_id;
  epoch.membership = membership.ref();
  epoch.number = terms.number;
  epoch.previous_commit = terms.previous_commit;
  epoch.not_before = terms.not_before;
  epoch.not_after = terms.not_before + membership.longest_epoch();
  epoch.suite = membership.document().suite();
  epoch.slots = static_cast<uint32_t>(membership.members().size());
  epoch.grace = EndsAtOnce(membership, terms.reason) ? absl::ZeroDuration() : kEpochGrace;
  epoch.reason = terms.reason;
  return epoch;
}

}  // namespace

absl::StatusOr<v1::EpochSlots> IssueEpoch(const Self& self, const EpochTerms& terms, std::span<const Prekey> prekeys, absl::Time now) {
  if (!terms.membership.TurnOf(self.org()).has_value()) return RefuseEpoch(kIssuer, "this organisation may not issue epochs of the group");
  if (FindPrekey(prekeys, self.org(), now) == nullptr) return RefuseEpoch(kPrekey, "this organisation has no prekey of its own yet");
  Epoch epoch = Plan(self, terms);
  const absl::StatusOr<crypto::SecretBytes> ikm = self.statement_key->Hedged("entente/1/epoch-ikm", epoch.fields().view());
  if (!ikm.ok()) return ikm.status();
  const absl::StatusOr<crypto::EpochSecret> secret = crypto::EpochSecret::Next(terms.previous, *ikm);
  if (!secret.ok()) return secret.status();
  absl::StatusOr<Bytes> slots = MakeSlots(epoch, terms, *secret, prekeys, now);
  if (!slots.ok()) return slots.status();
  epoch.slots_root = crypto::TreeHash(Cut(*slots));
  epoch.commit = secret->Commitment(epoch.fields());
  absl::StatusOr<v1::SignedBody> body = SignBody(self, kEpochType, BodyOf(epoch).SerializeAsString());
  if (!body.ok()) return body.status();
  v1::EpochSlots out;
  *out.mutable_epoch() = *std::move(body);
  out.set_slots(*std::move(slots));
  return out;
}

absl::StatusOr<v1::EpochDelivery> DeliveryFor(const v1::EpochSlots& issued, size_t place) {
  const absl::StatusOr<Epoch> epoch = ReadEpoch(issued.epoch());
  if (!epoch.ok()) return epoch.status();
  const std::vector<ByteView> leaves = Cut(issued.slots());
  if (issued.slots().size() != epoch->slots * crypto::kSlotSize || place >= leaves.size() || crypto::TreeHash(leaves) != epoch->slots_root) {
    return RefuseEpoch(kSlotProof, "its slots are not those that its issuer signed");
  }
  v1::EpochDelivery out;
  *out.mutable_epoch() = issued.epoch();
  out.set_index(static_cast<uint32_t>(place));
  out.set_slot(Bytes(leaves[place]));
  for (const Digest& hash : crypto::AuditPath(leaves, place)) out.add_path(hash.str());
  return out;
}

absl::StatusOr<v1::SignedBody> MakeRewrap(const Self& self, const Epoch& epoch, const crypto::EpochSecret& secret, const Membership& then,
                                          const Membership& newest, const Prekey& recipient, absl::Time now) {
  if (!newest.TurnOf(self.org()).has_value()) return RefuseEpoch(kIssuer, "this organisation may not issue epochs of the group");
  if (!then.IsMember(recipient.org) || !newest.IsMember(recipient.org)) {
    return RefuseEpoch(kNotMember, "who asks for its secret was no member then, or is none now");
  }
  if (now >= recipient.not_after) return RefuseEpoch(kPrekey, "the prekey of who asks for its secret has ended");
  const absl::StatusOr<Bytes> slot = MakeSlot(epoch, secret, recipient);
  if (!slot.ok()) return slot.status();
  v1::RewrapBody body;
  body.set_issuer(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_group_id(epoch.membership.group.str());
  body.set_epoch(epoch.number);
  body.set_epoch_id(epoch.id.str());
  body.set_recipient(recipient.org.str());
  body.set_slot(*slot);
  body.set_time_us(absl::ToUnixMicros(now));
  return SignBody(self, kRewrapType, body.SerializeAsString());
}

}  // namespace entente::trust
