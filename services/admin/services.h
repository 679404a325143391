#pragma once

#include "entente/v1/admin.grpc.pb.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "services/admin/admin_server.h"
#include "services/admin/callers.h"
#include "services/admin/calls.h"

namespace entente::admin {

// Refuses every call of whom nobody knows.
class AdminService final : public v1::Admin::Service {
 public:
  // `callers` is there before the first call.
  AdminService(const AdminSources& sources, const Growth& growth, const std::unique_ptr<Callers>& callers)
      : sources_(sources), growth_(growth), callers_(callers) {}
  grpc::Status Status(grpc::ServerContext*, const v1::StatusRequest*, v1::StatusReply* reply) override;
  grpc::Status AddPeer(grpc::ServerContext*, const v1::AddPeerRequest* request, v1::PeerRecord* reply) override;
  grpc::Status ListPeers(grpc::ServerContext*, const v1::ListPeersRequest*, v1::ListPeersReply* reply) override;
  grpc::Status Publish(grpc::ServerContext*, PublishStream* stream) override;
  grpc::Status Get(grpc::ServerContext*, const v1::GetRequest* request,
                   grpc::ServerWriter<v1::ObjectPiece>* pieces) override;
  grpc::Status Prove(grpc::ServerContext*, const v1::GetRequest* request,
                     grpc::ServerWriter<v1::ProofPiece>* pieces) override;
  grpc::Status Export(grpc::ServerContext*, const v1::ExportRequest* request,
                      grpc::ServerWriter<v1::ExportPiece>* pieces) override;
  grpc::Status Import(grpc::ServerContext*, grpc::ServerReader<v1::ImportPiece>* pieces,
                      v1::ImportReport* report) override;
  grpc::Status Groups(grpc::ServerContext*, const v1::GroupsRequest* request, v1::GroupsReply* reply) override;
  grpc::Status Agreements(grpc::ServerContext*, const v1::AgreementRequest* request,
                          v1::AgreementReply* reply) override;
  grpc::Status Search(grpc::ServerContext*, const v1::SearchRequest* request, v1::SearchReply* reply) override;
  grpc::Status Tail(grpc::ServerContext*, const v1::TailRequest* request,
                    grpc::ServerWriter<v1::ObjectRow>* rows) override;
  grpc::Status Explain(grpc::ServerContext*, const v1::ExplainRequest* request, v1::ExplainReply* reply) override;
  grpc::Status Policy(grpc::ServerContext*, const v1::PolicyRequest* request,
                      grpc::ServerWriter<v1::PolicyReply>* replies) override;
  grpc::Status CanShare(grpc::ServerContext*,
                        grpc::ServerReaderWriter<v1::CanShareReply, v1::PublishChunk>* stream) override;
  grpc::Status Desk(grpc::ServerContext*, const v1::DeskRequest* request,
                    grpc::ServerWriter<v1::DeskReply>* replies) override;
  grpc::Status Drafts(grpc::ServerContext*, const v1::DraftsRequest* request,
                      grpc::ServerWriter<v1::DraftsReply>* replies) override;
  grpc::Status Opened(grpc::ServerContext*, const v1::OpenedRequest* request,
                      grpc::ServerWriter<v1::OpenedRow>* rows) override;
  grpc::Status Fsck(grpc::ServerContext*, const v1::FsckRequest* request, v1::FsckReply* reply) override;

 private:
  // Runs `call` with whoever calls; what refuses, as gRPC has it.
  template <typename Call>
  grpc::Status As(grpc::ServerContext& context, const Call& call);
  // The same for an officer alone, where somebody said who is one.
  template <typename Call>
  grpc::Status AsOfficer(grpc::ServerContext& context, std::string_view what, const Call& call);

  const AdminSources& sources_;
  const Growth& growth_;
  const std::unique_ptr<Callers>& callers_;
};

// The standard health protocol, ours because gRPC's built-in one has no descriptor for reflection. "" and both services
// of a node serve exactly while the node is ready; other names are unknown.
class HealthService final : public grpc::health::v1::Health::Service {
 public:
  HealthService(const AdminSources& sources, const Growth& growth) : sources_(sources), growth_(growth) {}
  grpc::Status Check(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::health::v1::HealthCheckResponse* reply) override;
  grpc::Status Watch(grpc::ServerContext*, const grpc::health::v1::HealthCheckRequest* request,
                     grpc::ServerWriter<grpc::health::v1::HealthCheckResponse>* changes) override;

 private:
  grpc::health::v1::HealthCheckResponse::ServingStatus StatusOf(const std::string& service) const;
  const AdminSources& sources_;
  const Growth& growth_;
};

}  // namespace entente::admin
