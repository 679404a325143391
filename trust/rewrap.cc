#include "base/clock.h"
#include "crypto/slot.h"
#include "proto/strict_parse.h"
#include "trust/epoch.h"

// Re-wraps: docs/formats/epoch.md, "Catch-up and re-wrap".
namespace entente::trust {
namespace {

using enum RejectReason;

absl::Status RefuseRewrap(RejectReason reason, std::string_view what) {
  return Reject(reason, "re-wrap refused: " + std::string(what) + "; ask an issuer of the group for another");
}

}  // namespace

absl::StatusOr<Rewrap> ReadRewrap(const v1::SignedBody& wire) {
  if (wire.body().size() > kMaxRewrapBytes) return RefuseRewrap(kLimit, "over 4 KiB");
  v1::RewrapBody body;
  if (absl::Status status = StrictParse(wire.body(), body); !status.ok()) return status;
  const std::optional<OrgId> issuer = OrgId::From(body.issuer()), recipient = OrgId::From(body.recipient());
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<GroupId> group = GroupId::From(body.group_id());
  const std::optional<EpochId> epoch = EpochId::From(body.epoch_id());
  if (!issuer || !recipient || !key_id || !group || !epoch) return RefuseRewrap(kParse, "an id has the wrong length");
  const bool timed = body.time_us() > 0 && body.time_us() <= kMaxTimeUs;
  if (body.slot().size() != crypto::kSlotSize || body.epoch() == 0 || !timed) {
    return RefuseRewrap(kParse, "it has no slot of 1,184 bytes, no epoch or no time");
  }
  return Rewrap{*issuer, *key_id, *group, body.epoch(), *epoch, *recipient, body.slot(), absl::FromUnixMicros(body.time_us())};
}

absl::Status CheckRewrap(const Rewrap& rewrap, const v1::SignedBody& wire, const Membership& newest, const OrgId& self,
                         const Parties& parties, const Arrival& arrival) {
  if (!newest.TurnOf(rewrap.issuer).has_value()) return RefuseRewrap(kIssuer, "its signer may not issue epochs of this group");
  const PartySignature signature{rewrap.issuer, rewrap.key_id, kRewrapType, wire.body(), wire.signature(), rewrap.time};
  if (absl::Status status = CheckPartySignature(parties, signature, arrival); !status.ok()) return status;
  if (rewrap.time > arrival.now + kClockSkew) return RefuseRewrap(kTime, "it is from the future; compare both clocks");
  if (rewrap.recipient != self) return RefuseRewrap(kAudience, "it is for another organisation");
  return absl::OkStatus();
}

}  // namespace entente::trust
