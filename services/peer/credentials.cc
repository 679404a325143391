#include "services/peer/credentials.h"

#include <algorithm>
#include <utility>

#include "base/reject.h"
#include "crypto/transport_certificate.h"
#include "exchange/identities.h"
#include "proto/strict_parse.h"
#include "trust/identity_document.h"

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

absl::Time CarriedUntil(const trust::Identity& newest) {
  return absl::FromUnixMicros(newest.document().issued_us()) + kCarriedFor;
}

// The newest versions of this node's document, as many as fit; nothing long behind the last one, or where there is but
// the first, which peers have.
Bytes CarriedBy(const trust::Self& self, absl::Time now) {
  const trust::Identity& newest = self.identity;
  if (newest.version() == 1 || now >= CarriedUntil(newest)) return {};
  const trust::IdentityHistory history = trust::HistoryOf(self);
  v1::IdentityChain chain;
  Bytes fits;
  for (auto version = history.versions().rbegin(); version != history.versions().rend(); ++version) {
    v1::IdentityChain longer;
    *longer.add_documents() = (*version)->wire();
    longer.mutable_documents()->MergeFrom(chain.documents());
    Bytes bytes = longer.SerializeAsString();
    if (bytes.size() > crypto::kMaxCarriedIdentity) break;
    chain = std::move(longer);
    fits = std::move(bytes);
  }
  return fits;
}

bool IsInItsTime(const crypto::TransportClaim& claim, absl::Time now) {
  return claim.not_before <= now + kClockSkew && now <= claim.not_after &&
         claim.not_after <= now + kClockSkew + crypto::kTransportLifetime;
}

// A refusal is nobody's to be told: the claim is then checked by what is on file.
// Whose key is known here tells of its documents in the session.
void TakeCarried(const exchange::Room& room, const crypto::TransportClaim& claim) {
  if (claim.carried.empty() || claim.org == room.self.org() || !IsInItsTime(claim, room.clock.Now())) return;
  const auto party = room.directory.Find(claim.org);
  v1::IdentityChain chain;
  if (!party || party->history->keys().Find(claim.key_id.view()) != nullptr) return;
  if (!StrictParse(claim.carried, chain).ok()) return;
  for (const v1::SignedIdentity& document : chain.documents()) {
    const auto read = trust::ReadDocument(document);
    if (!read.ok()) return;
    if (read->version() <= party->identity.version()) continue;
    if (!exchange::TakeIdentity(room, claim.org, document).ok()) return;
  }
}

absl::StatusOr<OrgId> CheckClaim(const trust::Directory& directory, const crypto::TransportClaim& claim,
                                 absl::Time now, const std::optional<OrgId>& expected) {
  if (!IsInItsTime(claim, now)) {
    return Reject(RejectReason::kTime, "the peer's transport certificate is not in its time; compare both clocks");
  }
  const auto party = directory.Find(claim.org);
  if (!party || claim.org == directory.self().party.org) {
    return Reject(RejectReason::kUnknownParty, "the organisation of the certificate is not accepted here");
  }
  if (expected && claim.org != *expected) {
    return Reject(RejectReason::kUnknownParty, "another organisation answers at this address; correct it on file");
  }
  const absl::StatusOr<Bytes> key =
      party->history->KeyFor({claim.key_id, crypto::kTransportType, now, std::nullopt, std::nullopt, now});
  if (!key.ok()) return key.status();
  if (!crypto::VerifyTransportClaim(claim, *key)) {
    return Reject(RejectReason::kSignature, "the organisation named in the certificate did not sign it");
  }
  return claim.org;
}

}  // namespace

absl::StatusOr<OrgId> CheckPeerCertificate(const trust::Directory& directory, ByteView pem, absl::Time now,
                                           const std::optional<OrgId>& expected) {
  const absl::StatusOr<crypto::TransportClaim> claim = crypto::ReadTransportClaim(pem);
  return claim.ok() ? CheckClaim(directory, *claim, now, expected) : claim.status();
}

absl::StatusOr<OrgId> CheckAndCount(const exchange::Room& room, ByteView pem, const std::optional<OrgId>& expected) {
  const absl::StatusOr<crypto::TransportClaim> claim = crypto::ReadTransportClaim(pem);
  if (claim.ok()) TakeCarried(room, *claim);
  absl::StatusOr<OrgId> org =
      claim.ok() ? CheckClaim(room.directory, *claim, room.clock.Now(), expected) : claim.status();
  if (!org.ok()) CountRefusal(room, org.status());
  return org;
}

void CountRefusal(const exchange::Room& room, const absl::Status& why) {
  room.counters.CountReject(exchange::Door::kPeer, ReasonOf(why));
  room.counters.CountHandshake(RefusalFor(ReasonOf(why)));
}

absl::StatusOr<Credentials> Credentials::Make(const exchange::Room& room) {
  const absl::Time now = room.clock.Now();
  const Bytes carried = CarriedBy(room.self, now);
  const absl::StatusOr<crypto::TransportCertificate> made =
      crypto::MakeTransportCertificate(room.self.org(), room.self.key_id, *room.self.statement_key, now, carried);
  if (!made.ok()) return made.status();
  absl::StatusOr<std::shared_ptr<const TlsIdentity>> identity = TlsIdentity::Make(*made);
  if (!identity.ok()) return identity.status();
  const absl::Time half = now + crypto::kTransportLifetime / 2;
  return Credentials{*std::move(identity),
                     carried.empty() ? half : std::min(half, CarriedUntil(room.self.identity))};
}

}  // namespace entente::peer
