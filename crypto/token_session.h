#pragma once

#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"
#include "crypto/token_uri.h"

// Private to crypto/: one logged-in session with the token that holds one Ed25519 key, through the modules that p11-kit
// is configured with. One thread at a time. Every refusal is kHsm.
namespace entente::crypto {

// How much of what a module lists is looked at; more than the first of anything is only asked for to see that there is
// one alone.
inline constexpr CK_ULONG kMaxTokenSlots = 64;

class TokenSession {
 public:
  // Exactly one token, one private and one public key must match. Says in `pin_refused` whether another try with this
  // PIN brings the token nearer to locking itself.
  static absl::StatusOr<std::unique_ptr<TokenSession>> Open(P11KitUri* uri, const SecretBytes& pin, bool& pin_refused);
  // Finds the one token and opens no session: for token() alone.
  static absl::StatusOr<std::unique_ptr<TokenSession>> Find(P11KitUri* uri);
  ~TokenSession();
  TokenSession(const TokenSession&) = delete;
  TokenSession& operator=(const TokenSession&) = delete;

  const CK_TOKEN_INFO& token() const { return token_; }
  // The key's 32 bytes, as the token has them; empty behind Find.
  const Bytes& public_key() const { return public_key_; }
  // Ed25519 over `message`, unverified. The answer is the token's.
  CK_RV Sign(ByteView message, Bytes& signature);
  CK_RV Random(SecretBytes& out);

 private:
  TokenSession() = default;
  absl::Status FindToken(P11KitUri* uri);
  absl::Status LogIn(const SecretBytes& pin, bool& refused);
  absl::Status FindKeys(P11KitUri* uri);
  absl::StatusOr<CK_OBJECT_HANDLE> FindOne(P11KitUri* uri, CK_OBJECT_CLASS type);
  absl::Status ReadPublicKey(CK_OBJECT_HANDLE key);

  CK_FUNCTION_LIST** modules_ = nullptr;
  CK_FUNCTION_LIST* module_ = nullptr;
  CK_SLOT_ID slot_ = 0;
  CK_TOKEN_INFO token_{};
  CK_SESSION_HANDLE session_ = CK_INVALID_HANDLE;
  CK_OBJECT_HANDLE key_ = CK_INVALID_HANDLE;
  Bytes public_key_;
};

// Refuses with kHsm: what failed, what the module calls it, what to do.
absl::Status TokenRefusal(const std::string& what, CK_RV why, const std::string& remedy);

}  // namespace entente::crypto
