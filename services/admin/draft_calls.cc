#include "services/admin/calls.h"

namespace entente::admin {
namespace {

constexpr size_t kListed = 100;

using Writer = grpc::ServerWriter<v1::DraftsReply>;

absl::Status List(const AdminSources& sources, const exchange::Caller& by, uint32_t limit, Writer& replies) {
  const auto rows = sources.drafts.List(limit == 0 ? kListed : limit, by);
  if (!rows.ok()) return rows.status();
  for (const v1::DraftRow& row : *rows) {
    v1::DraftsReply reply;
    *reply.mutable_row() = row;
    if (!replies.Write(reply)) break;
  }
  return absl::OkStatus();
}

absl::Status Show(const AdminSources& sources, const exchange::Caller& by, uint64_t number, Writer& replies) {
  const auto whole = sources.drafts.Show(number, by);
  if (!whole.ok()) return whole.status();
  v1::DraftsReply reply;
  *reply.mutable_row() = whole->row;
  bool there = replies.Write(reply);
  for (const Bytes& content : whole->contents) {
    for (size_t at = 0; there && at < content.size(); at += kPieceBytes) {
      v1::DraftsReply piece;
      piece.set_content(content.substr(at, kPieceBytes));
      piece.set_continues(at + kPieceBytes < content.size());
      there = replies.Write(piece);
    }
  }
  return absl::OkStatus();
}

absl::Status Publish(const AdminSources& sources, const exchange::Caller& by, uint64_t number, Writer& replies) {
  const auto progress = sources.drafts.Publish(number, by);
  if (!progress.ok()) return progress.status();
  v1::DraftsReply reply;
  reply.set_published(progress->published());
  reply.set_unchanged(progress->unchanged());
  *reply.mutable_permitted() = progress->permitted();
  *reply.mutable_withheld() = progress->withheld();
  *reply.mutable_redacted() = progress->redacted();
  replies.Write(reply);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunDrafts(const AdminSources& sources, const exchange::Caller& by, const v1::DraftsRequest& request,
                       Writer& replies) {
  switch (request.act_case()) {
    case v1::DraftsRequest::kList:
      return List(sources, by, request.list(), replies);
    case v1::DraftsRequest::kShow:
      return Show(sources, by, request.show(), replies);
    case v1::DraftsRequest::kReview:
      return sources.drafts.Review(request.review().number(), request.review().note(), by);
    case v1::DraftsRequest::kPublish:
      return Publish(sources, by, request.publish().number(), replies);
    case v1::DraftsRequest::kDrop:
      return sources.drafts.Drop(request.drop().number(), request.drop().note(), by);
    case v1::DraftsRequest::ACT_NOT_SET:
      break;
  }
  return Reject(RejectReason::kUsage, "the call names nothing to do");
}

}  // namespace entente::admin
