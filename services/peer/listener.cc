#include "services/peer/listener.h"

#include <dirent.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/reject.h"

namespace entente::peer {
namespace {

// A flood must not make us list /proc/self/fd per connection.
constexpr std::chrono::milliseconds kRecount{50};
constexpr int kErrorPauseMs = 50;
constexpr int kAcceptsPerRound = 64;

int OpenReserve() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

struct HostPort {
  std::string host, port;
};
absl::StatusOr<HostPort> Split(const std::string& address) {
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size()) {
    return Reject(RejectReason::kConfig, "the peer listen address '" + address + "' is not host:port");
  }
  std::string host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return HostPort{std::move(host), address.substr(colon + 1)};
}

}  // namespace

Listener::~Listener() {
  Stop();
  for (const int fd : {listen_fd_, wake_fd_, reserve_fd_}) {
    if (fd >= 0) close(fd);
  }
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address, ListenerLimits limits,
                                                         Hooks hooks, Listener* before) {
  std::unique_ptr<Listener> out(new Listener(limits, std::move(hooks)));
  if (absl::Status bound = out->Bind(address); !bound.ok()) return bound;
  if (before != nullptr) out->places_ = before->places_;
  out->wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  out->reserve_fd_ = OpenReserve();
  if (out->wake_fd_ < 0 || out->reserve_fd_ < 0) {
    return Reject(RejectReason::kUnavailable, "no file descriptors for the peer port; raise the limit of open files");
  }
  out->thread_ = std::thread([listener = out.get()] { listener->Loop(); });
  return out;
}

absl::Status Listener::Bind(const std::string& address) {
  const absl::StatusOr<HostPort> parts = Split(address);
  if (!parts.ok()) return parts.status();
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const char* host = parts->host.empty() ? nullptr : parts->host.c_str();
  if (const int error = getaddrinfo(host, parts->port.c_str(), &hints, &found); error != 0) {
    return Reject(RejectReason::kConfig, "the peer listen address '" + address + "': " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  listen_fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (listen_fd_ < 0 || setsockopt(listen_fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      bind(listen_fd_, found->ai_addr, found->ai_addrlen) != 0 || listen(listen_fd_, kBacklog) != 0) {
    return Reject(RejectReason::kConfig, "cannot listen at '" + address + "': " + std::strerror(errno) +
                                             "; is another node using it?");
  }
  address_ = AddressOf(listen_fd_);
  return absl::OkStatus();
}

void Listener::Stop() {
  EndLoop();
  if (thread_.joinable()) thread_.join();
}

void Listener::Loop() {
  while (!stopping_ && !broken_) {
    std::array<pollfd, 2> watched{{{listen_fd_, POLLIN, 0}, {wake_fd_, POLLIN, 0}}};
    const int ready = poll(watched.data(), watched.size(), -1);
    if (!stopping_ && ready > 0 && watched[0].revents != 0) AcceptAll();
  }
  std::lock_guard lock(probe_mutex_);
  finished_ = true;
  probed_.notify_all();
}

void Listener::AcceptAll() {
  for (int round = 0; round < kAcceptsPerRound && !stopping_; ++round) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd = accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      ++accepted_since_count_;
      const Origin origin = OriginOf(peer);
      if (IsProbe(Text(peer))) {
        close(fd);
        continue;
      }
      if (Admits(fd, origin)) hooks_.hand_over(fd, places_->Take(origin));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      AcceptWithoutRoom();
      return;
    }
    if (errno == EINVAL || errno == EBADF || errno == ENOTSOCK) {
      broken_ = true;
      return;
    }
    // ECONNABORTED and the network errors of accept(2) concern one connection; the next one may be fine.
  }
}

// The connection that does not fit stays in the backlog and would wake poll for ever: it is taken with the reserve
// and closed.
void Listener::AcceptWithoutRoom() {
  if (reserve_fd_ >= 0) close(reserve_fd_);
  reserve_fd_ = -1;
  sockaddr_storage peer{};
  socklen_t size = sizeof peer;
  const int fd = accept4(listen_fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC);
  if (fd >= 0 && IsProbe(Text(peer))) {
    close(fd);
  } else if (fd >= 0) {
    Refuse(fd, Drop::kDescriptors);
  }
  reserve_fd_ = OpenReserve();
  if (fd < 0 || reserve_fd_ < 0) {
    pollfd wake{wake_fd_, POLLIN, 0};
    poll(&wake, 1, kErrorPauseMs);
  }
}

// One that gives way is enough: it frees all that the new one takes.
bool Listener::Admits(int fd, const Origin& origin) {
  if (places_->OpenFrom(origin) >= limits_.per_address) {
    return Replaces(fd, places_->MakeRoomAt(origin), Drop::kAddress);
  }
  if (places_->open() >= limits_.connections) return Replaces(fd, places_->MakeRoom(), Drop::kConnections);
  if (FreeDescriptors() < limits_.fd_reserve + hooks_.promised()) {
    return Replaces(fd, places_->MakeRoom(), Drop::kDescriptors);
  }
  return true;
}

bool Listener::Replaces(int fd, std::optional<uint64_t> gives_way, Drop reason) {
  if (!gives_way) {
    Refuse(fd, reason);
    return false;
  }
  Count(reason);
  hooks_.on_giving_way(*gives_way);
  return true;
}

void Listener::Count(Drop reason) {
  ++dropped_[static_cast<size_t>(reason)];
  hooks_.on_drop(reason);
}

void Listener::Refuse(int fd, Drop reason) {
  if (accepted_since_count_ > 0) --accepted_since_count_;
  Count(reason);
  // Reset instead of the orderly end: nothing of a refused connection stays in the kernel.
  const linger now{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  close(fd);
}

size_t Listener::FreeDescriptors() {
  const auto now = std::chrono::steady_clock::now();
  if (now - counted_at_ >= kRecount) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    DIR* folder = opendir("/proc/self/fd");
    size_t used = 0;
    if (folder != nullptr) {
      while (readdir(folder) != nullptr) ++used;
      closedir(folder);
      used -= std::min<size_t>(used, 3);  // ".", ".." and the folder itself
    }
    // An unreadable /proc/self/fd mostly means that there was no descriptor for it.
    counted_free_ = folder == nullptr || used >= limit.rlim_cur ? 0 : limit.rlim_cur - used;
    counted_at_ = now;
    accepted_since_count_ = 0;
  }
  return counted_free_ - std::min(counted_free_, accepted_since_count_);
}

}  // namespace entente::peer
