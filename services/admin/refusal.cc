#include "services/admin/refusal.h"

#include <string>

namespace entente::admin {

grpc::Status ToGrpc(grpc::ServerContext& context, const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const RejectEntry& info = Describe(ReasonOf(status));
  context.AddTrailingMetadata(kReasonKey, std::string(info.name));
  std::string message(status.message());
  if (message.size() > kMaxMessage) message = message.substr(0, kMaxMessage) + "...";
  return {static_cast<grpc::StatusCode>(info.grpc), message + " [" + std::string(info.code) + "]"};
}

std::optional<RejectReason> ReasonNamed(std::string_view name) {
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.name == name && info.reason != RejectReason::kNone) return info.reason;
  }
  return std::nullopt;
}

}  // namespace entente::admin
