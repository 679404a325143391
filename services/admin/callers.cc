#include "services/admin/callers.h"

#include <fcntl.h>
#include <grpcpp/server_posix.h>
#include <poll.h>
#include <pwd.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/reject.h"
#include "model/text.h"

namespace entente::admin {
namespace {

constexpr int kBacklog = 64;
constexpr int kPauseMs = 100;  // where no descriptor is left: what is closed elsewhere makes room
constexpr size_t kMaxUserName = 64;
constexpr std::string_view kPeerPrefix = "fd:";

absl::Status Failed(const char* what) {
  return Reject(RejectReason::kStoreIo,
                std::string("the admin socket cannot be ") + what + " in the node's folder: " + std::strerror(errno));
}

// As the user database has it, escaped: who keeps that database may have written anything.
std::string NameOf(uint32_t uid) {
  std::array<char, 16 * 1024> buffer;
  passwd entry{}, *found = nullptr;
  if (getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return "";
  return model::Escaped(found->pw_name, kMaxUserName);
}

std::optional<int> DescriptorOf(const std::string& peer) {
  int fd = -1;
  if (!peer.starts_with(kPeerPrefix)) return std::nullopt;
  const char* const end = peer.data() + peer.size();
  const auto [stopped, error] = std::from_chars(peer.data() + kPeerPrefix.size(), end, fd);
  if (error != std::errc() || stopped != end || fd < 0) return std::nullopt;
  return fd;
}

bool IsStill(int fd, dev_t device, ino_t inode) {
  struct stat now {};
  return fstat(fd, &now) == 0 && now.st_dev == device && now.st_ino == inode;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Callers>> Callers::Listen(const SocketPath& path, std::optional<gid_t> group) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto callers = std::unique_ptr<Callers>(new Callers(fd, wake));
  if (fd < 0 || wake < 0) return Failed("opened");
  path.Unlink();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.file().copy(address.sun_path, sizeof address.sun_path - 1);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return Failed("opened");
  // Nobody connects before listen, so nobody sees it with another mode.
  if (absl::Status status = path.Restrict(group); !status.ok()) return status;
  if (listen(fd, kBacklog) != 0) return Failed("listened on");
  return callers;
}

Callers::~Callers() {
  Stop();
  if (listening_ >= 0) close(listening_);
  if (wake_ >= 0) close(wake_);
}

void Callers::Serve(grpc::Server& server) {
  thread_ = std::thread([this, &server] { Accept(server); });
}

void Callers::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t ring = 1;
  while (write(wake_, &ring, sizeof ring) < 0 && errno == EINTR) {
  }
  thread_.join();
  shutdown(listening_, SHUT_RDWR);  // who waits in the backlog is not left to wait
}

void Callers::Accept(grpc::Server& server) {
  bool full = false;  // of descriptors: then the listening one would be ready again at once
  for (;;) {
    std::array<pollfd, 2> watched = {{{wake_, POLLIN, 0}, {full ? -1 : listening_, POLLIN, 0}}};
    if (poll(watched.data(), watched.size(), full ? kPauseMs : -1) < 0 && errno != EINTR) return;
    if (watched[0].revents != 0) return;
    const int fd = accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    full = fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS);
    if (fd >= 0) Take(fd, server);
  }
}

void Callers::Take(int fd, grpc::Server& server) {
  if (!Enter(fd)) {
    close(fd);
    return;
  }
  grpc::AddInsecureChannelFromFd(&server, fd);
}

bool Callers::Enter(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  struct stat file {};
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || size != sizeof peer) return false;
  if (fstat(fd, &file) != 0) return false;
  const std::lock_guard lock(mutex_);
  // gRPC closes descriptors without a word: those that are something else by now are gone.
  std::erase_if(connections_,
                [](const auto& entry) { return !IsStill(entry.first, entry.second.device, entry.second.inode); });
  connections_.erase(fd);
  if (CountOpen(std::nullopt) >= kMaxConnections || CountOpen(peer.uid) >= kMaxConnectionsPerUser) return false;
  connections_[fd] = {file.st_dev, file.st_ino, {peer.uid, ""}};
  return true;
}

size_t Callers::CountOpen(std::optional<uint32_t> uid) const {
  size_t count = 0;
  for (const auto& [fd, connection] : connections_) count += !uid || connection.caller.uid == *uid ? 1 : 0;
  return count;
}

size_t Callers::open() const {
  const std::lock_guard lock(mutex_);
  std::erase_if(connections_,
                [](const auto& entry) { return !IsStill(entry.first, entry.second.device, entry.second.inode); });
  return connections_.size();
}

absl::StatusOr<exchange::Caller> Callers::Of(const grpc::ServerContext& context) const {
  const absl::Status unknown = Reject(
      RejectReason::kRole, "it is not known whose connection this is; call through the socket in the node's folder");
  const std::optional<int> fd = DescriptorOf(context.peer());
  if (!fd) return unknown;
  std::unique_lock lock(mutex_);
  auto found = connections_.find(*fd);
  if (found == connections_.end() || !IsStill(*fd, found->second.device, found->second.inode)) return unknown;
  if (found->second.named) return found->second.caller;
  exchange::Caller caller = found->second.caller;
  const ino_t inode = found->second.inode;
  lock.unlock();  // a user database may be far away
  caller.name = NameOf(caller.uid);
  lock.lock();
  found = connections_.find(*fd);
  if (found == connections_.end() || found->second.inode != inode) return unknown;
  found->second.caller = caller;
  found->second.named = true;
  return caller;
}

absl::Status CheckOfficer(const exchange::Seats* seats, const exchange::Caller& caller, std::string_view what) {
  if (seats == nullptr || seats->officers.contains(caller.uid)) return absl::OkStatus();
  return Reject(RejectReason::kRole, exchange::Written(caller) + " is no officer by seats.toml, and " +
                                         std::string(what) + " is an officer's to do");
}

}  // namespace entente::admin
