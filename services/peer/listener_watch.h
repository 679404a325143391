#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "services/peer/listener.h"

namespace entente::peer {

// How often a node connects to its own peer port, how long its loop may take for it, and after how many misses in a row
// the listener is opened anew.
inline constexpr std::chrono::milliseconds kProbeInterval{5000}, kProbePatience{1000};
inline constexpr int kProbeMisses = 3;

// A listener that is opened again, on the same address, when its loop does not take connections any more: because its
// socket died, or its thread did or is stuck. A stuck thread is left behind; a second one that gets stuck as well stays,
// and the node is not ready. Thread-safe.
class ListenerWatch {
 public:
  // `before`: an ended listener to take connections over from, or null.
  using Open = std::function<absl::StatusOr<std::unique_ptr<Listener>>(const std::string& address, Listener* before)>;
  // Refuses as Listener::Open does. `on_restart` runs on the watch's thread.
  static absl::StatusOr<std::unique_ptr<ListenerWatch>> Start(const std::string& address, Open open,
                                                              std::function<void()> on_restart,
                                                              std::chrono::milliseconds interval = kProbeInterval,
                                                              std::chrono::milliseconds patience = kProbePatience);
  ~ListenerWatch() { Stop(); }
  void Stop();  // no connection is handed over after it returns; waits for stuck threads; idempotent
  const std::string& address() const { return address_; }
  absl::Status Health() const;  // kUnavailable behind a probe that the loop did not take

 private:
  ListenerWatch(Open open, std::function<void()> on_restart, std::chrono::milliseconds interval,
                std::chrono::milliseconds patience)
      : open_(std::move(open)), on_restart_(std::move(on_restart)), interval_(interval), patience_(patience) {}
  void Run();
  void Look();
  bool Probe();
  void Restart();
  std::shared_ptr<Listener> Current() const;

  const Open open_;
  const std::function<void()> on_restart_;
  const std::chrono::milliseconds interval_, patience_;
  std::string address_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  int misses_ = 0;
  std::shared_ptr<Listener> listener_;
  std::shared_ptr<Listener> stuck_;  // the watch's thread, then Stop
  std::thread thread_;
};

}  // namespace entente::peer
