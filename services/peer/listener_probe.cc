// How a node finds out that its accept loop lives, and gets rid of one that does not.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "services/peer/listener.h"
#include "services/peer/socket_address.h"

namespace entente::peer {
namespace {

// Where a socket that listens on every address is reached from this machine.
void NameLoopback(sockaddr_storage& address) {
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (address.ss_family == AF_INET && v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (address.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)) {
    v6.sin6_addr = in6addr_loopback;
  }
}

// A socket with an address of its own, beside the one of `to`; negative when there is none to be had.
int BoundBeside(sockaddr_storage to, socklen_t size) {
  const int fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return fd;
  // The port is at the same place in both kinds of address.
  reinterpret_cast<sockaddr_in&>(to).sin_port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&to), size) == 0) return fd;
  close(fd);
  return -1;
}

}  // namespace

std::optional<bool> Listener::Probe(std::chrono::milliseconds patience) {
  sockaddr_storage to{};
  socklen_t size = sizeof to;
  if (getsockname(listen_fd_, reinterpret_cast<sockaddr*>(&to), &size) != 0) return false;
  NameLoopback(to);
  const int fd = BoundBeside(to, size);
  if (fd < 0) return std::nullopt;
  std::unique_lock lock(probe_mutex_);
  probe_ = AddressOf(fd);
  const bool refused = connect(fd, reinterpret_cast<sockaddr*>(&to), size) != 0 && errno != EINPROGRESS;
  if (!refused) probed_.wait_for(lock, patience, [this] { return probe_.empty() || finished_ || stopping_; });
  const bool taken = probe_.empty();
  probe_.clear();
  lock.unlock();
  // Nothing of it stays in the kernel, which would hold the port it came from.
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
  return taken;
}

bool Listener::IsProbe(const std::string& peer) {
  std::lock_guard lock(probe_mutex_);
  if (probe_.empty() || peer != probe_) return false;
  probe_.clear();
  probed_.notify_all();
  return true;
}

void Listener::EndLoop() {
  {
    std::lock_guard lock(probe_mutex_);
    stopping_ = true;
  }
  probed_.notify_all();
  const uint64_t one = 1;
  while (wake_fd_ >= 0 && write(wake_fd_, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

bool Listener::Retire(std::chrono::milliseconds patience) {
  shutdown(listen_fd_, SHUT_RDWR);  // not close: the loop may still use its number
  EndLoop();
  std::unique_lock lock(probe_mutex_);
  return probed_.wait_for(lock, patience, [this] { return finished_; });
}

}  // namespace entente::peer
