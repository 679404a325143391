#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string_view>

#include "absl/status/status.h"
#include "base/reject.h"

namespace entente::admin {

inline constexpr char kReasonKey[] = "entente-reason";
inline constexpr size_t kMaxMessage = 2048;  // trailing metadata share 8 KiB

// What the caller gets for `status`: code by the reason's table row, the reason's name in trailing metadata, its ENT
// code at the end of the message.
grpc::Status ToGrpc(grpc::ServerContext& context, const absl::Status& status);
// The reason of that name, or nothing.
std::optional<RejectReason> ReasonNamed(std::string_view name);

}  // namespace entente::admin
