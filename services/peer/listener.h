#pragma once

#include <netinet/in.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "services/peer/places.h"

namespace entente::peer {

struct ListenerLimits {
  size_t connections = 256, per_address = 32, fd_reserve = 32;
};
inline constexpr int kBacklog = 512;

// Why a connection was closed before its peer was proven.
enum class Drop { kConnections, kAddress, kDescriptors, kCount };

// Our own accept loop. gRPC 1.51's stops for good once accept fails for want of descriptors, which 300 idle
// connections reach (CVE-2023-4785); this one keeps one descriptor aside to accept and close with, and closes at once
// what is over a limit.
class Listener {
 public:
  // All run on the listener's thread.
  struct Hooks {
    // Owns `fd` from here: a connected, non-blocking socket. It counts until `place` is let go of, from any thread.
    std::function<void(int fd, std::shared_ptr<Place> place)> hand_over;
    std::function<void(Drop)> on_drop;
    // The place of this name, which was handed over, gives way and is to be let go of soon.
    std::function<void(uint64_t name)> on_giving_way = [](uint64_t) {};
    std::function<size_t()> promised = [] { return size_t{0}; };  // descriptors that those handed over will still need
  };
  // Refuses with kConfig when `address` ("host:port", "[v6]:port", port 0 allowed) cannot be bound.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address, ListenerLimits limits,
                                                        Hooks hooks, Listener* before = nullptr);
  ~Listener();  // stops
  void Stop();  // no connection is handed over after it returns; idempotent

  // True when the loop takes a connection to its own address within `patience`. That one is neither handed over nor
  // counted. Nothing when this cannot be found out, for want of a descriptor. One at a time.
  std::optional<bool> Probe(std::chrono::milliseconds patience);
  // Frees the address whatever the loop does. False when the loop has not ended within `patience`. Behind a true, this
  // may be `before` of another one, which goes on counting its connections.
  bool Retire(std::chrono::milliseconds patience);
  const std::string& address() const { return address_; }
  uint64_t dropped(Drop reason) const { return dropped_[static_cast<size_t>(reason)]; }
  // Handed over, and their places not let go of since.
  size_t open_connections() const { return places_->open(); }

 private:
  Listener(ListenerLimits limits, Hooks hooks) : limits_(limits), hooks_(std::move(hooks)) {}
  absl::Status Bind(const std::string& address);
  void Loop();
  void EndLoop();
  void AcceptAll();
  void AcceptWithoutRoom();
  bool Admits(int fd, const Origin& origin);
  bool Replaces(int fd, std::optional<uint64_t> gives_way, Drop reason);
  size_t FreeDescriptors();
  void Refuse(int fd, Drop reason);
  void Count(Drop reason);
  bool IsProbe(const std::string& peer);

  const ListenerLimits limits_;
  const Hooks hooks_;
  std::string address_;
  int listen_fd_ = -1, wake_fd_ = -1, reserve_fd_ = -1;
  std::shared_ptr<Places> places_ = std::make_shared<Places>();
  size_t counted_free_ = 0, accepted_since_count_ = 0;
  std::chrono::steady_clock::time_point counted_at_{};
  std::array<std::atomic<uint64_t>, static_cast<size_t>(Drop::kCount)> dropped_{};
  std::atomic<bool> stopping_{false};
  bool broken_ = false;  // the loop's thread: the listening socket is no more
  std::mutex probe_mutex_;
  std::condition_variable probed_;
  std::string probe_;  // the "host:port" of the probe under way
  bool finished_ = false;
  std::thread thread_;
};

}  // namespace entente::peer
