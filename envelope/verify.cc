#include <algorithm>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/payload_reader.h"
#include "envelope/signed_statements.h"
#include "envelope/signer.h"
#include "envelope/statement_maker.h"
#include "envelope/wire_walk.h"
#include "proto/strict_parse.h"

// From an opened envelope to verified statements: docs/formats/statement.md, "Checking an opened envelope, in this
// order".
namespace entente::envelope {
namespace {

absl::Status BadSeal(const char* what) {
  return Reject(RejectReason::kSeal, what);
}

bool HasWidths(const v1::SealBody& seal) {
  for (const std::string* hash :
       {&seal.h_core(), &seal.key_commitment(), &seal.statements_hash(), &seal.audience_hash()}) {
    if (hash->size() != Digest::kSize) return false;
  }
  return true;
}

absl::StatusOr<v1::SealBody> CheckSeal(const v1::SignedBody& seal, const trust::Identity& sealer,
                                       const OpenedEnvelope& opened, absl::Time now) {
  const auto fields = ReadLowFields(seal.body());
  const auto signer = PeekSigner(fields, v1::SealBody::kOrgIdFieldNumber, v1::SealBody::kKeyIdFieldNumber);
  if (!signer) return NoSigner();
  const absl::Time time = PeekTime(*fields, v1::SealBody::kTimeUsFieldNumber);
  if (auto s = trust::VerifyBody(sealer, signer->key_id, kSealType, seal, time); !s.ok()) return s;
  v1::SealBody body;
  if (auto s = StrictParse(seal.body(), body); !s.ok()) return s;
  if (!HasWidths(body)) return Reject(RejectReason::kParse, "a hash of the seal has the wrong length");
  if (body.org_id() != sealer.org().view())
    return BadSeal("the seal names another organisation than the peer it came from");
  if (!body.forwards_hash().empty() || !body.notices_hash().empty()) {
    return BadSeal("the seal is about forwards or notices, and there are none");
  }
  if (body.h_core() != StatementMaker::CoreOf(opened).view() ||
      body.key_commitment() != StatementMaker::CommitmentOf(opened).view()) {
    return BadSeal("the seal was made for another envelope");
  }
  if (time > now + kClockSkew || time < now - kEnvelopeLifetime - kClockSkew) {
    return Reject(RejectReason::kTime, "the seal is from the future or over 14 days old");
  }
  return body;
}

absl::Status CheckAddress(const Claims& claims, const OrgId& origin, const OrgId& from, const OrgId& self) {
  if (origin != from)
    return Reject(RejectReason::kAudience, "sealed by another than its origin, without a forwarding chain");
  if (!std::binary_search(claims.audience.begin(), claims.audience.end(), self)) {
    return Reject(RejectReason::kAudience, "this organisation is not in the audience that was signed");
  }
  return absl::OkStatus();
}

absl::Status CheckSealed(const v1::SealBody& seal, const std::vector<StatementId>& ids,
                         const std::vector<OrgId>& audience) {
  if (seal.statements_hash() != StatementsHash(ids).view()) return BadSeal("the seal was made for other statements");
  if (seal.audience_hash() != AudienceHash(audience).view()) return BadSeal("the seal was made for another audience");
  return absl::OkStatus();
}

absl::Status CheckContents(const Claims& claims, const v1::Payload& payload) {
  for (size_t i = 0; i < claims.each.size(); ++i) {
    const v1::StatementEntry& entry = payload.statements(static_cast<int>(i));
    if (auto s = CheckContent(claims.each[i], entry.salt(), entry.content()); !s.ok()) return s;
  }
  return absl::OkStatus();
}

std::vector<uint32_t> Indexes(const std::vector<Place>& places) {
  std::vector<uint32_t> indexes;
  indexes.reserve(places.size());
  for (const Place& place : places) indexes.push_back(place.index);
  return indexes;
}

// Moves the bytes out of the payload: contents may be 32 MiB.
Batch MakeBatch(v1::Payload payload, SignedStatements proven, Claims claims) {
  std::vector<Statement> statements;
  statements.reserve(claims.each.size());
  for (size_t i = 0; i < claims.each.size(); ++i) {
    v1::StatementEntry& entry = *payload.mutable_statements(static_cast<int>(i));
    const Claim& claim = claims.each[i];
    statements.push_back(StatementMaker::MakeStatement(
        proven.ids[i], std::move(*entry.mutable_body()), std::move(*entry.mutable_salt()),
        std::move(*entry.mutable_content()), proven.places[i].index, std::move(proven.places[i].path), claim.sequence,
        claim.previous, absl::FromUnixMicros(claim.created_us)));
  }
  payload.mutable_batch()->DiscardUnknownFields();  // beside the signed body, and not signed
  return StatementMaker::MakeBatch(proven.batch.origin, std::move(*payload.mutable_batch()), proven.batch.size,
                                   std::move(statements), std::move(claims.constraints), std::move(claims.audience),
                                   claims.stream);
}

}  // namespace

absl::StatusOr<VerifiedEnvelope> Verify(OpenedEnvelope opened, const trust::Directory& parties, const OrgId& from,
                                        absl::Time now) {
  auto payload = ReadPayload(StatementMaker::TakePayload(opened));
  if (!payload.ok()) return payload.status();
  const auto sealer = FindParty(parties, from, "the peer");
  if (!sealer.ok()) return sealer.status();
  const auto seal = CheckSeal(payload->seal(), (*sealer)->identity, opened, now);
  if (!seal.ok()) return seal.status();
  auto proven = CheckBatch(*payload, parties, nullptr);
  if (!proven.ok()) return proven.status();

  auto claims = ReadClaims(Bodies(*payload), proven->batch);
  if (!claims.ok()) return claims.status();
  if (claims->joint) return Reject(RejectReason::kParse, "joint statements are not taken in yet");
  if (auto s = CheckTimes(*claims, proven->origin->identity, proven->batch.key_id, now); !s.ok()) return s;
  const OrgId& self = parties.self().identity.org();
  if (auto s = CheckAddress(*claims, proven->batch.origin, from, self); !s.ok()) return s;
  if (auto s = CheckSealed(*seal, proven->ids, claims->audience); !s.ok()) return s;
  if (auto s = CheckContents(*claims, *payload); !s.ok()) return s;
  if (auto s = CheckStream(*claims, Indexes(proven->places), proven->ids); !s.ok()) return s;
  return VerifiedEnvelope{opened.id(), opened.expires_hour(),
                          MakeBatch(*std::move(payload), *std::move(proven), *std::move(claims))};
}

}  // namespace entente::envelope
