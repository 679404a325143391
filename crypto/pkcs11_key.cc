#include "crypto/pkcs11_key.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "crypto/token_session.h"

namespace entente::crypto {
namespace {

// What a token answers that was pulled, reset or logged out since: the same call may succeed in a new session.
bool IsLostSession(CK_RV rv) {
  constexpr std::array kLost = {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED,       CKR_USER_NOT_LOGGED_IN,
                                CKR_DEVICE_REMOVED,         CKR_DEVICE_ERROR,         CKR_TOKEN_NOT_PRESENT,
                                CKR_KEY_HANDLE_INVALID,     CKR_OBJECT_HANDLE_INVALID};
  return std::find(kLost.begin(), kLost.end(), rv) != kLost.end();
}

}  // namespace

Pkcs11Key::Pkcs11Key(const TokenReference& reference, const SecretBytes& pin, Allowed allowed)
    : reference_(reference), pin_(pin.Clone()), allowed_(allowed) {}

Pkcs11Key::~Pkcs11Key() = default;

absl::StatusOr<std::unique_ptr<Pkcs11Key>> Pkcs11Key::Open(const TokenReference& reference, const SecretBytes& pin,
                                                           Allowed allowed, ByteView trial_type, bool* pin_refused) {
  if (pin.size() < kMinPinBytes || pin.size() > kMaxPinBytes) {
    return Reject(RejectReason::kKeystore, "a token's PIN has 4 to 255 bytes; correct the file that holds it");
  }
  if (absl::StatusOr<Bytes> fits = EncodeTokenReference(reference); !fits.ok()) return fits.status();
  std::unique_ptr<Pkcs11Key> key(new Pkcs11Key(reference, pin, allowed));
  const std::lock_guard lock(key->mutex_);
  absl::Status works = key->Connect();
  if (works.ok()) works = key->SignPae(Pae(trial_type, {})).status();
  if (pin_refused != nullptr) *pin_refused = !key->may_log_in_;
  if (!works.ok()) return works;
  return key;
}

absl::Status Pkcs11Key::Connect() const {
  if (!may_log_in_) {
    return Reject(RejectReason::kHsm,
                  "the token refused its PIN before and is not asked again; correct the PIN and start the node anew");
  }
  const absl::StatusOr<TokenUri> uri = ParseTokenUri(reference_.uri);
  if (!uri.ok()) return uri.status();
  session_.reset();  // before the next one: the last session to close logs out
  bool pin_refused = false;
  absl::StatusOr<std::unique_ptr<TokenSession>> session = TokenSession::Open(uri->get(), pin_, pin_refused);
  if (pin_refused) may_log_in_ = false;
  if (!session.ok()) return session.status();
  if ((*session)->public_key() != reference_.public_key) {
    return Reject(RejectReason::kHsm,
                  "the token holds another key than the one enrolled under this URI; correct the URI or the token");
  }
  session_ = *std::move(session);
  return absl::OkStatus();
}

// REQUIRES mutex_ held, as all below.
template <typename Call>
absl::Status Pkcs11Key::Ask(const char* what, Call call) const {
  CK_RV rv = session_ ? call(*session_) : CKR_SESSION_CLOSED;
  if (IsLostSession(rv)) {
    if (absl::Status again = Connect(); !again.ok()) return again;
    rv = call(*session_);
  }
  if (rv == CKR_OK) return absl::OkStatus();
  return TokenRefusal(what, rv, "see that it is plugged in and `p11-kit list-modules` shows it");
}

absl::StatusOr<Bytes> Pkcs11Key::SignPae(ByteView pae) const {
  Bytes signature;
  absl::Status asked = Ask("the token does not sign", [&](TokenSession& s) { return s.Sign(pae, signature); });
  if (!asked.ok()) return asked;
  if (VerifyMessage(reference_.public_key, pae, signature)) return signature;
  return Reject(RejectReason::kHsm,
                "the token's signature does not verify under the enrolled key; do not use this token");
}

absl::StatusOr<Bytes> Pkcs11Key::Sign(ByteView payload_type, ByteView body) const {
  if (!allowed_(payload_type)) {
    return Reject(RejectReason::kKeyUse, "a key in a token may not sign this kind of document; nothing was signed");
  }
  const Bytes pae = Pae(payload_type, body);
  if (pae.size() > kMaxTokenMessage) {
    return Reject(RejectReason::kLimit, "too much for a token to sign at once: over 264 KiB");
  }
  const std::lock_guard lock(mutex_);
  return SignPae(pae);
}

absl::StatusOr<SecretBytes> Pkcs11Key::Hedged(ByteView label, ByteView context) const {
  SecretBytes secret(kKeySize);
  const std::lock_guard lock(mutex_);
  absl::Status asked = Ask("the token gives no random bytes", [&](TokenSession& s) { return s.Random(secret); });
  if (!asked.ok()) return asked;
  return HedgedBytes(label, SecretBytes::Random(kKeySize), secret, context);
}

}  // namespace entente::crypto
