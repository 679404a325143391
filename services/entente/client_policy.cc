#include "services/entente/client_wire.h"

namespace entente::cli {

absl::StatusOr<v1::PolicyReply> AdminClient::Policy(const v1::PolicyRequest& request,
                                                    const std::function<void(const v1::PolicyReply&)>& on_progress) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Policy(&context, request);
  v1::PolicyReply reply, last;
  while (reader->Read(&reply)) {
    if (!reply.has_in_force()) on_progress(reply);
    last.Swap(&reply);
  }
  const absl::Status status = FromRpc(context, reader->Finish());
  if (!status.ok()) return status;
  return last;
}

absl::Status AdminClient::Desk(const v1::DeskRequest& request, const std::function<bool(const v1::DeskReply&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Desk(&context, request);
  return Drain(context, *reader, take);
}

absl::Status AdminClient::Drafts(const v1::DraftsRequest& request,
                                 const std::function<bool(const v1::DraftsReply&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Drafts(&context, request);
  return Drain(context, *reader, take);
}

absl::Status AdminClient::Opened(const v1::OpenedRequest& request,
                                 const std::function<bool(const v1::OpenedRow&)>& take) {
  grpc::ClientContext context;
  const auto reader = wire_->stub->Opened(&context, request);
  return Drain(context, *reader, take);
}

std::unique_ptr<PublishCall> AdminClient::CanShare(std::function<void(const v1::CanShareReply&)> on_answer) {
  return std::make_unique<StreamingCall<v1::CanShareReply>>(*wire_->stub, &v1::Admin::Stub::CanShare,
                                                            std::move(on_answer));
}

}  // namespace entente::cli
