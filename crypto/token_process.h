#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <mutex>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/pkcs11_key.h"

namespace entente::crypto {

// How long a token may take for one answer, its opening included.
inline constexpr absl::Duration kTokenPatience = absl::Seconds(10);

// A Pkcs11Key in a process of its own. PKCS#11 has no deadline, and a module is foreign code in the process that loads
// it: here one that hangs is ended after kTokenPatience and one that crashes takes nothing along; the call refuses with
// kHsm, and the next one opens the token anew. The process ends with this one, however that ends.
//
//   this process ── keeper (waits, ends, begins anew) ── worker (the module, the logged-in session)
class TokenProcess final : public Signer {
 public:
  // Opens the token as Pkcs11Key::Open does, with its refusals. REQUIRES that this process has one thread.
  static absl::StatusOr<std::unique_ptr<TokenProcess>> Start(const TokenReference& reference, const SecretBytes& pin,
                                                             Pkcs11Key::Allowed allowed, ByteView trial_type,
                                                             absl::Duration patience = kTokenPatience);
  ~TokenProcess() override;

  const Bytes& public_key() const override { return public_key_; }
  // As Pkcs11Key, one call after the other.
  absl::StatusOr<Bytes> Sign(ByteView payload_type, ByteView body) const override;
  absl::StatusOr<SecretBytes> Hedged(ByteView label, ByteView context) const override;

  pid_t keeper() const { return keeper_; }

 private:
  TokenProcess(Bytes public_key, absl::Duration patience) : public_key_(std::move(public_key)), patience_(patience) {}
  absl::StatusOr<Bytes> Ask(char what, ByteView first, ByteView second) const;

  const Bytes public_key_;
  const absl::Duration patience_;
  pid_t keeper_ = -1;
  mutable std::mutex mutex_;
  mutable int line_ = -1;  // to the keeper; -1 once it failed
};

// What `act` answers in such a process, which is ended after `patience`; kHsm where it does not answer. REQUIRES that
// this process has one thread.
absl::StatusOr<Bytes> InTokenProcess(const std::function<absl::StatusOr<Bytes>()>& act, absl::Duration patience);

}  // namespace entente::crypto
