#include <optional>

#include "base/clock.h"
#include "base/reject.h"
#include "proto/strict_parse.h"
#include "trust/prekey.h"

namespace entente::trust {
namespace {

absl::Status RefusePrekey(std::string_view what) {
  return Reject(RejectReason::kPrekey, "prekey refused: " + std::string(what) + "; the peer must offer a new one");
}

absl::Status CheckClass(const IdentityHistory& owner, v1::PrekeyClass prekey_class, v1::PrekeyClass expected) {
  if (prekey_class != expected) return RefusePrekey("its class does not belong here");
  if (prekey_class == v1::PREKEY_CLASS_OFFLINE && !owner.newest().document().has_offline()) {
    return RefusePrekey("its owner's newest document does not announce class offline");
  }
  return absl::OkStatus();
}

absl::Status CheckSigner(const IdentityHistory& owner, const v1::PrekeyBody& body, const v1::SignedBody& prekey, absl::Time now) {
  const std::optional<KeyId> key_id = KeyId::From(body.key_id());
  const std::optional<Digest> hash = Digest::From(body.identity_hash());
  const Identity* document = hash.has_value() ? owner.WithHash(*hash) : nullptr;
  if (document == nullptr) return RefusePrekey("it belongs to an identity document that is not on file");
  if (!key_id.has_value()) return RefusePrekey("an id has the wrong length");
  const absl::StatusOr<Bytes> key =
      owner.KeyFor({*key_id, kPrekeyType, now, KeyUse::Version{document->version(), *hash}, std::nullopt, now});
  if (!key.ok()) return RefusePrekey(std::string(key.status().message()));
  if (crypto::Verify(*key, kPrekeyType, prekey.body(), prekey.signature())) return absl::OkStatus();
  return RefusePrekey("its signature does not verify");
}

absl::Status CheckTimes(const v1::PrekeyBody& body, absl::Time now) {
  const absl::Time from = absl::FromUnixMicros(body.not_before_us()), until = absl::FromUnixMicros(body.not_after_us());
  const bool offline = body.prekey_class() == v1::PREKEY_CLASS_OFFLINE;
  if (from >= until || until - from > (offline ? kOfflinePrekeyUse : kPrekeyUse) + kClockSkew) {
    return RefusePrekey("its lifetime is not one of its class");
  }
  if (now + kClockSkew < from) return RefusePrekey("it is not valid yet, check the clocks");
  if (now >= until) return RefusePrekey("it has expired");
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSuiteFloor(const Identity& recipient) {
  if (recipient.document().min_suite() <= crypto::kSuite) return absl::OkStatus();
  return Reject(RejectReason::kSuite, "the recipient's identity document takes no suite 1, the only one that this version seals with; install a "
                                      "newer version");
}

absl::StatusOr<Prekey> CheckPrekey(const IdentityHistory& owner, const v1::SignedBody& prekey, absl::Time now,
                                   v1::PrekeyClass prekey_class) {
  if (prekey.body().size() > kMaxPrekeyBytes) {
    return Reject(RejectReason::kParse, "prekey refused: over 4 KiB; the peer must offer a new one");
  }
  v1::PrekeyBody body;
  if (absl::Status status = StrictParse(prekey.body(), body); !status.ok()) return status;
  const std::optional<PrekeyId> id = PrekeyId::From(body.prekey_id());
  if (!id.has_value()) return RefusePrekey("an id has the wrong length");
  if (body.org_id() != owner.org().view()) return RefusePrekey("it is another organisation's");
  if (absl::Status status = CheckSuiteFloor(owner.newest()); !status.ok()) return status;
  if (body.suite() != crypto::kSuite) return RefusePrekey("it is not of suite 1");
  if (absl::Status status = CheckClass(owner, body.prekey_class(), prekey_class); !status.ok()) return status;
  if (absl::Status status = CheckTimes(body, now); !status.ok()) return status;
  if (absl::Status status = CheckSigner(owner, body, prekey, now); !status.ok()) return status;
  if (!crypto::IsValidKemKey(body.public_key())) return RefusePrekey("nothing can be sealed to its key");
  Prekey checked{owner.org(), *id, body.public_key(), absl::FromUnixMicros(body.not_after_us())};
  if (prekey_class == v1::PREKEY_CLASS_OFFLINE) {
    checked.ceiling = static_cast<model::Label>(owner.newest().document().offline().ceiling());
  }
  return checked;
}

}  // namespace entente::trust
