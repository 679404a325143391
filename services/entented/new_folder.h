#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/secret.h"
#include "services/entented/config.h"

// What commands share that make the folder of a node, or fill one, all or nothing.
namespace entente::node {

// Everything made so far. Removes it again, newest first, unless Keep was called.
class Undo {
 public:
  Undo() = default;
  Undo(const Undo&) = delete;
  Undo& operator=(const Undo&) = delete;
  ~Undo();
  void Made(const std::string& path) { made_.push_back(path); }
  void Keep() { made_.clear(); }

 private:
  std::vector<std::string> made_;
};

// Mode 0700, with the folders above it. One that is there and belongs to this user is taken as it is. Refuses with
// kStoreIo.
absl::Status MakeFolder(const std::string& folder, Undo& undo);
// WriteNewFile, undone with the rest.
absl::Status WriteNew(const std::string& path, ByteView bytes, Undo& undo);

// The passphrase of a node's keystores: in `file`, or in DIR/passphrase, which is made at random where it is not there.
struct NewPassphrase {
  std::string path;
  bool made = false;
  crypto::SecretBytes text;
};
absl::StatusOr<NewPassphrase> NodePassphrase(const std::string& file, const NodePaths& paths, Undo& undo);

}  // namespace entente::node
