#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "services/entente/verify_report.h"
#include "trust/directory.h"
#include "trust/prekey.h"

namespace entente::cli {

// The keys of a node, which open what was sealed to it. Reads its folder and writes nothing; a daemon may run
// meanwhile.
class NodeKeys {
 public:
  // With the parties of `cards` and no others. Refuses what node::Unlock refuses, and with kConflict where a card has a
  // name or key of this node.
  static absl::StatusOr<std::unique_ptr<NodeKeys>> Open(const std::string& folder, const std::string& passphrase_file,
                                                        const Cards& cards, absl::Time at);
  const OrgId& org() const { return parties_.self().party.org; }
  trust::Directory& parties() { return parties_; }
  const trust::PrekeyRing& prekeys() const { return prekeys_; }
  // Never saved: what is put into it stays in memory.
  crypto::Keystore& keystore() { return *keystore_; }

 private:
  NodeKeys(std::unique_ptr<crypto::Keystore> keystore, const trust::Self& self, trust::IdentityHistory history);
  const std::unique_ptr<crypto::Keystore> keystore_;
  trust::Directory parties_;
  trust::PrekeyRing prekeys_;
};

}  // namespace entente::cli
