#include "envelope/forward.h"

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/group_audience.h"
#include "envelope/limits.h"
#include "proto/strict_parse.h"

// What a forwarder and an origin sign; forward_chain.cc checks it.
namespace entente::envelope {
namespace {

ByteView TypeFor(bool exercise) {
  return exercise ? trust::kExerciseForwardType : trust::kForwardType;
}

absl::Status Malformed(const char* what) {
  return Reject(RejectReason::kParse, what);
}

// To whom: organisations by name, or a group.
absl::Status ReadReach(const v1::ForwardBody& body, Hop& hop) {
  auto audience = ReadAudience(body.audience());
  if (!audience.ok()) return audience.status();
  if (audience->empty() != body.has_group())
    return Malformed("a forward is to organisations by name or to a group, and not to both");
  hop.audience = *std::move(audience);
  if (!body.has_group()) return absl::OkStatus();
  auto group = ReadGroupAudience(body.group());
  if (!group.ok()) return group.status();
  hop.group = *std::move(group);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Hop> ReadForward(ByteView bytes, bool exercise) {
  v1::ForwardBody body;
  if (auto s = StrictParse(bytes, body); !s.ok()) return s;
  const auto forwarder = OrgId::From(body.org_id());
  if (!forwarder) return Malformed("a forwarder's id has the wrong length");
  auto ids = ReadStatementIds(body.statement_ids());
  if (!ids.ok()) return ids.status();
  Hop hop;
  if (auto s = ReadReach(body, hop); !s.ok()) return s;
  if (body.basis() == v1::FORWARD_BASIS_UNSPECIFIED || body.label() == v1::LABEL_UNSPECIFIED) {
    return Malformed("a forward has no basis or no label");
  }
  const bool permitted = body.basis() == v1::FORWARD_BASIS_PERMISSION;
  if (body.permission_id().size() != (permitted ? PermissionId::kSize : 0)) {
    return Malformed("a forward names a permission exactly when it is its basis");
  }
  const auto previous = ForwardId::From(body.previous_forward());
  if (!previous)
    return Reject(RejectReason::kChain, "the forward chain does not hold: a hop does not name the one before");
  hop.id = ForwardIdOf(bytes, exercise);
  hop.previous = *previous;
  hop.forwarder = *forwarder;
  hop.statements = *std::move(ids);
  hop.basis = body.basis();
  hop.label = static_cast<model::Label>(body.label());
  hop.permission = PermissionId::From(body.permission_id());
  hop.time = absl::FromUnixMicros(body.time_us());
  return hop;
}

absl::StatusOr<v1::SignedBody> MakeForward(const trust::Self& self, const ForwardTerms& terms, const Hop* before,
                                           bool exercise, absl::Time now) {
  v1::ForwardBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_previous_forward((before != nullptr ? before->id : ForwardId()).str());
  body.set_statement_ids(Joined(terms.statements));
  for (const OrgId& org : terms.audience) body.add_audience(org.str());
  if (terms.group) *body.mutable_group() = ToWire(*terms.group);
  body.set_basis(terms.basis);
  if (terms.permission) body.set_permission_id(terms.permission->str());
  body.set_label(static_cast<v1::Label>(terms.label));
  body.set_time_us(absl::ToUnixMicros(now));
  return trust::SignBody(self, TypeFor(exercise), body.SerializeAsString());
}

absl::StatusOr<v1::SignedBody> MakePermission(const trust::Self& self, const std::vector<StatementId>& statements,
                                              const OrgId& forwarder, const std::vector<OrgId>& audience,
                                              absl::Time now, absl::Time expires) {
  v1::PermissionBody body;
  body.set_origin(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_msg_id(crypto::RandomId<FixedBytes<kMessageIdSize, struct MessageIdTag>>().str());
  body.set_statement_ids(Joined(statements));
  body.set_forwarder(forwarder.str());
  for (const OrgId& org : audience) body.add_audience(org.str());
  body.set_time_us(absl::ToUnixMicros(now));
  body.set_expires_us(absl::ToUnixMicros(expires));
  return trust::SignBody(self, trust::kPermissionType, body.SerializeAsString());
}

ForwardId ForwardIdOf(ByteView body, bool exercise) {
  return *ForwardId::From(crypto::Sha256(crypto::Pae(TypeFor(exercise), body)).view());
}

PermissionId PermissionIdOf(ByteView body) {
  return *PermissionId::From(crypto::Sha256(crypto::Pae(trust::kPermissionType, body)).view());
}

Digest ForwardsHash(const std::vector<Hop>& hops) {
  Bytes ids;
  for (const Hop& hop : hops) ids.append(hop.id.view());
  return crypto::LabeledHash("entente/1/forwards", {ids});
}

}  // namespace entente::envelope
