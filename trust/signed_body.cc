#include <algorithm>

#include "base/reject.h"
#include "proto/strict_parse.h"
#include "trust/identity.h"

namespace entente::trust {

v1::SignedBody SignBody(const Self& self, ByteView payload_type, Bytes body) {
  v1::SignedBody out;
  out.set_signature(*self.statement_key->Sign(payload_type, body));
  out.set_body(std::move(body));
  return out;
}

absl::Status VerifyBody(const Identity& signer, const KeyId& key_id, ByteView payload_type, const v1::SignedBody& body,
                        absl::Time at) {
  if (!MaySign(v1::KEY_USAGE_STATEMENT, payload_type)) {
    return Reject(RejectReason::kKeyUse, "a statement key may not sign this kind of document; refuse it");
  }
  absl::StatusOr<Bytes> key = signer.KeyFor(key_id, v1::KEY_USAGE_STATEMENT, at);
  if (!key.ok()) return key.status();
  if (crypto::Verify(*key, payload_type, body.body(), body.signature())) return absl::OkStatus();
  return Reject(RejectReason::kSignature, "the signature does not verify; the sender must send it again");
}

absl::StatusOr<v1::HeadBody> CheckHead(const Identity& signer, const v1::SignedBody& head) {
  if (head.body().size() > kMaxHeadBytes) {
    return Reject(RejectReason::kLimit, "journal head refused: over 1 KiB; the sender must send it again");
  }
  if (!head.GetReflection()->GetUnknownFields(head).empty()) {
    return Reject(RejectReason::kParse, "journal head refused: more than a body and a signature; it is kept as it came");
  }
  v1::HeadBody body;
  if (absl::Status status = StrictParse(head.body(), body); !status.ok()) return status;
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  if (!key_id.has_value() || body.root().size() != Digest::kSize) {
    return Reject(RejectReason::kParse, "journal head refused: an id or hash has the wrong length");
  }
  if (body.org_id() != signer.org().view()) {
    return Reject(RejectReason::kUnknownParty, "journal head refused: it is another organisation's");
  }
  // A head is evidence of length, not of time: a clock that was wrong for a moment must not make a store unreadable.
  absl::Time at = absl::FromUnixMicros(body.time_us());
  for (const v1::PublicKey& key : signer.keys()) {
    if (key.key_id() != key_id->view()) continue;
    // Not std::clamp: a key may begin after its document has ended, and then no moment is one of its own.
    const absl::Time end = std::min(absl::FromUnixMicros(key.not_after_us()), signer.expires());
    at = std::min(std::max(at, absl::FromUnixMicros(key.not_before_us())), end - absl::Microseconds(1));
  }
  absl::Status status = VerifyBody(signer, *key_id, kHeadType, head, at);
  if (!status.ok()) return status;
  return body;
}

v1::SignedBody MakeHead(const Self& self, uint64_t sequence, const Digest& root, absl::Time now) {
  v1::HeadBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_sequence(sequence);
  body.set_root(root.str());
  body.set_time_us(absl::ToUnixMicros(now));
  return SignBody(self, kHeadType, body.SerializeAsString());
}

}  // namespace entente::trust
