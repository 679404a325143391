#include "trust/epoch.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "crypto/slot.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

using enum RejectReason;

bool IsTime(int64_t us) { return us > 0 && us <= kMaxTimeUs; }
uint64_t Micros(absl::Time time) { return static_cast<uint64_t>(absl::ToUnixMicros(time)); }

absl::Status CheckShape(const v1::EpochBody& body) {
  if (body.epoch() == 0 || body.membership_version() == 0) return RefuseEpoch(kParse, "it has no number or no membership");
  if (!IsTime(body.not_before_us()) || !IsTime(body.not_after_us()) || body.not_before_us() >= body.not_after_us()) {
    return RefuseEpoch(kParse, "it ends before it begins, or lies before 1970 or after 9999");
  }
  if (body.n_slots() == 0 || body.n_slots() > kMaxMembers) return RefuseEpoch(kParse, "it has no slots, or over 1,000");
  if (absl::Seconds(body.grace_s()) > kEpochGrace) return RefuseEpoch(kParse, "it leaves the epoch before more than 72 hours");
  if (body.reason() == v1::EPOCH_REASON_UNSPECIFIED) return RefuseEpoch(kParse, "it gives no reason");
  return absl::OkStatus();
}

}  // namespace

absl::Status RefuseEpoch(RejectReason reason, std::string_view what) {
  return Reject(reason, "epoch refused: " + std::string(what) + "; what is on file stays, ask another issuer of the group");
}

Digest Epoch::fields() const {
  return crypto::HashOf({membership.group, issuer, membership.version, membership.hash, number, previous_commit, Micros(not_before),
                         Micros(not_after), slots});
}

absl::StatusOr<Epoch> ReadEpoch(const v1::SignedBody& wire) {
  if (wire.body().size() > kMaxGroupBodyBytes) return RefuseEpoch(kLimit, "over 1 KiB");
  v1::EpochBody body;
  if (absl::Status status = StrictParse(wire.body(), body); !status.ok()) return status;
  const std::optional<OrgId> issuer = OrgId::From(body.issuer());
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<GroupId> group = GroupId::From(body.group_id());
  const std::optional<Digest> membership = Digest::From(body.membership_hash()), previous = Digest::From(body.previous_commit()),
                              root = Digest::From(body.slots_root()), commit = Digest::From(body.epoch_commit());
  if (!issuer || !key_id || !group || !membership || !previous || !root || !commit) {
    return RefuseEpoch(kParse, "an id or hash has the wrong length");
  }
  if (absl::Status status = CheckShape(body); !status.ok()) return status;
  Epoch out;
  out.id = *EpochId::From(crypto::Sha256(crypto::Pae(kEpochType, wire.body())).view());
  out.issuer = *issuer;
  out.key_id = *key_id;
  out.membership = {*group, body.membership_version(), *membership};
  out.number = body.epoch();
  out.previous_commit = *previous;
  out.commit = *commit;
  out.not_before = absl::FromUnixMicros(body.not_before_us());
  out.not_after = absl::FromUnixMicros(body.not_after_us());
  out.suite = body.suite();
  out.slots = body.n_slots();
  out.slots_root = *root;
  out.grace = absl::Seconds(body.grace_s());
  out.reason = body.reason();
  return out;
}

absl::Status CheckEpochIssuer(const Epoch& epoch, const v1::SignedBody& wire, const MembershipHistory& history,
                              const Parties& parties, const Arrival& arrival) {
  const std::shared_ptr<const Membership> membership = history.Version(epoch.membership.version, epoch.membership.hash);
  if (membership == nullptr) return RefuseEpoch(kMemberHash, "it is for a membership document that does not count here");
  if (!arrival.MayBePast() && !history.IsCurrent(*membership)) {
    return RefuseEpoch(kMemberHash, "a later membership document has other members or issuers");
  }
  if (absl::Status status = history.CheckFresh(arrival.now); !status.ok()) return status;
  if (!membership->TurnOf(epoch.issuer).has_value()) return RefuseEpoch(kIssuer, "its issuer may not issue epochs of this group");
  return CheckPartySignature(parties, {epoch.issuer, epoch.key_id, kEpochType, wire.body(), wire.signature(), epoch.not_before}, arrival);
}

