#include "services/peer/peer_server.h"

#include <chrono>
#include <utility>

#include <grpcpp/create_channel_posix.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>

#include "absl/random/random.h"
#include "base/reject.h"
#include "entente/v1/peer.grpc.pb.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/http2_guard.h"

namespace entente::peer {
namespace {

// What is a little over is answered RESOURCE_EXHAUSTED by gRPC, the rest is cut off.
static_assert(kMaxAnnouncedBytes > kMaxMessageBytes);
static_assert(kMaxOpenStreams == kMaxStreams);
constexpr absl::Duration kIdleConnection = absl::Seconds(60);
constexpr int kNoPingStrikes = 0;  // the guard counts pings, and a breach of its budget is named and keeps the peer out
constexpr absl::Duration kFinalCut = absl::Milliseconds(200);

int Millis(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

int KeepaliveMillis() {
  absl::BitGen random;
  return Millis(kKeepalive * absl::Uniform(random, 0.8, 1.2));
}

// What both ends of a connection have in common.
template <typename Set>
void SetLimits(const Set& set) {
  set(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  set(GRPC_ARG_KEEPALIVE_TIME_MS, KeepaliveMillis());
  set(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveAnswer));
  set(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  set(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  set(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, kStreamWindowBytes);
}

}  // namespace

class PeerServer::Service final : public v1::Peer::CallbackService {
 public:
  Service(WhoIs who_is, OnSession on_session) : who_is_(std::move(who_is)), on_session_(std::move(on_session)) {}

  grpc::ServerBidiReactor<v1::Frame, v1::Frame>* Session(grpc::CallbackServerContext* context) override {
    const std::optional<OrgId> org = who_is_(context->peer());
    if (!org) return RefuseStream({grpc::StatusCode::UNAUTHENTICATED, std::string(kPeerRefusal)});
    grpc::ServerBidiReactor<v1::Frame, v1::Frame>* reactor = nullptr;
    on_session_(*org, [&] {
      ServedStream stream = ServeStream(context);
      reactor = stream.reactor;
      return std::move(stream.transport);
    });
    if (reactor != nullptr) return reactor;
    return RefuseStream({grpc::StatusCode::RESOURCE_EXHAUSTED, std::string(kPeerRefusal)});
  }

 private:
  WhoIs who_is_;
  OnSession on_session_;
};

PeerServer::PeerServer() = default;
PeerServer::~PeerServer() { Shutdown(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<PeerServer>> PeerServer::Start(WhoIs who_is, OnSession on_session) {
  std::unique_ptr<PeerServer> out(new PeerServer);
  out->service_ = std::make_unique<Service>(std::move(who_is), std::move(on_session));
  grpc::ServerBuilder builder;
  out->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, grpc::InsecureServerCredentials());
  builder.RegisterService(out->service_.get());
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // gRPC 1.51 inflates before it looks at the size limit: what is off is refused unread.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
  SetLimits([&](const char* name, int value) { builder.AddChannelArgument(name, value); });
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(kIdleConnection));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kNoPingStrikes);
  grpc::ResourceQuota quota("entente-peer");
  quota.Resize(kServerMemoryBytes);
  builder.SetResourceQuota(quota);
  out->server_ = builder.BuildAndStart();
  if (!out->server_) return Reject(RejectReason::kInternal, "gRPC did not start the peer server");
  return out;
}

void PeerServer::HandOver(int fd) {
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.fd = fd;
  acceptor_->HandleNewConnection(&connection);
}

void PeerServer::Shutdown(absl::Duration grace) {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace + kFinalCut));
  server_->Wait();
  server_.reset();
}

std::shared_ptr<grpc::Channel> ChannelOver(int fd) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  SetLimits([&](const char* name, int value) { arguments.SetInt(name, value); });
  return grpc::CreateCustomInsecureChannelFromFd("entente-peer", fd, arguments);
}

}  // namespace entente::peer
