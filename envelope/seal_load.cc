#include "envelope/seal_load.h"

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/payload_writer.h"

namespace entente::envelope {
namespace {

v1::SealBody SealBodyOf(const trust::Self& self, const Load& load, absl::Time now) {
  v1::SealBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_h_core(Digest().str());
  body.set_key_commitment(Digest().str());
  body.set_statements_hash(load.statements_hash.str());
  body.set_audience_hash(load.audience_hash.str());
  body.set_time_us(absl::ToUnixMicros(now));
  if (!load.beside.forwards().empty()) body.set_forwards_hash(load.forwards_hash.str());
  if (load.batch == nullptr) body.set_notices_hash(load.notices_hash.str());
  return body;
}

}  // namespace

Header NewHeader(absl::Time now) {
  Header header;
  header.id = crypto::RandomId<EnvelopeId>();
  header.created_hour = HourOf(now);
  header.expires_hour = header.created_hour + kEnvelopeHours;
  header.route_tag = crypto::RandomId<RouteTag>();
  header.msg_salt = crypto::RandomId<Digest>();
  return header;
}

Digest HashOfSaid(const trust::Self& self, const Load& load, absl::Time now) {
  return crypto::Sha256(SealBodyOf(self, load, now).SerializeAsString() + load.beside.SerializeAsString());
}

absl::StatusOr<Bytes> SealLoad(const trust::Self& self, const Load& load, Header header,
                               absl::FunctionRef<absl::StatusOr<Keying>(const Digest& h0)> keying, absl::Time now) {
  v1::SealBody seal = SealBodyOf(self, load, now);
  const PayloadWriter writer(load.batch, load.statements, load.whole, load.beside);
  const size_t padded = crypto::PaddedSize(writer.SizeWithLength(seal));
  const size_t front = kHeaderSize + header.slots * kSlotSize + Digest::kSize;
  if (front + crypto::SealedPayloadSize(padded) > kMaxEnvelopeBytes) {
    return Reject(RejectReason::kLimit, "an envelope has at most 64 MiB; seal fewer statements together");
  }

  header.size_class = SizeClass(padded);
  Bytes envelope = EncodeHeader(header);
  const Digest h0 = HeaderHash(envelope);
  const auto keyed = keying(h0);
  if (!keyed.ok()) return keyed.status();
  const Digest h_core = CoreHash(h0, keyed->slots);
  const crypto::PayloadKeys keys = crypto::DerivePayloadKeys(keyed->content_key, h_core);
  seal.set_h_core(h_core.str());
  seal.set_key_commitment(keys.commitment.str());

  // The plaintext is let go before the envelope is put together: a 32 MiB content is held twice here, never three
  // times.
  absl::StatusOr<Bytes> chunks = [&]() -> absl::StatusOr<Bytes> {
    const auto signed_seal = trust::SignBody(self, kSealType, seal.SerializeAsString());
    if (!signed_seal.ok()) return signed_seal.status();
    const Bytes plaintext = writer.Write(*signed_seal, padded);
    return crypto::SealPayload(keys, h_core, plaintext);
  }();
  if (!chunks.ok()) return chunks.status();
  envelope.reserve(front + chunks->size());
  envelope.append(keyed->slots).append(keys.commitment.view()).append(*chunks);
  return envelope;
}

}  // namespace entente::envelope
