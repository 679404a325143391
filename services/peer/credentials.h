#pragma once

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exchange/exchange.h"
#include "services/peer/tls_end.h"

namespace entente::peer {

// The organisation that a peer's transport certificate proves to be, at `now`. Refuses with kIdentity (no such claim),
// kTime, kUnknownParty (not accepted here, this organisation itself, or another than `expected`), kNoKey, kKeyUse,
// kSignature. That the peer holds the certificate's key is TLS's part.
absl::StatusOr<OrgId> CheckPeerCertificate(const trust::Directory& directory, ByteView pem, absl::Time now,
                                           const std::optional<OrgId>& expected);
// The same in the room: what the certificate carries of its organisation's later documents is taken in before, durably,
// where it holds; else it is passed over. Counts a refusal by its reason and as one of the handshake.
absl::StatusOr<OrgId> CheckAndCount(const exchange::Room& room, ByteView pem, const std::optional<OrgId>& expected);
// Counts what refused a connection in its handshake.
void CountRefusal(const exchange::Room& room, const absl::Status& why);

// For so long behind a new version of this node's identity document its certificate carries the newest ones.
inline constexpr absl::Duration kCarriedFor = absl::Hours(24 * 30);

// This node's transport certificate, made new, ready for TLS.
struct Credentials {
  std::shared_ptr<const TlsIdentity> identity;
  absl::Time renew_at;  // half of its life, or sooner where it need not carry documents any more
  static absl::StatusOr<Credentials> Make(const exchange::Room& room);
};

}  // namespace entente::peer
