#include <algorithm>
#include <cstring>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/header.h"
#include "envelope/load.h"
#include "envelope/payload_writer.h"

// Sealing: docs/formats/envelope.md, with the payload of statement.md inside.
namespace entente::envelope {
namespace {

// A permit for each statement, made out to whom it is sealed.
bool Permitted(const Recipient& recipient, const Load& load) {
  return recipient.permits.size() == load.statements.size() &&
         std::all_of(recipient.permits.begin(), recipient.permits.end(),
                     [&](const policy::Permit& permit) { return permit.recipient() == recipient.prekey.org; });
}

absl::Status CheckRecipients(const std::vector<Recipient>& recipients, const Load& load) {
  for (const Recipient& recipient : recipients) {
    if (!std::binary_search(load.audience.begin(), load.audience.end(), recipient.prekey.org)) {
      return Reject(RejectReason::kAudience, "a recipient is not in the audience that was signed");
    }
    if (!Permitted(recipient, load)) return Reject(RejectReason::kInternal, "sealing without a permit for each statement");
  }
  return absl::OkStatus();
}

using Prekeys = std::vector<const trust::Prekey*>;  // one slot each, in this order

absl::Status CheckPrekeys(const Prekeys& prekeys, absl::Time now) {
  if (prekeys.empty() || prekeys.size() > kMaxSlots) {
    return Reject(RejectReason::kLimit, "an envelope has 1 to 1000 recipients");
  }
  std::vector<OrgId> orgs;
  for (const trust::Prekey* prekey : prekeys) {
    if (prekey->not_after <= now) return Reject(RejectReason::kPrekey, "a recipient's prekey has expired; await its next one");
    orgs.push_back(prekey->org);
  }
  std::sort(orgs.begin(), orgs.end());
  return std::adjacent_find(orgs.begin(), orgs.end()) == orgs.end()
             ? absl::OkStatus()
             : Reject(RejectReason::kPrekey, "a recipient is named twice; each gets one slot");
}

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

absl::StatusOr<Bytes> MakeSlots(const Digest& h0, const Prekeys& prekeys, const crypto::SecretBytes& content_key) {
  const auto secret = content_key.ExposeSecret();
  const ByteView key(reinterpret_cast<const char*>(secret.data()), secret.size());
  Bytes slots;
  slots.reserve(prekeys.size() * kSlotSize);
  for (const trust::Prekey* prekey : prekeys) {
    Digest hedge = crypto::LabeledHash("entente/1/encaps", {key, h0.view(), prekey->id.view()});
    const Bytes info = WrapInfo(h0, prekey->org, prekey->id, prekey->public_key);
    const auto slot = crypto::WrapSlot(prekey->public_key, prekey->id, info, content_key, hedge.view());
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

absl::StatusOr<Bytes> SealLoad(const trust::Self& self, const Load& load, const Prekeys& prekeys, absl::Time now) {
  v1::SealBody seal = SealBodyOf(self, load, now);
  const PayloadWriter writer(load.batch, load.statements, load.whole, load.beside);
  const size_t padded = crypto::PaddedSize(writer.SizeWithLength(seal));
  const size_t front = kHeaderSize + prekeys.size() * kSlotSize + Digest::kSize;
  if (front + crypto::SealedPayloadSize(padded) > kMaxEnvelopeBytes) {
    return Reject(RejectReason::kLimit, "an envelope has at most 64 MiB; seal fewer statements together");
  }

  Bytes envelope = EncodeHeader(MakeHeader(prekeys.size(), padded, now));
  const Digest h0 = HeaderHash(envelope);
  // Two envelopes that differ in anything get two keys, whatever the generator does.
  const Digest said = crypto::Sha256(seal.SerializeAsString() + load.beside.SerializeAsString());
  const auto content_key = self.statement_key->Hedged("entente/1/cek", said.view());
  if (!content_key.ok()) return content_key.status();
  const auto slots = MakeSlots(h0, prekeys, *content_key);
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

}  // namespace

absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Cargo& cargo, const std::vector<Recipient>& recipients,
                                 absl::Time now) {
  const auto load = LoadCargo(self, cargo);
  if (!load.ok()) return load.status();
  Prekeys prekeys;
  for (const Recipient& recipient : recipients) prekeys.push_back(&recipient.prekey);
  if (auto s = CheckPrekeys(prekeys, now); !s.ok()) return s;
  if (auto s = CheckRecipients(recipients, *load); !s.ok()) return s;
  return SealLoad(self, *load, prekeys, now);
}

absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Notices& notices, const std::vector<trust::Prekey>& recipients,
                                 absl::Time now) {
  const auto load = LoadNotices(notices);
  if (!load.ok()) return load.status();
  Prekeys prekeys;
  for (const trust::Prekey& recipient : recipients) prekeys.push_back(&recipient);
  if (auto s = CheckPrekeys(prekeys, now); !s.ok()) return s;
  return SealLoad(self, *load, prekeys, now);
}

}  // namespace entente::envelope
