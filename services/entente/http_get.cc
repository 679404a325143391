#include "services/entente/http_get.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "services/entented/config.h"

namespace entente::cli {
namespace {

constexpr absl::Duration kPatience = absl::Seconds(5);

class Connection {
 public:
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }
  Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Waits for `events` until the patience of this connection is over.
  bool Wait(short events) {
    pollfd watched{fd_, events, 0};
    const int64_t left = absl::ToInt64Milliseconds(deadline_ - absl::Now());
    return left > 0 && poll(&watched, 1, static_cast<int>(left)) == 1;
  }
  absl::Status Open(const std::string& host, uint16_t port, int flags) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (failed != 0)
      return Reject(RejectReason::kPeerDown, "the name is not known: " + std::string(gai_strerror(failed)));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, freeaddrinfo);
    deadline_ = absl::Now() + kPatience;
    fd_ = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = fd_ < 0 || (connect(fd_, found->ai_addr, found->ai_addrlen) != 0 && errno != EINPROGRESS) ? errno : 0;
    if (error == 0 && !Wait(POLLOUT)) error = ETIMEDOUT;
    socklen_t size = sizeof error;
    if (error == 0) getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return absl::OkStatus();
    return Reject(RejectReason::kPeerDown, "no connection: " + std::string(std::strerror(error)));
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
  absl::Time deadline_;
};

absl::Status Unavailable(const std::string& what) {
  return Reject(RejectReason::kUnavailable, "the metrics port does not answer: " + what);
}

}  // namespace

absl::StatusOr<std::string> HttpGet(const std::string& address, const std::string& target, size_t limit) {
  const auto parsed = node::ParseHostPort(address);
  if (!parsed.ok()) return Unavailable("it is off");
  Connection connection;
  if (absl::Status status = connection.Open(parsed->first, parsed->second, AI_NUMERICHOST); !status.ok()) {
    return Unavailable(std::string(status.message()));
  }
  const std::string request = "GET " + target + " HTTP/1.0\r\n\r\n";
  if (send(connection.fd(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) {
    return Unavailable("it took no request");
  }
  std::string answer;
  char piece[16384];
  while (connection.Wait(POLLIN)) {
    const ssize_t got = recv(connection.fd(), piece, sizeof piece, 0);
    if (got < 0) return Unavailable(std::strerror(errno));
    if (got == 0) {
      const size_t body = answer.find("\r\n\r\n");
      if (body == std::string::npos) return Unavailable("it answered something else");
      return answer.substr(body + 4);
    }
    answer.append(piece, static_cast<size_t>(got));
    if (answer.size() > limit) return Reject(RejectReason::kLimit, "the metrics port's answer is too long");
  }
  return Unavailable("it took too long");
}

absl::Status Dial(const std::string& address) {
  const auto parsed = node::ParseHostPort(address);
  if (!parsed.ok()) return parsed.status();
  Connection connection;
  return connection.Open(parsed->first, parsed->second, 0);
}

}  // namespace entente::cli
