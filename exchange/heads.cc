#include "exchange/heads.h"

#include "base/reject.h"

namespace entente::exchange {

absl::Status CheckRememberedHead(const Room& room, const v1::SignedBody& seen) {
  v1::HeadBody body;
  if (!body.ParseFromString(seen.body()) || body.org_id() != room.self.org().view()) return absl::OkStatus();
  if (!trust::CheckHead(trust::HistoryOf(room.self), seen).ok()) return absl::OkStatus();
  const storage::JournalHead own = room.journal.Head();
  // Of the journal before the one that this node began when it was restored from a backup of its keys.
  if (own.offset != 0 && body.sequence() <= own.offset) return absl::OkStatus();
  if (body.sequence() > own.offset + own.sequence) {
    return Reject(RejectReason::kRolledBack,
                  "a peer has seen this node's journal at record " + std::to_string(body.sequence()) +
                      ", here it ends at " + std::to_string(own.offset + own.sequence) +
                      ": an older copy of the folder was restored. Restore the newest copy; do not run both");
  }
  absl::StatusOr<std::optional<Digest>> root = room.journal.RootAt(body.sequence() - own.offset);
  if (!root.ok()) return root.status();
  if (root->has_value() && (*root)->view() != body.root()) {
    return Reject(RejectReason::kRolledBack, "a peer has seen another history of this node up to record " +
                                                 std::to_string(body.sequence()) +
                                                 ": an older copy of the folder was restored and used. Restore the newest");
  }
  return absl::OkStatus();
}

void RememberHead(const Room& room, const OrgId& peer, const v1::SignedBody& head) {
  v1::HeadBody body, known;
  if (!body.ParseFromString(head.body())) return;
  const absl::StatusOr<storage::PeerCursor> cursor = room.journal.Cursor(peer);
  if (cursor.ok() && cursor->seen_head && known.ParseFromString(cursor->seen_head->body()) &&
      known.sequence() >= body.sequence()) {
    return;
  }
  room.journal.Commit(
      [peer, head](storage::Transaction& transaction) {
        return transaction.AppendDelivered(peer, {.head = head}).status();
      },
      [](const absl::Status&) {});  // not kept: the next head of that peer is
}

}  // namespace entente::exchange
