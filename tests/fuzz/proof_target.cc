#include <google/protobuf/stubs/logging.h>

#include "crypto/crypto.h"
#include "envelope/commitments.h"
#include "envelope/proof.h"
#include "policy/constraints.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/sample_parties.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;

template <typename Body>
Body Read(const v1::SignedBody& wire) {
  Body body;
  body.ParsePartialFromString(wire.body());
  return body;
}

// Everything in a proof as those whom it names would sign it; what `keep` says stays as the input has it.
class Resigned {
 public:
  Resigned(uint8_t keep, v1::StatementProof proof) : keep_(keep), proof_(std::move(proof)) {
    Statement();
    for (v1::SignedBody& wire : *proof_.mutable_cosignatures()) Cosignature(wire);
    for (v1::SignedBody& wire : *proof_.mutable_permissions()) Permission(wire);
    for (v1::SignedBody& wire : *proof_.mutable_forwards()) Forward(wire);
  }
  const v1::StatementProof& proof() const { return proof_; }

 private:
  bool Keeps(int bit) const { return (keep_ >> bit & 1) != 0; }

  void Statement() {
    const trust::Self& origin = Parties().norlandia();
    v1::StatementEntry& entry = *proof_.mutable_statement();
    v1::StatementBody body;
    body.ParsePartialFromString(entry.body());
    body.set_origin(origin.org().str());
    body.set_key_id(origin.key_id.str());
    body.set_identity_version(1);
    body.set_identity_hash(origin.identity.hash().str());
    if (!Keeps(0)) {
      body.set_created_us(absl::ToUnixMicros(trust::SampleNow()));
      body.set_expires_us(absl::ToUnixMicros(trust::SampleNow() + absl::Hours(24)));
      body.set_content_length(entry.content().size());
      body.set_content_commit(envelope::ContentCommitment(entry.salt(), entry.content()).str());
    }
    exercise_ = !body.constraints().exercise_id().empty();
    entry.set_body(body.SerializeAsString());
    id_ = envelope::IdOf(entry.body(), exercise_);
    v1::BatchBody batch = Read<v1::BatchBody>(proof_.batch());
    batch.set_origin(origin.org().str());
    batch.set_key_id(origin.key_id.str());
    batch.set_leaf_type(std::string(exercise_ ? trust::kExerciseStatementType : trust::kStatementType));
    if (!Keeps(1)) {
      batch.set_size(1);
      batch.set_root(crypto::TreeHash({id_.view()}).str());
      entry.set_index(0);
      entry.clear_path();
    }
    *proof_.mutable_batch() = *trust::SignBody(origin, trust::kBatchType, batch.SerializeAsString());
  }
  void Cosignature(v1::SignedBody& wire) const {
    auto body = Read<v1::CosignBody>(wire);
    const trust::Self& by = Parties().Named(body.org_id());
    body.set_key_id(by.key_id.str());
    if (!Keeps(2)) body.set_batch_id(envelope::BatchId(proof_.batch()).str());
    wire = *trust::SignBody(by, exercise_ ? trust::kExerciseCosignType : trust::kCosignType, body.SerializeAsString());
  }
  void Permission(v1::SignedBody& wire) {
    auto body = Read<v1::PermissionBody>(wire);
    const trust::Self& by = Parties().Named(body.origin());
    body.set_key_id(by.key_id.str());
    if (!Keeps(3)) body.set_statement_ids(id_.str());
    wire = *trust::SignBody(by, trust::kPermissionType, body.SerializeAsString());
  }
  void Forward(v1::SignedBody& wire) {
    auto body = Read<v1::ForwardBody>(wire);
    const trust::Self& by = Parties().Named(body.org_id());
    body.set_key_id(by.key_id.str());
    if (!Keeps(4)) body.set_statement_ids(id_.str());
    if (!Keeps(5)) body.set_previous_forward(before_.str());
    if (!Keeps(6) && body.basis() == v1::FORWARD_BASIS_PERMISSION && !proof_.permissions().empty()) {
      body.set_permission_id(envelope::PermissionIdOf(proof_.permissions(0).body()).str());
    }
    wire =
        *trust::SignBody(by, exercise_ ? trust::kExerciseForwardType : trust::kForwardType, body.SerializeAsString());
    before_ = envelope::ForwardIdOf(wire.body(), exercise_);
  }

  const uint8_t keep_;
  v1::StatementProof proof_;
  bool exercise_ = false;
  StatementId id_;
  envelope::ForwardId before_;
};

bool Check(ByteView bytes) {
  const auto proof = envelope::ReadProof(bytes);
  if (!proof.ok()) {
    CheckRefused(proof.status(), {kParse, kLimit, kChain});
    return false;
  }
  FUZZ_CHECK(envelope::ReadProof(proof->SerializeAsString()).ok());
  envelope::VerifiedBatches verified;
  const auto proven = envelope::CheckProof(*proof, Parties(), trust::SampleNow(), &verified, nullptr);
  const auto again = envelope::CheckProof(*proof, Parties(), trust::SampleNow(), &verified, nullptr);
  FUZZ_CHECK(ReasonOf(proven.status()) == ReasonOf(again.status()));
  if (!proven.ok()) {
    CheckRefused(proven.status(), {kUnknownParty, kParse, kSignature, kNoKey, kKeyUse, kTime, kLimit, kAudience, kThreshold, kChain,
                                   kChainLabel, kContent});
    return false;
  }
  FUZZ_CHECK(proven->origin == Parties().norlandia().org() && verified.size() == 1);
  FUZZ_CHECK(proven->hops.size() == static_cast<size_t>(proof->forwards_size()));
  for (size_t i = 0; i < proven->hops.size(); ++i) {
    const envelope::Hop& hop = proven->hops[i];
    FUZZ_CHECK(hop.previous == (i == 0 ? envelope::ForwardId() : proven->hops[i - 1].id));
    FUZZ_CHECK(hop.label >= (i == 0 ? policy::EffectiveLabel(proven->constraints, hop.time) : proven->hops[i - 1].label));
  }
  return true;
}

}  // namespace

// The first byte is 0 before a proof as it stands. Else everything in it is signed by those whom it names, with sample keys, so that
// what is said reaches chain and co-signatures; the other bits say what stays as it is.
bool FuzzProof(ByteView input) {
  const google::protobuf::LogSilencer silence;  // of texts that are no UTF-8
  if (input.empty()) return false;
  const auto first = static_cast<uint8_t>(input[0]);
  if (first == 0) return Check(input.substr(1));
  v1::StatementProof proof;
  if (!proof.ParsePartialFromArray(input.data() + 1, static_cast<int>(input.size() - 1))) return false;
  return Check(Resigned(static_cast<uint8_t>(first >> 1), std::move(proof)).proof().SerializeAsString());
}

}  // namespace entente::fuzz
