#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/pkcs11_key.h"
#include "crypto/token_view.h"
#include "services/entented/own_identity.h"

// This node's keys in tokens, as its keystore knows them (docs/formats/keystore.md, "Keys in a token").
namespace entente::node {

inline constexpr char kTokenFamily[] = "hsm/", kPinFamily[] = "hsm-pin/";

// The reference to the key `id` under "hsm/" + `name`, as such or with its id behind it; empty where there is none that
// is whole and belongs to `id`.
std::optional<crypto::TokenReference> FindTokenKey(const Secrets& secrets, const std::string& name, const KeyId& id);
// Every entry under "hsm/", whole or not.
struct NamedToken {
  std::string name;  // "statement/..." as behind "hsm/"
  v1::KeyUsage usage = v1::KEY_USAGE_UNSPECIFIED;
  absl::StatusOr<crypto::TokenReference> reference;
};
std::vector<NamedToken> TokenKeysOf(const Secrets& secrets);

// What a key of `usage` in a token is tried with; empty for one that signs no payload types, which no token is used
// for.
ByteView TrialTypeOf(v1::KeyUsage usage);
// The signer, logged in with the PIN under "hsm-pin/" or with `pin`, tried once, in a process of its own. `enrols`: it
// may sign an identity document as well, to show that its owner has it. Refuses with kHsm, and with kKeystore where
// there is no PIN, the reference's id is not that of its key, or the usage has no trial. REQUIRES one thread.
absl::StatusOr<std::shared_ptr<const crypto::Signer>> OpenTokenKey(const Secrets& secrets,
                                                                   const crypto::TokenReference& reference,
                                                                   v1::KeyUsage usage,
                                                                   const crypto::SecretBytes* pin = nullptr,
                                                                   bool enrols = false);

}  // namespace entente::node
