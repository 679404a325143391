#include "crypto/crypto.h"
#include "proto/strict_parse.h"
#include "tests/fuzz/fuzz.h"
#include "trust/card.h"
#include "trust/prekey.h"
#include "trust/sample_organisation.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using trust::SampleKey;

const trust::Self& Signer() {
  static const trust::Self self = trust::SampleSelf("cert.norlandia", 'a');
  return self;
}

absl::StatusOr<trust::Identity> CheckIdentity(const v1::SignedIdentity& wire) {
  auto identity = trust::Identity::Check(wire, trust::SampleNow());
  if (!identity.ok()) {
    CheckRefused(identity.status(), {kIdentity, kKeyPoint, kLimit, kParse});
    return identity;
  }
  FUZZ_CHECK(identity->version() == 1 && !identity->org().IsZero());
  FUZZ_CHECK(identity->keys().size() >= 2 && identity->keys().size() <= trust::kMaxIdentityKeys);
  const auto again = trust::Identity::Check(identity->wire(), trust::SampleNow());
  FUZZ_CHECK(again.ok() && again->org() == identity->org() && again->hash() == identity->hash());
  return identity;
}

bool HoldsHead(const trust::Identity& identity, const v1::SignedBody& head) {
  const auto body = trust::CheckHead(trust::IdentityHistory(identity), head);
  if (body.ok()) return true;
  CheckRefused(body.status());
  return false;
}

// A document that its sample owner signed, whatever it says, and a head under it.
bool SignedDocument(ByteView document) {
  static const crypto::SigningKey root = SampleKey('a'), statement = SampleKey('b');
  v1::SignedIdentity wire;
  wire.set_document(Bytes(document));
  for (const auto& [usage, key] : {std::pair{v1::KEY_USAGE_ROOT, &root}, {v1::KEY_USAGE_STATEMENT, &statement}}) {
    v1::KeySignature& signature = *wire.add_signatures();
    signature.set_key_id(trust::MakeKeyId(usage, key->public_key()).str());
    signature.set_signature(*key->Sign(trust::kIdentityType, wire.document()));
  }
  const auto identity = CheckIdentity(wire);
  if (!identity.ok()) return false;
  const trust::Self self{*identity, Signer().key_id, Signer().statement_key};
  for (const absl::Time at : {absl::UnixEpoch(), trust::SampleNow(), absl::FromUnixSeconds(1LL << 40)}) {
    HoldsHead(*identity, *trust::MakeHead(self, 1, Digest(), at));
  }
  return true;
}

bool SignedPrekey(ByteView body) {
  const v1::SignedBody wire = *trust::SignBody(Signer(), trust::kPrekeyType, Bytes(body));
  const auto prekey = trust::CheckPrekey(trust::IdentityHistory(Signer().identity), wire, trust::SampleNow());
  if (!prekey.ok()) {
    CheckRefused(prekey.status(), {kPrekey, kParse});
    return false;
  }
  FUZZ_CHECK(prekey->org == Signer().org() && prekey->public_key.size() == crypto::kKemPublicKeySize);
  FUZZ_CHECK(crypto::HpkeSeal(prekey->public_key, "info", "aad", "plaintext", "hedge").ok());
  return true;
}

}  // namespace

bool FuzzCard(ByteView input) {
  const auto card = trust::ReadCard(std::string(input));
  if (!card.ok()) {
    CheckRefused(card.status(), {kIdentity});
    return false;
  }
  const auto again = trust::ReadCard(trust::ArmourCard(*card));
  FUZZ_CHECK(again.ok() && again->SerializeAsString() == card->SerializeAsString());
  if (!CheckIdentity(card->identity()).ok()) return false;
  const auto history = trust::HistoryOfCard(*card, trust::SampleNow() + absl::Hours(72));
  if (!history.ok()) {
    CheckRefused(history.status(), {kIdentity, kKeyPoint, kLimit, kParse, kIdentityChain, kTime, kFloor});
    return false;
  }
  FUZZ_CHECK(history->versions().size() == 1 + static_cast<size_t>(card->later_size()));
  const v1::Card made = trust::MakeCard(*history, card->address());
  FUZZ_CHECK(made.later_size() == card->later_size() && made.identity().document() == card->identity().document());
  return true;
}

// The first byte says what the rest is: a signed identity, or the body of a document, prekey or head that the sample
// organisation signs.
bool FuzzIdentity(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  switch (input[0] % 4) {
    case 0: {
      v1::SignedIdentity wire;
      return StrictParse(rest, wire).ok() && CheckIdentity(wire).ok();
    }
    case 1:
      return SignedDocument(rest);
    case 2:
      return SignedPrekey(rest);
    default:
      return HoldsHead(Signer().identity, *trust::SignBody(Signer(), trust::kHeadType, Bytes(rest)));
  }
}

}  // namespace entente::fuzz
