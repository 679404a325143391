#pragma once

#include <utility>
#include <vector>

#include "envelope/testing/bend.h"

// Statements in other hands: forwarded, signed jointly, recalled, receipted.
namespace entente::envelope::testing {

inline TestParty& Hub() {
  static TestParty hub("isac-hub", kNow);
  return hub;
}
inline const trust::Directory& KnownToVolt() {
  static const auto directory = World().volt.DirectoryWith({&World().norlandia, &World().estovia, &Hub()});
  return *directory;
}
inline policy::Constraints Labelled(model::Label label) {
  policy::Constraints constraints = Green();
  constraints.label = label;
  return constraints;
}

inline absl::StatusOr<VerifiedEnvelope> AcceptAtVolt(ByteView wire, const OrgId& from = World().estovia.org(), absl::Time now = kNow) {
  auto opened = OpenAt(World().volt, wire, now);
  if (!opened.ok()) return opened.status();
  return Verify(*std::move(opened), KnownToVolt(), from, now, nullptr);
}

// Norlandia's statements, sent to Estovia, of which one goes on to `audience`.
struct Journey {
  explicit Journey(std::vector<OrgId> to = {World().volt.org()}, const policy::Constraints& constraints = Green(), bool permitted = false)
      : batch(*SignBatch(World().norlandia.self(), constraints, {World().estovia.org()}, Contents(3, 40), NewStream(), kNow)) {
    std::vector<ByteView> leaves;
    for (const Statement& statement : batch.statements()) leaves.push_back(statement.id().view());
    one = {AllOf(batch)[0]};
    one[0].path = crypto::AuditPath(leaves, 0);
    Pass(World().estovia.self(), std::move(to), permitted);
  }
  // One more hop.
  void Pass(const trust::Self& by, std::vector<OrgId> to, bool permitted = false) {
    std::sort(to.begin(), to.end());
    const bool exercise = !batch.constraints().exercise_id.empty();
    ForwardTerms terms{{batch.statements()[0].id()}, std::move(to), v1::FORWARD_BASIS_LABEL, {}, batch.constraints().label};
    if (permitted) {
      *permissions.Add() = *MakePermission(World().norlandia.self(), terms.statements, by.org(), terms.audience, kNow,
                                           kNow + absl::Hours(1));
      terms.basis = v1::FORWARD_BASIS_PERMISSION;
      terms.permission = PermissionIdOf(permissions[0].body());
    }
    Hop before;
    if (!forwards.empty()) before.id = ForwardIdOf(forwards.rbegin()->body(), exercise);
    const v1::SignedBody hop = *MakeForward(by, terms, forwards.empty() ? nullptr : &before, exercise, kNow);
    *forwards.Add() = hop;
  }
  absl::StatusOr<Bytes> SealAs(const TestParty& by, const TestParty& to) const {
    return SealDirect(by.self(), {batch.signed_body(), one, forwards, {}, permissions}, Permitted({to.Prekey(kNow)}, 1), kNow, nullptr);
  }
  Bytes Sealed(const TestParty& by = World().estovia) const { return *SealAs(by, World().volt); }
  static absl::StatusOr<VerifiedEnvelope> AtVolt(ByteView wire, const OrgId& from = World().estovia.org()) {
    return AcceptAtVolt(wire, from);
  }

  Batch batch;
  std::vector<Sealable> one;
  SignedBodies forwards, permissions;
};

// Norlandia's payload for Estovia, as Estovia passes it on to Volt: its own terms where a test bends them.
struct HostileForward {
  std::function<void(ForwardTerms&)> terms = {};
  std::function<void(v1::ForwardBody&)> forward = {};  // before it is signed
  std::function<void(v1::Payload&)> bare = {};         // before it is sealed
  HostileSeal sealer{World().estovia.self(), {World().volt.Prekey(kNow)}, kNow};
  Bytes Make(v1::Payload payload) const {
    v1::BatchBody batch;
    batch.ParseFromString(payload.batch().body());
    const bool exercise = batch.leaf_type() == kExerciseStatementType;
    ForwardTerms said{{}, {World().volt.org()}, v1::FORWARD_BASIS_LABEL, {}, model::Label::kGreen};
    for (const v1::StatementEntry& entry : payload.statements()) said.statements.push_back(IdOf(entry.body(), exercise));
    std::sort(said.statements.begin(), said.statements.end());
    if (terms) terms(said);
    v1::ForwardBody body;
    body.ParseFromString(MakeForward(World().estovia.self(), said, nullptr, exercise, kNow)->body());
    if (forward) forward(body);
    *payload.add_forwards() = *trust::SignBody(
        World().estovia.self(), exercise ? trust::kExerciseForwardType : trust::kForwardType, body.SerializeAsString());
    if (bare) bare(payload);
    return sealer.Make(payload);
  }
};
inline absl::StatusOr<VerifiedEnvelope> ForwardedToVolt(const v1::Payload& payload) {
  return AcceptAtVolt(HostileForward().Make(payload));
}

// Norlandia and Volt vouch together; Norlandia seals it to Estovia.
struct JointAdvisory {
  explicit JointAdvisory(uint32_t threshold) {
    terms.joint = JointTerms{{World().norlandia.org(), World().volt.org()}, threshold};
    std::sort(terms.joint->organisations.begin(), terms.joint->organisations.end());
    terms.references = {{{*StatementId::From(Bytes(32, 'r'))}, {*StatementId::From(Bytes(32, 'd'))}}};
    batch = *SignBatch(World().norlandia.self(), Green(), {World().estovia.org()}, {"{}"}, NewStream(), kNow, terms);
  }
  // With `cosignatures` of Volt's.
  Bytes Sealed(int cosignatures) const {
    const auto statements = AllOf(*batch);
    Cargo cargo{batch->signed_body(), statements};
    for (int i = 0; i < cosignatures; ++i) {
      *cargo.cosignatures.Add() = *Cosign(World().volt.self(), batch->signed_body(), false, kNow);
    }
    return *SealDirect(World().norlandia.self(), cargo, Permitted({World().estovia.Prekey(kNow)}, 1), kNow, nullptr);
  }

  BatchTerms terms;
  std::optional<Batch> batch;
};

// Norlandia takes a statement back; Volt says to Estovia that it has one.
inline v1::SignedRecall SampleRecall(const std::string& exercise = "") {
  RecallTerms terms;
  terms.origin = World().norlandia.org();
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  terms.exercise_id = exercise;
  v1::SignedRecall recall = MakeRecall(terms, kNow);
  SignRecall(World().norlandia.self(), recall).IgnoreError();
  return recall;
}
inline v1::SignedBody SampleReceipt(const OrgId& to = World().estovia.org()) {
  Receipt receipt;
  receipt.subjects = {*StatementId::From(Bytes(32, 't'))};
  receipt.kind = v1::RECEIPT_KIND_STORED;
  return *MakeReceipt(World().volt.self(), to, receipt, kNow);
}

}  // namespace entente::envelope::testing
