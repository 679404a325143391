#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/entented/own_identity.h"

// What an operator does with the keys of a node that is stopped. The root keys are needed for each change, and for nothing else.
namespace entente::node {

struct KeyChangeOptions {
  std::string folder;
  std::string passphrase_file;       // empty: DIR/passphrase
  std::string root_keystore;         // empty: DIR/root.keystore
  std::string root_passphrase_file;  // empty: the same passphrase
  std::string token_uri;             // RotateKey: the new key is this one, in a token; empty: a seed is made
  std::string token_pin_file;
};
struct KeyChangeFacts {
  uint64_t version = 0;  // of the document that is in force now
  KeyId signs;           // the statement key that the node signs with from now on
  bool made = false;     // in this change
  std::string card_path;
};

// Makes and puts into force the next version of the node's document, with a new statement key; the old one goes on
// beside it for trust::kKeyOverlap. Killed at any moment, the node is of the old version or of the new one, with a key
// to sign for it; the card is written behind that. Calls crypto::Initialise itself. Refuses with kStoreLocked while a
// daemon runs, kConfig, kKeystore (also when the root keystore is another identity's), kIdentity, kLimit, kStoreIo,
// kDiskFull, kHsm. A key in a token is opened and tried first, and its PIN is kept in the keystore; REQUIRES one thread
// then.
absl::StatusOr<KeyChangeFacts> RotateKey(const KeyChangeOptions& options);
// The same with a new group admin key, the first or one in place of those that there are: what the organisation signs
// documents of groups with. A token is not asked.
absl::StatusOr<KeyChangeFacts> RotateAdminKey(const KeyChangeOptions& options);
// The same with a new root key in place of those that the root keystore holds; the new one goes into that keystore, and
// the others leave it once the version is in force. Other holders' root keys and the threshold stay. Refuses also with
// kIdentityChain where the keystore's root keys are fewer than the threshold. Whoever keeps copies of the root keystore
// makes them anew.
absl::StatusOr<KeyChangeFacts> RotateRootKey(const KeyChangeOptions& options);
// The same for a statement key that was stolen: what it signed counts no more, but what others can show to be older than
// `since`. `key` is its id or the first 8 digits of it at least. A new key comes where it was the last. Refuses also with
// kNotFound and kUsage: no such key, no statement key, revoked for that already, or `since` in the future.
absl::StatusOr<KeyChangeFacts> RevokeKey(const KeyChangeOptions& options, std::string_view key, absl::Time since);
// The next version announces prekeys of class offline for material up to `ceiling`, or none any more where that is
// LABEL_UNSPECIFIED. No key changes. Refuses as RotateKey, and with kUsage where the document says so already.
absl::StatusOr<KeyChangeFacts> AnnounceOffline(const KeyChangeOptions& options, v1::Label ceiling);
// Writes the node's card anew from its documents; a daemon may run. Answers the path.
absl::StatusOr<std::string> RenewCard(const std::string& folder);

// One key that the node's documents hold or held, newest version first.
struct ListedKey {
  v1::PublicKey key;
  std::string state;  // signs, valid, not yet valid, ended, superseded, stolen
  std::optional<absl::Time> cutoff;
};
struct KeyList {
  OrgId org;
  uint64_t version = 0;
  absl::Time expires;
  std::vector<ListedKey> keys;
};
// What the documents say at `now`; needs no passphrase, and a daemon may run. Refuses as ReadOwnHistory.
absl::StatusOr<KeyList> ListKeys(const std::string& folder, absl::Time now);

}  // namespace entente::node
