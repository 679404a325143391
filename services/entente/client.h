#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "entente/v1/admin.pb.h"

namespace entente::cli {

// One Publish call: chunks out, outcomes in. Send and Finish from one thread; `on_progress` runs on a thread of its
// own.
class PublishCall {
 public:
  virtual ~PublishCall() = default;
  // Waits while the daemon is behind. False once the daemon has ended the call: then Finish says why.
  virtual bool Send(const v1::PublishChunk& chunk) = 0;
  // Waits for the outcome of everything sent.
  virtual absl::Status Finish() = 0;
};

// The daemon of one folder, over its admin socket. gRPC stays behind this header. Refusals carry the daemon's reason;
// a daemon that does not answer, or is gone, is kUnavailable.
class AdminClient {
 public:
  static constexpr absl::Duration kPatience = absl::Seconds(10);

  // Refuses with kUsage for an empty or foreign folder, kUnavailable when no daemon listens there.
  static absl::StatusOr<std::unique_ptr<AdminClient>> Connect(const std::string& folder);
  ~AdminClient();

  absl::StatusOr<v1::StatusReply> Status(absl::Duration patience = kPatience);
  absl::StatusOr<v1::PeerRecord> AddPeer(const v1::AddPeerRequest& request);
  absl::StatusOr<v1::ListPeersReply> ListPeers();
  absl::StatusOr<v1::SearchReply> Search(const v1::SearchRequest& request);
  absl::StatusOr<v1::ExplainReply> Explain(const v1::ExplainRequest& request);
  absl::StatusOr<v1::FsckReply> Fsck(const v1::FsckRequest& request);
  // Pieces and rows in order; `take` answers false to stop, which is no failure.
  absl::Status Get(const v1::GetRequest& request, const std::function<bool(const v1::ObjectPiece&)>& take);
  absl::Status Prove(const v1::GetRequest& request, const std::function<bool(const v1::ProofPiece&)>& take);
  absl::Status Tail(const v1::TailRequest& request, const std::function<bool(const v1::ObjectRow&)>& take);
  absl::StatusOr<v1::GroupsReply> Groups(const v1::GroupsRequest& request);
  absl::StatusOr<v1::AgreementReply> Agreements(const v1::AgreementRequest& request);
  absl::Status Export(const v1::ExportRequest& request, const std::function<bool(const v1::ExportPiece&)>& take);
  // `next` fills one piece after the other and answers false when there is none; a daemon that has read enough answers
  // early.
  absl::StatusOr<v1::ImportReport> Import(const std::function<bool(v1::ImportPiece&)>& next);
  std::unique_ptr<PublishCall> Publish(std::function<void(const v1::PublishProgress&)> on_progress);
  // The same chunks, and an answer for each object in order; the first chunk's options say who is asked about.
  std::unique_ptr<PublishCall> CanShare(std::function<void(const v1::CanShareReply&)> on_answer);
  // Every reply; the last one has the counts.
  absl::Status Desk(const v1::DeskRequest& request, const std::function<bool(const v1::DeskReply&)>& take);
  // Every reply: rows, pieces, or what an act answers.
  absl::Status Drafts(const v1::DraftsRequest& request, const std::function<bool(const v1::DraftsReply&)>& take);
  absl::Status Opened(const v1::OpenedRequest& request, const std::function<bool(const v1::OpenedRow&)>& take);
  // The last reply; those before it tell how far it is.
  absl::StatusOr<v1::PolicyReply> Policy(const v1::PolicyRequest& request,
                                         const std::function<void(const v1::PolicyReply&)>& on_progress);

 private:
  struct Wire;
  explicit AdminClient(std::unique_ptr<Wire> wire);
  std::unique_ptr<Wire> wire_;
};

// The process that listens on the admin socket of `folder`, as the kernel knows it, also when it does not answer.
// Nothing when nobody listens.
std::optional<pid_t> ListenerOf(const std::string& folder);

}  // namespace entente::cli
