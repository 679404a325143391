#pragma once

#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"
#include "crypto/signer.h"
#include "crypto/token_reference.h"

namespace entente::crypto {

class TokenSession;

// What a key of a usage signs to show that it works: of a type of its own usage.
inline constexpr ByteView kHeadTrial = "application/vnd.entente.head.v1";

inline constexpr size_t kMinPinBytes = 4, kMaxPinBytes = 255;
// Of the PAE: a membership document, the largest body that is signed, has 256 KiB.
inline constexpr size_t kMaxTokenMessage = 264 * 1024;

// An Ed25519 key in a token, used through p11-kit (docs/formats/keystore.md). It never leaves the token; whoever holds
// the unlocked token can sign. A signature is given out only after it verified under the enrolled public key, so a
// faulty or false token cannot make the node say what peers refuse. PKCS#11 has no deadline: a module that hangs holds
// its caller, so programs use it through TokenProcess.
class Pkcs11Key final : public Signer {
 public:
  // Which payload types the key's usage allows: the token is handed nothing else.
  using Allowed = bool (*)(ByteView payload_type);

  // Logs in, finds exactly one key pair, compares its public key with the enrolled one and makes and verifies one
  // signature, over PAE(trial_type, nothing), which is no document of any type. Refuses with kHsm; with kKeystore a bad
  // reference or a PIN that has not 4 to 255 bytes. The PIN stays in guarded memory, because a token that was pulled
  // and put back wants it again. `pin_refused` says whether another try with it brings the token nearer to locking
  // itself.
  static absl::StatusOr<std::unique_ptr<Pkcs11Key>> Open(const TokenReference& reference, const SecretBytes& pin,
                                                         Allowed allowed, ByteView trial_type = kHeadTrial,
                                                         bool* pin_refused = nullptr);
  ~Pkcs11Key() override;

  const Bytes& public_key() const override { return reference_.public_key; }
  // Refuses with kKeyUse a type that is not allowed, with kLimit a message over kMaxTokenMessage, with kHsm what the
  // token refuses or answers wrongly. A session that was lost is opened again, once per call; never after a wrong PIN.
  absl::StatusOr<Bytes> Sign(ByteView payload_type, ByteView body) const override;
  absl::StatusOr<SecretBytes> Hedged(ByteView label, ByteView context) const override;

 private:
  Pkcs11Key(const TokenReference& reference, const SecretBytes& pin, Allowed allowed);
  absl::Status Connect() const;
  template <typename Call>
  absl::Status Ask(const char* what, Call call) const;
  absl::StatusOr<Bytes> SignPae(ByteView pae) const;

  const TokenReference reference_;
  const SecretBytes pin_;
  const Allowed allowed_;
  mutable std::mutex mutex_;
  mutable std::unique_ptr<TokenSession> session_;
  mutable bool may_log_in_ = true;
};

}  // namespace entente::crypto
