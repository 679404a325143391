#pragma once

#include <algorithm>

#include "envelope/testing/hostile.h"
#include "trust/sample_document.h"

// What goes beside statements, made by the project's own makers.
namespace entente::fuzz {

using trust::SampleNow;

inline trust::Self Norlandia() { return trust::SampleSelf("cert.norlandia", 'a'); }
inline OrgId Estovia() { return trust::SampleSelf("cert.estovia", 'e').org(); }

// A proof of one statement for Estovia under `constraints`, perhaps with joint terms of Norlandia and Volt.
inline v1::StatementProof SampleProof(const policy::Constraints& constraints, bool joint) {
  envelope::BatchTerms terms;
  if (joint) {
    terms.joint = envelope::JointTerms{{Norlandia().org(), trust::SampleSelf("volt", 'v').org()}, 2};
    std::sort(terms.joint->organisations.begin(), terms.joint->organisations.end());
  }
  const v1::Payload payload =
      envelope::testing::HonestPayload(Norlandia(), constraints, {Estovia()}, {"{\"a\":1}"}, SampleNow(), terms);
  v1::StatementProof proof;
  *proof.mutable_batch() = payload.batch();
  *proof.mutable_statement() = payload.statements(0);
  return proof;
}
inline Bytes JointProof(int cosignatures) {
  v1::StatementProof proof = SampleProof(envelope::testing::Green(), true);
  for (int i = 0; i < cosignatures; ++i) {
    *proof.add_cosignatures() = *envelope::Cosign(trust::SampleSelf("volt", 'v'), proof.batch(), false, SampleNow());
  }
  return proof.SerializeAsString();
}
// Estovia passes it on to Volt, under a permission where `red`, and Volt to a fourth.
inline Bytes ForwardedProof(bool red, model::Label label) {
  policy::Constraints constraints = envelope::testing::Green();
  if (red) constraints.label = model::Label::kRed;
  v1::StatementProof proof = SampleProof(constraints, false);
  const trust::Self estovia = trust::SampleSelf("cert.estovia", 'e'), volt = trust::SampleSelf("volt", 'v');
  envelope::ForwardTerms terms{{envelope::IdOf(proof.statement().body(), false)}, {volt.org()}, v1::FORWARD_BASIS_LABEL, {}, label};
  if (red) {
    *proof.add_permissions() = *envelope::MakePermission(Norlandia(), terms.statements, estovia.org(), terms.audience,
                                                         SampleNow(), SampleNow() + absl::Hours(1));
    terms.basis = v1::FORWARD_BASIS_PERMISSION;
    terms.permission = envelope::PermissionIdOf(proof.permissions(0).body());
  }
  *proof.add_forwards() = *envelope::MakeForward(estovia, terms, nullptr, false, SampleNow());
  if (red) return proof.SerializeAsString();
  envelope::Hop first;
  first.id = envelope::ForwardIdOf(proof.forwards(0).body(), false);
  terms.audience = {*OrgId::From(Bytes(32, 'o'))};
  *proof.add_forwards() = *envelope::MakeForward(volt, terms, &first, false, SampleNow());
  return proof.SerializeAsString();
}

inline v1::SignedRecall SampleRecall(v1::RecallAction action, v1::RecallAuthority authority) {
  envelope::RecallTerms terms;
  terms.origin = Norlandia().org();
  terms.targets = {*StatementId::From(Bytes(32, 's')), *StatementId::From(Bytes(32, 't'))};
  if (action != v1::RECALL_ACTION_DELETE) terms.replacements = terms.targets;
  terms.action = action;
  terms.authority = authority;
  v1::SignedRecall recall = envelope::MakeRecall(terms, SampleNow());
  envelope::SignRecall(Norlandia(), recall).IgnoreError();
  return recall;
}
inline v1::SignedBody SampleReceipt(v1::ReceiptKind kind) {
  envelope::Receipt receipt;
  receipt.subjects = {*StatementId::From(Bytes(32, 's'))};
  receipt.kind = kind;
  if (kind == v1::RECEIPT_KIND_RECALLED) {
    receipt.recall = envelope::RecallId::From(Bytes(32, 'r'));
    receipt.passed_on = 2;
  }
  return *envelope::MakeReceipt(trust::SampleSelf("cert.estovia", 'e'), Norlandia().org(), receipt, SampleNow());
}

}  // namespace entente::fuzz
