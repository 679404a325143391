#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "services/peer/transport.h"

namespace entente::peer::testing {

// Waits until `holds` is true; false after 20 seconds.
bool Eventually(const std::function<bool()>& holds);

// One stream inside the process. Each direction holds one frame that was written and not taken, as gRPC's window would.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  static constexpr int kNever = -1;
  // Cuts the stream, both ways and with what is in it, before frame number `cut_after` + 1 is delivered.
  static std::shared_ptr<Pipe> Make(int cut_after = kNever);
  std::unique_ptr<FrameTransport> End(int side);  // 0 or 1, each once
  bool was_cut() const;

  // For an end that a test plays by hand instead of Start.
  std::optional<v1::Frame> Take(int side);  // waits; nothing once the stream is closed
  bool Write(int side, const v1::Frame& frame);
  void Close();  // what was written is still delivered

 private:
  Pipe() = default;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::Frame> to_[2];
  bool closed_ = false, cut_ = false;
  int left_ = kNever;
};

}  // namespace entente::peer::testing
