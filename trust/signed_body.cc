#include <algorithm>

#include "base/reject.h"
#include "proto/strict_parse.h"
#include "trust/identity_chain.h"

namespace entente::trust {

namespace {

struct ReadHead {
  v1::HeadBody body;
  KeyId key_id;
};

absl::StatusOr<ReadHead> ReadForm(const OrgId& org, const v1::SignedBody& head) {
  if (head.body().size() > kMaxHeadBytes) {
    return Reject(RejectReason::kLimit, "journal head refused: over 1 KiB; the sender must send it again");
  }
  if (!head.GetReflection()->GetUnknownFields(head).empty()) {
    return Reject(RejectReason::kParse, "journal head refused: more than a body and a signature; it is kept as it came");
  }
  ReadHead out;
  if (absl::Status status = StrictParse(head.body(), out.body); !status.ok()) return status;
  const std::optional<KeyId> key_id = KeyId::From(out.body.key_id());
  if (!key_id.has_value() || out.body.root().size() != Digest::kSize) {
    return Reject(RejectReason::kParse, "journal head refused: an id or hash has the wrong length");
  }
  if (out.body.org_id() != org.view()) {
    return Reject(RejectReason::kUnknownParty, "journal head refused: it is another organisation's");
  }
  out.key_id = *key_id;
  return out;
}

absl::Status VerifyHead(const Bytes& key, const v1::SignedBody& head) {
  if (crypto::Verify(key, kHeadType, head.body(), head.signature())) return absl::OkStatus();
  return Reject(RejectReason::kSignature, "journal head refused: its signature does not verify; the sender must send it again");
}

}  // namespace

absl::StatusOr<v1::SignedBody> SignBody(const Self& self, ByteView payload_type, Bytes body) {
  absl::StatusOr<Bytes> signature = self.statement_key->Sign(payload_type, body);
  if (!signature.ok()) return signature.status();
  v1::SignedBody out;
  out.set_signature(*std::move(signature));
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

absl::StatusOr<v1::HeadBody> CheckHead(const IdentityHistory& signer, const v1::SignedBody& head) {
  absl::StatusOr<ReadHead> read = ReadForm(signer.org(), head);
  if (!read.ok()) return read.status();
  // A head is evidence of length, not of time: a clock that was wrong for a moment must not make a peer unreachable.
  absl::Time at = absl::FromUnixMicros(read->body.time_us());
  if (const KeyStanding* known = signer.keys().Find(read->key_id.view())) {
    // Not std::clamp: a key may begin after its document has ended, and then no moment is one of its own.
    const absl::Time end = std::min(absl::FromUnixMicros(known->key.not_after_us()), known->documents_end);
    at = std::min(std::max(at, absl::FromUnixMicros(known->key.not_before_us())), end - absl::Microseconds(1));
  }
  const absl::StatusOr<Bytes> key = signer.KeyFor({read->key_id, kHeadType, at, std::nullopt, std::nullopt, std::nullopt});
  if (!key.ok()) return key.status();
  if (absl::Status status = VerifyHead(*key, head); !status.ok()) return status;
  return std::move(read->body);
}

absl::StatusOr<v1::HeadBody> CheckOwnHead(const IdentityHistory& self, const v1::SignedBody& head) {
  absl::StatusOr<ReadHead> read = ReadForm(self.org(), head);
  if (!read.ok()) return read.status();
  const KeyStanding* known = self.keys().Find(read->key_id.view());
  if (known == nullptr) return Reject(RejectReason::kNoKey, "journal head refused: signed by a key that this node never had");
  if (!MaySign(known->key.usage(), kHeadType)) {
    return Reject(RejectReason::kKeyUse, "journal head refused: signed by a key that may not sign one");
  }
  if (absl::Status status = VerifyHead(known->key.public_key(), head); !status.ok()) return status;
  return std::move(read->body);
}

absl::StatusOr<v1::SignedBody> MakeHead(const Self& self, uint64_t sequence, const Digest& root, absl::Time now) {
  v1::HeadBody body;
  body.set_org_id(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_sequence(sequence);
  body.set_root(root.str());
  body.set_time_us(absl::ToUnixMicros(now));
  return SignBody(self, kHeadType, body.SerializeAsString());
}

}  // namespace entente::trust
