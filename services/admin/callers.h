#pragma once

#include <grpcpp/grpcpp.h>
#include <sys/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "exchange/seats.h"
#include "services/admin/socket_path.h"

namespace entente::admin {

inline constexpr size_t kMaxConnections = 256;         // open at once on the admin socket; more are closed at once
inline constexpr size_t kMaxConnectionsPerUser = 128;  // of these, of one Unix user

// Accepts the connections of the admin socket, asks the kernel whose each one is, and hands it to the gRPC server. A
// connection that the kernel names nobody for is closed. Safe from any thread.
class Callers {
 public:
  // Binds and listens; a file that is there is removed. The socket is its owner's alone, and of `group` where one is
  // given. Refuses with kStoreIo.
  static absl::StatusOr<std::unique_ptr<Callers>> Listen(const SocketPath& path, std::optional<gid_t> group);
  ~Callers();  // stops

  // Accepts from now on. `server` outlives Stop.
  void Serve(grpc::Server& server);
  // Accepts no more. What was handed over stays open. Idempotent.
  void Stop();

  // Whose call this is: who had opened its connection. gRPC closes a connection's descriptor only once no call of it is
  // left (callers_test.cc), so its number is nobody else's while a call runs. Refuses with kRole where that is not
  // known.
  absl::StatusOr<exchange::Caller> Of(const grpc::ServerContext& context) const;
  size_t open() const;

 private:
  struct Connection {
    dev_t device;
    ino_t inode;
    exchange::Caller caller;
    bool named = false;  // its user's name was looked up
  };
  Callers(int listening, int wake) : listening_(listening), wake_(wake) {}
  void Accept(grpc::Server& server);
  void Take(int fd, grpc::Server& server);
  bool Enter(int fd);
  size_t CountOpen(std::optional<uint32_t> uid) const;

  const int listening_, wake_;
  mutable std::mutex mutex_;
  mutable std::map<int, Connection> connections_;  // by descriptor
  std::thread thread_;
};

// OK where nobody said who is an officer, or the caller is one. `what` is what it is needed for, in words. Else kRole.
absl::Status CheckOfficer(const exchange::Seats* seats, const exchange::Caller& caller, std::string_view what);

}  // namespace entente::admin
