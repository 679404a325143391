#include "services/entente/client.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <utility>

#include "base/reject.h"
#include "services/entente/client_wire.h"
#include "services/entented/config.h"

namespace entente::cli {
namespace {

constexpr int kMaxReplyBytes = 64 << 20;  // fsck problems, search rows: bounded by the daemon, far below this
constexpr auto kReasonKey = "entente-reason";

// A folder's path may be longer than a socket address holds (108 bytes): name it by its descriptor.
std::string SocketThrough(int folder_fd) {
  return "/proc/self/fd/" + std::to_string(folder_fd) + "/admin.sock";
}

std::optional<pid_t> Listener(int folder_fd) {
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  SocketThrough(folder_fd).copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(probe.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return std::nullopt;
  ucred owner{};
  socklen_t size = sizeof owner;
  if (getsockopt(probe.get(), SOL_SOCKET, SO_PEERCRED, &owner, &size) != 0) return std::nullopt;
  return owner.pid;
}

// The reason for a refusal that names none, from its gRPC code alone.
RejectReason ReasonFor(grpc::StatusCode code) {
  if (code == grpc::StatusCode::NOT_FOUND) return RejectReason::kNotFound;
  if (code == grpc::StatusCode::INVALID_ARGUMENT) return RejectReason::kUsage;
  if (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED ||
      code == grpc::StatusCode::CANCELLED) {
    return RejectReason::kUnavailable;
  }
  return RejectReason::kInternal;
}

std::string NamedReason(const grpc::ClientContext& context) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const auto found = trailers.find(kReasonKey);
  return found == trailers.end() ? std::string() : std::string(found->second.data(), found->second.size());
}

}  // namespace

absl::Status FromRpc(const grpc::ClientContext& context, const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string name = NamedReason(context);
  for (const RejectEntry& row : AllRejectReasons()) {
    if (row.name != name) continue;
    std::string message = status.error_message();
    const std::string code =
        " [" + std::string(row.code) + "]";  // for other clients; this one has a line of its own for it
    if (message.ends_with(code)) message.resize(message.size() - code.size());
    return Reject(row.reason, message);
  }
  const RejectReason reason = ReasonFor(status.error_code());
  if (reason == RejectReason::kUnavailable)
    return Reject(reason, "the daemon does not answer: " + status.error_message());
  return Reject(reason, status.error_message());
}

AdminClient::AdminClient(std::unique_ptr<Wire> wire) : wire_(std::move(wire)) {}
AdminClient::~AdminClient() = default;

absl::StatusOr<std::unique_ptr<AdminClient>> AdminClient::Connect(const std::string& folder) {
  if (folder.empty()) return Reject(RejectReason::kUsage, "no node is named; give --node DIR or set ENTENTE_NODE");
  auto wire = std::make_unique<Wire>(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  struct stat config {};
  if (wire->folder.get() < 0 || stat(node::NodePaths(folder).config.c_str(), &config) != 0) {
    return Reject(RejectReason::kUsage,
                  "'" + folder + "' holds no node; make one with `entente init --node DIR --name N`");
  }
  // Asked first, because gRPC would wait and retry where a refusal is already certain.
  if (!Listener(wire->folder.get())) {
    return Reject(RejectReason::kUnavailable,
                  "no daemon runs on '" + folder + "'; start it with `entente run --node DIR`");
  }
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReplyBytes);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a restarted daemon must not inherit an older back-off
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  wire->channel = grpc::CreateCustomChannel("unix:" + SocketThrough(wire->folder.get()),
                                            grpc::InsecureChannelCredentials(), arguments);
  wire->stub = v1::Admin::NewStub(wire->channel);
  return std::unique_ptr<AdminClient>(new AdminClient(std::move(wire)));
}

absl::StatusOr<v1::StatusReply> AdminClient::Status(absl::Duration patience) {
  return wire_->Call(&v1::Admin::Stub::Status, v1::StatusRequest(), patience);
}
absl::StatusOr<v1::PeerRecord> AdminClient::AddPeer(const v1::AddPeerRequest& request) {
  return wire_->Call(&v1::Admin::Stub::AddPeer, request, kPatience);
}
absl::StatusOr<v1::ListPeersReply> AdminClient::ListPeers() {
  return wire_->Call(&v1::Admin::Stub::ListPeers, v1::ListPeersRequest(), kPatience);
}
absl::StatusOr<v1::AgreementReply> AdminClient::Agreements(const v1::AgreementRequest& request) {
  return wire_->Call(&v1::Admin::Stub::Agreements, request, absl::Minutes(1));
}

absl::StatusOr<v1::GroupsReply> AdminClient::Groups(const v1::GroupsRequest& request) {
  return wire_->Call(&v1::Admin::Stub::Groups, request, absl::Minutes(1));
}
absl::StatusOr<v1::SearchReply> AdminClient::Search(const v1::SearchRequest& request) {
  return wire_->Call(&v1::Admin::Stub::Search, request, absl::Minutes(1));
}
absl::StatusOr<v1::ExplainReply> AdminClient::Explain(const v1::ExplainRequest& request) {
  return wire_->Call(&v1::Admin::Stub::Explain, request, kPatience);
}
absl::StatusOr<v1::FsckReply> AdminClient::Fsck(const v1::FsckRequest& request) {
  return wire_->Call(&v1::Admin::Stub::Fsck, request, absl::InfiniteDuration());  // as long as the store is large
}

absl::Status AdminClient::Get(const v1::GetRequest& request, const std::function<bool(const v1::ObjectPiece&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Get(&context, request);
  return Drain(context, *reader, take);
}

absl::Status AdminClient::Prove(const v1::GetRequest& request, const std::function<bool(const v1::ProofPiece&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Prove(&context, request);
  return Drain(context, *reader, take);
}

absl::Status AdminClient::Export(const v1::ExportRequest& request,
                                 const std::function<bool(const v1::ExportPiece&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Export(&context, request);
  return Drain(context, *reader, take);
}

absl::StatusOr<v1::ImportReport> AdminClient::Import(const std::function<bool(v1::ImportPiece&)>& next) {
  grpc::ClientContext context;
  v1::ImportReport report;
  const auto writer = wire_->stub->Import(&context, &report);
  v1::ImportPiece piece;
  while (next(piece) && writer->Write(piece)) {
  }
  writer->WritesDone();
  const absl::Status status = FromRpc(context, writer->Finish());
  if (!status.ok()) return status;
  return report;
}

absl::Status AdminClient::Tail(const v1::TailRequest& request, const std::function<bool(const v1::ObjectRow&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Tail(&context, request);
  return Drain(context, *reader, take);
}

std::unique_ptr<PublishCall> AdminClient::Publish(std::function<void(const v1::PublishProgress&)> on_progress) {
  return std::make_unique<StreamingCall<v1::PublishProgress>>(*wire_->stub, &v1::Admin::Stub::Publish,
                                                              std::move(on_progress));
}

std::optional<pid_t> ListenerOf(const std::string& folder) {
  const Descriptor fd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  return fd.get() < 0 ? std::nullopt : Listener(fd.get());
}

}  // namespace entente::cli
