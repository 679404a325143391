#include "services/peer/hello.h"

#include <algorithm>
#include <utility>

#include "exchange/heads.h"

namespace entente::peer {
namespace {

// The peer's own journal against the newest head of it that is on file: a peer that went back lacks what it
// acknowledged, and our cursor for it stands behind that.
absl::Status CheckPeerWentForward(const exchange::Room& room, const trust::Accepted& party, const v1::HeadBody& now) {
  const absl::StatusOr<storage::PeerCursor> cursor = room.journal.Cursor(party.party.org);
  if (!cursor.ok()) return cursor.status();
  if (!cursor->seen_head) return absl::OkStatus();
  const absl::StatusOr<v1::HeadBody> before = trust::CheckHead(*party.history, *cursor->seen_head);
  if (!before.ok()) return absl::OkStatus();  // signed by a key that no longer counts: proves nothing
  // A hello that was made before a session that is up now has moved the peer on proves nothing.
  if (now.sequence() < before->sequence() && room.counters.Peer(party.party.org).up) {
    return Reject(RejectReason::kUnavailable, "the peer's hello is older than what its other session told; dial again");
  }
  if (now.sequence() < before->sequence() ||
      (now.sequence() == before->sequence() && now.root() != before->root())) {
    return Reject(RejectReason::kRolledBack,
                  "the peer's journal is older or another than it showed before; its operator must restore the newest");
  }
  return absl::OkStatus();
}

// The version of the peer's documents to ask for first; 0 where what its Hello names is on file.
absl::StatusOr<uint64_t> CheckIdentity(const trust::Accepted& party, const v1::Hello& hello) {
  const absl::Status other =
      Reject(RejectReason::kIdentity, "the peer has another identity document than on file; ask for its card");
  if (hello.level() == 0) {
    if (hello.identity_hash() != party.identity.hash().view()) return other;
    return 0;
  }
  const std::optional<Digest> hash = Digest::From(hello.identity_hash());
  const uint64_t version = std::max<uint64_t>(hello.identity_version(), 1);
  if (!hash) return other;
  if (const trust::Identity* known = party.history->WithHash(*hash)) {
    if (known->version() != version) return other;
    return 0;
  }
  if (version <= party.identity.version()) return other;
  return version;
}

}  // namespace

absl::StatusOr<v1::Hello> MakeHello(const exchange::Room& room, const OrgId& peer) {
  absl::StatusOr<storage::PeerCursor> cursor = room.journal.Cursor(peer);
  if (!cursor.ok()) return cursor.status();
  v1::Hello hello;
  hello.set_protocol(kProtocol);
  hello.set_org_id(room.self.org().str());
  hello.set_identity_hash(room.self.identity.hash().str());
  hello.set_identity_version(room.self.identity.version());
  hello.set_level(kLevel);
  *hello.mutable_prekey() = room.prekeys.Offer();
  *hello.mutable_head() = room.journal.Head().signed_head;
  if (cursor->seen_head) *hello.mutable_seen_head() = *std::move(cursor->seen_head);
  hello.set_software("entente/" ENTENTE_VERSION);
  return hello;
}

absl::StatusOr<Greeting> CheckHello(const exchange::Room& room, const OrgId& peer, const v1::Hello& hello,
                                    bool& self_rolled_back) {
  if (hello.protocol() != kProtocol) {
    return Reject(RejectReason::kSuite, "the peer speaks another version of the session; update the older node");
  }
  if (hello.software().size() > kMaxSoftwareBytes) {
    return Reject(RejectReason::kLimit, "the peer's software name is over 256 bytes");
  }
  const auto party = room.directory.Find(peer);
  if (!party || hello.org_id() != peer.view()) {
    return Reject(RejectReason::kUnknownParty, "the hello names another organisation than the certificate");
  }
  const absl::StatusOr<uint64_t> newer = CheckIdentity(*party, hello);
  if (!newer.ok()) return newer.status();
  if (*newer != 0) return Greeting{kLevel, *newer, {}, {}};
  const absl::Time now = room.clock.Now();
  absl::StatusOr<trust::Prekey> prekey = trust::CheckPrekey(*party->history, hello.prekey(), now);
  if (!prekey.ok()) return prekey.status();
  const absl::StatusOr<v1::HeadBody> head = trust::CheckHead(*party->history, hello.head());
  if (!head.ok()) return head.status();
  if (hello.has_seen_head()) {
    if (absl::Status seen = exchange::CheckRememberedHead(room, hello.seen_head()); !seen.ok()) {
      self_rolled_back = ReasonOf(seen) == RejectReason::kRolledBack;
      return seen;
    }
  }
  if (absl::Status forward = CheckPeerWentForward(room, *party, *head); !forward.ok()) return forward;
  room.directory.heard_prekeys().Keep(peer, v1::PREKEY_CLASS_ONLINE, hello.prekey(), prekey->not_after);
  return Greeting{std::min(hello.level(), kLevel), 0, *std::move(prekey), hello.head()};
}

absl::Status CheckPeerHead(const exchange::Room& room, const OrgId& peer, const v1::SignedBody& head) {
  const auto party = room.directory.Find(peer);
  if (!party) return Reject(RejectReason::kUnknownParty, "the peer is no longer accepted here");
  return trust::CheckHead(*party->history, head).status();
}

}  // namespace entente::peer
