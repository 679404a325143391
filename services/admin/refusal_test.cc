#include "services/admin/refusal.h"

#include <functional>

#include "crypto/encoding.h"
#include "services/admin/test_socket.h"
#include "trust/card.h"

namespace entente::admin {
namespace {

// Real refusals over the real socket: what a client of any language sees is the row of the reason's table.
class Refusals : public TestSocket {
 protected:
  void ExpectRow(const grpc::ClientContext& context, const grpc::Status& status, RejectReason reason) {
    const RejectEntry& row = Describe(reason);
    EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(row.grpc)) << row.name;
    EXPECT_EQ(Reason(context), row.name) << status.error_message();
    EXPECT_TRUE(status.error_message().ends_with(" [" + std::string(row.code) + "]")) << status.error_message();
  }
  void ExpectAddPeer(const v1::AddPeerRequest& request, RejectReason reason) {
    grpc::ClientContext context;
    v1::PeerRecord record;
    ExpectRow(context, stub_->AddPeer(&context, request, &record), reason);
  }
  // The card of another organisation, as `peer add` would send it, after `bend` changed its identity document.
  v1::AddPeerRequest Card(const exchange::testing::TestNode& node,
                          const std::function<void(v1::IdentityDocument&)>& bend) {
    v1::Card card;
    card.set_version(1);
    *card.mutable_identity() = node.self->identity.wire();
    v1::IdentityDocument document;
    document.ParseFromString(card.identity().document());
    bend(document);
    card.mutable_identity()->set_document(document.SerializeAsString());
    card.set_address("127.0.0.1:7443");
    v1::AddPeerRequest request;
    request.set_card(trust::ArmourCard(card));
    request.set_fingerprint(crypto::ToFingerprint(node.org()));
    request.set_nation("XE");
    request.set_kind("cert");
    return request;
  }
  exchange::testing::TestNode estovia_{"cert.estovia", "XE"};
};

TEST_F(Refusals, OfACardsIdentity) {
  const std::string no_point(32, '\0');
  ExpectAddPeer(Card(estovia_, [&](auto& d) { d.mutable_keys(0)->set_public_key(no_point); }), RejectReason::kKeyPoint);
  ExpectAddPeer(Card(estovia_, [](auto& d) { d.set_version(2); }), RejectReason::kIdentity);
  v1::AddPeerRequest unknown_kind = Card(estovia_, [](auto&) {});
  unknown_kind.set_kind("kingdom");
  ExpectAddPeer(unknown_kind, RejectReason::kUsage);
}

TEST_F(Refusals, OfANameThatIsTaken) {
  node_.Accept(estovia_);
  const exchange::testing::TestNode twin("cert.estovia", "XE");
  ExpectAddPeer(Card(twin, [](auto&) {}), RejectReason::kConflict);
}

TEST_F(Refusals, OfWhatIsNotThere) {
  v1::ExplainRequest request;
  request.set_id("indicator--00000000-0000-4000-8000-000000000001");
  request.set_peer("nobody");
  grpc::ClientContext context;
  v1::ExplainReply reply;
  ExpectRow(context, stub_->Explain(&context, request, &reply), RejectReason::kNotFound);
}

TEST_F(Refusals, OfAStoreThatTakesNothingMore) {
  node_.journal->Stop();
  grpc::ClientContext context;
  v1::PeerRecord record;
  ExpectRow(context, stub_->AddPeer(&context, Card(estovia_, [](auto&) {}), &record), RejectReason::kUnavailable);
}

}  // namespace
}  // namespace entente::admin
