#include "envelope/header.h"
#include "envelope/testing/group.h"
#include "envelope/testing/region.h"

// Group mode in bad hands: a carrier's, and a member's with real keys and a real epoch. Each test bends one thing.
namespace entente::envelope {
namespace {

using enum RejectReason;
using namespace testing;

class HostileGroupTest : public GroupTest {
 protected:
  // What Org(2) answers to Org(1)'s envelope.
  RejectReason Answer(ByteView wire) { return Refusal(2, 1, wire); }
  RejectReason BentBody(const std::function<void(v1::StatementBody&)>& bend) { return Answer(WithEachBody(1, bend)); }
  // Another group of the same members, with an epoch of its own, at every node. World and fixture go on with it.
  void BeginAnother(const std::string& name, v1::OnwardRule onward = v1::ONWARD_RULE_LABEL) {
    trust::GroupTerms terms = world_.founders.Terms();
    terms.name = name;
    terms.onward = onward;
    world_.Found(terms);
    world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
  }
};

TEST_F(HostileGroupTest, P01EveryBitOfTheHeaderRefusesWithItsReason) {
  const Bytes wire = Sealed(1);
  ASSERT_EQ(Answer(wire), kNone);
  const std::vector<Region> regions = {{"magic", 0, 4, kHeader},
                                       {"suite", 4, 2, kSuite},
                                       {"mode", 6, 1, kHeader},
                                       {"flags", 7, 1, kHeader},
                                       {"env_id", 8, 16, kCommit},
                                       {"created_hour", 24, 4, kCommit, 1, true},
                                       {"expires_hour", 28, 4, kCommit, 1, true},
                                       {"route_tag", 32, 16, kEpoch},
                                       {"msg_salt", 48, 32, kCommit},
                                       {"n_slots", 80, 2, kHeader},
                                       {"size_class", 82, 1, kCommit},
                                       {"commitment", 83, 32, kCommit},
                                       {"payload", 115, wire.size() - 115, kAead, 7}};
  for (const Region& region : regions) {
    ExpectEachBitRefuses(wire, region, Now(), [&](ByteView bent) { return ReasonFor(OpenAt(2, bent)); });
  }
  for (size_t size = 0; size < wire.size(); ++size) {
    ASSERT_EQ(ReasonFor(OpenAt(2, ByteView(wire).substr(0, size))), size < 115 + crypto::kTagSize ? kHeader : kAead)
        << size;
  }
  EXPECT_EQ(ReasonFor(OpenAt(2, wire + '\0')), kTrailing);
}

TEST_F(HostileGroupTest, P09SlotsInGroupModeRefuse) {
  HostileSeal sealer = Sealer(1);
  sealer.recipients = {Node(2).FreshPrekey(Now())};
  EXPECT_EQ(Answer(sealer.Make(HonestFor(1, ForGroup()))), kHeader);
}

// Whoever holds two epochs' secrets cannot make one envelope that says something else to each.
TEST_F(HostileGroupTest, P05AnotherEpochsKeyIsNotCommittedTo) {
  const trust::EpochUse of_first = Epoch(1);
  const Bytes honest = Sealed(1);
  BeginAnother("another");
  trust::EpochUse mixed = Epoch(1);
  mixed.tag = of_first.tag;
  HostileSeal sealer{Self(1), {}, Now(), mixed};
  EXPECT_EQ(Answer(sealer.Make(HonestFor(1, ForGroup()))), kCommit);
  Bytes retagged = honest;
  retagged.replace(32, RouteTag::kSize, Epoch(1).tag.str());
  EXPECT_EQ(Answer(retagged), kCommit);
}

TEST_F(HostileGroupTest, OnlyStatementsOfTheGroupGoToItsEpoch) {
  const v1::Payload named = HonestPayload(Self(1), Green(), Newest()->members(), Contents(1, 40), Now());
  EXPECT_EQ(Answer(Sealer(1).Make(named)), kAudience);
  const v1::Payload of_first = HonestFor(1, ForGroup());
  EXPECT_EQ(Answer(Sealer(1).Make(of_first)), kNone);
  BeginAnother("another");
  EXPECT_EQ(Answer(Sealer(1).Make(of_first)), kAudience);
}

TEST_F(HostileGroupTest, AnAudienceIsAVersionOnFile) {
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->set_membership_version(2); }), kMemberHash);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->set_membership_hash(Bytes(32, 'h')); }),
            kMemberHash);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) {
              body.mutable_group()->set_group_id(Bytes(32, 'g'));
              body.mutable_constraints()->set_sg_id(Bytes(32, 'g'));
            }),
            kMemberHash);
}

