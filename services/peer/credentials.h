#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exchange/exchange.h"

namespace entente::peer {

// The organisation that a peer's transport certificate proves to be, at `now`. Refuses with kIdentity (no such claim),
// kTime, kUnknownParty (not accepted here, this organisation itself, or another than `expected`), kNoKey, kKeyUse,
// kSignature. That the peer holds the certificate's key is TLS's part.
absl::StatusOr<OrgId> CheckPeerCertificate(const trust::Directory& directory, ByteView pem, absl::Time now,
                                           const std::optional<OrgId>& expected);

// What this side found in a handshake that it dialled, for the operator. Empty: it never came to the certificate.
class Verdict {
 public:
  void Set(absl::Status status) {
    std::lock_guard lock(mutex_);
    status_ = std::move(status);
  }
  std::optional<absl::Status> Get() const {
    std::lock_guard lock(mutex_);
    return status_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<absl::Status> status_;
};

// The checks inside handshakes, and the count of what became of them. gRPC may run a check late, on its own threads:
// after Close all are refused and nothing of the room is touched. Thread-safe.
class HandshakeGate {
 public:
  explicit HandshakeGate(const exchange::Room& room) : room_(&room) {}
  // `expected` empty: somebody dialled here. A refusal is counted, by its reason and as one of the handshake.
  absl::StatusOr<OrgId> Check(ByteView pem, const std::optional<OrgId>& expected);
  // Asked about each organisation that dialled here and is proven. Call before the first Check.
  void AskBefore(std::function<absl::Status(const OrgId&)> may_connect) { may_connect_ = std::move(may_connect); }
  void Close();

  // gRPC says nothing of a handshake that ends before the check, so connections are followed from outside: one that is
  // opened here, and ended without a call over it or a check that accounts for it, never came so far. Counted as
  // kTimeout when `late`, else as kTls. `peer` is "host:port"; calls from connections never opened are ignored.
  void Opened(const std::string& peer);
  void Called(const std::string& peer);
  void Ended(const std::string& peer, bool late);

 private:
  std::shared_mutex mutex_;
  const exchange::Room* room_;
  std::function<absl::Status(const OrgId&)> may_connect_;
  std::mutex follow_mutex_;
  std::map<std::string, bool> open_;        // whether it carried a call
  uint64_t refused_ = 0, waits_to_call_ = 0;  // connections checked, and not seen since
};

// This node's transport certificate and TLS settings for both roles. TLS 1.2 or 1.3, both sides' gRPC choose 1.3;
// gRPC 1.51 has no public setting that refuses 1.2. Immutable; the certificate is made anew by making another of
// these.
class Credentials {
 public:
  static absl::StatusOr<std::unique_ptr<Credentials>> Make(const exchange::Room& room,
                                                           std::shared_ptr<HandshakeGate> gate);
  ~Credentials();
  // A client must show a certificate that CheckPeerCertificate accepts.
  std::shared_ptr<grpc::ServerCredentials> ForServing() const;
  // The server must be `expected`.
  std::shared_ptr<grpc::ChannelCredentials> ForDialling(const OrgId& expected, std::shared_ptr<Verdict> verdict) const;
  // Past half of the certificate's life: make another one.
  bool IsAgeing(absl::Time now) const { return now >= renew_at_; }

 private:
  Credentials() = default;
  std::shared_ptr<HandshakeGate> gate_;
  std::string certificate_, private_key_;
  absl::Time renew_at_;
};

}  // namespace entente::peer
