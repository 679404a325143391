#include "services/admin/admin_server.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <chrono>

#include "base/reject.h"
#include "services/admin/reflection_service.h"
#include "services/admin/services.h"
#include "services/admin/socket_path.h"

namespace entente::admin {
namespace {

class SocketServer final : public AdminServer {
 public:
  SocketServer(SocketPath path, AdminSources sources)
      : path_(std::move(path)), sources_(std::move(sources)), admin_(sources_, growth_, callers_), health_(sources_, growth_) {}
  ~SocketServer() override { Stop(absl::ZeroDuration()); }

  absl::Status Open() {
    auto callers = Callers::Listen(path_, sources_.socket_group);
    if (!callers.ok()) return callers.status();
    callers_ = *std::move(callers);
    grpc::ServerBuilder builder;
    builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
    builder.SetMaxSendMessageSize(kMaxMessageBytes);
    // What inflates is not measured before it is inflated; on one machine compression buys nothing.
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
    builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
    builder.SetSyncServerOption(grpc::ServerBuilder::NUM_CQS, 1);
    builder.SetSyncServerOption(grpc::ServerBuilder::MAX_POLLERS, 2);
    builder.SetResourceQuota(grpc::ResourceQuota("admin").SetMaxThreads(kMaxThreads));
    builder.RegisterService(&admin_);
    builder.RegisterService(&health_);
    builder.RegisterService(&reflection_);
    server_ = builder.BuildAndStart();
    if (!server_) return Reject(RejectReason::kStoreIo, "the admin surface cannot be started; is memory short?");
    callers_->Serve(*server_);
    return absl::OkStatus();
  }

  void NotifyGroup() override { growth_.Notify(); }

  void Stop(absl::Duration patience) override {
    if (stopped_.exchange(true)) return;
    growth_.Stop();
    if (callers_) callers_->Stop();
    if (!server_) return;
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
    server_->Wait();
    path_.Unlink();
  }

 private:
  const SocketPath path_;
  const AdminSources sources_;
  Growth growth_;
  std::unique_ptr<Callers> callers_;
  AdminService admin_;
  HealthService health_;
  ReflectionService reflection_{{v1::Admin::service_full_name(), grpc::health::v1::Health::service_full_name(),
                                 grpc::reflection::v1alpha::ServerReflection::service_full_name()}};
  std::unique_ptr<grpc::Server> server_;
  std::atomic<bool> stopped_{false};
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(const std::string& path, AdminSources sources) {
  auto socket = SocketPath::Open(path);
  if (!socket.ok()) return socket.status();
  auto server = std::make_unique<SocketServer>(*std::move(socket), std::move(sources));
  if (absl::Status status = server->Open(); !status.ok()) return status;
  return server;
}

int64_t PidBehind(const std::string& path, absl::Duration patience) {
  const auto socket = SocketPath::Open(path);
  if (!socket.ok()) return 0;
  const auto stub = v1::Admin::NewStub(grpc::CreateChannel(socket->address(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(patience));
  v1::StatusReply reply;
  return stub->Status(&context, v1::StatusRequest(), &reply).ok() ? reply.pid() : 0;
}

}  // namespace entente::admin
