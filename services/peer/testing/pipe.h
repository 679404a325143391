#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "services/peer/transport.h"

namespace entente::peer::testing {

// Waits until `holds` is true; false when `patience` is over.
bool Eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience = std::chrono::seconds(20));

// One stream of frames inside the process, for two sessions or for ends that a test plays by hand. Any thread.
class FrameLine : public std::enable_shared_from_this<FrameLine> {
 public:
  virtual ~FrameLine() = default;
  std::unique_ptr<FrameTransport> End(int side);  // 0 or 1, each once
  // For an end that a test plays by hand instead of Start.
  virtual std::optional<v1::Frame> Take(int side) = 0;  // waits; nothing once the stream is closed
  virtual bool Write(int side, const v1::Frame& frame) = 0;
  virtual void Close() = 0;  // what was written is still delivered
};

// Each direction holds one frame that was written and not taken, as gRPC's window would.
class Pipe final : public FrameLine {
 public:
  static constexpr int kNever = -1;
  // Cuts the stream, both ways and with what is in it, before frame number `cut_after` + 1 is delivered.
  static std::shared_ptr<Pipe> Make(int cut_after = kNever);
  bool was_cut() const;

  std::optional<v1::Frame> Take(int side) override;
  bool Write(int side, const v1::Frame& frame) override;
  void Close() override;

 private:
  Pipe() = default;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<v1::Frame> to_[2];
  bool closed_ = false, cut_ = false;
  int left_ = kNever;
};

}  // namespace entente::peer::testing
