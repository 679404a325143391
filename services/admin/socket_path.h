#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace entente::admin {

// A Unix socket's gRPC address that is short whatever the length of its path: socket addresses hold 107 bytes, folders
// may be longer. The address goes through a file descriptor of the folder and is good while this object lives.
class SocketPath {
 public:
  // Refuses with kStoreIo when the folder of `path` cannot be opened.
  static absl::StatusOr<SocketPath> Open(const std::string& path);
  SocketPath(SocketPath&& other) noexcept;
  SocketPath& operator=(SocketPath&&) = delete;
  ~SocketPath();

  std::string address() const;  // "unix:" and file()
  std::string file() const;     // "/proc/self/fd/7/admin.sock"
  // Removes the file. Missing is fine.
  void Unlink() const;
  // Mode 0600; with a group, that group's too, and mode 0660. Refuses with kStoreIo.
  absl::Status Restrict(std::optional<gid_t> group) const;

 private:
  SocketPath(int folder, std::string name) : folder_(folder), name_(std::move(name)) {}
  int folder_;
  std::string name_;
};

}  // namespace entente::admin
