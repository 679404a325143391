#include <optional>

#include "exchange/file_export.h"
#include "exchange/file_import.h"
#include "model/text.h"
#include "services/admin/calls.h"

namespace entente::admin {
namespace {

absl::Status Stopping() {
  return Reject(RejectReason::kUnavailable, "the node is stopping; do it again when it runs");
}

}  // namespace

absl::Status RunExport(const AdminSources& sources, const Growth& growth, const v1::ExportRequest& request,
                       const grpc::ServerContext& context, grpc::ServerWriter<v1::ExportPiece>& pieces) {
  const auto peer = sources.room.directory.Named(request.peer());
  if (!peer.ok()) return peer.status();
  std::optional<trust::Prekey> prekey;
  if (!request.documents()) {
    auto heard = sources.room.directory.heard_prekeys().ForFile(*(*peer)->history, sources.room.clock.Now());
    if (!heard.ok()) return heard.status();
    prekey = *std::move(heard);
  }
  v1::ExportPiece piece;
  const auto sink = [&](ByteView bytes) {
    if (growth.stopped() || context.IsCancelled()) return false;
    for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      piece.set_bytes(Bytes(bytes.substr(at, kPieceBytes)));
      if (growth.stopped() || !pieces.Write(piece)) return false;
    }
    return true;
  };
  const auto report = exchange::ExportTo(sources.room, sources.groups, (*peer)->party.org, prekey, sink);
  if (growth.stopped()) return Stopping();
  if (!report.ok()) return report.status();
  piece.clear_bytes();
  *piece.mutable_report() = *report;
  pieces.Write(piece);
  return absl::OkStatus();
}

v1::ImportReport RunImport(const AdminSources& sources, const Growth& growth,
                           grpc::ServerReader<v1::ImportPiece>& pieces) {
  exchange::FileImport import(sources.room, sources.admission, sources.groups);
  v1::ImportPiece piece;
  absl::Status read;
  while (read.ok() && pieces.Read(&piece)) read = growth.stopped() ? Stopping() : import.Take(piece.bytes());
  const absl::Status finished = import.Finish();
  if (read.ok()) read = finished;
  v1::ImportReport report = import.Report();
  if (read.ok()) return report;
  report.set_fault(std::string(Describe(ReasonOf(read)).name));
  report.set_detail(model::Escaped(std::string(read.message()), 1024));
  return report;
}

}  // namespace entente::admin
