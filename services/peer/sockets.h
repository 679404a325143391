#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/peer/descriptor.h"

namespace entente::peer {

// An address to connect to.
struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};
inline constexpr size_t kMaxEndpoints = 8;  // of one name

// What "host:port" or "[v6]:port" stands for. Asks DNS, so it may take long. Refuses with kPeerDown.
absl::StatusOr<std::vector<Endpoint>> Resolve(const std::string& host_port);
// The same without asking anybody: refuses names.
absl::StatusOr<std::vector<Endpoint>> ResolveNumber(const std::string& host_port);

// A non-blocking TCP connection under way, or none where there is no descriptor or no route. A dead other end is noticed
// within `dead` by the kernel, whoever writes or not.
Descriptor BeginConnect(const Endpoint& to);
void NoticeDeadWire(int fd, int dead_ms);

// A connected pair of local sockets, both non-blocking. `tunnel` has a name of 16 random bytes, which nobody can
// take beforehand; who holds `grpc` sees it as the name of its peer.
struct GrpcPair {
  Descriptor tunnel, grpc;
  std::string name;
};
// kUnavailable without descriptors.
absl::StatusOr<GrpcPair> MakeGrpcPair();

}  // namespace entente::peer
