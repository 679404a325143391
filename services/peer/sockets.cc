#include "services/peer/sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/encoding.h"

namespace entente::peer {
namespace {

constexpr size_t kNameBytes = 16;

// Abstract, so that nothing is left in a file system and nobody else can bind it while it is in use.
bool Name(int fd, const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

absl::StatusOr<std::vector<Endpoint>> Ask(const std::string& host_port, int flags) {
  const size_t colon = host_port.rfind(':');
  std::string host = host_port.substr(0, colon);
  if (colon == std::string::npos) return Reject(RejectReason::kPeerDown, "the peer's address is not host:port");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICSERV | flags;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), host_port.c_str() + colon + 1, &hints, &found); error != 0) {
    return Reject(RejectReason::kPeerDown, std::string("the peer's address: ") + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  std::vector<Endpoint> out;
  for (const addrinfo* one = found; one != nullptr && out.size() < kMaxEndpoints; one = one->ai_next) {
    std::memcpy(&out.emplace_back().address, one->ai_addr, one->ai_addrlen);
    out.back().size = one->ai_addrlen;
  }
  return out;
}

}  // namespace

absl::StatusOr<std::vector<Endpoint>> Resolve(const std::string& host_port) {
  absl::StatusOr<std::vector<Endpoint>> found = Ask(host_port, AI_ADDRCONFIG);
  // AI_ADDRCONFIG hides loopback where there is no other network.
  return found.ok() ? found : Ask(host_port, 0);
}

absl::StatusOr<std::vector<Endpoint>> ResolveNumber(const std::string& host_port) {
  return Ask(host_port, AI_NUMERICHOST);
}

Descriptor BeginConnect(const Endpoint& to) {
  Descriptor fd(socket(to.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  const int begun = connect(fd.get(), reinterpret_cast<const sockaddr*>(&to.address), to.size);
  return begun == 0 || errno == EINPROGRESS ? std::move(fd) : Descriptor();
}

void NoticeDeadWire(int fd, int dead_ms) {
  const int on = 1, idle = 10, interval = 5;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof dead_ms);
}

absl::StatusOr<GrpcPair> MakeGrpcPair() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return Reject(RejectReason::kUnavailable, "no file descriptors for a connection; raise the limit of open files");
  }
  GrpcPair out{Descriptor(ends[0]), Descriptor(ends[1]), ""};
  uint8_t random[kNameBytes];
  crypto::RandomBytes(random, sizeof random);
  out.name = "entente-" + crypto::ToHex({reinterpret_cast<const char*>(random), sizeof random});
  if (Name(out.tunnel.get(), out.name)) return out;
  return Reject(RejectReason::kUnavailable, "no name for a connection: " + std::string(std::strerror(errno)));
}

}  // namespace entente::peer
