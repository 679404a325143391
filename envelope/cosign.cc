#include "envelope/cosign.h"

#include <algorithm>
#include <set>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/limits.h"
#include "envelope/signer.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

ByteView TypeFor(bool exercise) { return exercise ? trust::kExerciseCosignType : trust::kCosignType; }

absl::Status Malformed(const char* what) { return Reject(RejectReason::kParse, what); }

bool IsListed(const JointTerms& joint, const OrgId& org) {
  return std::binary_search(joint.organisations.begin(), joint.organisations.end(), org);
}

// Who signed; empty for an organisation that is not on file here.
absl::StatusOr<std::optional<OrgId>> CheckOne(const v1::SignedBody& cosignature, const CosignedBatch& cosigned,
                                              const Digest& batch_id, const trust::Parties& parties,
                                              absl::Time now) {
  if (cosignature.body().size() > kMaxSignedBytes) {
    return Reject(RejectReason::kLimit, "a co-signature has at most 16 KiB");
  }
  const auto fields = ReadLowFields(cosignature.body());
  const auto signer = PeekSigner(fields, v1::CosignBody::kOrgIdFieldNumber, v1::CosignBody::kKeyIdFieldNumber);
  if (!signer) return NoSigner();
  const PartyPtr party = parties.Find(signer->org);
  if (party) {
    const absl::Time at = PeekTime(*fields, v1::CosignBody::kTimeUsFieldNumber);
    const trust::KeyUse use = UseNow(signer->key_id, TypeFor(cosigned.exercise), at, now);
    if (auto s = CheckSignature(*party, use, cosignature); !s.ok()) return s;
  }
  v1::CosignBody body;
  if (auto s = StrictParse(cosignature.body(), body); !s.ok()) return s;
  if (body.batch_id() != batch_id.view()) return Malformed("a co-signature is about another batch");
  if (signer->org == cosigned.origin || !IsListed(*cosigned.joint, signer->org)) {
    return Malformed("a co-signature is by an organisation that the joint terms do not ask");
  }
  return party ? std::optional(signer->org) : std::nullopt;
}

}  // namespace

absl::StatusOr<JointTerms> ReadJointTerms(const v1::JointTerms& wire) {
  JointTerms joint;
  joint.threshold = wire.threshold();
  for (const std::string& bytes : wire.organisations()) {
    const auto org = OrgId::From(bytes);
    if (!org || (!joint.organisations.empty() && *org <= joint.organisations.back())) {
      return Malformed("the organisations of joint terms are malformed, unsorted or repeated");
    }
    joint.organisations.push_back(*org);
  }
  const size_t count = joint.organisations.size();
  if (count < 2 || count > kMaxCosignatures) return Malformed("joint terms name 2 to 64 organisations");
  if (joint.threshold == 0 || joint.threshold > count) {
    return Malformed("joint terms ask for none, or for more organisations than they name");
  }
  return joint;
}

absl::StatusOr<std::vector<OrgId>> CheckCosignatures(const SignedBodies& cosignatures, const CosignedBatch& cosigned,
                                                     const trust::Parties& parties, absl::Time now) {
  if (static_cast<size_t>(cosignatures.size()) > kMaxCosignatures) {
    return Reject(RejectReason::kLimit, "an envelope has at most 64 co-signatures");
  }
  if (!cosigned.joint) {
    if (cosignatures.empty()) return std::vector<OrgId>();
    return Malformed("there are co-signatures, and the statements have no joint terms");
  }
  const Digest batch_id = BatchId(cosigned.batch);
  std::set<OrgId> counted;
  if (IsListed(*cosigned.joint, cosigned.origin)) counted.insert(cosigned.origin);
  for (const v1::SignedBody& cosignature : cosignatures) {
    const auto org = CheckOne(cosignature, cosigned, batch_id, parties, now);
    if (!org.ok()) return org.status();
    if (*org) counted.insert(**org);
  }
  if (counted.size() < cosigned.joint->threshold) {
    return Reject(RejectReason::kThreshold,
                  "fewer organisations than its joint terms ask for signed a batch; accept the others, or await their signatures");
  }
  return std::vector<OrgId>(counted.begin(), counted.end());
}

absl::StatusOr<v1::SignedBody> Cosign(const trust::Self& self, const v1::SignedBody& batch, bool exercise,
                                      absl::Time now) {
  v1::CosignBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_batch_id(BatchId(batch).str());
  body.set_time_us(absl::ToUnixMicros(now));
  return trust::SignBody(self, TypeFor(exercise), body.SerializeAsString());
}

Digest BatchId(const v1::SignedBody& batch) { return crypto::Sha256(crypto::Pae(kBatchType, batch.body())); }

}  // namespace entente::envelope
