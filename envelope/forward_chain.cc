#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/reject.h"
#include "envelope/claims.h"
#include "envelope/forward.h"
#include "envelope/group_audience.h"
#include "envelope/limits.h"
#include "envelope/signer.h"
#include "policy/constraints.h"
#include "proto/strict_parse.h"

// The chain of hops, checked one wholly before the next (docs/formats/forward.md, The chain).
namespace entente::envelope {
namespace {

absl::Status Broken(std::string_view what) {
  return Reject(RejectReason::kChain, "the forward chain does not hold: " + std::string(what));
}
absl::Status Malformed(const char* what) {
  return Reject(RejectReason::kParse, what);
}
absl::Status Opened(const char* what) {
  return Reject(RejectReason::kChainLabel, what);
}
absl::Status BadTime(const char* what) {
  return Reject(RejectReason::kTime, what);
}

template <typename Id>
bool Contains(const std::vector<Id>& ascending, const Id& id) {
  return std::binary_search(ascending.begin(), ascending.end(), id);
}
template <typename Id>
bool ContainsAll(const std::vector<Id>& ascending, const std::vector<Id>& others) {
  return std::all_of(others.begin(), others.end(), [&](const Id& id) { return Contains(ascending, id); });
}

// Size, party and signature under `type`, before anything is believed.
absl::Status CheckSigned(const v1::SignedBody& wire, ByteView type, size_t org_field, size_t key_field,
                         size_t time_field, const trust::Parties& parties, absl::Time now) {
  if (wire.body().size() > kMaxBodyBytes) {
    return Reject(RejectReason::kLimit, "a forward or permission has at most 128 KiB");
  }
  const auto fields = ReadLowFields(wire.body());
  const auto signer = PeekSigner(fields, org_field, key_field);
  if (!signer) return NoSigner();
  const auto party = FindParty(parties, signer->org, "a forwarder");
  if (!party.ok()) return party.status();
  return CheckSignature(**party, UseNow(signer->key_id, type, PeekTime(*fields, time_field), now), wire);
}

struct Permission {
  PermissionId id;
  OrgId origin, forwarder;
  std::vector<StatementId> statements;
  std::vector<OrgId> audience;
  absl::Time time, expires;
};

absl::StatusOr<Permission> ReadPermission(const v1::SignedBody& wire, const trust::Parties& parties, absl::Time now) {
  using Body = v1::PermissionBody;
  if (auto s = CheckSigned(wire, trust::kPermissionType, Body::kOriginFieldNumber, Body::kKeyIdFieldNumber,
                           Body::kTimeUsFieldNumber, parties, now);
      !s.ok()) {
    return s;
  }
  Body body;
  if (auto s = StrictParse(wire.body(), body); !s.ok()) return s;
  const auto forwarder = OrgId::From(body.forwarder());
  if (!forwarder || body.msg_id().size() != kMessageIdSize)
    return Malformed("an id of a permission has the wrong length");
  auto ids = ReadStatementIds(body.statement_ids());
  if (!ids.ok()) return ids.status();
  auto audience = ReadAudience(body.audience());
  if (!audience.ok()) return audience.status();
  if (body.time_us() <= 0 || body.expires_us() <= body.time_us() || body.expires_us() > kMaxTimeUs) {
    return BadTime("a permission's times are missing or out of order");
  }
  const absl::Time time = absl::FromUnixMicros(body.time_us()), expires = absl::FromUnixMicros(body.expires_us());
  if (expires - time > kStatementLifetime) return BadTime("a permission lives for at most 366 days");
  return Permission{PermissionIdOf(wire.body()),
                    *OrgId::From(body.origin()),
                    *forwarder,
                    *std::move(ids),
                    *std::move(audience),
                    time,
                    expires};
}

// One chain under way.
class Chain {
 public:
  Chain(const SignedBodies& permissions, const Forwarded& forwarded, const trust::Parties& parties,
        const trust::Memberships* groups, absl::Time now)
      : permissions_(permissions),
        forwarded_(forwarded),
        parties_(parties),
        groups_(groups),
        now_(now),
        named_(static_cast<size_t>(permissions.size())) {}

  absl::Status Add(const v1::SignedBody& wire) {
    auto hop = Read(wire);
    if (!hop.ok()) return hop.status();
    if (auto s = CheckLink(*hop); !s.ok()) return s;
    if (auto s = CheckLabel(*hop); !s.ok()) return s;
    if (auto s = CheckBasis(*hop); !s.ok()) return s;
    hops_.push_back(*std::move(hop));
    return absl::OkStatus();
  }
  absl::Status Finish() const {
    const bool all = std::all_of(named_.begin(), named_.end(), [](bool named) { return named; });
    return all ? absl::OkStatus() : Broken("a permission comes with it that no forward names");
  }
  std::vector<Hop> TakeHops() { return std::move(hops_); }

 private:
  const Hop* before() const { return hops_.empty() ? nullptr : &hops_.back(); }

  absl::StatusOr<Hop> Read(const v1::SignedBody& wire) const {
    const bool exercise = !forwarded_.constraints.exercise_id.empty();
    const ByteView type = exercise ? trust::kExerciseForwardType : trust::kForwardType;
    using Body = v1::ForwardBody;
    if (auto s = CheckSigned(wire, type, Body::kOrgIdFieldNumber, Body::kKeyIdFieldNumber, Body::kTimeUsFieldNumber,
                             parties_, now_);
        !s.ok()) {
      return s;
    }
    auto hop = ReadForward(wire.body(), exercise);
    if (!hop.ok() || !hop->group) return hop;
    const auto version = FindVersion(*hop->group, groups_);
    if (!version.ok()) return version.status();
    if (auto terms = CheckGroupTerms(**version, {forwarded_.constraints.exercise_id, hop->label}); !terms.ok())
      return terms;
    hop->audience = (*version)->members();
    return hop;
  }

