#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "envelope/testing/federation.h"
#include "trust/sample_world_test.h"

// Four members of one group, with real keys, who seal to each other. 0 and 1 issue, 3 may be taken out.
namespace entente::envelope::testing {

class GroupTest : public trust::SampleWorldTest {
 protected:
  static absl::Time Now() { return trust::SampleNow() + absl::Minutes(30); }  // not at the edge of an hour

  void SetUp() override { Begin(world_.founders.Terms()); }
  void Begin(const trust::GroupTerms& terms) {
    world_.Found(terms);
    world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
    for (size_t i = 0; i < world_.nodes.size(); ++i) directories_.push_back(world_.DirectoryOf(i));
  }
  const trust::Self& Self(size_t i) const { return world_.founders.orgs[i].self; }
  const trust::GroupDirectory& Groups(size_t i) { return *Node(i).groups; }
  trust::EpochUse Epoch(size_t i, absl::Time now = Now()) { return *Groups(i).ToSealUnder(world_.group, now); }
  std::shared_ptr<const trust::Membership> Newest() { return Groups(0).Newest(world_.group); }

  policy::Constraints ForGroup(model::Label label = model::Label::kGreen) const {
    policy::Constraints constraints = Green();
    constraints.label = label;
    constraints.sg_id = world_.group.str();
    return constraints;
  }
  absl::StatusOr<Batch> Signed(size_t by, const policy::Constraints& constraints,
                               std::shared_ptr<const trust::Membership> version, absl::Time now = Now(),
                               size_t count = 2) {
    BatchTerms terms;
    terms.group = std::move(version);
    return SignBatch(Self(by), constraints, {}, Contents(count, 40), NewStream(), now, terms);
  }
  // Everybody may get everything, as policy says.
  absl::StatusOr<Bytes> Seal(size_t by, const Batch& batch, absl::Time now = Now()) {
    return SealCargo(by, {batch.signed_body(), AllOf(batch)}, now);
  }
  absl::StatusOr<Bytes> SealCargo(size_t by, const Cargo& cargo, absl::Time now = Now()) {
    const auto permit = [&](const OrgId& member, size_t) -> const policy::Permit* { return &PermitFor(member); };
    return SealGroup(Self(by), cargo, world_.group, permit, Groups(by), now);
  }
  // An honest envelope of statements for the group as it is.
  Bytes Sealed(size_t by, absl::Time now = Now()) {
    return *Seal(by, *Signed(by, ForGroup(), Groups(by).Newest(world_.group), now), now);
  }
  // The same statements under whatever epoch somebody still holds.
  Bytes SealedUnder(size_t by, const Batch& batch, const trust::EpochUse& epoch, absl::Time now) {
    return HostileSeal{Self(by), {}, now, epoch}.Make(PayloadOf(batch));
  }
  Bytes SealedTo(size_t by, size_t to, const v1::Payload& payload, absl::Time now = Now()) {
    return HostileSeal{Self(by), {Node(to).FreshPrekey(now)}, now}.Make(payload);
  }

  absl::StatusOr<OpenedEnvelope> OpenAt(size_t at, ByteView wire, absl::Time now = Now()) {
    return Open(wire, Org(at), *Node(at).prekeys, now, NeverSeen, &Groups(at));
  }
  absl::StatusOr<VerifiedEnvelope> Accept(size_t at, size_t from, ByteView wire, absl::Time now = Now()) {
    auto opened = OpenAt(at, wire, now);
    if (!opened.ok()) return opened.status();
    return Verify(*std::move(opened), *directories_[at], Org(from), now, &Groups(at));
  }
  RejectReason Refusal(size_t at, size_t from, ByteView wire, absl::Time now = Now()) {
    return ReasonFor(Accept(at, from, wire, now));
  }

  // What member `by` makes of an honest payload for the group as it is, bent.
  v1::Payload HonestFor(size_t by, const policy::Constraints& constraints) {
    BatchTerms terms;
    terms.group = Groups(by).Newest(world_.group);
    return HonestPayload(Self(by), constraints, {}, Contents(2, 40), Now(), terms);
  }
  HostileSeal Sealer(size_t by) { return {Self(by), {}, Now(), Epoch(by)}; }
  Bytes WithEachBody(size_t by, std::function<void(v1::StatementBody&)> bend) {
    HostileBatch batch{Self(by)};
    batch.statement = [&](v1::StatementBody& body, int) { bend(body); };
    return Sealer(by).Make(batch.Sign(HonestFor(by, ForGroup())));
  }

  const policy::Permit& PermitFor(const OrgId& org) {
    for (const policy::Permit& permit : permits_) {
      if (permit.recipient() == org) return permit;
    }
    trust::Prekey prekey;
    prekey.org = org;
    return permits_.emplace_back(Permitted({prekey}, 1)[0].permits[0]);
  }

  std::vector<std::unique_ptr<trust::Directory>> directories_;

 private:
  std::deque<policy::Permit> permits_;
};

}  // namespace entente::envelope::testing
