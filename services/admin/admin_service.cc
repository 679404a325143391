#include <unistd.h>

#include <algorithm>
#include <map>

#include "crypto/encoding.h"
#include "services/admin/refusal.h"
#include "services/admin/services.h"

namespace entente::admin {
namespace {

constexpr uint32_t kSearchLimit = 1000, kMaxSearchLimit = 10'000;
constexpr size_t kMaxSearchValue = 4096;

// Whether this node serves, as one word and why not.
void FillState(const absl::Status& ready, v1::StatusReply& reply) {
  reply.set_state("ready");
  if (ready.ok()) return;
  const RejectReason reason = ReasonOf(ready);
  reply.set_state(reason == RejectReason::kDiskFull || reason == RejectReason::kStoreIo ? "read-only" : "refused");
  reply.set_detail(std::string(ready.message()) + " [" + std::string(Describe(reason).code) + "]");
}

}  // namespace

grpc::Status AdminService::Status(grpc::ServerContext*, const v1::StatusRequest*, v1::StatusReply* reply) {
  const model::Party& self = sources_.room.directory.self().party;
  const storage::Counters count = sources_.room.journal.Count();
  reply->set_name(self.name);
  reply->set_org_id(crypto::ToHex(self.org.view()));
  reply->set_fingerprint(crypto::ToFingerprint(self.org));
  reply->set_objects(count.objects);
  reply->set_versions(count.versions);
  reply->set_quarantined(count.quarantined);
  reply->set_journal_seq(sources_.room.journal.Head().sequence);
  for (v1::PeerStatus& peer : sources_.peers()) *reply->add_peers() = std::move(peer);
  reply->set_pid(getpid());
  reply->set_peer_address(sources_.peer_address);
  reply->set_metrics_address(sources_.metrics_address);
  reply->set_version(sources_.software);
  reply->set_started_us(absl::ToUnixMicros(sources_.started));
  FillState(sources_.ready(), *reply);
  return grpc::Status::OK;
}

grpc::Status AdminService::AddPeer(grpc::ServerContext* context, const v1::AddPeerRequest* request,
                                   v1::PeerRecord* reply) {
  auto record = exchange::AcceptParty(sources_.room, *request);
  if (!record.ok()) return ToGrpc(*context, record.status());
  sources_.accepted(*record);
  *reply = *std::move(record);
  return grpc::Status::OK;
}

grpc::Status AdminService::ListPeers(grpc::ServerContext*, const v1::ListPeersRequest*, v1::ListPeersReply* reply) {
  std::map<std::string, v1::PeerStatus> statuses;
  for (v1::PeerStatus& status : sources_.peers()) {
    std::string name = status.name();
    statuses[std::move(name)] = std::move(status);
  }
  for (const auto& accepted : sources_.room.directory.All()) {
    v1::PeerRecord* record = reply->add_peers();
    *record = exchange::DescribeParty(accepted->party);
    const auto status = statuses.find(accepted->party.name);
    if (status != statuses.end()) *record->mutable_status() = status->second;
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::Publish(grpc::ServerContext* context, PublishStream* stream) {
  return ToGrpc(*context, RunPublish(sources_, *context, *stream));
}

grpc::Status AdminService::Get(grpc::ServerContext* context, const v1::GetRequest* request,
                               grpc::ServerWriter<v1::ObjectPiece>* pieces) {
  const auto object = sources_.reading.Get(request->id(), request->version());
  if (!object.ok()) return ToGrpc(*context, object.status());
  v1::ObjectPiece piece;
  *piece.mutable_row() = object->row;
  size_t at = 0;
  do {
    piece.set_content(object->content.substr(at, kPieceBytes));
    at += piece.content().size();
    if (!pieces->Write(piece)) break;
    piece.clear_row();
  } while (at < object->content.size());
  return grpc::Status::OK;
}

grpc::Status AdminService::Prove(grpc::ServerContext* context, const v1::GetRequest* request,
                                 grpc::ServerWriter<v1::ProofPiece>* pieces) {
  const auto proof = sources_.reading.Prove(request->id(), request->version());
  if (!proof.ok()) return ToGrpc(*context, proof.status());
  const Bytes bytes = proof->SerializeAsString();
  v1::ProofPiece piece;
  for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
    piece.set_bytes(bytes.substr(at, kPieceBytes));
    if (!pieces->Write(piece)) break;
  }
  return grpc::Status::OK;
}

grpc::Status AdminService::Export(grpc::ServerContext* context, const v1::ExportRequest* request,
                                  grpc::ServerWriter<v1::ExportPiece>* pieces) {
  return ToGrpc(*context, RunExport(sources_, growth_, *request, *context, *pieces));
}

grpc::Status AdminService::Groups(grpc::ServerContext* context, const v1::GroupsRequest* request,
                                  v1::GroupsReply* reply) {
  absl::StatusOr<v1::GroupsReply> done = RunGroups(sources_, *request);
  if (!done.ok()) return ToGrpc(*context, done.status());
  *reply = *std::move(done);
  return grpc::Status::OK;
}

grpc::Status AdminService::Import(grpc::ServerContext*, grpc::ServerReader<v1::ImportPiece>* pieces,
                                  v1::ImportReport* report) {
  *report = RunImport(sources_, growth_, *pieces);
  return grpc::Status::OK;
}

grpc::Status AdminService::Search(grpc::ServerContext* context, const v1::SearchRequest* request,
                                  v1::SearchReply* reply) {
  if (request->value().empty() || request->value().size() > kMaxSearchValue) {
    return ToGrpc(*context, Reject(RejectReason::kUsage, "the value to search for must have 1 to 4096 bytes"));
  }
  const uint32_t limit = request->limit() == 0 ? kSearchLimit : std::min(request->limit(), kMaxSearchLimit);
  auto found = sources_.reading.Search(request->value(), limit);
  if (!found.ok()) return ToGrpc(*context, found.status());
  *reply = *std::move(found);
  return grpc::Status::OK;
}

grpc::Status AdminService::Tail(grpc::ServerContext* context, const v1::TailRequest* request,
                                grpc::ServerWriter<v1::ObjectRow>* rows) {
  return ToGrpc(*context, RunTail(sources_, growth_, *request, *context, *rows));
}

grpc::Status AdminService::Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                                   v1::ExplainReply* reply) {
  auto explained = sources_.reading.Explain(request->id(), request->peer(), request->version());
  if (!explained.ok()) return ToGrpc(*context, explained.status());
  *reply = *std::move(explained);
  return grpc::Status::OK;
}

grpc::Status AdminService::Fsck(grpc::ServerContext* context, const v1::FsckRequest* request, v1::FsckReply* reply) {
  const auto report =
      sources_.room.journal.Fsck(request->rebuild(), [&] { return growth_.stopped() || context->IsCancelled(); });
  if (!report.ok()) return ToGrpc(*context, report.status());
  reply->set_ok(report->problems.empty());
  for (const std::string& problem : report->problems) reply->add_problems(problem);
  for (const std::string& repair : report->repaired) reply->add_repaired(repair);
  reply->set_records(report->records);
  return grpc::Status::OK;
}

}  // namespace entente::admin
