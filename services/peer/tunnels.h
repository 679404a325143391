#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "exchange/counters.h"
#include "services/peer/places.h"
#include "services/peer/sockets.h"
#include "services/peer/tunnel.h"

namespace entente::peer {

inline constexpr size_t kConnectionsPerPeer = 8;  // one more, and the oldest of that organisation is cut
inline constexpr int kHandshakesPerTurn = 4;      // so that a crowd of them does not hold up the sessions
inline constexpr std::chrono::milliseconds kDeadWire{25'000};  // what was sent and is not acknowledged by TCP

// What TLS and passing on may cost for a byte of plaintext; beyond it, it is charged to the peer.
inline constexpr std::chrono::nanoseconds kFairCpuPerByte{20};

// What the connections of one organisation cost here since the start, closed ones included.
struct TunnelUse {
  uint64_t connections = 0, cuts = 0, bytes_in = 0, bytes_out = 0;
  std::chrono::nanoseconds cpu{0};
};

// What became of a handshake that this side dialled.
struct Dialled {
  OrgId expected;
  // Once, on the tunnels' thread: ok, the check's refusal, or why it never came to a certificate (kPeerDown).
  std::function<void(const absl::Status&)> on_handshake;
};

// The only way between the wire and gRPC: every connection of the peer port and every dialled one, on one thread. Ends
// TLS here, hands gRPC a socket once the peer's certificate proved an accepted organisation, and cuts off who breaks the
// rules of Http2Guard. Thread-safe.
class Tunnels {
 public:
  // All run on the tunnels' thread and must not block.
  struct Hooks {
    // The organisation of a certificate. `expected` empty: it dialled here.
    std::function<absl::StatusOr<OrgId>(ByteView pem, const std::optional<OrgId>& expected)> check;
    // Asked once for each organisation that proved itself here, before gRPC gets the connection; a refusal closes it.
    std::function<absl::Status(const OrgId&)> may_connect;
    // gRPC's end of an incoming connection; takes ownership.
    std::function<void(int fd)> hand_over;
    // An incoming connection that never came so far, unless `check` refused it.
    std::function<void(exchange::HandshakeRefusal)> on_refused;
    std::function<void(const OrgId&, const Http2Breach&)> on_cut;
    // Its connections cost so much beyond kFairCpuPerByte since the last call.
    std::function<void(const OrgId&, std::chrono::nanoseconds)> on_cpu = [](const OrgId&, std::chrono::nanoseconds) {};
  };
  static absl::StatusOr<std::unique_ptr<Tunnels>> Start(std::shared_ptr<const TlsIdentity> identity,
                                                        TunnelLimits limits, Hooks hooks);
  ~Tunnels();  // stops at once
  // For the connections from now on.
  void SetIdentity(std::shared_ptr<const TlsIdentity> identity);
  // An accepted connection, non-blocking. Owns it, and keeps `place`, which it names, until it is closed.
  void Take(int fd, std::shared_ptr<Place> place);
  // Ends every connection of `org` soon, dialled ones too. Nothing more is read of it; a last word goes out.
  void CutAll(const OrgId& org);
  // Cuts the connection whose place has this name, soon.
  void CutStranger(uint64_t name);
  // gRPC's end of a connection to be made to one of `addresses`, tried in turn within the time for a handshake; what is written to it waits for the
  // handshake, and it ends when that fails. kUnavailable when there are no descriptors.
  absl::StatusOr<Descriptor> Dial(std::vector<Endpoint> addresses, Dialled dialled);
  // Who is behind the connection whose tunnel's end has this name (`unix-abstract:` in gRPC's words). None: nobody may
  // be served over it.
  std::optional<OrgId> OrgOf(std::string_view grpc_peer) const;
  // Descriptors that handshakes under way will need.
  size_t descriptors_promised() const { return 2 * shaking_; }
  std::map<OrgId, TunnelUse> Uses() const;
  // Lets last bytes out for at most `patience`, then closes all. Idempotent.
  void Stop(std::chrono::milliseconds patience);

 private:
  static constexpr uint64_t kWakeEvent = 0;
  // One connection and what poll knows of it: the wire as event 2 * id, gRPC's side as 2 * id + 1.
  struct Entry {
    uint64_t id = 0;
    std::shared_ptr<Place> place;  // of an accepted one; let go of behind the tunnel's sockets
    std::unique_ptr<Tunnel> tunnel;
    std::optional<Dialled> dialled;
    std::vector<Endpoint> addresses;  // not tried yet, the next one last
    Tunnel::Time connect_by{};        // to any of them
    absl::Status verdict;             // of the certificate
    std::optional<OrgId> org;
    std::string name;
    bool told = false;      // of the end of the handshake
    int connect_error = 0;  // of the last address
    uint32_t wire_watched = 0, grpc_watched = 0;
    int wire_fd = -1, grpc_fd = -1;  // as watched
    uint64_t counted_in = 0, counted_out = 0, counted_plain = 0;
  };
  using Time = Tunnel::Time;
  explicit Tunnels(TunnelLimits limits, Hooks hooks);
  void Add(std::unique_ptr<Entry> entry);
  void Wake();
  void Loop();
  void AdoptNew(Time now);
  void DismissAll(const OrgId& org, Time now);
  void Turn(Entry& entry, Tunnel::Ready ready, Time now);
  void TellOfHandshake(Entry& entry);
  bool MayOpen(Entry& entry);
  bool Open(Entry& entry);
  bool TryNextAddress(Entry& entry, Time now);
  void CutOldest(const OrgId& org);
  void Watch(Entry& entry);
  void WatchOne(int fd, int& watched_fd, uint32_t& watched, uint32_t wanted, uint64_t event);
  void Sweep(Time now);
  void EndIfOver(Entry& entry, Tunnel::State before, Time now);
  void Account(Entry& entry);
  void Forget(Entry& entry);

  const TunnelLimits limits_;
  const Hooks hooks_;
  Descriptor epoll_, wake_;
  absl::flat_hash_map<uint64_t, std::unique_ptr<Entry>> entries_;  // the thread's own
  std::atomic<size_t> shaking_{0};
  std::chrono::nanoseconds cpu_seen_{0};
  std::map<OrgId, std::chrono::nanoseconds> unfair_cpu_;

  mutable std::mutex mutex_;
  std::shared_ptr<const TlsIdentity> identity_;
  std::vector<std::unique_ptr<Entry>> new_;
  std::set<OrgId> dismissed_;         // and not looked at since
  std::vector<uint64_t> giving_way_;  // ids, the same
  std::map<std::string, OrgId, std::less<>> names_;
  std::map<OrgId, TunnelUse> uses_;
  uint64_t next_id_ = 1;
  std::optional<Time> stop_by_;
  std::thread thread_;
};

}  // namespace entente::peer