TEST_F(HostileGroupTest, P17AMalformedGroupRefuses) {
  EXPECT_EQ(BentBody([](v1::StatementBody&) {}), kNone);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->set_group_id(Bytes(31, 'g')); }), kParse);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->set_membership_hash(Bytes(33, 'h')); }),
            kParse);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->set_membership_version(0); }), kParse);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_group()->Clear(); }), kParse);
  EXPECT_EQ(BentBody([&](v1::StatementBody& body) { body.add_audience(Org(2).str()); }), kParse);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_constraints()->set_sg_id(Bytes(32, 'g')); }), kParse);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_constraints()->clear_sg_id(); }), kParse);
}

TEST_F(HostileGroupTest, AllStatementsOfABatchAreForOneGroup) {
  HostileBatch batch{Self(1)};
  const auto second = [&](const std::function<void(v1::StatementBody&)>& bend) {
    batch.statement = [&](v1::StatementBody& body, int i) { i == 1 ? bend(body) : void(); };
    return Answer(Sealer(1).Make(batch.Sign(HonestFor(1, ForGroup()))));
  };
  EXPECT_EQ(second([](v1::StatementBody&) {}), kNone);
  EXPECT_EQ(second([](v1::StatementBody& body) { body.clear_group(); }), kParse);
  EXPECT_EQ(second([](v1::StatementBody& body) { body.mutable_group()->set_membership_version(2); }), kParse);
  batch.statement = [](v1::StatementBody& body, int i) { i == 1 ? body.mutable_group()->Clear() : void(); };
  const v1::Payload named = HonestPayload(Self(1), Green(), {Org(2)}, Contents(2, 40), Now());
  EXPECT_EQ(Answer(HostileSeal{Self(1), {Node(2).FreshPrekey(Now())}, Now()}.Make(batch.Sign(named))), kParse);
  // What nobody has to know is no difference.
  EXPECT_EQ(second([](v1::StatementBody& body) {
              body.mutable_group()->GetReflection()->MutableUnknownFields(body.mutable_group())->AddVarint(100, 1);
            }),
            kNone);
}

TEST_F(HostileGroupTest, TheGroupsTermsHold) {
  EXPECT_EQ(BentBody([](v1::StatementBody& body) { body.mutable_constraints()->set_label(v1::LABEL_RED); }), kAudience);
  EXPECT_EQ(BentBody([](v1::StatementBody& body) {
              body.mutable_constraints()->set_embargo_until_us(absl::ToUnixMicros(Now() + absl::Hours(1)));
            }),
            kAudience);
  HostileBatch batch{Self(1)};
  batch.id_type = Bytes(kExerciseStatementType);
  batch.batch = [](v1::BatchBody& body) { body.set_leaf_type(std::string(kExerciseStatementType)); };
  batch.statement = [](v1::StatementBody& body, int) {
    body.mutable_constraints()->set_exercise_id("locked-shields-26");
  };
  EXPECT_EQ(Answer(Sealer(1).Make(batch.Sign(HonestFor(1, ForGroup())))), kAudience);
}

TEST_F(HostileGroupTest, P19TheSealNamesTheAudience) {
  HostileSeal sealer = Sealer(1);
  sealer.seal = [&](v1::SealBody& seal) { seal.set_audience_hash(Bytes(32, 'a')); };
  EXPECT_EQ(Answer(sealer.Make(HonestFor(1, ForGroup()))), kSeal);
}

