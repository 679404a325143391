#pragma once

#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "entente/v1/admin.grpc.pb.h"
#include "exchange/reading.h"
#include "services/admin/admin_server.h"

namespace entente::admin {

inline constexpr size_t kPieceBytes = 256 * 1024;  // of what one call hands out in pieces

// Tells followers of the journal that it has grown, and everybody that the server stops.
class Growth {
 public:
  void Notify();
  void Stop();
  bool stopped() const;
  // How often Notify was called so far.
  uint64_t now() const;
  // Waits until it was called more often than `seen`, until Stop, or for a second, so that the caller can look whether
  // its client has gone.
  void WaitBeyond(uint64_t seen) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t groups_ = 0;
  bool stopped_ = false;
};

using PublishStream = grpc::ServerReaderWriter<v1::PublishProgress, v1::PublishChunk>;
// One Publish call from its first chunk to its last progress.
absl::Status RunPublish(const AdminSources& sources, const exchange::Caller& by, const grpc::ServerContext& context,
                        PublishStream& stream);

// One Export call: the file in pieces, then the report. Ends early when the server stops or the client goes.
absl::Status RunExport(const AdminSources& sources, const Growth& growth, const v1::ExportRequest& request,
                       const grpc::ServerContext& context, grpc::ServerWriter<v1::ExportPiece>& pieces);
// One Import call, to the end of the file, its first fault or the server's stop; the report says which.
v1::ImportReport RunImport(const AdminSources& sources, const Growth& growth,
                           grpc::ServerReader<v1::ImportPiece>& pieces);

// One Groups call: an act, and the group as it is behind it.
absl::StatusOr<v1::GroupsReply> RunGroups(const AdminSources& sources, const v1::GroupsRequest& request);

// One Policy call: progress where stored objects are asked about, and last the answer.
absl::Status RunPolicy(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                       const v1::PolicyRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::PolicyReply>& replies);

// One Desk call: rows in replies of a size that the wire takes, and last the counts.
absl::Status RunDesk(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                     const v1::DeskRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::DeskReply>& replies);

using CanShareStream = grpc::ServerReaderWriter<v1::CanShareReply, v1::PublishChunk>;
// One CanShare call from its first chunk to the answer about its last object.
absl::Status RunCanShare(const AdminSources& sources, CanShareStream& stream);

// One Tail call, to the end of the journal or, with `follow`, until the client goes or the server stops.
absl::Status RunTail(const AdminSources& sources, const exchange::Caller& by, const Growth& growth,
                     const v1::TailRequest& request, const grpc::ServerContext& context, grpc::ServerWriter<v1::ObjectRow>& rows);

// One Drafts call: rows, or what the act answers.
absl::Status RunDrafts(const AdminSources& sources, const exchange::Caller& by, const v1::DraftsRequest& request,
                       grpc::ServerWriter<v1::DraftsReply>& replies);

}  // namespace entente::admin