bool EndsAtOnce(const Membership& membership, v1::EpochReason reason) {
  const bool takes_out = reason == v1::EPOCH_REASON_LEAVE || reason == v1::EPOCH_REASON_REMOVAL || reason == v1::EPOCH_REASON_COMPROMISE;
  return takes_out && membership.document().ceiling() == v1::LABEL_RED;
}

absl::Status CheckEpochTerms(const Epoch& epoch, const Membership& membership, absl::Time now) {
  if (epoch.suite != membership.document().suite()) return RefuseEpoch(kSuite, "its suite is not the group's");
  if (epoch.not_before > now + kClockSkew) return RefuseEpoch(kTime, "it begins in the future; compare both clocks");
  if (epoch.not_after - epoch.not_before > membership.longest_epoch()) return RefuseEpoch(kTime, "it lives longer than the group allows");
  if (epoch.slots != membership.members().size()) return RefuseEpoch(kParse, "it has not one slot for each member");
  if (epoch.grace != absl::ZeroDuration() && EndsAtOnce(membership, epoch.reason)) {
    return RefuseEpoch(kParse, "it takes somebody out of a group of TLP:RED and leaves the epoch before time");
  }
  return absl::OkStatus();
}

absl::Status CheckSlotPlace(const Epoch& epoch, const Membership& membership, const OrgId& self, const v1::EpochDelivery& delivery) {
  const std::optional<size_t> place = membership.PlaceOf(self);
  if (!place.has_value()) {
    const bool none = delivery.slot().empty() && delivery.path().empty() && delivery.index() == 0;
    return none ? absl::OkStatus() : RefuseEpoch(kSlotProof, "it brings a slot for an organisation that is no member");
  }
  if (delivery.index() != *place) return RefuseEpoch(kSlotProof, "its slot is another member's");
  if (delivery.slot().size() != crypto::kSlotSize) return RefuseEpoch(kSlotProof, "its slot has not 1,184 bytes");
  std::vector<Digest> path;
  for (const std::string& bytes : delivery.path()) {
    const std::optional<Digest> hash = Digest::From(bytes);
    if (!hash.has_value()) return RefuseEpoch(kSlotProof, "the path of its slot is malformed");
    path.push_back(*hash);
  }
  const std::optional<Digest> root = crypto::RootFromPath(delivery.slot(), *place, epoch.slots, path);
  return root == epoch.slots_root ? absl::OkStatus() : RefuseEpoch(kSlotProof, "its slot is not under what its issuer signed");
}

Bytes EpochSlotInfo(const Epoch& epoch, const OrgId& recipient, const PrekeyId& prekey_id, ByteView prekey) {
  return crypto::SlotInfo("entente/1/epoch-wrap", epoch.fields(), recipient, prekey_id, prekey);
}

absl::StatusOr<crypto::EpochSecret> OpenEpochSlot(const Epoch& epoch, const OrgId& self, ByteView slot, const PrekeyRing& prekeys,
                                                  absl::Time now) {
  if (slot.find_first_not_of('\0') == ByteView::npos) {
    return Reject(kNoSlot, "the issuer had no prekey of this organisation for the epoch; ask an issuer to wrap it again");
  }
  if (epoch.suite < prekeys.min_suite()) return RefuseEpoch(kSuite, "this organisation's own identity document takes no such suite");
  const PrekeyId prekey_id = *PrekeyId::From(slot.substr(0, PrekeyId::kSize));
  const absl::StatusOr<crypto::SecretBytes> seed = prekeys.Seed(prekey_id, now);
  if (!seed.ok()) return seed.status();
  const absl::StatusOr<Bytes> prekey = prekeys.PublicKey(prekey_id);
  if (!prekey.ok()) return prekey.status();
  absl::StatusOr<crypto::SecretBytes> opened = crypto::OpenSlot(*seed, slot, EpochSlotInfo(epoch, self, prekey_id, *prekey));
  if (!opened.ok()) return opened.status();
  absl::StatusOr<crypto::EpochSecret> secret = crypto::EpochSecret::FromBytes(*std::move(opened));
  if (!secret.ok()) return secret.status();
  if (absl::Status status = secret->CheckCommitment(epoch.fields(), epoch.commit); !status.ok()) return status;
  return secret;
}

}  // namespace entente::trust
