#include <limits>

#include "services/admin/services.h"

namespace entente::admin {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

HealthCheckResponse::ServingStatus HealthService::StatusOf(const std::string& service) const {
  if (!service.empty() && service != v1::Admin::service_full_name() && service != "entente.v1.Peer") {
    return HealthCheckResponse::SERVICE_UNKNOWN;
  }
  const bool serving = !growth_.stopped() && sources_.ready().ok();
  return serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

grpc::Status HealthService::Check(grpc::ServerContext*, const HealthCheckRequest* request, HealthCheckResponse* reply) {
  const auto status = StatusOf(request->service());
  if (status == HealthCheckResponse::SERVICE_UNKNOWN) return {grpc::StatusCode::NOT_FOUND, "no such service"};
  reply->set_status(status);
  return grpc::Status::OK;
}

grpc::Status HealthService::Watch(grpc::ServerContext* context, const HealthCheckRequest* request,
                                  grpc::ServerWriter<HealthCheckResponse>* changes) {
  HealthCheckResponse last;
  bool told = false;
  while (!context->IsCancelled()) {
    HealthCheckResponse now;
    now.set_status(StatusOf(request->service()));
    if (!told || now.status() != last.status()) {
      if (!changes->Write(now)) return grpc::Status::OK;
      last = now;
      told = true;
    }
    if (growth_.stopped()) return {grpc::StatusCode::UNAVAILABLE, "the node is stopping"};
    growth_.WaitBeyond(std::numeric_limits<uint64_t>::max());
  }
  return grpc::Status::OK;
}

}  // namespace entente::admin
