#pragma once

#include <memory>
#include <string>

#include "crypto/keystore.h"
#include "services/entente/publish_file.h"
#include "services/entente/verify_report.h"
#include "trust/directory.h"
#include "trust/prekey.h"

// What is sealed: an envelope, and a file of them (docs/formats/envelope.md, files.md).
namespace entente::cli {

// The keys of a node, which open what was sealed to it. Reads its folder and writes nothing; a daemon may run
// meanwhile.
class NodeKeys {
 public:
  // With the parties of `cards` and no others. Refuses what node::Unlock refuses, and with kConflict where a card has a
  // name or key of this node.
  static absl::StatusOr<std::unique_ptr<NodeKeys>> Open(const std::string& folder, const std::string& passphrase_file,
                                                        const Cards& cards, absl::Time at);
  trust::Directory& parties() { return parties_; }
  const trust::PrekeyRing& prekeys() const { return prekeys_; }

 private:
  NodeKeys(std::unique_ptr<crypto::Keystore> keystore, const trust::Self& self, trust::IdentityHistory history);
  const std::unique_ptr<crypto::Keystore> keystore_;
  trust::Directory parties_;
  trust::PrekeyRing prekeys_;
};

// `keys` null: what its clear bytes say, and nothing of what is sealed.
Report CheckEnvelope(ByteView wire, const Cards& cards, NodeKeys* keys, absl::Time at);
// Each entry for itself, told as counts; holds one entry at a time.
Report CheckExportFile(InputFile& file, const Cards& cards, NodeKeys* keys, absl::Time at);

}  // namespace entente::cli
