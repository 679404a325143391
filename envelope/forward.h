#pragma once

#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/cosign.h"
#include "model/marking.h"
#include "policy/policy.h"
#include "trust/membership.h"
#include "trust/parties.h"

namespace entente::trust {
class Memberships;
}

// Who passed statements on to whom, and whether they might (docs/formats/forward.md).
namespace entente::envelope {

inline constexpr size_t kMaxForwards = 16;                    // of a chain, and permissions beside it
using ForwardId = FixedBytes<32, struct ForwardIdTag>;        // SHA-256 of the forward's PAE
using PermissionId = FixedBytes<32, struct PermissionIdTag>;  // SHA-256 of the permission's PAE

// One hop, as it says of itself: CheckChain says whether that holds.
struct Hop {
  ForwardId id, previous;
  OrgId forwarder;
  std::vector<StatementId> statements;        // ascending; holds all of the envelope's, and perhaps others
  std::vector<OrgId> audience;                // ascending; of a group its members, once CheckChain has found them
  std::optional<trust::MembershipRef> group;  // where it is signed to one, not to names
  v1::ForwardBasis basis = v1::FORWARD_BASIS_UNSPECIFIED;
  model::Label label = model::Label::kUnlabelled;  // effective for the audience
  std::optional<PermissionId> permission;          // exactly for that basis
  absl::Time time;
};
// Reads a forward strictly, whoever signed it. Refuses with kParse, kLimit, kAudience and kChain.
absl::StatusOr<Hop> ReadForward(ByteView body, bool exercise);

// The statements that were passed on; their batch and claims are checked already. Borrowed for the call.
struct Forwarded {
  const std::vector<StatementId>& ids;  // in any order
  OrgId origin;
  const std::vector<OrgId>& audience;  // ascending
  const policy::Constraints& constraints;
  absl::Time latest;                               // when the last of them was made
  std::optional<trust::MembershipRef> group = {};  // that they are signed to, with its members as the audience
};

// The hops, first one first; empty without forwards. Each hop is checked wholly before the next. Refuses with kChain,
// kChainLabel, kUnknownParty, the keys' errors, kSignature, kParse, kLimit, kAudience, kMemberHash, kTime, as the
// page's tables say. `groups` is null where no group is followed.
absl::StatusOr<std::vector<Hop>> CheckChain(const SignedBodies& forwards, const SignedBodies& permissions,
                                            const Forwarded& forwarded, const trust::Parties& parties, absl::Time now,
                                            const trust::Memberships* groups);

// What this organisation says of the hop that it adds. Everything ascending.
struct ForwardTerms {
  std::vector<StatementId> statements;  // 1 to 1024
  std::vector<OrgId> audience;          // 1 to 1000; none where it goes to `group`
  v1::ForwardBasis basis = v1::FORWARD_BASIS_LABEL;
  std::optional<PermissionId> permission;  // set exactly for that basis
  model::Label label = model::Label::kUnlabelled;
  std::optional<trust::MembershipRef> group = {};
};
// `before` is the hop before, null for the first. What comes of it belongs on disk before anything is sealed with it.
// Whether the terms hold is not checked here: policy decided, and receivers check.
absl::StatusOr<v1::SignedBody> MakeForward(const trust::Self& self, const ForwardTerms& terms, const Hop* before,
                                           bool exercise, absl::Time now);
// The origin's leave for `forwarder` to pass `statements` on to `audience` until `expires`. Both lists ascending.
absl::StatusOr<v1::SignedBody> MakePermission(const trust::Self& self, const std::vector<StatementId>& statements,
                                              const OrgId& forwarder, const std::vector<OrgId>& audience,
                                              absl::Time now, absl::Time expires);

ForwardId ForwardIdOf(ByteView body, bool exercise);
PermissionId PermissionIdOf(ByteView body);
// LH("entente/1/forwards", every id, first hop first).
Digest ForwardsHash(const std::vector<Hop>& hops);

}  // namespace entente::envelope
