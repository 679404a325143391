#include "envelope/verify_seal.h"

#include "base/clock.h"
#include "base/reject.h"
#include "envelope/commitments.h"
#include "envelope/signer.h"
#include "envelope/statement_maker.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

absl::Status BadSeal(const char* what) { return Reject(RejectReason::kSeal, what); }

bool HasWidths(const v1::SealBody& seal) {
  for (const std::string* hash : {&seal.h_core(), &seal.key_commitment(), &seal.statements_hash(), &seal.audience_hash()}) {
    if (hash->size() != Digest::kSize) return false;
  }
  for (const std::string* hash : {&seal.forwards_hash(), &seal.notices_hash()}) {
    if (!hash->empty() && hash->size() != Digest::kSize) return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<v1::SealBody> CheckSeal(const v1::SignedBody& seal, const trust::Accepted& sealer, const OpenedEnvelope& opened,
                                       absl::Time now) {
  const auto fields = ReadLowFields(seal.body());
  const auto signer = PeekSigner(fields, v1::SealBody::kOrgIdFieldNumber, v1::SealBody::kKeyIdFieldNumber);
  if (!signer) return NoSigner();
  const absl::Time time = PeekTime(*fields, v1::SealBody::kTimeUsFieldNumber);
  if (auto s = CheckSignature(sealer, UseNow(signer->key_id, kSealType, time, now), seal); !s.ok()) return s;
  v1::SealBody body;
  if (auto s = StrictParse(seal.body(), body); !s.ok()) return s;
  if (!HasWidths(body)) return Reject(RejectReason::kParse, "a hash of the seal has the wrong length");
  if (body.org_id() != sealer.identity.org().view()) {
    return BadSeal("the seal names another organisation than the peer it came from");
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

absl::Status CheckSealed(const v1::SealBody& seal, const SealedParts& parts) {
  if (seal.statements_hash() != StatementsHash(parts.ids).view()) return BadSeal("the seal was made for other statements");
  if (seal.audience_hash() != parts.audience_hash.view()) return BadSeal("the seal was made for another audience");
  const Bytes forwards = parts.hops.empty() ? Bytes() : ForwardsHash(parts.hops).str();
  if (seal.forwards_hash() != forwards) return BadSeal("the seal was made for other forwards");
  const SignedRecalls& recalls = parts.payload.recalls();
  const SignedBodies& receipts = parts.payload.receipts();
  const Bytes notices = recalls.empty() && receipts.empty() ? Bytes() : NoticesHash(recalls, receipts).str();
  return seal.notices_hash() == notices ? absl::OkStatus() : BadSeal("the seal was made for other notices");
}

}  // namespace entente::envelope
