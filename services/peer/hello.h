#pragma once

#include "absl/status/statusor.h"
#include "entente/v1/peer.pb.h"
#include "exchange/exchange.h"

namespace entente::peer {

inline constexpr uint32_t kProtocol = 1;
inline constexpr uint32_t kLevel = 1;  // of the formats that this node reads
inline constexpr size_t kMaxSoftwareBytes = 256;

// What this node says first to `peer`, with the newest head of it that it remembers. Refuses with store errors.
absl::StatusOr<v1::Hello> MakeHello(const exchange::Room& room, const OrgId& peer);

// What a checked Hello yields.
struct Greeting {
  uint32_t level = 0;  // of both
  // Not 0: the peer has documents up to this version that are not on file. Nothing behind its identity was checked.
  uint64_t newer_identity = 0;
  trust::Prekey prekey;
  v1::SignedBody head;
};
// `peer` is who the transport proved. The checks and reasons of docs/formats/session.md, in its order. A kRolledBack
// that concerns this node, not the peer, sets `self_rolled_back`.
absl::StatusOr<Greeting> CheckHello(const exchange::Room& room, const OrgId& peer, const v1::Hello& hello,
                                    bool& self_rolled_back);
// A head that `peer` sent later, in an Ack.
absl::Status CheckPeerHead(const exchange::Room& room, const OrgId& peer, const v1::SignedBody& head);

}  // namespace entente::peer
