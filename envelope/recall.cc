#include <algorithm>
#include <set>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/limits.h"
#include "envelope/notice.h"
#include "envelope/signer.h"
#include "proto/strict_parse.h"

// Recalls (docs/formats/notices.md).
namespace entente::envelope {
namespace {

absl::Status Malformed(const char* what) { return Reject(RejectReason::kParse, what); }
absl::Status NoAuthority(const char* what) { return Reject(RejectReason::kAuthority, what); }

ByteView TypeFor(bool exercise) { return exercise ? trust::kExerciseRecallType : trust::kRecallType; }

// The lane, which the type says that is signed: read before the signature, as the keys are.
bool IsExercise(ByteView body) {
  const auto fields = ReadLowFields(body);
  return fields && !fields->at[v1::RecallBody::kExerciseIdFieldNumber].bytes.empty();
}

// The key, if it counts for `use` and is of the usage that the authority asks for.
absl::StatusOr<Bytes> KeyOf(const trust::Accepted& party, const trust::KeyUse& use, v1::KeyUsage usage) {
  const trust::KeyStanding* known = party.history->keys().Find(use.key_id.view());
  if (known != nullptr && known->key.usage() != usage) {
    return Reject(RejectReason::kKeyUse, "signed by a key that may not sign in this authority's name; refuse it");
  }
  return party.history->KeyFor(use);
}

// The signers on file, each signature of theirs true. `usage` is what the authority asks for.
absl::StatusOr<std::vector<OrgId>> CheckSignatures(const v1::SignedRecall& wire, v1::KeyUsage usage, absl::Time at,
                                                   const trust::Parties& parties, absl::Time now) {
  const ByteView type = TypeFor(IsExercise(wire.body()));
  std::set<ByteView> keys;
  std::set<OrgId> signers;
  for (const v1::OrgSignature& signature : wire.signatures()) {
    const auto org = OrgId::From(signature.org_id());
    const auto key_id = KeyId::From(signature.key_id());
    if (!org || !key_id) return NoSigner();
    if (!keys.insert(signature.key_id()).second) return Malformed("a key signed a recall twice");
    const PartyPtr party = parties.Find(*org);
    if (!party) continue;
    const auto key = KeyOf(*party, UseNow(*key_id, type, at, now), usage);
    if (!key.ok()) return key.status();
    if (!crypto::Verify(*key, type, wire.body(), signature.signature())) return FalseSignature();
    signers.insert(*org);
  }
  if (signers.empty()) {
    return Reject(RejectReason::kUnknownParty, "nobody who signed a recall is on file here; `entente peer add` accepts them");
  }
  return std::vector<OrgId>(signers.begin(), signers.end());
}

absl::Status CheckKinds(const v1::RecallBody& body) {
  if (body.action() == v1::RECALL_ACTION_UNSPECIFIED || body.reason() == v1::RECALL_REASON_UNSPECIFIED ||
      body.authority() == v1::RECALL_AUTHORITY_UNSPECIFIED) {
    return Malformed("a recall has no action, reason or authority");
  }
  if (body.msg_id().size() != kMessageIdSize) return Malformed("a recall's message id has the wrong length");
  const bool group = body.authority() == v1::RECALL_AUTHORITY_GROUP;
  if (body.group_id().size() != (group ? GroupId::kSize : 0)) {
    return Malformed("a recall names a group exactly when that is its authority");
  }
  if (!body.exercise_id().empty() && !IsWord(body.exercise_id())) {
    return Malformed("a recall's exercise id is no word");
  }
  return absl::OkStatus();
}

absl::Status ReadTargets(const v1::RecallBody& body, Recall& out) {
  auto targets = ReadStatementIds(body.targets());
  if (!targets.ok()) return targets.status();
  const bool replaces = body.action() != v1::RECALL_ACTION_DELETE;
  if (body.replacements().size() != (replaces ? body.targets().size() : 0)) {
    return Malformed("a recall names one replacement per target exactly when it corrects or supersedes");
  }
  for (size_t at = 0; at < body.replacements().size(); at += StatementId::kSize) {
    out.replacements.push_back(*StatementId::From(ByteView(body.replacements()).substr(at, StatementId::kSize)));
  }
  out.targets = *std::move(targets);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Recall> CheckRecall(const v1::SignedRecall& wire, const trust::Parties& parties, absl::Time now) {
  using Body = v1::RecallBody;
  if (wire.body().size() > kMaxBodyBytes) return Reject(RejectReason::kLimit, "a recall has at most 128 KiB");
  const auto count = static_cast<size_t>(wire.signatures_size());
  if (count == 0 || count > kMaxRecallSignatures) return Malformed("a recall has 1 to 64 signatures");
  const auto fields = ReadLowFields(wire.body());
  if (!fields) return NoSigner();
  const bool group = fields->at[Body::kAuthorityFieldNumber].varint == v1::RECALL_AUTHORITY_GROUP;
  const v1::KeyUsage usage = group ? v1::KEY_USAGE_GROUP_ADMIN : v1::KEY_USAGE_STATEMENT;
  const absl::Time time = PeekTime(*fields, Body::kTimeUsFieldNumber);
  auto signers = CheckSignatures(wire, usage, time, parties, now);
  if (!signers.ok()) return signers.status();

  Body body;
  if (auto s = StrictParse(wire.body(), body); !s.ok()) return s;
  if (auto s = CheckKinds(body); !s.ok()) return s;
  const auto origin = OrgId::From(body.origin());
  if (!origin) return Malformed("a recall's origin has the wrong length");
  Recall out{RecallIdOf(wire.body()), *origin, {}, {}, body.action(), body.reason(), body.authority(),
             GroupId::From(body.group_id()), *std::move(signers), time, body.exercise_id()};
  if (auto s = ReadTargets(body, out); !s.ok()) return s;
  if (time > now + kClockSkew) return Reject(RejectReason::kTime, "a recall is from the future; compare both nodes' clocks");
  if (out.authority == v1::RECALL_AUTHORITY_ORIGIN && (count != 1 || out.signers.front() != out.origin)) {
    return NoAuthority("a recall in its origin's name has exactly the origin's signature");
  }
  return out;
}

absl::Status CheckAuthority(const Recall& recall, const RecallTarget& target) {
  if (target.origin != recall.origin) return NoAuthority("a recall names a statement of another origin");
  if (target.exercise_id != recall.exercise_id) return NoAuthority("a recall is of another lane or exercise than its target");
  switch (recall.authority) {
    case v1::RECALL_AUTHORITY_ORIGIN:
      return absl::OkStatus();
    case v1::RECALL_AUTHORITY_COSIGNERS: {
      if (!target.joint) return NoAuthority("cosigners recall what was signed jointly alone");
      const auto& asked = target.joint->organisations;
      const bool all = std::all_of(recall.signers.begin(), recall.signers.end(), [&](const OrgId& org) {
        return std::binary_search(asked.begin(), asked.end(), org);
      });
      if (!all) return NoAuthority("a recall is signed by an organisation that did not vouch for its target");
      if (recall.signers.size() >= target.joint->threshold) return absl::OkStatus();
      return Reject(RejectReason::kThreshold, "fewer organisations signed a recall than vouched for its target");
    }
    default:
      return NoAuthority("recalls in a group's name are not taken yet");
  }
}

RecallId RecallIdOf(ByteView body) {
  return *RecallId::From(crypto::Sha256(crypto::Pae(TypeFor(IsExercise(body)), body)).view());
}

v1::SignedRecall MakeRecall(const RecallTerms& terms, absl::Time now) {
  v1::RecallBody body;
  body.set_origin(terms.origin.str());
  body.set_msg_id(crypto::RandomId<FixedBytes<kMessageIdSize, struct MessageIdTag>>().str());
  body.set_targets(Joined(terms.targets));
  body.set_replacements(Joined(terms.replacements));
  body.set_action(terms.action);
  body.set_reason(terms.reason);
  body.set_authority(terms.authority);
  body.set_time_us(absl::ToUnixMicros(now));
  body.set_exercise_id(terms.exercise_id);
  v1::SignedRecall out;
  out.set_body(body.SerializeAsString());
  return out;
}

absl::Status SignRecall(const trust::Self& self, v1::SignedRecall& recall) {
  absl::StatusOr<v1::SignedBody> made = trust::SignBody(self, TypeFor(IsExercise(recall.body())), recall.body());
  if (!made.ok()) return made.status();
  v1::OrgSignature& signature = *recall.add_signatures();
  signature.set_org_id(self.org().str());
  signature.set_key_id(self.key_id.str());
  signature.set_signature(made->signature());
  return absl::OkStatus();
}

}  // namespace entente::envelope
