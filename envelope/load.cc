#include "envelope/load.h"

#include <algorithm>

#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/group_audience.h"
#include "envelope/payload_reader.h"
#include "trust/memberships.h"

namespace entente::envelope {
namespace {

absl::Status CheckSizes(const std::vector<Sealable>& statements) {
  size_t body_bytes = 0;
  for (const Sealable& statement : statements) {
    if (statement.content.size() > kMaxContentBytes)
      return Reject(RejectReason::kLimit, "a content has at most 32 MiB");
    body_bytes += statement.body.size();
  }
  const bool fit = !statements.empty() && statements.size() <= kMaxStatements && body_bytes <= kMaxStatementBytes;
  return fit ? absl::OkStatus()
             : Reject(RejectReason::kLimit, "an envelope has 1 to 1024 statements of 4 MiB together, without content");
}

absl::Status CheckJoint(const Cargo& cargo, const Claims& claims) {
  if (claims.joint || cargo.cosignatures.empty()) return absl::OkStatus();
  return Reject(RejectReason::kParse, "there are co-signatures, and the statements have no joint terms");
}

// Whose word the envelope is, before `self` seals it, and for whom: the last forwarder's, else that of `author`, the
// origin, who signed `claims`.
absl::Status LoadChain(const Cargo& cargo, const Claims& claims, OrgId author, const OrgId& self,
                       const trust::Memberships* groups, absl::Time now, Load& load) {
  const bool exercise = !claims.constraints.exercise_id.empty();
  load.audience = claims.audience;
  load.group = claims.group;
  std::vector<Hop> hops;
  for (const v1::SignedBody& forward : cargo.forwards) {
    auto hop = ReadForward(forward.body(), exercise);
    if (!hop.ok()) return hop.status();
    if (hop->previous != (hops.empty() ? ForwardId() : hops.back().id)) {
      return Reject(RejectReason::kChain, "a forward does not name the one before; seal the chain in its order");
    }
    hops.push_back(*std::move(hop));
  }
  if (!hops.empty()) {
    author = hops.back().forwarder;
    load.audience = hops.back().audience;
    load.group = hops.back().group;
    load.forwards_hash = ForwardsHash(hops);
  }
  if (load.group) {
    const auto version = FindVersion(*load.group, groups);
    if (!version.ok()) return version.status();
    load.audience = (*version)->members();
    if (auto in = groups->CheckMember(load.group->group, self, now); !in.ok()) return in;
  }
  load.audience_hash = AudienceHash(load.audience, load.group);
  if (self == author || std::binary_search(load.audience.begin(), load.audience.end(), self)) return absl::OkStatus();
  return Reject(RejectReason::kAudience, "who seals is neither who sent it nor in the audience; sign a forward first");
}

}  // namespace

absl::StatusOr<Load> LoadCargo(const trust::Self& self, const Cargo& cargo, const trust::Memberships* groups,
                               absl::Time now) {
  if (auto s = CheckSizes(cargo.statements); !s.ok()) return s;
  const auto claim = ReadBatch(cargo.batch.body());
  if (!claim.ok()) return claim.status();
  const auto claims = ReadClaims({cargo.statements.front().body}, *claim);
  if (!claims.ok()) return claims.status();
  if (auto s = CheckJoint(cargo, *claims); !s.ok()) return s;

  Load load;
  load.batch = &cargo.batch;
  load.statements = cargo.statements;
  load.whole = cargo.statements.size() == claim->size;
  *load.beside.mutable_forwards() = cargo.forwards;
  *load.beside.mutable_cosignatures() = cargo.cosignatures;
  *load.beside.mutable_permissions() = cargo.permissions;
  if (auto s = CheckPayloadSizes(load.beside.SerializeAsString()); !s.ok()) return s;
  if (auto s = LoadChain(cargo, *claims, claim->origin, self.org(), groups, now, load); !s.ok()) return s;

  std::vector<StatementId> ids;
  std::vector<Place> places;
  for (const Sealable& statement : cargo.statements) {
    ids.push_back(IdOf(statement.body, claim->exercise));
    places.push_back({statement.index, load.whole ? std::vector<Digest>() : statement.path});
  }
  if (auto s = CheckPlaces(ids, places, claim->size, claim->root); !s.ok()) return s;
  load.statements_hash = StatementsHash(ids);
  return load;
}

absl::StatusOr<Load> LoadNotices(const Notices& notices) {
  if (notices.recalls.empty() && notices.receipts.empty()) {
    return Reject(RejectReason::kParse, "an envelope of notices has at least one");
  }
  Load load;
  *load.beside.mutable_recalls() = notices.recalls;
  *load.beside.mutable_receipts() = notices.receipts;
  if (auto s = CheckPayloadSizes(load.beside.SerializeAsString()); !s.ok()) return s;
  load.statements_hash = StatementsHash({});
  load.audience_hash = AudienceHash({});
  load.notices_hash = NoticesHash(notices.recalls, notices.receipts);
  return load;
}

}  // namespace entente::envelope
