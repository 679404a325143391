#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/exchange.h"
#include "services/peer/budget.h"
#include "services/peer/session_end.h"

namespace entente::peer {

struct LinkOptions {
  std::string listen;                     // host:port, port 0 allowed; empty: no listener, this node only dials
  size_t max_connections = 256;           // accepted and not yet closed, all addresses
  size_t max_connections_per_address = 32;
  size_t fd_reserve = 32;                 // file descriptors kept free for the store and the admin socket
  absl::Duration handshake_timeout = absl::Seconds(3);
  uint64_t credit_bytes = 16u << 20;      // envelope bytes a peer may have unanswered here
  BudgetLimits budget;                    // of each peer
};

// All sessions of this node: the listener with its own accept loop, one dialler per party with an address, one live
// session per peer. Started and stopped once. Thread-safe.
class Links {
 public:
  // `on_rolled_back` runs once, when a peer proves a newer head of this node; the node must then stop serving. It
  // runs on a session's thread and must not call Stop itself. Refuses with kConfig when `listen` cannot be bound.
  static absl::StatusOr<std::unique_ptr<Links>> Start(exchange::Room room, Journeys journeys, LinkOptions options,
                                                      std::function<void(absl::Status)> on_rolled_back);
  virtual ~Links() = default;
  // New outbox entries may exist, a group changed, or a party was accepted: sessions look, diallers dial. Cheap, any thread.
  virtual void Wake() = 0;
  virtual std::vector<v1::PeerStatus> Status() const = 0;
  virtual std::string address() const = 0;  // as bound
  // Not OK while the peer port does not answer this node itself.
  virtual absl::Status ListenerHealth() const = 0;
  // The process uses `used` bytes of `limit` (0: none). Call it every second: it cuts the worst peer when that is too
  // much, and lets no session begin when it is far too much. Not while another such call runs.
  virtual void OnMemory(uint64_t used, uint64_t limit) = 0;
  // Says Bye, waits for what peers have been promised an answer to, closes. At most `patience`.
  virtual void Stop(absl::Duration patience) = 0;
};

}  // namespace entente::peer
