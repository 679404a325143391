#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exchange/drafts.h"
#include "exchange/groups.h"
#include "exchange/rule_changes.h"

namespace entente::admin {

inline constexpr int kMaxMessageBytes = 4 << 20;
inline constexpr size_t kMaxThreads = 64;  // calls under way at once, open tails included; more are told to come back

// What the surface answers with. Borrowed things and callbacks outlive the server and are safe from any thread.
struct AdminSources {
  exchange::Room room;
  exchange::Publication& publication;
  exchange::Admission& admission;
  exchange::Groups& groups;
  exchange::RuleChanges& rules;
  exchange::Drafts& drafts;
  std::function<std::vector<v1::PeerStatus>()> peers;
  std::function<absl::Status()> ready;                  // OK, or why this node does not serve
  std::function<void(const v1::PeerRecord&)> accepted;  // a party was added or changed, durably
  std::function<void(const v1::PolicyReply&)> ruled;    // local rules came into force or into the shadow, durably
  std::string peer_address, metrics_address;            // as bound; empty when off
  std::string software;                                 // "0.1.0"
  absl::Time started;
  std::optional<gid_t> socket_group = {};  // whose members may use the socket too
};

// The operators' door: gRPC with reflection and grpc.health.v1 on a Unix socket of mode 0600, or of 0660 and a group. The
// kernel says whose each connection is; where nobody said who holds which role (Room::seats), whoever may open the socket
// is the operator. Refusals carry the reason's name in trailing metadata
// "entente-reason" and its code at the end of the message.
class AdminServer {
 public:
  // REQUIRES that the store's lock is held: a socket file left at `path` is then stale and is removed. The path may be
  // longer than a socket address. Refuses with kStoreIo.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(const std::string& path, AdminSources sources);
  virtual ~AdminServer() = default;
  // The journal has grown: those who follow it look. Any thread, cheap.
  virtual void NotifyGroup() = 0;
  // Ends followers at once and all other calls after `patience`; removes the socket. Idempotent.
  virtual void Stop(absl::Duration patience) = 0;
};

// The pid of the daemon that answers on the socket at `path`, or 0 when none does within `patience`.
int64_t PidBehind(const std::string& path, absl::Duration patience);

}  // namespace entente::admin
