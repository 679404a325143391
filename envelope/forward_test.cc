#include "envelope/forward.h"

#include <functional>

#include "base/clock.h"
#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;
using model::Label;

// Norlandia's two statements for Estovia go on to the hub and from there to Volt, who checks. A test bends one thing.
struct Journey {
  static TestParty& Hub() {
    static TestParty hub("isac-hub", kNow);
    return hub;
  }
  static const trust::Directory& AtVolt() {
    static const auto directory =
        World().volt.DirectoryWith({&World().norlandia, &World().estovia, &Hub()});
    return *directory;
  }
  static std::vector<StatementId> Ids() {
    std::vector<StatementId> ids = {*StatementId::From(Bytes(32, 'a')), *StatementId::From(Bytes(32, 'b'))};
    return ids;
  }
  static std::vector<OrgId> To(std::vector<OrgId> orgs) {
    std::sort(orgs.begin(), orgs.end());
    return orgs;
  }

  Journey() {
    constraints.label = Label::kGreen;
    audience = To({World().estovia.org()});
    first = {Ids(), To({Hub().org()}), v1::FORWARD_BASIS_LABEL, {}, Label::kGreen};
    second = {Ids(), To({World().volt.org()}), v1::FORWARD_BASIS_LABEL, {}, Label::kGreen};
  }
  static Hop HopOf(const v1::SignedBody& forward, bool exercise = false) {
    Hop hop;
    hop.id = ForwardIdOf(forward.body(), exercise);
    return hop;
  }
  void Pass() {
    const bool exercise = !constraints.exercise_id.empty();
    *forwards.Add() = *MakeForward(*first_by, first, nullptr, exercise, first_at);
    if (second_hop) {
      const Hop before = HopOf(forwards[0], exercise);
      *forwards.Add() = *MakeForward(*second_by, second, &before, exercise, second_at);
    }
  }
  // Signs forward `i` again, bent; those behind it are linked anew.
  void Bend(int i, const std::function<void(v1::ForwardBody&)>& bend, const trust::Self& by) {
    v1::ForwardBody body;
    body.ParseFromString(forwards[i].body());
    bend(body);
    forwards[i] = *trust::SignBody(by, trust::kForwardType, body.SerializeAsString());
    if (i == 0 && forwards.size() == 2) {
      const ForwardId id = ForwardIdOf(forwards[0].body(), false);
      Bend(1, [&](v1::ForwardBody& b) { b.set_previous_forward(id.str()); }, Hub().self());
    }
  }
  absl::StatusOr<std::vector<Hop>> Check(absl::Time now = kNow + absl::Hours(1)) const {
    const std::vector<StatementId> ids = Ids();
    return CheckChain(forwards, permissions, {ids, World().norlandia.org(), audience, constraints, latest}, AtVolt(), now, nullptr);
  }
  void Permit(const v1::SignedBody& permission, ForwardTerms& terms) {
    *permissions.Add() = permission;
    terms.basis = v1::FORWARD_BASIS_PERMISSION;
    terms.permission = PermissionIdOf(permission.body());
  }

  policy::Constraints constraints;
  std::vector<OrgId> audience;
  ForwardTerms first, second;
  const trust::Self* first_by = &World().estovia.self();
  const trust::Self* second_by = &Hub().self();
  absl::Time first_at = kNow + absl::Minutes(1), second_at = kNow + absl::Minutes(2);
  absl::Time latest = kNow;
  bool second_hop = true;
  SignedBodies forwards, permissions;
};

RejectReason After(const std::function<void(Journey&)>& change) {
  Journey journey;
  change(journey);
  journey.Pass();
  return ReasonFor(journey.Check());
}
RejectReason Bent(int hop, const std::function<void(v1::ForwardBody&)>& bend) {
  Journey journey;
  journey.Pass();
  journey.Bend(hop, bend, hop == 0 ? World().estovia.self() : Journey::Hub().self());
  return ReasonFor(journey.Check());
}
v1::SignedBody Permission(const trust::Self& by = World().norlandia.self(), absl::Duration life = absl::Hours(24),
                          const OrgId& forwarder = World().estovia.org()) {
  return *MakePermission(by, Journey::Ids(), forwarder, {Journey::Hub().org()}, kNow, kNow + life);
}

TEST(Forward, TwoHopsHoldAndSayWhoPassedWhatToWhom) {
  Journey journey;
  journey.Pass();
  const auto hops = journey.Check();
  ASSERT_TRUE(hops.ok()) << hops.status();
  ASSERT_EQ(hops->size(), 2u);
  EXPECT_EQ(hops->at(0).forwarder, World().estovia.org());
  EXPECT_EQ(hops->at(1).forwarder, Journey::Hub().org());
  EXPECT_EQ(hops->at(1).audience, std::vector<OrgId>({World().volt.org()}));
  EXPECT_EQ(hops->at(1).label, Label::kGreen);
  EXPECT_EQ(hops->at(0).statements, Journey::Ids());
  EXPECT_EQ(hops->at(1).time, journey.second_at);
  EXPECT_NE(ForwardsHash(*hops), ForwardsHash({hops->at(0)}));
}