  // Where the hop stands: behind whom, about what, when.
  absl::Status CheckLink(const Hop& hop) const {
    if (hop.previous != (before() != nullptr ? before()->id : ForwardId()))
      return Broken("a hop does not name the one before");
    if (!ContainsAll(hop.statements, forwarded_.ids)) return Broken("a hop does not cover every statement");
    if (before() != nullptr && !ContainsAll(before()->statements, hop.statements)) {
      return Broken("a hop covers statements that the one before did not");
    }
    if (hop.time > now_ + kClockSkew) return BadTime("a forward is from the future; compare both nodes' clocks");
    if (hop.time < (before() != nullptr ? before()->time : forwarded_.latest - kClockSkew)) {
      return BadTime("a forward is older than what it passes on");
    }
    const auto& reached = before() != nullptr ? before()->audience : forwarded_.audience;
    const bool by_origin = before() == nullptr && hop.forwarder == forwarded_.origin;
    if (!by_origin && !Contains(reached, hop.forwarder)) return Broken("a forwarder was not among those it came to");
    if (before() != nullptr && hop.forwarder == forwarded_.origin)
      return Broken("the origin forwards in the first hop alone");
    for (const Hop& earlier : hops_) {
      if (earlier.forwarder == hop.forwarder) return Broken("an organisation forwards twice");
    }
    return absl::OkStatus();
  }

  absl::Status CheckLabel(const Hop& hop) const {
    const model::Label floor =
        before() != nullptr ? before()->label : policy::EffectiveLabel(forwarded_.constraints, hop.time);
    return hop.label >= floor ? absl::OkStatus() : Opened("a forward opens the label that it got");
  }

  absl::Status CheckBasis(const Hop& hop) {
    switch (hop.basis) {
      case v1::FORWARD_BASIS_ORIGIN:
        return before() == nullptr && hop.forwarder == forwarded_.origin
                   ? absl::OkStatus()
                   : Broken("a forwarder names itself the origin, and is not");
      case v1::FORWARD_BASIS_PERMISSION:
        return CheckPermission(hop, *hop.permission);
      case v1::FORWARD_BASIS_LABEL:
        return CameThrough().empty() ? CheckByLabel(hop)
                                     : Broken("what came through a group goes on by its rule, not by the label alone");
      default:
        return CheckByGroup(hop);
    }
  }

  // The groups that the statements are signed or were passed on to.
  std::vector<trust::MembershipRef> CameThrough() const {
    std::vector<trust::MembershipRef> groups;
    if (forwarded_.group) groups.push_back(*forwarded_.group);
    for (const Hop& hop : hops_) {
      if (hop.group) groups.push_back(*hop.group);
    }
    return groups;
  }

  absl::Status CheckByGroup(const Hop& hop) const {
    const std::vector<trust::MembershipRef> groups = CameThrough();
    if (groups.empty()) return Broken("a forward's basis is a group, and the statements came through none");
    for (const trust::MembershipRef& group : groups) {
      const auto version = FindVersion(group, groups_);
      if (!version.ok()) return version.status();
      if ((*version)->document().onward() != v1::ONWARD_RULE_LABEL)
        return Broken("the group lets nothing be passed on");
    }
    return CheckByLabel(hop);
  }

  absl::Status CheckByLabel(const Hop& hop) const {
    if (hop.label > model::Label::kAmber) {
      return Opened("AMBER+STRICT and RED go on with the origin's permission alone");
    }
    if (forwarded_.constraints.orcon) return Broken("the originator controls onward release, and gave no permission");
    const std::optional<uint32_t> limit = forwarded_.constraints.hop_limit;
    if (limit && hops_.size() + 1 > *limit) return Broken("it went on more often than its hop limit allows");
    return absl::OkStatus();
  }

  absl::Status CheckPermission(const Hop& hop, const PermissionId& id) {
    for (int i = 0; i < permissions_.size(); ++i) {
      if (PermissionIdOf(permissions_[i].body()) != id) continue;
      named_[static_cast<size_t>(i)] = true;
      const auto permission = ReadPermission(permissions_[i], parties_, now_);
      if (!permission.ok()) return permission.status();
      const bool holds = permission->origin == forwarded_.origin && permission->forwarder == hop.forwarder &&
                         ContainsAll(permission->statements, hop.statements) &&
                         ContainsAll(permission->audience, hop.audience) && hop.time >= permission->time &&
                         hop.time < permission->expires;
      return holds ? absl::OkStatus() : Broken("a permission is another origin's, or for something else");
    }
    return Broken("a permission is missing");
  }

  const SignedBodies& permissions_;
  const Forwarded& forwarded_;
  const trust::Parties& parties_;
  const trust::Memberships* const groups_;
  const absl::Time now_;
  std::vector<Hop> hops_;
  std::vector<bool> named_;  // by a forward, per permission
};

}  // namespace

absl::StatusOr<std::vector<Hop>> CheckChain(const SignedBodies& forwards, const SignedBodies& permissions,
                                            const Forwarded& forwarded, const trust::Parties& parties, absl::Time now,
                                            const trust::Memberships* groups) {
  if (static_cast<size_t>(forwards.size()) > kMaxForwards || static_cast<size_t>(permissions.size()) > kMaxForwards) {
    return Broken("at most 16 forwards, and 16 permissions beside them");
  }
  Chain chain(permissions, forwarded, parties, groups, now);
  for (const v1::SignedBody& forward : forwards) {
    if (auto s = chain.Add(forward); !s.ok()) return s;
  }
  if (auto s = chain.Finish(); !s.ok()) return s;
  return chain.TakeHops();
}

}  // namespace entente::envelope
