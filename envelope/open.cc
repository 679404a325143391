#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/envelope.h"
#include "envelope/header.h"
#include "trust/group_directory.h"

// Opening, cheap checks first: docs/formats/envelope.md, "Opening, in this order".
namespace entente::envelope {

struct Opener {
  static OpenedEnvelope Make(const Header& header, const Digest& h_core, const Digest& commitment, Bytes payload,
                             std::shared_ptr<const trust::Membership> epoch_members) {
    OpenedEnvelope opened;
    opened.id_ = header.id;
    opened.expires_hour_ = header.expires_hour;
    opened.h_core_ = h_core;
    opened.commitment_ = commitment;
    opened.payload_ = std::move(payload);
    opened.epoch_members_ = std::move(epoch_members);
    return opened;
  }
};

namespace {

// The content key, and in group mode the version of the group that it was given to.
struct Unlocked {
  crypto::SecretBytes content_key;
  std::shared_ptr<const trust::Membership> epoch_members = nullptr;
};

struct OwnSlot {
  Slot slot;
  crypto::SecretBytes seed;
};

// The first slot that names a prekey of this node.
absl::StatusOr<OwnSlot> FindSlot(const Frame& frame, const trust::PrekeyRing& prekeys, absl::Time now) {
  RejectReason reason = RejectReason::kNoSlot;
  for (size_t i = 0; i < frame.header.slots; ++i) {
    const Slot slot = SlotAt(frame.slots, i);
    auto seed = prekeys.Seed(slot.prekey, now);
    if (seed.ok()) return OwnSlot{slot, *std::move(seed)};
    if (ReasonOf(seed.status()) == RejectReason::kKeyGone) reason = RejectReason::kKeyGone;
  }
  return Reject(reason,
                "no slot is sealed to a prekey that this node holds; the sender seals again to the current one");
}

// Steps 7 to 9, direct mode.
absl::StatusOr<Unlocked> UnlockSlot(const Frame& frame, const Digest& h0, const OrgId& self,
                                    const trust::PrekeyRing& prekeys, absl::Time now) {
  const auto own = FindSlot(frame, prekeys, now);
  if (!own.ok()) return own.status();
  const auto public_key = prekeys.PublicKey(own->slot.prekey);
  if (!public_key.ok()) return public_key.status();
  auto key = crypto::OpenSlot(own->seed, own->slot.bytes, WrapInfo(h0, self, own->slot.prekey, *public_key));
  if (!key.ok()) return key.status();
  return Unlocked{*std::move(key)};
}

// Steps 7 and 8, group mode.
absl::StatusOr<Unlocked> UnlockEpoch(const Header& header, const trust::GroupDirectory* groups, absl::Time now) {
  if (groups == nullptr) return Reject(RejectReason::kEpoch, "sealed for a group, and this node follows none");
  const auto epoch = groups->ForTag(header.route_tag, now);
  if (!epoch.ok()) return epoch.status();
  if (StartOf(header.created_hour) + absl::Hours(1) < epoch->not_before ||
      StartOf(header.created_hour) > epoch->not_after) {
    return Reject(RejectReason::kEpochStale,
                  "sealed at another time than the epoch's; the sender must seal under the current one");
  }
  return Unlocked{epoch->secret->ContentKey(epoch->membership->group(), epoch->number, header.msg_salt),
                  epoch->membership};
}

// Takes length and padding off, in place.
absl::Status Unpad(Bytes& plaintext, uint8_t size_class) {
  if (plaintext.empty() || SizeClass(plaintext.size()) != size_class) {
    return Reject(RejectReason::kHeader, "the header announces another size class than the payload has");
  }
  if (plaintext.size() < sizeof(uint32_t)) return Reject(RejectReason::kTruncated, "the payload has no length");
  const size_t end = sizeof(uint32_t) + ReadBigEndian<uint32_t>(plaintext);
  if (end > plaintext.size()) return Reject(RejectReason::kTruncated, "the payload is shorter than its length says");
  if (plaintext.size() != crypto::PaddedSize(end) || plaintext.find_first_not_of('\0', end) != Bytes::npos) {
    return Reject(RejectReason::kTrailing, "what follows the payload is not its padding");
  }
  plaintext.resize(end);
  plaintext.erase(0, sizeof(uint32_t));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<OpenedEnvelope> Open(ByteView wire, const OrgId& self, const trust::PrekeyRing& prekeys, absl::Time now,
                                    const std::function<bool(const EnvelopeId&)>& seen,
                                    const trust::GroupDirectory* groups) {
  const auto frame = ParseFrame(wire, prekeys.min_suite());
  if (!frame.ok()) return frame.status();
  if (auto s = CheckHours(frame->header, now); !s.ok()) return s;
  if (seen(frame->header.id)) return Reject(RejectReason::kReplay, "this envelope was accepted before");
  const Digest h0 = HeaderHash(frame->core);
  auto unlocked = frame->header.mode == kGroupMode ? UnlockEpoch(frame->header, groups, now)
                                                   : UnlockSlot(*frame, h0, self, prekeys, now);
  if (!unlocked.ok()) return unlocked.status();

  const Digest h_core = CoreHash(h0, frame->slots);
  const crypto::PayloadKeys keys = crypto::DerivePayloadKeys(unlocked->content_key, h_core);
  if (!crypto::ConstantTimeEqual(keys.commitment.view(), frame->commitment)) {
    return Reject(RejectReason::kCommit, "the key commitment is not that of the sealed key");
  }
  auto plaintext = crypto::OpenPayload(keys, h_core, frame->chunks);
  if (!plaintext.ok()) return plaintext.status();
  if (auto s = Unpad(*plaintext, frame->header.size_class); !s.ok()) return s;
  return Opener::Make(frame->header, h_core, keys.commitment, *std::move(plaintext),
                      std::move(unlocked->epoch_members));
}

}  // namespace entente::envelope