TEST(Forward, WithoutHopsThereIsNoChain) {
  Journey journey;
  EXPECT_TRUE(journey.Check()->empty());
  *journey.permissions.Add() = Permission();
  EXPECT_EQ(ReasonFor(journey.Check()), kChain);
}

TEST(Forward, WhoForwards) {
  EXPECT_EQ(After([](Journey& j) { j.first_by = &World().norlandia.self(); }), kNone);
  EXPECT_EQ(After([](Journey& j) { j.first_by = &World().volt.self(); }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.second_by = &World().volt.self(); }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.second_by = &World().estovia.self(); }), kChain);
  EXPECT_EQ(After([](Journey& j) {
              j.first.audience = Journey::To({Journey::Hub().org(), World().norlandia.org()});
              j.second_by = &World().norlandia.self();
            }),
            kChain);
}

TEST(Forward, TheOriginMayBeTheFirst) {
  Journey journey;
  journey.first_by = &World().norlandia.self();
  journey.first.basis = v1::FORWARD_BASIS_ORIGIN;
  journey.constraints.label = journey.first.label = Label::kRed;
  journey.second_hop = false;
  journey.Pass();
  EXPECT_TRUE(journey.Check().ok()) << journey.Check().status();
  EXPECT_EQ(After([](Journey& j) { j.first.basis = v1::FORWARD_BASIS_ORIGIN; }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.second.basis = v1::FORWARD_BASIS_ORIGIN; }), kChain);
}

TEST(Forward, P35TheLabelNeverOpens) {
  EXPECT_EQ(After([](Journey& j) { j.first.label = Label::kClear; }), kChainLabel);
  EXPECT_EQ(After([](Journey& j) { j.first.label = Label::kAmber; }), kChainLabel);  // and GREEN behind it
  EXPECT_EQ(After([](Journey& j) { j.first.label = j.second.label = Label::kAmber; }), kNone);
  for (const Label strict : {Label::kAmberStrict, Label::kRed}) {
    EXPECT_EQ(After([&](Journey& j) { j.constraints.label = j.first.label = j.second.label = strict; }), kChainLabel);
  }
}

TEST(Forward, AnEmbargoCountsAtTheMomentOfTheHop) {
  const auto embargoed = [](absl::Time until) {
    return After([&](Journey& j) {
      j.constraints.label = Label::kAmber;
      j.constraints.embargo_until = until;
      j.constraints.post_embargo_label = Label::kGreen;
    });
  };
  EXPECT_EQ(embargoed(kNow), kNone);
  EXPECT_EQ(embargoed(kNow + absl::Minutes(5)), kChainLabel);
}

TEST(Forward, P33HowOftenAndWhetherAtAll) {
  EXPECT_EQ(After([](Journey& j) { j.constraints.orcon = true; }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.constraints.hop_limit = 2; }), kNone);
  EXPECT_EQ(After([](Journey& j) { j.constraints.hop_limit = 1; }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.constraints.hop_limit = 0; }), kChain);
  EXPECT_EQ(After([](Journey& j) { j.first.basis = v1::FORWARD_BASIS_GROUP; }), kChain);
}

TEST(Forward, WhatItCovers) {
  const std::vector<StatementId> one = {Journey::Ids()[0]};
  std::vector<StatementId> more = Journey::Ids();
  more.push_back(*StatementId::From(Bytes(32, 'c')));
  EXPECT_EQ(After([&](Journey& j) { j.first.statements = j.second.statements = one; }), kChain);
  EXPECT_EQ(After([&](Journey& j) { j.first.statements = more; }), kNone);  // the hub passed fewer on
  EXPECT_EQ(After([&](Journey& j) { j.second.statements = more; }), kChain);
}

TEST(Forward, Times) {
  EXPECT_EQ(After([](Journey& j) { j.latest = j.first_at + kClockSkew; }), kNone);
  EXPECT_EQ(After([](Journey& j) { j.latest = j.first_at + kClockSkew + absl::Microseconds(1); }), kTime);
  EXPECT_EQ(After([](Journey& j) { j.second_at = kNow; }), kTime);
  EXPECT_EQ(After([](Journey& j) { j.second_at = kNow + absl::Hours(1) + kClockSkew; }), kNone);
  EXPECT_EQ(After([](Journey& j) { j.second_at = kNow + absl::Hours(1) + kClockSkew + absl::Microseconds(1); }), kTime);
}

