#pragma once

#include <functional>
#include <memory>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/server_builder.h>

#include "absl/status/statusor.h"
#include "services/peer/credentials.h"
#include "services/peer/transport.h"

namespace entente::peer {

inline constexpr int kMaxMessageBytes = 4 << 20, kMaxMetadataBytes = 8 << 10, kMaxStreams = 16;
inline constexpr size_t kServerMemoryBytes = 128u << 20;  // gRPC's own buffers, all connections
inline constexpr absl::Duration kKeepalive = absl::Seconds(20), kKeepaliveAnswer = absl::Seconds(5);

// gRPC's side of the peer port: no port of its own, connections come from HandOver.
class PeerServer {
 public:
  // A call from an organisation that the handshake proved. Takes the stream by calling the second argument, once; the
  // call is refused when it does not. Must not block.
  using TakeStream = std::function<std::unique_ptr<FrameTransport>()>;
  using OnSession = std::function<void(const OrgId&, const TakeStream&)>;
  // A call came over the connection from this "host:port". Must not block.
  using OnCall = std::function<void(const std::string& from)>;
  static absl::StatusOr<std::unique_ptr<PeerServer>> Start(const Credentials& credentials,
                                                           absl::Duration handshake_timeout, OnSession on_session,
                                                           OnCall on_call = [](const std::string&) {});
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

// A fresh connection to `address` (host:port), which no other channel shares and gRPC does not renew behind our back.
std::shared_ptr<grpc::Channel> DialChannel(const std::string& address,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials);

}  // namespace entente::peer