// A forward that Org(1) makes of Org(2)'s statements, sealed as a test wants it.
class HostileGroupForwardTest : public HostileGroupTest {
 protected:
  struct Bent {
    std::function<void(ForwardTerms&)> terms = [](ForwardTerms&) {};
    std::optional<trust::EpochUse> epoch = {};
    std::vector<trust::Prekey> recipients = {};
  };
  RejectReason Forwarded(v1::Payload payload, const Bent& bent, size_t to) {
    ForwardTerms terms{{}, {Org(to)}, v1::FORWARD_BASIS_GROUP, {}, model::Label::kGreen};
    for (const v1::StatementEntry& entry : payload.statements()) terms.statements.push_back(IdOf(entry.body(), false));
    std::sort(terms.statements.begin(), terms.statements.end());
    bent.terms(terms);
    *payload.add_forwards() = *MakeForward(Self(1), terms, nullptr, false, Now());
    const HostileSeal sealer{Self(1), bent.recipients, Now(), bent.epoch};
    return Refusal(to, 1, sealer.Make(payload));
  }
  RejectReason ToMember(const std::function<void(ForwardTerms&)>& terms) {
    return Forwarded(HonestFor(2, ForGroup()), {terms, {}, {Node(3).FreshPrekey(Now())}}, 3);
  }
};

TEST_F(HostileGroupForwardTest, StatementsOfAGroupGoOnByItsRuleAlone) {
  EXPECT_EQ(ToMember([](ForwardTerms& terms) { terms.basis = v1::FORWARD_BASIS_LABEL; }), kChain);
  const bool open = Newest()->document().onward() == v1::ONWARD_RULE_LABEL;
  EXPECT_EQ(ToMember([](ForwardTerms&) {}), open ? kNone : kChain);
  trust::GroupTerms terms = world_.Terms();
  terms.onward = open ? v1::ONWARD_RULE_NONE : v1::ONWARD_RULE_LABEL;
  world_.Change(terms, Now());
  EXPECT_EQ(ToMember([](ForwardTerms&) {}), open ? kChain : kNone);
}

TEST_F(HostileGroupForwardTest, TheLabelsRulesHoldUnderTheGroupsToo) {
  const auto under = [&](const std::function<void(policy::Constraints&)>& bend) {
    policy::Constraints constraints = ForGroup();
    bend(constraints);
    return Forwarded(HonestFor(2, constraints), {[](ForwardTerms&) {}, {}, {Node(3).FreshPrekey(Now())}}, 3);
  };
  EXPECT_EQ(under([](policy::Constraints&) {}), kNone);
  EXPECT_EQ(under([](policy::Constraints& c) { c.orcon = true; }), kChain);
  EXPECT_EQ(under([](policy::Constraints& c) { c.hop_limit = 0; }), kChain);
  EXPECT_EQ(ToMember([](ForwardTerms& terms) { terms.label = model::Label::kRed; }), kChainLabel);
}

TEST_F(HostileGroupForwardTest, AForwardToAGroupReachesItsMembers) {
  const trust::MembershipRef ref = Newest()->ref();
  const v1::Payload named = HonestPayload(Self(2), Green(), {Org(1)}, Contents(1, 40), Now());
  const auto to_group = [&](const std::function<void(ForwardTerms&)>& bend) {
    const auto terms = [&](ForwardTerms& out) {
      out.basis = v1::FORWARD_BASIS_LABEL;
      out.audience.clear();
      out.group = ref;
      bend(out);
    };
    return Forwarded(named, {terms, Epoch(1), {}}, 3);
  };
  EXPECT_EQ(to_group([](ForwardTerms&) {}), kNone);
  EXPECT_EQ(to_group([](ForwardTerms& terms) { terms.group->version = 2; }), kMemberHash);
  EXPECT_EQ(to_group([&](ForwardTerms& terms) { terms.audience = {Org(3)}; }), kParse);
  EXPECT_EQ(to_group([&](ForwardTerms& terms) { terms.group.reset(); }), kParse);
  EXPECT_EQ(to_group([](ForwardTerms& terms) { terms.basis = v1::FORWARD_BASIS_GROUP; }),
            kChain);  // of no group themselves
  EXPECT_EQ(to_group([](ForwardTerms& terms) { terms.label = model::Label::kAmber; }), kAudience);  // over the ceiling
  // The group is who the forward is for; its epoch opens nothing else.
  EXPECT_EQ(to_group([&](ForwardTerms& terms) {
              terms.group.reset();
              terms.audience = {Org(3)};
            }),
            kAudience);
}

