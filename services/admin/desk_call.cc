#include <utility>

#include "exchange/desk.h"
#include "services/admin/calls.h"

namespace entente::admin {
namespace {

constexpr size_t kReplyBytes = 1u << 20;  // of rows in one reply, one row at least

// The rows tell an officer what is held; content is for the eyes of whom its label is for, once it is on record.
absl::Status OpenHeld(const AdminSources& sources, const exchange::Caller& by, const v1::DeskReply& reply) {
  const exchange::Reading reading(sources.room, by);
  std::vector<v1::ObjectRow> opened;
  for (const v1::HeldRow& row : reply.rows()) {
    const absl::StatusOr<model::Label> label = model::ParseLabel(row.tlp());
    const model::Label held =
        exchange::HeldLabel(label.ok() ? *label : model::Label::kUnlabelled, row.reason(), !row.id().empty());
    if (const absl::Status seen = reading.CheckLabel(held); !seen.ok()) return seen;
    v1::ObjectRow& one = opened.emplace_back();
    one.set_id(row.id());
    one.set_version(row.version());
    one.set_tlp(std::string(model::Name(held)));
  }
  return reading.Opened("quarantine", opened);
}

absl::StatusOr<v1::DeskReply> Answer(const AdminSources& sources, const exchange::Caller& by,
                                     const v1::DeskRequest& request, const exchange::Desk::GoOn& go_on) {
  exchange::Desk desk(sources.room, sources.publication, exchange::Written(by));
  const size_t limit = request.limit() == 0 ? exchange::kMaxHeldRows : request.limit();
  switch (request.act_case()) {
    case v1::DeskRequest::kList:
      return desk.List(request.filter(), limit, false);
    case v1::DeskRequest::kShow: {
      absl::StatusOr<v1::DeskReply> reply = desk.List(request.filter(), 1, true);
      if (!reply.ok()) return reply;
      if (absl::Status opened = OpenHeld(sources, by, *reply); !opened.ok()) return opened;
      return reply;
    }
    case v1::DeskRequest::kLabel:
    case v1::DeskRequest::kRelease:
    case v1::DeskRequest::kReject:
      return desk.Act(request, go_on);
    case v1::DeskRequest::ACT_NOT_SET:
      break;
  }
  return Reject(RejectReason::kUsage, "the call names nothing to do");
}

// Content goes in pieces: an object may be larger than a reply.
bool Write(v1::HeldRow row, grpc::ServerWriter<v1::DeskReply>& replies) {
  const std::string content = std::move(*row.mutable_content());
  for (size_t at = 0; at == 0 || at < content.size(); at += kPieceBytes) {
    v1::DeskReply reply;
    row.set_content(content.substr(at, kPieceBytes));
    *reply.add_rows() = row;
    if (!replies.Write(reply)) return false;
  }
  return true;
}

}  // namespace

absl::Status RunDesk(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                     const v1::DeskRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::DeskReply>& replies) {
  absl::StatusOr<v1::DeskReply> answer =
      Answer(sources, by, request, [&] { return !growth.stopped() && !context.IsCancelled(); });
  if (!answer.ok()) return answer.status();
  v1::DeskReply reply;
  size_t bytes = 0;
  for (v1::HeldRow& row : *answer->mutable_rows()) {
    if (!row.content().empty()) {
      if (!Write(std::move(row), replies)) return absl::OkStatus();
      continue;
    }
    const size_t size = row.ByteSizeLong();
    if (bytes > 0 && bytes + size > kReplyBytes) {
      if (!replies.Write(reply)) return absl::OkStatus();
      reply.Clear();
      bytes = 0;
    }
    *reply.add_rows() = std::move(row);
    bytes += size;
  }
  reply.set_last(true);
  reply.set_matching(answer->matching());
  reply.set_done(answer->done());
  replies.Write(reply);
  return absl::OkStatus();
}

}  // namespace entente::admin
