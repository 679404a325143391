#pragma once

#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/identity.pb.h"

namespace entente::trust {

// What an organisation's documents say so far about one of its keys.
struct KeyStanding {
  v1::PublicKey key;
  absl::Time documents_end;  // when the newest version that holds it expires
  std::optional<v1::Revocation> revocation;

  // Whether something that says it was made at `at` stands; `dated` is when somebody other than the signer is known to
  // have seen it. kRevoked otherwise. A superseded key stands for what it made before the cut-off, by its own word; a
  // compromised one for what was dated before: its thief writes any time he likes.
  absl::Status Stands(absl::Time at, std::optional<absl::Time> dated) const;
  // Whether a document issued at `issued` may still hold the key.
  bool MayStandIn(absl::Time issued) const;
};

// Every key that an organisation ever listed: docs/formats/identity.md, "Keys from one version to the next".
class KeyRegister {
 public:
  // Null for a key that never stood in a document.
  const KeyStanding* Find(ByteView key_id) const;
  std::vector<Bytes> PublicKeys() const;
  // Null for a public key that never stood in a document.
  const KeyStanding* Standing(ByteView public_key) const;
  // Rules 1 to 4 for `next`, the version after `before`; kIdentityChain. The register has entered `before` last.
  absl::Status CheckNext(const v1::IdentityDocument& before, const v1::IdentityDocument& next) const;
  // What `document`, the next version, says: its keys and revocations. It has been checked.
  void Enter(const v1::IdentityDocument& document);

 private:
  absl::Status CheckRevocation(const v1::Revocation& revocation) const;
  absl::Status CheckKey(const v1::PublicKey& key, const v1::IdentityDocument& next) const;
  std::map<Bytes, KeyStanding, std::less<>> keys_;   // by public key, which has one usage for good
  std::map<Bytes, Bytes, std::less<>> public_keys_;  // by key id
};

}  // namespace entente::trust
