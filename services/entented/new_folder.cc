#include "services/entented/new_folder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "crypto/keystore.h"
#include "services/entented/files.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPassphraseBytes = 24;

}  // namespace

Undo::~Undo() {
  std::error_code ignored;
  for (auto path = made_.rbegin(); path != made_.rend(); ++path) fs::remove_all(*path, ignored);
}

absl::Status MakeFolder(const std::string& folder, Undo& undo) {
  const fs::path parent = fs::path(folder).parent_path();
  std::error_code error;
  if (!parent.empty() && !fs::exists(parent, error)) {
    fs::path first = parent;  // the topmost one that is missing
    while (first.has_parent_path() && !fs::exists(first.parent_path(), error)) first = first.parent_path();
    fs::create_directories(parent, error);
    if (!error) undo.Made(first.string());
  }
  if (mkdir(folder.c_str(), 0700) == 0) {
    undo.Made(folder);
    return absl::OkStatus();
  }
  struct stat found {};
  if (errno == EEXIST && stat(folder.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == geteuid()) {
    return absl::OkStatus();
  }
  return Reject(RejectReason::kStoreIo, folder + ": cannot make this folder: " + std::strerror(errno));
}

absl::Status WriteNew(const std::string& path, ByteView bytes, Undo& undo) {
  absl::Status status = WriteNewFile(path, bytes);
  if (status.ok() || ReasonOf(status) != RejectReason::kConflict) undo.Made(path);
  return status;
}

absl::StatusOr<NewPassphrase> NodePassphrase(const std::string& file, const NodePaths& paths, Undo& undo) {
  NewPassphrase out{file.empty() ? paths.passphrase : file, false, {}};
  if (file.empty() && access(paths.passphrase.c_str(), F_OK) != 0) {
    const crypto::SecretBytes random = crypto::SecretBytes::Random(kPassphraseBytes);
    const auto raw = random.ExposeSecret();
    std::string text = crypto::ToHex({reinterpret_cast<const char*>(raw.data()), raw.size()}) + "\n";
    undo.Made(paths.passphrase);
    const absl::Status status =
        ReplaceFile(paths.passphrase, text);  // whole or not at all: half of one would do, and be weak
    crypto::Wipe(text);
    if (!status.ok()) return status;
    out.made = true;
  }
  absl::StatusOr<crypto::SecretBytes> read = crypto::ReadPassphrase(out.path);
  if (!read.ok()) return read.status();
  out.text = *std::move(read);
  return out;
}

}  // namespace entente::node
