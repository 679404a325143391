#include <unistd.h>

#include <algorithm>
#include <map>

#include "crypto/encoding.h"
#include "exchange/agreements.h"
#include "services/admin/refusal.h"
#include "services/admin/services.h"

namespace entente::admin {
namespace {

constexpr uint32_t kSearchLimit = 1000, kMaxSearchLimit = 10'000;
constexpr size_t kMaxSearchValue = 4096;
constexpr uint32_t kOpenedRows = 100, kMaxOpenedRows = 10'000;

// Whether this node serves, as one word and why not.
void FillState(const absl::Status& ready, v1::StatusReply& reply) {
  reply.set_state("ready");
  if (ready.ok()) return;
  const RejectReason reason = ReasonOf(ready);
  reply.set_state(reason == RejectReason::kDiskFull || reason == RejectReason::kStoreIo ? "read-only" : "refused");
  reply.set_detail(std::string(ready.message()) + " [" + std::string(Describe(reason).code) + "]");
}

void FillStatus(const AdminSources& sources, v1::StatusReply& reply) {
  const model::Party& self = sources.room.directory.self().party;
  const storage::Counters count = sources.room.journal.Count();
  reply.set_name(self.name);
  reply.set_org_id(crypto::ToHex(self.org.view()));
  reply.set_fingerprint(crypto::ToFingerprint(self.org));
  reply.set_objects(count.objects);
  reply.set_versions(count.versions);
  reply.set_quarantined(count.quarantined);
  reply.set_journal_seq(sources.room.journal.Head().sequence);
  for (v1::PeerStatus& peer : sources.peers()) *reply.add_peers() = std::move(peer);
  reply.set_pid(getpid());
  reply.set_peer_address(sources.peer_address);
  reply.set_metrics_address(sources.metrics_address);
  reply.set_version(sources.software);
  reply.set_started_us(absl::ToUnixMicros(sources.started));
  FillState(sources.ready(), reply);
}

void FillPeers(const AdminSources& sources, v1::ListPeersReply& reply) {
  std::map<std::string, v1::PeerStatus> statuses;
  for (v1::PeerStatus& status : sources.peers()) {
    std::string name = status.name();
    statuses[std::move(name)] = std::move(status);
  }
  for (const auto& accepted : sources.room.directory.All()) {
    v1::PeerRecord* record = reply.add_peers();
    *record = exchange::DescribeParty(accepted->party);
    const auto status = statuses.find(accepted->party.name);
    if (status != statuses.end()) *record->mutable_status() = status->second;
  }
}

// An answer, or why there is none.
template <typename Reply>
absl::Status Take(absl::StatusOr<Reply> answer, Reply& reply, const std::function<void()>& done = {}) {
  if (!answer.ok()) return answer.status();
  reply = *std::move(answer);
  if (done) done();
  return absl::OkStatus();
}

}  // namespace

template <typename Call>
grpc::Status AdminService::As(grpc::ServerContext& context, const Call& call) {
  const absl::StatusOr<exchange::Caller> caller = callers_->Of(context);
  return ToGrpc(context, caller.ok() ? call(*caller) : caller.status());
}

template <typename Call>
grpc::Status AdminService::AsOfficer(grpc::ServerContext& context, std::string_view what, const Call& call) {
  return As(context, [&](const exchange::Caller& by) {
    const absl::Status officer = CheckOfficer(sources_.room.seats, by, what);
    return officer.ok() ? call(by) : officer;
  });
}

grpc::Status AdminService::Status(grpc::ServerContext* context, const v1::StatusRequest*, v1::StatusReply* reply) {
  return As(*context, [&](const exchange::Caller&) {
    FillStatus(sources_, *reply);
    return absl::OkStatus();
  });
}

grpc::Status AdminService::AddPeer(grpc::ServerContext* context, const v1::AddPeerRequest* request,
                                   v1::PeerRecord* reply) {
  return AsOfficer(*context, "putting a party on file", [&](const exchange::Caller& by) {
    return Take(exchange::AcceptParty(sources_.room, *request, exchange::Written(by)), *reply,
                [&] { sources_.accepted(*reply); });
  });
}

grpc::Status AdminService::ListPeers(grpc::ServerContext* context, const v1::ListPeersRequest*,
                                     v1::ListPeersReply* reply) {
  return As(*context, [&](const exchange::Caller&) {
    FillPeers(sources_, *reply);
    return absl::OkStatus();
  });
}

grpc::Status AdminService::Publish(grpc::ServerContext* context, PublishStream* stream) {
  return As(*context, [&](const exchange::Caller& by) { return RunPublish(sources_, by, *context, *stream); });
}

grpc::Status AdminService::Get(grpc::ServerContext* context, const v1::GetRequest* request,
                               grpc::ServerWriter<v1::ObjectPiece>* pieces) {
  return As(*context, [&](const exchange::Caller& by) {
    const auto object = exchange::Reading(sources_.room, by).Get(request->id(), request->version());
    if (!object.ok()) return object.status();
    v1::ObjectPiece piece;
    *piece.mutable_row() = object->row;
    size_t at = 0;
    do {
      piece.set_content(object->content.substr(at, kPieceBytes));
      at += piece.content().size();
      if (!pieces->Write(piece)) break;
      piece.clear_row();
    } while (at < object->content.size());
    return absl::OkStatus();
  });
}

grpc::Status AdminService::Prove(grpc::ServerContext* context, const v1::GetRequest* request,
                                 grpc::ServerWriter<v1::ProofPiece>* pieces) {
  return As(*context, [&](const exchange::Caller& by) {
    const auto proof = exchange::Reading(sources_.room, by).Prove(request->id(), request->version());
    if (!proof.ok()) return proof.status();
    const Bytes bytes = proof->SerializeAsString();
    v1::ProofPiece piece;
    for (size_t at = 0; at < bytes.size(); at += kPieceBytes) {
      piece.set_bytes(bytes.substr(at, kPieceBytes));
      if (!pieces->Write(piece)) break;
    }
    return absl::OkStatus();
  });
}

grpc::Status AdminService::Export(grpc::ServerContext* context, const v1::ExportRequest* request,
                                  grpc::ServerWriter<v1::ExportPiece>* pieces) {
  return AsOfficer(*context, "an export",
                   [&](const exchange::Caller&) { return RunExport(sources_, growth_, *request, *context, *pieces); });
}

grpc::Status AdminService::Groups(grpc::ServerContext* context, const v1::GroupsRequest* request,
                                  v1::GroupsReply* reply) {
  const auto run = [&](const exchange::Caller&) { return Take(RunGroups(sources_, *request), *reply); };
  if (request->act_case() == v1::GroupsRequest::kShow) return As(*context, run);
  return AsOfficer(*context, "a change of a group", run);
}

grpc::Status AdminService::Agreements(grpc::ServerContext* context, const v1::AgreementRequest* request,
                                      v1::AgreementReply* reply) {
  const auto run = [&](const exchange::Caller& by) {
    return Take(exchange::Agree(sources_.room, *request, exchange::Written(by)), *reply);
  };
  if (request->act_case() == v1::AgreementRequest::ACT_NOT_SET) return As(*context, run);
  return AsOfficer(*context, "an act of an agreement", run);
}

grpc::Status AdminService::Import(grpc::ServerContext* context, grpc::ServerReader<v1::ImportPiece>* pieces,
                                  v1::ImportReport* report) {
  return AsOfficer(*context, "an import", [&](const exchange::Caller&) {
    *report = RunImport(sources_, growth_, *pieces);
    return absl::OkStatus();
  });
}

grpc::Status AdminService::Search(grpc::ServerContext* context, const v1::SearchRequest* request,
                                  v1::SearchReply* reply) {
  return As(*context, [&](const exchange::Caller& by) {
    if (request->value().empty() || request->value().size() > kMaxSearchValue) {
      return Reject(RejectReason::kUsage, "the value to search for must have 1 to 4096 bytes");
    }
    const uint32_t limit = request->limit() == 0 ? kSearchLimit : std::min(request->limit(), kMaxSearchLimit);
    return Take(exchange::Reading(sources_.room, by).Search(request->value(), limit), *reply);
  });
}

grpc::Status AdminService::Tail(grpc::ServerContext* context, const v1::TailRequest* request,
                                grpc::ServerWriter<v1::ObjectRow>* rows) {
  return As(*context,
            [&](const exchange::Caller& by) { return RunTail(sources_, by, growth_, *request, *context, *rows); });
}

grpc::Status AdminService::Explain(grpc::ServerContext* context, const v1::ExplainRequest* request,
                                   v1::ExplainReply* reply) {
  return As(*context, [&](const exchange::Caller& by) {
    return Take(exchange::Reading(sources_.room, by).Explain(request->id(), request->peer(), request->version()),
                *reply);
  });
}

grpc::Status AdminService::Policy(grpc::ServerContext* context, const v1::PolicyRequest* request,
                                  grpc::ServerWriter<v1::PolicyReply>* replies) {
  return As(*context,
            [&](const exchange::Caller& by) { return RunPolicy(sources_, by, growth_, *request, *context, *replies); });
}

grpc::Status AdminService::CanShare(grpc::ServerContext* context, CanShareStream* stream) {
  return As(*context, [&](const exchange::Caller&) { return RunCanShare(sources_, *stream); });
}

grpc::Status AdminService::Desk(grpc::ServerContext* context, const v1::DeskRequest* request,
                                grpc::ServerWriter<v1::DeskReply>* replies) {
  return AsOfficer(*context, "the quarantine", [&](const exchange::Caller& by) {
    return RunDesk(sources_, by, growth_, *request, *context, *replies);
  });
}

grpc::Status AdminService::Drafts(grpc::ServerContext* context, const v1::DraftsRequest* request,
                                  grpc::ServerWriter<v1::DraftsReply>* replies) {
  return As(*context, [&](const exchange::Caller& by) { return RunDrafts(sources_, by, *request, *replies); });
}

grpc::Status AdminService::Opened(grpc::ServerContext* context, const v1::OpenedRequest* request,
                                  grpc::ServerWriter<v1::OpenedRow>* rows) {
  return AsOfficer(*context, "looking at who opened what", [&](const exchange::Caller&) {
    const uint32_t last = request->last() == 0 ? kOpenedRows : std::min(request->last(), kMaxOpenedRows);
    const auto opened = exchange::OpenedBefore(sources_.room, last);
    if (!opened.ok()) return opened.status();
    for (const v1::OpenedRow& row : *opened) {
      if (!rows->Write(row)) break;
    }
    return absl::OkStatus();
  });
}

grpc::Status AdminService::Fsck(grpc::ServerContext* context, const v1::FsckRequest* request, v1::FsckReply* reply) {
  const auto run = [&](const exchange::Caller&) {
    const auto report =
        sources_.room.journal.Fsck(request->rebuild(), [&] { return growth_.stopped() || context->IsCancelled(); });
    if (!report.ok()) return report.status();
    reply->set_ok(report->problems.empty());
    for (const std::string& problem : report->problems) reply->add_problems(problem);
    for (const std::string& repair : report->repaired) reply->add_repaired(repair);
    reply->set_records(report->records);
    return absl::OkStatus();
  };
  return request->rebuild() ? AsOfficer(*context, "a rebuild of the views", run) : As(*context, run);
}

}  // namespace entente::admin
