#include "base/clock.h"
#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/limits.h"
#include "envelope/notice.h"
#include "envelope/signer.h"
#include "proto/strict_parse.h"

// Receipts, and the hash by which a seal binds notices (docs/formats/notices.md).
namespace entente::envelope {
namespace {

absl::Status Malformed(const char* what) { return Reject(RejectReason::kParse, what); }

ByteView TypeFor(bool exercise) { return exercise ? trust::kExerciseReceiptType : trust::kReceiptType; }

// The lane, which the type says that is signed: read before the signature, as the key is.
bool IsExercise(ByteView body) {
  const auto fields = ReadLowFields(body);
  return fields && !fields->at[v1::ReceiptBody::kExerciseIdFieldNumber].bytes.empty();
}

bool IsAboutARecall(v1::ReceiptKind kind) {
  return kind == v1::RECEIPT_KIND_RECALLED || kind == v1::RECEIPT_KIND_LEGAL_HOLD || kind == v1::RECEIPT_KIND_REFUSED;
}

absl::Status CheckForm(const v1::ReceiptBody& body) {
  if (body.kind() == v1::RECEIPT_KIND_UNSPECIFIED) return Malformed("a receipt has no kind");
  const bool recall = IsAboutARecall(body.kind());
  if (body.recall_id().size() != (recall ? RecallId::kSize : 0)) {
    return Malformed("a receipt names a recall exactly when it is about one");
  }
  if (body.outstanding() > body.passed_on() || (!recall && body.passed_on() != 0)) {
    return Malformed("a receipt's numbers do not go together");
  }
  if (!body.exercise_id().empty() && !IsWord(body.exercise_id())) {
    return Malformed("a receipt's exercise id is no word");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Receipt> CheckReceipt(const v1::SignedBody& wire, const trust::Parties& parties, const OrgId& self,
                                     absl::Time now) {
  using Body = v1::ReceiptBody;
  if (wire.body().size() > kMaxBodyBytes) return Reject(RejectReason::kLimit, "a receipt has at most 128 KiB");
  const auto fields = ReadLowFields(wire.body());
  const auto signer = PeekSigner(fields, Body::kOrgIdFieldNumber, Body::kKeyIdFieldNumber);
  if (!signer) return NoSigner();
  const auto party = FindParty(parties, signer->org, "who receipts");
  if (!party.ok()) return party.status();
  const bool exercise = IsExercise(wire.body());
  const absl::Time time = PeekTime(*fields, Body::kTimeUsFieldNumber);
  const trust::KeyUse use = UseNow(signer->key_id, TypeFor(exercise), time, now);
  if (auto s = CheckSignature(**party, use, wire); !s.ok()) return s;

  Body body;
  if (auto s = StrictParse(wire.body(), body); !s.ok()) return s;
  if (auto s = CheckForm(body); !s.ok()) return s;
  auto subjects = ReadStatementIds(body.subjects());
  if (!subjects.ok()) return subjects.status();
  if (body.to() != self.view()) return Reject(RejectReason::kAudience, "a receipt is for another organisation");
  if (time > now + kClockSkew) return Reject(RejectReason::kTime, "a receipt is from the future; compare both nodes' clocks");
  return Receipt{ReceiptIdOf(wire.body()),
                 signer->org,
                 *std::move(subjects),
                 body.kind(),
                 RecallId::From(body.recall_id()),
                 body.passed_on(),
                 body.outstanding(),
                 body.leaf_index(),
                 time,
                 body.exercise_id()};
}

absl::StatusOr<v1::SignedBody> MakeReceipt(const trust::Self& self, const OrgId& to, const Receipt& receipt,
                                           absl::Time now) {
  v1::ReceiptBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_to(to.str());
  body.set_subjects(Joined(receipt.subjects));
  body.set_kind(receipt.kind);
  if (receipt.recall) body.set_recall_id(receipt.recall->str());
  body.set_passed_on(receipt.passed_on);
  body.set_outstanding(receipt.outstanding);
  body.set_leaf_index(receipt.leaf_index);
  body.set_time_us(absl::ToUnixMicros(now));
  body.set_exercise_id(receipt.exercise_id);
  return trust::SignBody(self, TypeFor(!receipt.exercise_id.empty()), body.SerializeAsString());
}

ReceiptId ReceiptIdOf(ByteView body) {
  return *ReceiptId::From(crypto::Sha256(crypto::Pae(TypeFor(IsExercise(body)), body)).view());
}

Digest NoticesHash(const SignedRecalls& recalls, const SignedBodies& receipts) {
  Bytes ids;
  for (const v1::SignedRecall& recall : recalls) ids.append(RecallIdOf(recall.body()).view());
  for (const v1::SignedBody& receipt : receipts) ids.append(ReceiptIdOf(receipt.body()).view());
  return crypto::LabeledHash("entente/1/notices", {ids});
}

}  // namespace entente::envelope
