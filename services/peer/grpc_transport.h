#pragma once

#include <memory>

#include <grpcpp/channel.h>
#include <grpcpp/support/server_callback.h>

#include "absl/time/time.h"
#include "entente/v1/peer.pb.h"
#include "services/peer/transport.h"

// FrameTransport over gRPC's callback API. Objects that gRPC still needs live until it says OnDone, whoever let go
// before.
namespace entente::peer {

// How long Close lets a write under way and the peer's last frames come through before it cancels the stream.
inline constexpr absl::Duration kCloseGrace = absl::Milliseconds(500);

// Keeps gRPC's threads until the process ends. Without it the last channel or server joins them, and gRPC 1.51's poller of
// a write under way looks up only every 10 s. Idempotent.
void KeepGrpc();

// A call on `channel`. Connects in Start, which must be called; on_closed tells when that fails. The caller keeps
// `channel` until on_closed runs and lets go of it on a thread of its own: gRPC 1.51 joins its callback threads with
// the last channel, and would join the one it is on.
std::unique_ptr<FrameTransport> DialStream(std::shared_ptr<grpc::Channel> channel);

// The serving side: hand `reactor` to gRPC, which deletes it; keep `transport`. REQUIRES both happen.
struct ServedStream {
  std::unique_ptr<FrameTransport> transport;
  grpc::ServerBidiReactor<v1::Frame, v1::Frame>* reactor;
};
ServedStream ServeStream(grpc::CallbackServerContext* context);
// A reactor that ends the call at once.
grpc::ServerBidiReactor<v1::Frame, v1::Frame>* RefuseStream(const grpc::Status& status);

}  // namespace entente::peer
