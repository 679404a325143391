#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "envelope/envelope.h"

// Private to envelope/.
namespace entente::envelope {

// What goes into one envelope besides its seal, checked to belong together. Borrows from what it was made of.
struct Load {
  const v1::SignedBody* batch = nullptr;  // null for notices
  std::vector<Sealable> statements;
  bool whole = false;  // all of the batch: no audit paths
  v1::Payload beside;  // co-signatures, forwards and permissions; or notices
  std::vector<OrgId>
      audience;  // of the last forward, else of the statements; of a group its members; empty for notices
  std::optional<trust::MembershipRef> group;                           // that the audience is
  Digest statements_hash, audience_hash, forwards_hash, notices_hash;  // the last two count where `beside` holds such
};
// The sender's own store gave these: what does not fit together is refused here rather than by every receiver.
// Signatures are not checked. Refuses with kLimit, kParse, kSignature (statements that are not of the batch), kChain
// (over 16 forwards, or broken ones), kAudience (`self` may not seal them), and for a group's kMemberHash (its
// documents are not here; `groups` null: of any), kNotMember (`self` is out) and kFreeze.
absl::StatusOr<Load> LoadCargo(const trust::Self& self, const Cargo& cargo, const trust::Memberships* groups,
                               absl::Time now);
// Refuses with kLimit and kParse.
absl::StatusOr<Load> LoadNotices(const Notices& notices);

}  // namespace entente::envelope