TEST_F(HostileGroupForwardTest, ALaneIsNotLeftByAForward) {
  policy::Constraints exercise = Green();
  exercise.exercise_id = "locked-shields-26";
  v1::Payload payload = HonestPayload(Self(2), exercise, {Org(1)}, Contents(1, 40), Now());
  ForwardTerms terms{{IdOf(payload.statements(0).body(), true)},
                     {},
                     v1::FORWARD_BASIS_LABEL,
                     {},
                     model::Label::kGreen,
                     Newest()->ref()};
  *payload.add_forwards() = *MakeForward(Self(1), terms, nullptr, true, Now());
  EXPECT_EQ(Refusal(3, 1, Sealer(1).Make(payload)), kAudience);
}

// Norlandia's word to one, who passes it on to the group, where another member passes it on once more.
TEST_F(HostileGroupForwardTest, WhatCameThroughAGroupGoesOnByItsRule) {
  const auto second_hop = [&](v1::ForwardBasis basis, size_t by, size_t to = 3) {
    v1::Payload payload = HonestPayload(Self(2), Green(), {Org(1)}, Contents(1, 40), Now());
    ForwardTerms terms{{IdOf(payload.statements(0).body(), false)},
                       {},
                       v1::FORWARD_BASIS_LABEL,
                       {},
                       model::Label::kGreen,
                       Newest()->ref()};
    *payload.add_forwards() = *MakeForward(Self(1), terms, nullptr, false, Now());
    Hop before;
    before.id = ForwardIdOf(payload.forwards(0).body(), false);
    terms.group.reset();
    terms.audience = {Org(to)};
    terms.basis = basis;
    *payload.add_forwards() = *MakeForward(Self(by), terms, &before, false, Now());
    return Refusal(to, by, SealedTo(by, to, payload));
  };
  EXPECT_EQ(second_hop(v1::FORWARD_BASIS_GROUP, 0), kNone);
  EXPECT_EQ(second_hop(v1::FORWARD_BASIS_LABEL, 0), kChain);
  EXPECT_EQ(second_hop(v1::FORWARD_BASIS_GROUP, 2), kChain);  // the origin, in the second hop
  BeginAnother("closed", v1::ONWARD_RULE_NONE);
  EXPECT_EQ(second_hop(v1::FORWARD_BASIS_GROUP, 0), kChain);
  // Who was not among those that the first hop reached.
  BeginAnother("smaller");
  world_.Change(Without(3), Now());
  EXPECT_EQ(second_hop(v1::FORWARD_BASIS_GROUP, 3, 0), kChain);
}

// A newcomer gets what was signed before it came by a forward, with the proof of who wrote it.
TEST_F(HostileGroupForwardTest, AForwardReachesWhoWasNotInTheStatementsVersion) {
  const trust::GroupTerms all = world_.Terms();
  world_.Change(Without(3), Now());
  const v1::Payload payload = HonestFor(2, ForGroup());
  world_.Change(all, Now());
  EXPECT_EQ(Refusal(3, 2, SealedTo(2, 3, payload)), kNotMember);
  EXPECT_EQ(Forwarded(payload, {[](ForwardTerms&) {}, {}, {Node(3).FreshPrekey(Now())}}, 3), kNone);
}

}  // namespace
}  // namespace entente::envelope
