#include "services/peer/credentials.h"

#include <utility>

#include "base/reject.h"
#include "crypto/transport_certificate.h"

namespace entente::peer {
namespace {

exchange::HandshakeRefusal RefusalFor(RejectReason reason) {
  using exchange::HandshakeRefusal;
  switch (reason) {
    case RejectReason::kIdentity: return HandshakeRefusal::kCertificate;
    case RejectReason::kTime: return HandshakeRefusal::kClock;
    case RejectReason::kUnknownParty: return HandshakeRefusal::kOrganisation;
    case RejectReason::kBudget: return HandshakeRefusal::kBudget;
    case RejectReason::kUnavailable: return HandshakeRefusal::kMemory;
    default: return HandshakeRefusal::kKey;
  }
}

}  // namespace

absl::StatusOr<OrgId> CheckPeerCertificate(const trust::Directory& directory, ByteView pem, absl::Time now,
                                           const std::optional<OrgId>& expected) {
  absl::StatusOr<crypto::TransportClaim> claim = crypto::ReadTransportClaim(pem);
  if (!claim.ok()) return claim.status();
  if (now + kClockSkew < claim->not_before || now > claim->not_after ||
      claim->not_after > now + kClockSkew + crypto::kTransportLifetime) {
    return Reject(RejectReason::kTime, "the peer's transport certificate is not in its time; compare both clocks");
  }
  const auto party = directory.Find(claim->org);
  if (!party || claim->org == directory.self().party.org) {
    return Reject(RejectReason::kUnknownParty, "the organisation of the certificate is not accepted here");
  }
  if (expected && claim->org != *expected) {
    return Reject(RejectReason::kUnknownParty, "another organisation answers at this address; correct it on file");
  }
  const absl::StatusOr<Bytes> key =
      party->history->KeyFor({claim->key_id, crypto::kTransportType, now, std::nullopt, std::nullopt, now});
  if (!key.ok()) return key.status();
  if (!crypto::VerifyTransportClaim(*claim, *key)) {
    return Reject(RejectReason::kSignature, "the organisation named in the certificate did not sign it");
  }
  return claim->org;
}

absl::StatusOr<OrgId> CheckAndCount(const exchange::Room& room, ByteView pem, const std::optional<OrgId>& expected) {
  absl::StatusOr<OrgId> org = CheckPeerCertificate(room.directory, pem, room.clock.Now(), expected);
  if (!org.ok()) CountRefusal(room, org.status());
  return org;
}

void CountRefusal(const exchange::Room& room, const absl::Status& why) {
  room.counters.CountReject(exchange::Door::kPeer, ReasonOf(why));
  room.counters.CountHandshake(RefusalFor(ReasonOf(why)));
}

absl::StatusOr<Credentials> Credentials::Make(const exchange::Room& room) {
  const absl::Time now = room.clock.Now();
  const absl::StatusOr<crypto::TransportCertificate> made =
      crypto::MakeTransportCertificate(room.self.org(), room.self.key_id, *room.self.statement_key, now);
  if (!made.ok()) return made.status();
  absl::StatusOr<std::shared_ptr<const TlsIdentity>> identity = TlsIdentity::Make(*made);
  if (!identity.ok()) return identity.status();
  return Credentials{*std::move(identity), now + crypto::kTransportLifetime / 2};
}

}  // namespace entente::peer
