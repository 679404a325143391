#include "services/peer/peer_server.h"

#include <chrono>
#include <utility>

#include <grpcpp/create_channel.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/auth_context.h>
#include <unistd.h>

#include "absl/random/random.h"
#include "absl/strings/str_replace.h"
#include "crypto/transport_certificate.h"
#include "entente/v1/peer.grpc.pb.h"
#include "services/peer/grpc_transport.h"

namespace entente::peer {
namespace {

constexpr absl::Duration kIdleConnection = absl::Seconds(60);
constexpr absl::Duration kMinPingInterval = absl::Seconds(10);
constexpr int kPingStrikes = 2;
constexpr absl::Duration kFinalCut = absl::Milliseconds(200);

int Millis(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

int KeepaliveMillis() {
  absl::BitGen random;
  return Millis(kKeepalive * absl::Uniform(random, 0.8, 1.2));
}

// The organisation behind a call: what the handshake's verifier accepted, read again from the same certificate.
absl::StatusOr<OrgId> CallerOf(const grpc::CallbackServerContext& context) {
  const auto pem = context.auth_context()->FindPropertyValues("x509_pem_cert");
  if (pem.size() != 1) return Reject(RejectReason::kIdentity, "the call has no transport certificate");
  const absl::StatusOr<crypto::TransportClaim> claim =
      crypto::ReadTransportClaim(ByteView(pem[0].data(), pem[0].size()));
  if (!claim.ok()) return claim.status();
  return claim->org;
}

// "ipv4:192.0.2.1:7443" and "ipv6:%5B2001:db8::1%5D:7443", as gRPC names connections, without the scheme and as people
// write them.
std::string HostPort(const std::string& uri) {
  return absl::StrReplaceAll(uri.substr(uri.find(':') + 1), {{"%5B", "["}, {"%5D", "]"}});
}

}  // namespace

class PeerServer::Service final : public v1::Peer::CallbackService {
 public:
  Service(OnSession on_session, OnCall on_call)
      : on_session_(std::move(on_session)), on_call_(std::move(on_call)) {}

  grpc::ServerBidiReactor<v1::Frame, v1::Frame>* Session(grpc::CallbackServerContext* context) override {
    on_call_(HostPort(context->peer()));
    const absl::StatusOr<OrgId> org = CallerOf(*context);
    if (!org.ok()) return RefuseStream({grpc::StatusCode::UNAUTHENTICATED, std::string(kPeerRefusal)});
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
  OnSession on_session_;
  OnCall on_call_;
};

PeerServer::PeerServer() = default;
PeerServer::~PeerServer() { Shutdown(absl::ZeroDuration()); }

absl::StatusOr<std::unique_ptr<PeerServer>> PeerServer::Start(const Credentials& credentials,
                                                              absl::Duration handshake_timeout, OnSession on_session,
                                                              OnCall on_call) {
  std::unique_ptr<PeerServer> out(new PeerServer);
  out->service_ = std::make_unique<Service>(std::move(on_session), std::move(on_call));
  grpc::ServerBuilder builder;
  out->acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD, credentials.ForServing());
  builder.RegisterService(out->service_.get());
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // gRPC 1.51 inflates before it looks at the size limit: what is off is refused unread.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  builder.SetDefaultCompressionAlgorithm(GRPC_COMPRESS_NONE);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreams);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, Millis(handshake_timeout));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, Millis(kIdleConnection));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, KeepaliveMillis());
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveAnswer));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, Millis(kMinPingInterval));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, kPingStrikes);
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

std::shared_ptr<grpc::Channel> DialChannel(const std::string& address,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, KeepaliveMillis());
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Millis(kKeepaliveAnswer));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  return grpc::CreateCustomChannel("dns:///" + address, credentials, arguments);
}

}  // namespace entente::peer
