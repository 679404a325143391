#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "model/party.h"
#include "services/entented/config.h"
#include "trust/identity_chain.h"

// Who this node is: its documents in DIR/identity, and the key among its secrets that it signs with.
namespace entente::node {

using Secrets = std::map<std::string, crypto::SecretBytes>;

inline constexpr size_t kMaxIdentityFileBytes = 2 * trust::kMaxIdentityChainBytes;

// An IdentityChain, or one SignedIdentity as `entente init` writes it. They may have expired. Refuses with kStoreIo, and with
// kIdentity and the reasons of a chain for what is damaged.
absl::StatusOr<trust::IdentityHistory> ReadOwnHistory(const NodePaths& paths);
// The same of bytes that `where` held.
absl::StatusOr<trust::IdentityHistory> ParseOwnHistory(ByteView bytes, const std::string& where);
// All or nothing; from then on the node is of the newest version.
absl::Status WriteOwnHistory(const NodePaths& paths, const trust::IdentityHistory& history);
// DIR/NAME.card, with as many versions as fit.
absl::Status WriteOwnCard(const Config& config, const trust::IdentityHistory& history, const std::string& path);

// Statement keys in a keystore: the first one as "statement", later ones as "statement/" and their id.
std::string StatementSecretName(const KeyId& id);
// The seed of `id`, under either name; null when there is none.
const crypto::SecretBytes* FindStatementSecret(const Secrets& secrets, const KeyId& id);
// Whether they sign for `id`, by a seed or by a token.
bool HoldsStatementKey(const Secrets& secrets, const KeyId& id);
// Which statement key of the newest version a node signs with at `now`: the latest that is not revoked, else the latest
// that still counts, of those that `has` answers true for. Refuses with the reason why the last one does not count, and
// with kKeystore when there is none.
absl::StatusOr<KeyId> SigningKeyOf(const trust::IdentityHistory& history, absl::Time now,
                                   absl::FunctionRef<bool(const KeyId&)> has);
// The node as a party: what its own configuration says of it.
model::Party OwnParty(const Config& config, const OrgId& org);
// The node as a signer, with `secrets` named as in a keystore. A key in a token is opened in a process of its own, so
// this REQUIRES that the program has one thread then. Refuses as SigningKeyOf and OpenTokenKey do.
absl::StatusOr<trust::Self> SelfOf(const Secrets& secrets, const trust::IdentityHistory& history, absl::Time now);
// The same with the key `id`, whether it counts now or not. REQUIRES that `secrets` hold it.
absl::StatusOr<trust::Self> SelfWith(const Secrets& secrets, const trust::IdentityHistory& history, const KeyId& id);

}  // namespace entente::node
