#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "entente/v1/admin.grpc.pb.h"
#include "exchange/testing/test_node.h"
#include "services/admin/admin_server.h"
#include "services/admin/refusal.h"
#include "services/admin/socket_path.h"

namespace entente::admin {

// A node without its daemon that answers on its admin socket, and a client.
class TestSocket : public testing::Test {
 protected:
  void SetUp() override {
    node_.journal->OnGroup([this](const storage::JournalHead&) {
      if (AdminServer* server = now_.load()) server->NotifyGroup();
    });
    auto server = AdminServer::Start(path_, Sources());
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    now_ = server_.get();
    socket_ = std::make_unique<SocketPath>(*SocketPath::Open(path_));
    channel_ = grpc::CreateChannel(socket_->address(), grpc::InsecureChannelCredentials());
    stub_ = v1::Admin::NewStub(channel_);
  }
  void TearDown() override {
    server_->Stop(absl::ZeroDuration());
    node_.admission.reset();
    node_.journal->Stop();
  }
  AdminSources Sources() {
    return {.room = node_.room(),
            .publication = *node_.publication,
            .admission = *node_.admission,
            .groups = *node_.groups,
            .rules = changes_,
            .drafts = drafts_,
            .peers = [] { return std::vector<v1::PeerStatus>(); },
            .ready = [this] { return broken_ ? Reject(RejectReason::kDiskFull, "no space") : absl::OkStatus(); },
            .accepted = [this](const v1::PeerRecord&) { ++accepted_; },
            .ruled = [](const v1::PolicyReply&) {},
            .peer_address = "127.0.0.1:7443",
            .metrics_address = "",
            .software = "9.8.7",
            .started = node_.clock.Now()};
  }
  static std::string Reason(const grpc::ClientContext& context) {
    const auto found = context.GetServerTrailingMetadata().find(kReasonKey);
    return found == context.GetServerTrailingMetadata().end() ? ""
                                                              : std::string(found->second.data(), found->second.size());
  }

  exchange::testing::TestNode node_{"cert.norlandia"};
  exchange::RuleChanges changes_{node_.room(), node_.rules};
  exchange::Drafts drafts_{node_.room(), *node_.publication};
  const std::string path_ = node_.folder.string() + "/admin.sock";
  std::atomic<AdminServer*> now_{nullptr};
  std::atomic<bool> broken_{false};
  std::atomic<int> accepted_{0};
  std::unique_ptr<AdminServer> server_;
  std::unique_ptr<SocketPath> socket_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Admin::Stub> stub_;
};

}  // namespace entente::admin
