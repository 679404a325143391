#include "envelope/forward.h"

#include "crypto/crypto.h"
#include "envelope/commitments.h"
#include "envelope/limits.h"

// What a forwarder and an origin sign; forward_chain.cc checks it.
namespace entente::envelope {
namespace {

ByteView TypeFor(bool exercise) { return exercise ? trust::kExerciseForwardType : trust::kForwardType; }

}  // namespace

v1::SignedBody MakeForward(const trust::Self& self, const ForwardTerms& terms, const Hop* before, bool exercise,
                           absl::Time now) {
  v1::ForwardBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_previous_forward((before != nullptr ? before->id : ForwardId()).str());
  body.set_statement_ids(Joined(terms.statements));
  for (const OrgId& org : terms.audience) body.add_audience(org.str());
  body.set_basis(terms.basis);
  if (terms.permission) body.set_permission_id(terms.permission->str());
  body.set_label(static_cast<v1::Label>(terms.label));
  body.set_time_us(absl::ToUnixMicros(now));
  return trust::SignBody(self, TypeFor(exercise), body.SerializeAsString());
}

v1::SignedBody MakePermission(const trust::Self& self, const std::vector<StatementId>& statements, const OrgId& forwarder,
                              const std::vector<OrgId>& audience, absl::Time now, absl::Time expires) {
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
