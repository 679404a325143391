#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <grpcpp/channel.h>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "services/peer/look_ups.h"
#include "services/peer/transport.h"
#include "services/peer/tunnels.h"

namespace entente::peer {

inline constexpr absl::Duration kResolveDeadline = absl::Seconds(4);

// One attempt to reach a peer, as its owner sees it.
class Attempt {
 public:
  // What the handshake found, for the operator: ok, why the certificate was refused, or kPeerDown and why it never came
  // to one. Empty: not yet.
  std::optional<absl::Status> verdict() const {
    std::lock_guard lock(mutex_);
    return verdict_;
  }
  void Set(absl::Status verdict) {
    std::lock_guard lock(mutex_);
    verdict_ = std::move(verdict);
  }
  // Lets go of gRPC's channel. On a thread of the owner, behind on_closed: gRPC 1.51 joins its callback threads with the
  // last channel, and would join the one it is on.
  void Release() { channel_.reset(); }
  std::shared_ptr<grpc::Channel> Keep(std::shared_ptr<grpc::Channel> channel) { return channel_ = std::move(channel); }

 private:
  mutable std::mutex mutex_;
  std::optional<absl::Status> verdict_;
  std::shared_ptr<grpc::Channel> channel_;
};

// A session call to `expected` at `address` (host:port) through a tunnel. Start looks the name up and may take
// kResolveDeadline; then on_closed tells how it went. `tunnels` and `look_ups` outlive it, the owner keeps `attempt`.
std::unique_ptr<FrameTransport> DialStream(Tunnels& tunnels, LookUps& look_ups, const std::string& address, const OrgId& expected,
                                           std::shared_ptr<Attempt> attempt);

}  // namespace entente::peer
