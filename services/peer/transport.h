#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "entente/v1/peer.pb.h"

namespace entente::peer {

// One established, authenticated, ordered stream of frames in both directions. The seam between the session's rules and
// gRPC: tests put another one here.
class FrameTransport {
 public:
  virtual ~FrameTransport() = default;
  // Blocks while an earlier write is under way (at most one is). False once the stream is closed. Any thread.
  virtual bool Write(const v1::Frame& frame) = 0;
  // Calls `on_frame` for each arriving frame, in order, one at a time; no new one is read before it returns. Calls
  // `on_closed` once, last. Both run on the transport's threads and must not block. Call once.
  virtual void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) = 0;
  // Ends the stream soon; on_closed follows. Idempotent, any thread, does not block.
  virtual void Close() = 0;
};

}  // namespace entente::peer
