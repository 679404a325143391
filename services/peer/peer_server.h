#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <grpcpp/channel.h>
#include <grpcpp/server_builder.h>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "absl/time/time.h"
#include "services/peer/transport.h"

namespace entente::peer {

inline constexpr int kMaxMessageBytes = 4 << 20, kMaxMetadataBytes = 8 << 10, kMaxStreams = 16;
// What a stream may have under way unread. Fixed, so that the peer's frames and our pings follow from nothing that it
// sends (ADR 7).
inline constexpr int kStreamWindowBytes = 2 << 20;
inline constexpr size_t kServerMemoryBytes = 128u << 20;  // gRPC's own buffers, all connections
inline constexpr absl::Duration kKeepalive = absl::Seconds(20), kKeepaliveAnswer = absl::Seconds(5);

// gRPC's side of the peer port: no port of its own, plaintext connections come from HandOver, which only the tunnels
// call (ADR 7).
class PeerServer {
 public:
  // A call from an organisation that the handshake proved. Takes the stream by calling the second argument, once; the
  // call is refused when it does not. Must not block.
  using TakeStream = std::function<std::unique_ptr<FrameTransport>()>;
  using OnSession = std::function<void(const OrgId&, const TakeStream&)>;
  // Who is behind the connection that gRPC names so; none: the call is refused. Must not block.
  using WhoIs = std::function<std::optional<OrgId>(std::string_view grpc_peer)>;
  static absl::StatusOr<std::unique_ptr<PeerServer>> Start(WhoIs who_is, OnSession on_session);
  ~PeerServer();
  // Owns `fd` from here.
  void HandOver(int fd);
  // Ends every call and connection, at once behind `grace`. No session is opened after it returns. Idempotent.
  void Shutdown(absl::Duration grace);

 private:
  class Service;
  PeerServer();
  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> server_;
};

// gRPC's side of one dialled connection, over `fd` as long as that lives; owns it from here.
std::shared_ptr<grpc::Channel> ChannelOver(int fd);

}  // namespace entente::peer
