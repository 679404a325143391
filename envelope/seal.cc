#include <algorithm>
#include <cstring>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/header.h"
#include "envelope/payload_writer.h"

// Sealing: docs/formats/envelope.md, with the payload of statement.md inside.
namespace entente::envelope {
namespace {

// What goes into an envelope, checked to belong together.
struct Cargo {
  const v1::SignedBody& batch;
  const std::vector<Sealable>& statements;
  bool whole = false;  // all of the batch: no audit paths
  std::vector<OrgId> audience;
  Digest statements_hash, audience_hash;
};

absl::Status CheckSizes(const std::vector<Sealable>& statements) {
  size_t body_bytes = 0;
  for (const Sealable& statement : statements) {
    if (statement.content.size() > kMaxContentBytes)
      return Reject(RejectReason::kLimit, "a content has at most 32 MiB");
    body_bytes += statement.body.size();
  }
  const bool fit = !statements.empty() && statements.size() <= kMaxStatements && body_bytes <= kMaxStatementBytes;
  return fit ? absl::OkStatus()
             : Reject(RejectReason::kLimit, "an envelope has 1 to 1024 statements of 4 MiB together, without content");
}

// The sender's own store gave these: what does not fit together is refused here rather than by every receiver.
absl::StatusOr<Cargo> Load(const trust::Self& self, const v1::SignedBody& batch,
                           const std::vector<Sealable>& statements) {
  if (auto s = CheckSizes(statements); !s.ok()) return s;
  const auto claim = ReadBatch(batch.body());
  if (!claim.ok()) return claim.status();
  if (claim->origin != self.org()) return Reject(RejectReason::kAudience, "only the origin seals its statements");
  const auto claims = ReadClaims({statements.front().body}, *claim);
  if (!claims.ok()) return claims.status();
  Cargo cargo{
      batch, statements, statements.size() == claim->size, claims->audience, {}, AudienceHash(claims->audience)};
  std::vector<StatementId> ids;
  std::vector<Place> places;
  for (const Sealable& statement : statements) {
    ids.push_back(IdOf(statement.body, claim->exercise));
    places.push_back({statement.index, cargo.whole ? std::vector<Digest>() : statement.path});
  }
  if (auto s = CheckPlaces(ids, places, claim->size, claim->root); !s.ok()) return s;
  cargo.statements_hash = StatementsHash(ids);
  return cargo;
}

// A permit for each statement, made out to whom it is sealed.
bool Permitted(const Recipient& recipient, const Cargo& cargo) {
  return recipient.permits.size() == cargo.statements.size() &&
         std::all_of(recipient.permits.begin(), recipient.permits.end(),
                     [&](const policy::Permit& permit) { return permit.recipient() == recipient.prekey.org; });
}

absl::Status CheckRecipients(const std::vector<Recipient>& recipients, const Cargo& cargo, absl::Time now) {
  if (recipients.empty() || recipients.size() > kMaxSlots) {
    return Reject(RejectReason::kLimit, "an envelope has 1 to 1000 recipients");
  }
  std::vector<OrgId> orgs;
  for (const Recipient& recipient : recipients) {
    if (recipient.prekey.not_after <= now)
      return Reject(RejectReason::kPrekey, "a recipient's prekey has expired; await its next one");
    if (!std::binary_search(cargo.audience.begin(), cargo.audience.end(), recipient.prekey.org)) {
      return Reject(RejectReason::kAudience, "a recipient is not in the audience that was signed");
    }
    if (!Permitted(recipient, cargo)) return Reject(RejectReason::kInternal, "sealing without a permit for each statement");
    orgs.push_back(recipient.prekey.org);
  }
  std::sort(orgs.begin(), orgs.end());
  return std::adjacent_find(orgs.begin(), orgs.end()) == orgs.end()
             ? absl::OkStatus()
             : Reject(RejectReason::kPrekey, "a recipient is named twice; each gets one slot");
}

v1::SealBody SealBodyOf(const trust::Self& self, const Cargo& cargo, absl::Time now) {
  v1::SealBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_h_core(Digest().str());
  body.set_key_commitment(Digest().str());
  body.set_statements_hash(cargo.statements_hash.str());
  body.set_audience_hash(cargo.audience_hash.str());
  body.set_time_us(absl::ToUnixMicros(now));
  return body;
}

absl::StatusOr<Bytes> MakeSlots(const Digest& h0, const std::vector<Recipient>& recipients,
                                const crypto::SecretBytes& content_key) {
  const auto secret = content_key.ExposeSecret();
  const ByteView key(reinterpret_cast<const char*>(secret.data()), secret.size());
  Bytes slots;
  slots.reserve(recipients.size() * kSlotSize);
  for (const Recipient& recipient : recipients) {
    const trust::Prekey& prekey = recipient.prekey;
    Digest hedge = crypto::LabeledHash("entente/1/encaps", {key, h0.view(), prekey.id.view()});
    const Bytes info = WrapInfo(h0, prekey.org, prekey.id, prekey.public_key);
    const auto slot = crypto::WrapSlot(prekey.public_key, prekey.id, info, content_key, hedge.view());
    explicit_bzero(hedge.data(), Digest::kSize);
    if (!slot.ok()) return slot.status();
    slots.append(*slot);
  }
  return slots;
}

Header MakeHeader(size_t recipients, size_t padded, absl::Time now) {
  Header header;
  header.id = crypto::RandomId<EnvelopeId>();
  header.created_hour = HourOf(now);
  header.expires_hour = header.created_hour + kEnvelopeHours;
  header.route_tag = crypto::RandomId<RouteTag>();
  header.msg_salt = crypto::RandomId<Digest>();
  header.slots = static_cast<uint16_t>(recipients);
  header.size_class = SizeClass(padded);
  return header;
}

}  // namespace

absl::StatusOr<Bytes> Seal(const trust::Self& self, const v1::SignedBody& batch,
                           const std::vector<Sealable>& statements, const std::vector<Recipient>& recipients,
                           absl::Time now) {
  const auto cargo = Load(self, batch, statements);
  if (!cargo.ok()) return cargo.status();
  if (auto s = CheckRecipients(recipients, *cargo, now); !s.ok()) return s;

  v1::SealBody seal = SealBodyOf(self, *cargo, now);
  const PayloadWriter writer(batch, statements, cargo->whole);
  const size_t padded = crypto::PaddedSize(writer.SizeWithLength(seal));
  const size_t front = kHeaderSize + recipients.size() * kSlotSize + Digest::kSize;
  if (front + crypto::SealedPayloadSize(padded) > kMaxEnvelopeBytes) {
    return Reject(RejectReason::kLimit, "an envelope has at most 64 MiB; seal fewer statements together");
  }

  Bytes envelope = EncodeHeader(MakeHeader(recipients.size(), padded, now));
  const Digest h0 = HeaderHash(envelope);
  const auto content_key = self.statement_key->Hedged("entente/1/cek", cargo->statements_hash.view());
  if (!content_key.ok()) return content_key.status();
  const auto slots = MakeSlots(h0, recipients, *content_key);
  if (!slots.ok()) return slots.status();
  const Digest h_core = CoreHash(h0, *slots);
  const crypto::PayloadKeys keys = crypto::DerivePayloadKeys(*content_key, h_core);
  seal.set_h_core(h_core.str());
  seal.set_key_commitment(keys.commitment.str());

  // The plaintext is let go before the envelope is put together: a 32 MiB content is held twice here, never three
  // times.
  absl::StatusOr<Bytes> chunks = [&] {
    const Bytes plaintext = writer.Write(trust::SignBody(self, kSealType, seal.SerializeAsString()), padded);
    return crypto::SealPayload(keys, h_core, plaintext);
  }();
  if (!chunks.ok()) return chunks.status();
  envelope.reserve(front + chunks->size());
  envelope.append(*slots).append(keys.commitment.view()).append(*chunks);
  return envelope;
}

}  // namespace entente::envelope
