#include "services/peer/tunnels.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/reject.h"

namespace entente::peer {
namespace {

using Clk = std::chrono::steady_clock;
constexpr std::string_view kScheme = "unix-abstract:";

}  // namespace

Tunnels::Tunnels(TunnelLimits limits, Hooks hooks)
    : limits_(limits), hooks_(std::move(hooks)), epoll_(epoll_create1(EPOLL_CLOEXEC)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
Tunnels::~Tunnels() { Stop(std::chrono::milliseconds(0)); }

absl::StatusOr<std::unique_ptr<Tunnels>> Tunnels::Start(std::shared_ptr<const TlsIdentity> identity,
                                                        TunnelLimits limits, Hooks hooks) {
  std::unique_ptr<Tunnels> out(new Tunnels(limits, std::move(hooks)));
  out->identity_ = std::move(identity);
  epoll_event wake{EPOLLIN, {.u64 = kWakeEvent}};
  if (!out->epoll_ || !out->wake_ || epoll_ctl(out->epoll_.get(), EPOLL_CTL_ADD, out->wake_.get(), &wake) != 0) {
    return Reject(RejectReason::kUnavailable, "no file descriptors for the peer port; raise the limit of open files");
  }
  out->thread_ = std::thread([tunnels = out.get()] { tunnels->Loop(); });
  return out;
}

void Tunnels::SetIdentity(std::shared_ptr<const TlsIdentity> identity) {
  std::lock_guard lock(mutex_);
  identity_ = std::move(identity);
}

void Tunnels::Take(int fd, std::shared_ptr<Place> place) {
  NoticeDeadWire(fd, static_cast<int>(kDeadWire.count()));
  auto entry = std::make_unique<Entry>();
  entry->place = std::move(place);
  auto check = [this, into = entry.get()](ByteView pem) {
    const absl::StatusOr<OrgId> org = hooks_.check(pem, std::nullopt);
    into->verdict = org.status();
    if (org.ok()) into->org = *org;
    return org.ok();
  };
  std::lock_guard lock(mutex_);
  auto tls = TlsEnd::Make(identity_, TlsRole::kServer, std::move(check));
  Descriptor wire(fd);
  if (!tls) return;
  entry->tunnel = std::make_unique<Tunnel>(std::move(wire), std::move(tls), TlsRole::kServer, /*connecting=*/false,
                                           limits_, Clk::now());
  ++shaking_;
  Add(std::move(entry));
}

void Tunnels::CutAll(const OrgId& org) {
  {
    std::lock_guard lock(mutex_);
    dismissed_.insert(org);
  }
  Wake();
}

void Tunnels::CutStranger(uint64_t name) {
  {
    std::lock_guard lock(mutex_);
    giving_way_.push_back(name);
  }
  Wake();
}

absl::StatusOr<Descriptor> Tunnels::Dial(std::vector<Endpoint> addresses, Dialled dialled) {
  absl::StatusOr<GrpcPair> pair = MakeGrpcPair();
  if (!pair.ok()) return pair.status();
  auto entry = std::make_unique<Entry>();
  auto check = [this, into = entry.get()](ByteView pem) {
    into->verdict = hooks_.check(pem, into->dialled->expected).status();
    return into->verdict.ok();
  };
  std::reverse(addresses.begin(), addresses.end());
  entry->addresses = std::move(addresses);
  entry->org = dialled.expected;
  entry->dialled = std::move(dialled);
  std::lock_guard lock(mutex_);
  auto tls = TlsEnd::Make(identity_, TlsRole::kClient, std::move(check));
  if (!tls) return Reject(RejectReason::kInternal, "OpenSSL made no connection");
  entry->tunnel = std::make_unique<Tunnel>(Descriptor(), std::move(tls), TlsRole::kClient, /*connecting=*/true, limits_,
                                           Clk::now());
  entry->tunnel->Attach(std::move(pair->tunnel));
  Add(std::move(entry));
  return std::move(pair->grpc);
}

// With the lock held.
void Tunnels::Add(std::unique_ptr<Entry> entry) {
  entry->id = next_id_++;
  if (entry->place) entry->place->SetName(entry->id);
  new_.push_back(std::move(entry));
  Wake();
}

void Tunnels::Wake() {
  const uint64_t one = 1;
  while (write(wake_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

std::optional<OrgId> Tunnels::OrgOf(std::string_view grpc_peer) const {
  if (!grpc_peer.starts_with(kScheme)) return std::nullopt;
  grpc_peer.remove_prefix(kScheme.size());
  std::lock_guard lock(mutex_);
  const auto found = names_.find(grpc_peer);
  return found == names_.end() ? std::nullopt : std::optional<OrgId>(found->second);
}

std::map<OrgId, TunnelUse> Tunnels::Uses() const {
  std::lock_guard lock(mutex_);
  return uses_;
}

void Tunnels::Stop(std::chrono::milliseconds patience) {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stop_by_ = Clk::now() + patience;
  }
  Wake();
  thread_.join();
  entries_.clear();
}

}  // namespace entente::peer