TEST(Forward, TheFormOfABody) {
  EXPECT_EQ(Bent(0, [](auto&) {}), kNone);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_previous_forward(Bytes(32, 'p')); }), kChain);
  EXPECT_EQ(Bent(1, [](auto& b) { b.set_previous_forward(Bytes(32, '\0')); }), kChain);
  EXPECT_EQ(Bent(0, [](auto& b) { b.clear_statement_ids(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.mutable_statement_ids()->pop_back(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_statement_ids(b.statement_ids() + b.statement_ids()); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_statement_ids(Bytes(32 * 1025, 'x')); }), kLimit);
  EXPECT_EQ(Bent(0, [](auto& b) { b.clear_audience(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.add_audience(b.audience(0)); }), kAudience);
  EXPECT_EQ(Bent(0, [](auto& b) { b.mutable_group(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.clear_basis(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.clear_label(); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_permission_id(Bytes(32, 'p')); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_basis(v1::FORWARD_BASIS_PERMISSION); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_org_id(Bytes(32, 'o')); }), kUnknownParty);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_org_id("o"); }), kSignature);
  EXPECT_EQ(Bent(0, [](auto& b) { b.set_key_id(Bytes(32, 'k')); }), kNoKey);
  EXPECT_EQ(Bent(0, [](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); }), kParse);
  EXPECT_EQ(Bent(0, [](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(130'000, 'x')); }),
            kNone);
  EXPECT_EQ(Bent(0, [](auto& b) { b.GetReflection()->MutableUnknownFields(&b)->AddLengthDelimited(100, Bytes(132'000, 'x')); }),
            kLimit);
}

TEST(Forward, EveryFlippedBitRefuses) {
  Journey good;
  good.Pass();
  const size_t body = good.forwards[0].body().size();
  for (size_t bit = 0; bit < (body + 64) * 8; bit += 7) {
    Journey journey;
    journey.forwards = good.forwards;
    const size_t at = bit / 8;
    Bytes& part = at < body ? *journey.forwards[0].mutable_body() : *journey.forwards[0].mutable_signature();
    part[at < body ? at : at - body] = static_cast<char>(part[at < body ? at : at - body] ^ (1 << (bit % 8)));
    EXPECT_FALSE(journey.Check().ok()) << bit;
  }
}

TEST(Forward, AnExerciseIsAnotherLane) {
  Journey journey;
  journey.constraints.exercise_id = "locked-shields-26";
  journey.Pass();
  EXPECT_TRUE(journey.Check().ok()) << journey.Check().status();
  journey.constraints.exercise_id.clear();
  EXPECT_EQ(ReasonFor(journey.Check()), kSignature);
}

TEST(Forward, SixteenAtMost) {
  Journey journey;
  journey.Pass();
  while (journey.forwards.size() <= static_cast<int>(kMaxForwards)) *journey.forwards.Add() = journey.forwards[1];
  EXPECT_EQ(ReasonFor(journey.Check()), kChain);
  Journey permitted;
  permitted.Pass();
  while (permitted.permissions.size() <= static_cast<int>(kMaxForwards)) *permitted.permissions.Add() = Permission();
  EXPECT_EQ(ReasonFor(permitted.Check()), kChain);
}

RejectReason PermittedBy(const v1::SignedBody& permission, const std::function<void(Journey&)>& change = [](Journey&) {}) {
  return After([&](Journey& j) {
    j.constraints.label = j.first.label = Label::kRed;
    j.constraints.orcon = true;
    j.second_hop = false;
    j.Permit(permission, j.first);
    change(j);
  });
}

TEST(Forward, TheOriginsPermissionCarriesWhatItsLabelForbids) {
  EXPECT_EQ(PermittedBy(Permission()), kNone);
  EXPECT_EQ(PermittedBy(Permission(), [](Journey& j) { j.permissions.Clear(); }), kChain);
  EXPECT_EQ(PermittedBy(Permission(World().estovia.self())), kChain);
  EXPECT_EQ(PermittedBy(Permission(World().norlandia.self(), absl::Hours(24), World().volt.org())), kChain);
  EXPECT_EQ(PermittedBy(Permission(World().norlandia.self(), absl::Minutes(1))), kChain);  // over when the hop is made
  EXPECT_EQ(PermittedBy(Permission(World().norlandia.self(), absl::Hours(24 * 367))), kTime);
  EXPECT_EQ(PermittedBy(Permission(World().norlandia.self(), -absl::Hours(1))), kTime);
  EXPECT_EQ(PermittedBy(Permission(), [](Journey& j) { j.first.audience = {World().volt.org()}; }), kChain);
  EXPECT_EQ(PermittedBy(Permission(), [](Journey& j) { *j.permissions.Add() = Permission(); }), kChain);  // named by nobody
  v1::SignedBody false_one = Permission();
  false_one.mutable_signature()->back() ^= 1;
  EXPECT_EQ(PermittedBy(false_one), kSignature);
}

}  // namespace
}  // namespace entente::envelope
