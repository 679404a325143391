// How a connection of the tunnels begins, and who is told.
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/reject.h"
#include "services/peer/tunnels.h"

namespace entente::peer {
namespace {

exchange::HandshakeRefusal RefusalOf(const Tunnel& tunnel) {
  using exchange::HandshakeRefusal;
  if (tunnel.late()) return HandshakeRefusal::kTimeout;
  if (tunnel.handshake() == Handshake::kNoTls) return HandshakeRefusal::kNoTls;
  return tunnel.handshake() == Handshake::kNoCertificate ? HandshakeRefusal::kNoCertificate : HandshakeRefusal::kTls;
}

absl::Status WhyNotDialled(const Tunnel& tunnel, int connect_error) {
  const std::string what = connect_error != 0 ? std::strerror(connect_error)
                           : tunnel.late()    ? "no answer in time"
                                              : "it broke off the TLS handshake";
  return Reject(RejectReason::kPeerDown, "cannot connect to the peer: " + what);
}

}  // namespace

// Once it is over, either way.
void Tunnels::TellOfHandshake(Entry& entry) {
  if (std::exchange(entry.told, true)) return;
  const Handshake how = entry.tunnel->handshake();
  if (entry.dialled) {
    entry.dialled->on_handshake(how == Handshake::kDone || how == Handshake::kRefused ? entry.verdict
                                                                                      : WhyNotDialled(*entry.tunnel, entry.connect_error));
  } else if (how != Handshake::kDone && how != Handshake::kRefused && how != Handshake::kWaits) {
    hooks_.on_refused(RefusalOf(*entry.tunnel));
  }
}

// The peer is proven. False: it is not let in.
bool Tunnels::MayOpen(Entry& entry) {
  if (entry.dialled || hooks_.may_connect(*entry.org).ok()) return true;
  entry.tunnel->Cut();
  return false;
}

bool Tunnels::Open(Entry& entry) {
  if (entry.dialled) return true;
  if (!entry.place->Keep()) {
    entry.tunnel->Cut();
    return false;
  }
  absl::StatusOr<GrpcPair> pair = MakeGrpcPair();
  if (!pair.ok()) {
    hooks_.on_refused(exchange::HandshakeRefusal::kDescriptors);
    entry.tunnel->Cut();
    return false;
  }
  CutOldest(*entry.org);
  entry.name = pair->name;
  entry.tunnel->Attach(std::move(pair->tunnel));
  {
    std::lock_guard lock(mutex_);
    names_.emplace(entry.name, *entry.org);
    ++uses_[*entry.org].connections;
  }
  hooks_.hand_over(pair->grpc.release());
  return true;
}

// They share the time: the session's hello is due soon, and those in front may be dead.
bool Tunnels::TryNextAddress(Entry& entry, Time now) {
  while (!entry.addresses.empty()) {
    const Time share = now + (entry.connect_by - now) / static_cast<int>(entry.addresses.size());
    const Endpoint to = entry.addresses.back();
    entry.addresses.pop_back();
    Descriptor wire = BeginConnect(to);
    entry.connect_error = wire ? 0 : errno;
    if (!wire) continue;
    NoticeDeadWire(wire.get(), static_cast<int>(kDeadWire.count()));
    entry.tunnel->Retry(std::move(wire), now, share);
    return true;
  }
  return false;
}

}  // namespace entente::peer
