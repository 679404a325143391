#include "services/peer/credentials.h"

#include <utility>
#include <vector>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "crypto/transport_certificate.h"

namespace entente::peer {
namespace {

using grpc::experimental::TlsCustomVerificationCheckRequest;

class ClaimVerifier final : public grpc::experimental::ExternalCertificateVerifier {
 public:
  ClaimVerifier(std::shared_ptr<HandshakeGate> gate, std::optional<OrgId> expected, std::shared_ptr<Verdict> verdict)
      : gate_(std::move(gate)), expected_(std::move(expected)), verdict_(std::move(verdict)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request, std::function<void(grpc::Status)>,
              grpc::Status* sync_status) override {
    const grpc::string_ref pem = request->peer_cert();
    const absl::StatusOr<OrgId> org = gate_->Check(ByteView(pem.data(), pem.size()), expected_);
    if (verdict_) verdict_->Set(org.status());
    *sync_status = org.ok() ? grpc::Status::OK
                            : grpc::Status(grpc::StatusCode::UNAUTHENTICATED, std::string(kPeerRefusal));
    return true;
  }
  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  std::shared_ptr<HandshakeGate> gate_;
  std::optional<OrgId> expected_;
  std::shared_ptr<Verdict> verdict_;
};

std::shared_ptr<grpc::experimental::CertificateVerifier> MakeVerifier(std::shared_ptr<HandshakeGate> gate,
                                                                      std::optional<OrgId> expected,
                                                                      std::shared_ptr<Verdict> verdict) {
  return grpc::experimental::ExternalCertificateVerifier::Create<ClaimVerifier>(std::move(gate), std::move(expected),
                                                                                std::move(verdict));
}

exchange::HandshakeRefusal RefusalFor(RejectReason reason) {
  using exchange::HandshakeRefusal;
  switch (reason) {
    case RejectReason::kIdentity: return HandshakeRefusal::kCertificate;
    case RejectReason::kTime: return HandshakeRefusal::kClock;
    case RejectReason::kUnknownParty: return HandshakeRefusal::kOrganisation;
    case RejectReason::kBudget: return HandshakeRefusal::kBudget;
    case RejectReason::kUnavailable: return HandshakeRefusal::kMemory;
    default: return HandshakeRefusal::kKey;
  }
}

}  // namespace

absl::StatusOr<OrgId> CheckPeerCertificate(const trust::Directory& directory, ByteView pem, absl::Time now,
                                           const std::optional<OrgId>& expected) {
  absl::StatusOr<crypto::TransportClaim> claim = crypto::ReadTransportClaim(pem);
  if (!claim.ok()) return claim.status();
  if (now + kClockSkew < claim->not_before || now > claim->not_after ||
      claim->not_after > now + kClockSkew + crypto::kTransportLifetime) {
    return Reject(RejectReason::kTime, "the peer's transport certificate is not in its time; compare both clocks");
  }
  const auto party = directory.Find(claim->org);
  if (!party || claim->org == directory.self().party.org) {
    return Reject(RejectReason::kUnknownParty, "the organisation of the certificate is not accepted here");
  }
  if (expected && claim->org != *expected) {
    return Reject(RejectReason::kUnknownParty, "another organisation answers at this address; correct it on file");
  }
  if (now > party->identity.expires()) {
    return Reject(RejectReason::kTime, "the peer's identity document has expired; ask it for a new card");
  }
  const absl::StatusOr<Bytes> key = party->identity.KeyFor(claim->key_id, v1::KEY_USAGE_STATEMENT, now);
  if (!key.ok()) return key.status();
  if (!crypto::VerifyTransportClaim(*claim, *key)) {
    return Reject(RejectReason::kSignature, "the organisation named in the certificate did not sign it");
  }
  return claim->org;
}

absl::StatusOr<OrgId> HandshakeGate::Check(ByteView pem, const std::optional<OrgId>& expected) {
  std::shared_lock lock(mutex_);
  if (room_ == nullptr) return Reject(RejectReason::kUnavailable, "this node is stopping");
  absl::StatusOr<OrgId> org = CheckPeerCertificate(room_->directory, pem, room_->clock.Now(), expected);
  if (org.ok() && !expected && may_connect_) {
    if (absl::Status may = may_connect_(*org); !may.ok()) org = may;
  }
  if (!org.ok()) {
    room_->counters.CountReject(exchange::Door::kPeer, ReasonOf(org.status()));
    room_->counters.CountHandshake(RefusalFor(ReasonOf(org.status())));
  }
  if (!expected) {
    std::lock_guard follow(follow_mutex_);
    ++(org.ok() ? waits_to_call_ : refused_);
  }
  return org;
}

void HandshakeGate::Opened(const std::string& peer) {
  std::lock_guard follow(follow_mutex_);
  open_[peer] = false;
}

void HandshakeGate::Called(const std::string& peer) {
  std::lock_guard follow(follow_mutex_);
  const auto found = open_.find(peer);
  if (found == open_.end() || std::exchange(found->second, true)) return;
  if (waits_to_call_ > 0) --waits_to_call_;
}

void HandshakeGate::Ended(const std::string& peer, bool late) {
  {
    std::lock_guard follow(follow_mutex_);
    const auto ended = open_.extract(peer);
    if (ended.empty() || ended.mapped()) return;
    // Which connection a check was for is not known; how many of each there are is.
    if (uint64_t& checked = refused_ > 0 ? refused_ : waits_to_call_; checked > 0) {
      --checked;
      return;
    }
  }
  std::shared_lock lock(mutex_);
  if (room_ == nullptr) return;
  using exchange::HandshakeRefusal;
  room_->counters.CountHandshake(late ? HandshakeRefusal::kTimeout : HandshakeRefusal::kTls);
}

void HandshakeGate::Close() {
  std::lock_guard lock(mutex_);
  room_ = nullptr;
}

absl::StatusOr<std::unique_ptr<Credentials>> Credentials::Make(const exchange::Room& room,
                                                               std::shared_ptr<HandshakeGate> gate) {
  const absl::Time now = room.clock.Now();
  absl::StatusOr<crypto::TransportCertificate> made =
      crypto::MakeTransportCertificate(room.self.org(), room.self.key_id, *room.self.statement_key, now);
  if (!made.ok()) return made.status();
  std::unique_ptr<Credentials> out(new Credentials);
  out->gate_ = std::move(gate);
  out->certificate_ = std::move(made->certificate_pem);
  // gRPC takes the key as a string and keeps copies: it is short-lived and vouches for connections only.
  const auto key = made->private_key_pem.ExposeSecret();
  out->private_key_.assign(reinterpret_cast<const char*>(key.data()), key.size());
  out->renew_at_ = now + crypto::kTransportLifetime / 2;
  return out;
}

Credentials::~Credentials() { crypto::Wipe(private_key_); }

std::shared_ptr<grpc::ServerCredentials> Credentials::ForServing() const {
  auto provider = std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      std::vector<grpc::experimental::IdentityKeyCertPair>{{private_key_, certificate_}});
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  // "Don't verify" is about chains to a CA, which nobody here has; ClaimVerifier is the check.
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_BUT_DONT_VERIFY);
  options.set_certificate_verifier(MakeVerifier(gate_, std::nullopt, nullptr));
  options.set_check_call_host(false);
  return grpc::experimental::TlsServerCredentials(options);
}

std::shared_ptr<grpc::ChannelCredentials> Credentials::ForDialling(const OrgId& expected,
                                                                   std::shared_ptr<Verdict> verdict) const {
  // Without a root gRPC reads the system's CAs and fails where there are none; chains are not verified, so its own
  // certificate serves as one.
  auto provider = std::make_shared<grpc::experimental::StaticDataCertificateProvider>(
      certificate_, std::vector<grpc::experimental::IdentityKeyCertPair>{{private_key_, certificate_}});
  grpc::experimental::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(provider);
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(false);
  options.set_certificate_verifier(MakeVerifier(gate_, expected, std::move(verdict)));
  options.set_check_call_host(false);
  return grpc::experimental::TlsCredentials(options);
}

}  // namespace entente::peer
