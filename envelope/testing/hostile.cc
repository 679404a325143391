#include "envelope/testing/hostile.h"

#include <cstdlib>

#include "crypto/crypto.h"
#include "envelope/commitments.h"
#include "envelope/group_audience.h"

namespace entente::envelope::testing {
namespace {

template <typename T>
T MadeOrAbort(absl::StatusOr<T> value) {
  if (!value.ok()) std::abort();
  return *std::move(value);
}

template <typename Bend, typename... Args>
void Apply(const Bend& bend, Args&&... args) {
  if (bend) bend(std::forward<Args>(args)...);
}

StatementId IdWithType(ByteView type, ByteView body) {
  return *StatementId::From(crypto::Sha256(crypto::Pae(type, body)).view());
}

std::vector<StatementId> IdsOf(const v1::Payload& payload, ByteView type) {
  std::vector<StatementId> ids;
  for (const v1::StatementEntry& entry : payload.statements()) ids.push_back(IdWithType(type, entry.body()));
  return ids;
}

// Of a statement or forward, as it says.
template <typename Body>
Digest HashOfAudience(const Body& body) {
  std::vector<OrgId> audience;
  for (const std::string& org : body.audience()) audience.push_back(OrgId::From(org).value_or(OrgId()));
  const auto group = ReadGroupAudience(body.group());
  return body.has_group() && group.ok() ? AudienceHash({}, *group) : AudienceHash(audience);
}

// Of the last forward, else of the statements.
Digest AudienceHashOf(const v1::Payload& payload) {
  v1::StatementBody first;
  v1::ForwardBody last;
  if (!payload.statements().empty()) first.ParseFromString(payload.statements(0).body());
  if (!payload.forwards().empty()) last.ParseFromString(payload.forwards().rbegin()->body());
  return payload.forwards().empty() ? HashOfAudience(first) : HashOfAudience(last);
}

std::vector<Hop> HopsOf(const v1::Payload& payload, bool exercise) {
  std::vector<Hop> hops(static_cast<size_t>(payload.forwards_size()));
  for (int i = 0; i < payload.forwards_size(); ++i) {
    hops[static_cast<size_t>(i)].id = ForwardIdOf(payload.forwards(i).body(), exercise);
  }
  return hops;
}

v1::SealBody HonestSeal(const trust::Self& sealer, const v1::Payload& payload, absl::Time now) {
  v1::BatchBody batch;
  batch.ParseFromString(payload.batch().body());
  v1::SealBody seal;
  seal.set_org_id(sealer.org().str());
  seal.set_key_id(sealer.key_id.str());
  seal.set_statements_hash(StatementsHash(IdsOf(payload, batch.leaf_type())).str());
  seal.set_audience_hash(AudienceHashOf(payload).str());
  seal.set_time_us(absl::ToUnixMicros(now));
  if (!payload.forwards().empty()) {
    seal.set_forwards_hash(ForwardsHash(HopsOf(payload, batch.leaf_type() == kExerciseStatementType)).str());
  }
  if (!payload.recalls().empty() || !payload.receipts().empty()) {
    seal.set_notices_hash(NoticesHash(payload.recalls(), payload.receipts()).str());
  }
  return seal;
}

}  // namespace

policy::Constraints Green() {
  policy::Constraints constraints;
  constraints.label = model::Label::kGreen;
  return constraints;
}

v1::Payload PayloadOf(const Batch& batch) {
  v1::Payload payload;
  *payload.mutable_batch() = batch.signed_body();
  for (const Statement& statement : batch.statements()) {
    v1::StatementEntry& entry = *payload.add_statements();
    entry.set_body(statement.body());
    entry.set_salt(statement.salt());
    entry.set_content(statement.content());
    entry.set_index(statement.index());
  }
  return payload;
}

v1::Payload HonestPayload(const trust::Self& origin, const policy::Constraints& constraints,
                          const std::vector<OrgId>& audience, const std::vector<Bytes>& contents, absl::Time now,
                          const BatchTerms& terms) {
  const StreamPosition start{crypto::RandomId<StreamId>(), 0, {}};
  return PayloadOf(MadeOrAbort(SignBatch(origin, constraints, audience, contents, start, now, terms)));
}

v1::SignedBody SignBytes(const crypto::Signer& key, ByteView payload_type, Bytes body) {
  v1::SignedBody out;
  out.set_signature(MadeOrAbort(key.Sign(payload_type, body)));
  out.set_body(std::move(body));
  return out;
}

v1::Payload HostileBatch::Sign(v1::Payload payload) const {
  v1::BatchBody wire;
  wire.ParseFromString(payload.batch().body());
  std::vector<StatementId> ids;
  for (int i = 0; i < payload.statements_size(); ++i) {
    v1::StatementBody body;
    body.ParseFromString(payload.statements(i).body());
    if (relink && i > 0) body.set_previous(ids.back().str());
    Apply(statement, body, i);
    Bytes bytes = body.SerializeAsString();
    Apply(statement_bytes, bytes, i);
    ids.push_back(IdWithType(id_type, bytes));
    payload.mutable_statements(i)->set_body(bytes);
  }
  wire.set_origin(origin.org().str());
  wire.set_key_id(origin.key_id.str());
  wire.set_root(crypto::TreeHash(Leaves(ids)).str());
  Apply(batch, wire);
  Bytes bytes = wire.SerializeAsString();
  Apply(batch_bytes, bytes);
  *payload.mutable_batch() = SignBytes(*origin.statement_key, kBatchType, bytes);
  return payload;
}

Bytes Pad(ByteView payload) {
  Bytes out;
  AppendBigEndian(out, static_cast<uint32_t>(payload.size()));
  out.append(payload);
  out.resize(crypto::PaddedSize(out.size()), '\0');
  return out;
}

Bytes HostileSeal::MakeOf(const Write& write) const {
  Header clear;
  clear.id = crypto::RandomId<EnvelopeId>();
  clear.created_hour = HourOf(now);
  clear.expires_hour = clear.created_hour + kEnvelopeHours;
  clear.msg_salt = crypto::RandomId<Digest>();
  clear.slots = static_cast<uint16_t>(recipients.size());
  if (epoch) {
    clear.mode = kGroupMode;
    clear.route_tag = epoch->tag;
  }
  clear.size_class = SizeClass(write(Digest(), Digest()).size());
  Apply(header, clear);
  Bytes envelope = EncodeHeader(clear);
  const Digest h0 = HeaderHash(envelope);
  const auto content_key = epoch ? epoch->secret->ContentKey(epoch->membership->group(), epoch->number, clear.msg_salt)
                                 : crypto::SecretBytes::Random(crypto::kKeySize);
  Bytes wrapped;
  for (const trust::Prekey& recipient : recipients) {
    const bool other = split_keys && !wrapped.empty();
    const auto key = other ? crypto::SecretBytes::Random(crypto::kKeySize) : content_key.Clone();
    const Bytes info = WrapInfo(h0, recipient.org, recipient.id, recipient.public_key);
    wrapped.append(MadeOrAbort(crypto::WrapSlot(recipient.public_key, recipient.id, info, key, "hostile")));
  }
  Apply(slots, wrapped);
  const Digest h_core = CoreHash(h0, wrapped);
  const auto keys = crypto::DerivePayloadKeys(content_key, h_core);
  const Bytes chunks = MadeOrAbort(crypto::SealPayload(keys, h_core, write(h_core, keys.commitment)));
  return envelope.append(wrapped).append(keys.commitment.view()).append(chunks);
}

Bytes HostileSeal::Make(const v1::Payload& bare) const {
  const v1::SealBody honest = HonestSeal(sealer, bare, now);
  return MakeOf([&](const Digest& h_core, const Digest& commitment) {
    v1::SealBody body = honest;
    body.set_h_core(h_core.str());
    body.set_key_commitment(commitment.str());
    Apply(seal, body);
    Bytes bytes = body.SerializeAsString();
    Apply(seal_bytes, bytes);
    v1::Payload full = bare;
    *full.mutable_seal() = SignBytes(*sealer.statement_key, kSealType, bytes);
    Apply(payload, full);
    Bytes padded = Pad(full.SerializeAsString());
    Apply(plaintext, padded);
    return padded;
  });
}

}  // namespace entente::envelope::testing
