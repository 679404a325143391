#include "envelope/testing/hostile_group.h"

#include "envelope/header.h"
#include "envelope/testing/region.h"

// Group mode in bad hands: a carrier's, and a member's with real keys and a real epoch. Each row bends one thing.
namespace entente::envelope {
namespace {

using enum RejectReason;
using namespace testing;

Bend EveryBit(size_t begin, size_t size, size_t stride = 1, bool (*chosen)(ByteView) = nullptr) {
  return InGroup([=](HostileGroup& g) {
    return test::EachBit(g.Sealed(1), {begin, size, stride, chosen}, [&](ByteView bent) { return g.OpenAt(2, bent); });
  });
}
bool IsWindowNow(ByteView wire) {
  return IsWindow(wire, HostileGroup::Now());
}
bool IsNone(ByteView wire) {
  return !IsWindowNow(wire);
}
Bend EveryPrefix(size_t begin, size_t end) {
  return InGroup([=](HostileGroup& g) {
    const Bytes wire = g.Sealed(1);
    test::OneAnswer answer;
    for (size_t size = begin; size < std::min(end, wire.size()); ++size) {
      answer.Take(g.OpenAt(2, ByteView(wire).substr(0, size)), size);
    }
    return answer.Said();
  });
}
constexpr size_t kGroupChunks = 115;
const Damage kGroupEnvelopeRows[] = {
    {1, "magic", kHeader, EveryBit(0, 4)},
    {1, "suite", kSuite, EveryBit(4, 2)},
    {1, "mode", kHeader, EveryBit(6, 1)},
    {1, "flags", kHeader, EveryBit(7, 1)},
    {1, "env_id", kCommit, EveryBit(8, 16)},
    {1, "created_hour", kTime, EveryBit(24, 4)},
    {1, "expires_hour_OfNoWindow", kTime, EveryBit(28, 4, 1, IsNone)},
    {1, "expires_hour_OfAWindow", kCommit, EveryBit(28, 4, 1, IsWindowNow)},
    {1, "route_tag", kEpoch, EveryBit(32, 16)},
    {1, "msg_salt", kCommit, EveryBit(48, 32)},
    {1, "n_slots", kHeader, EveryBit(80, 2)},
    {1, "size_class", kCommit, EveryBit(82, 1)},
    {3, "commitment", kCommit, EveryBit(83, 32)},
    {6, "payload", kAead, EveryBit(kGroupChunks, Bytes::npos, 7)},
    {0, "PrefixWithoutAChunk", kHeader, EveryPrefix(0, kGroupChunks + crypto::kTagSize)},
    {0, "PrefixWithHalfAChunk", kAead, EveryPrefix(kGroupChunks + crypto::kTagSize, Bytes::npos)},
    {6, "AByteBehindTheLastChunk", kTrailing,
     InGroup([](HostileGroup& g) -> Outcome { return g.OpenAt(2, g.Sealed(1) + '\0'); })},
    {9, "Slots", kHeader, InGroup([](HostileGroup& g) {
       HostileSeal sealer = g.Sealer(1);
       sealer.recipients = {g.Node(2).FreshPrekey(g.Now())};
       return g.Answer(sealer.Make(g.HonestFor(1, g.ForGroup())));
     })},
    // Whoever holds two epochs' secrets cannot make one envelope that says something else to each.
    {5, "AnotherEpochsKeyUnderATag", kCommit, InGroup([](HostileGroup& g) {
       const trust::EpochUse of_first = g.Epoch(1);
       g.BeginAnother("another");
       trust::EpochUse mixed = g.Epoch(1);
       mixed.tag = of_first.tag;
       const HostileSeal sealer{g.Self(1), {}, g.Now(), mixed};
       return g.Answer(sealer.Make(g.HonestFor(1, g.ForGroup())));
     })},
    {5, "AnotherEpochsTag", kCommit, InGroup([](HostileGroup& g) {
       Bytes wire = g.Sealed(1);
       g.BeginAnother("another");
       return g.Answer(wire.replace(32, RouteTag::kSize, g.Epoch(1).tag.str()));
     })},
    {19, "SealOverAnotherAudience", kSeal, InGroup([](HostileGroup& g) {
       HostileSeal sealer = g.Sealer(1);
       sealer.seal = [](v1::SealBody& seal) { seal.set_audience_hash(Bytes(32, 'a')); };
       return g.Answer(sealer.Make(g.HonestFor(1, g.ForGroup())));
     })},
    // Only statements of the group go to its epoch.
    {0, "StatementsForNamedOnes", kAudience, InGroup([](HostileGroup& g) {
       return g.Answer(
           g.Sealer(1).Make(HonestPayload(g.Self(1), Green(), g.Newest()->members(), Contents(1, 40), g.Now())));
     })},
    {0, "StatementsOfTheGroup", kNone,
     InGroup([](HostileGroup& g) { return g.Answer(g.Sealer(1).Make(g.HonestFor(1, g.ForGroup()))); })},
    {0, "StatementsOfAnotherGroup", kAudience, InGroup([](HostileGroup& g) {
       const v1::Payload of_first = g.HonestFor(1, g.ForGroup());
       g.BeginAnother("another");
       return g.Answer(g.Sealer(1).Make(of_first));
     })},
};
const DamageTable kGroupEnvelopeTable("GroupEnvelope", kGroupEnvelopeRows);

Bend WithBatchInGroup(std::function<void(HostileBatch&, HostileGroup&)> bend) {
  return InGroup([bend = std::move(bend)](HostileGroup& g) {
    HostileBatch batch{g.Self(1)};
    bend(batch, g);
    return g.Answer(g.Sealer(1).Make(batch.Sign(g.HonestFor(1, g.ForGroup()))));
  });
}
Bend Each(std::function<void(Body&)> bend) {
  return WithBatchInGroup([bend = std::move(bend)](HostileBatch& batch, HostileGroup&) {
    batch.statement = [bend](Body& body, int) { bend(body); };
  });
}
Bend Second(std::function<void(Body&)> bend) {
  return WithBatchInGroup([bend = std::move(bend)](HostileBatch& batch, HostileGroup&) {
    batch.statement = [bend](Body& body, int i) { i == 1 ? bend(body) : void(); };
  });
}
const Damage kGroupStatementRows[] = {
    {0, "NothingBent", kNone, Each([](Body&) {})},
    // An audience is a version on file.
    {0, "OfALaterMembership", kMemberHash, Each([](Body& b) { b.mutable_group()->set_membership_version(2); })},
    {0, "OfAnotherMembership", kMemberHash,
     Each([](Body& b) { b.mutable_group()->set_membership_hash(Bytes(32, 'h')); })},
    {0, "OfAnUnknownGroup", kMemberHash, Each([](Body& b) {
       b.mutable_group()->set_group_id(Bytes(32, 'g'));
       b.mutable_constraints()->set_sg_id(Bytes(32, 'g'));
     })},
    {17, "GroupIdShort", kParse, Each([](Body& b) { b.mutable_group()->set_group_id(Bytes(31, 'g')); })},
    {17, "MembershipHashLong", kParse, Each([](Body& b) { b.mutable_group()->set_membership_hash(Bytes(33, 'h')); })},
    {17, "MembershipOfVersionZero", kParse, Each([](Body& b) { b.mutable_group()->set_membership_version(0); })},
    {17, "EmptyGroup", kParse, Each([](Body& b) { b.mutable_group()->Clear(); })},
    {17, "GroupAndNamedOnes", kParse, WithBatchInGroup([](HostileBatch& batch, HostileGroup& g) {
       batch.statement = [named = g.Org(2).str()](Body& b, int) { b.add_audience(named); };
     })},
    {17, "ConstraintOfAnotherGroup", kParse, Each([](Body& b) { b.mutable_constraints()->set_sg_id(Bytes(32, 'g')); })},
    {17, "NoConstraintOfTheGroup", kParse, Each([](Body& b) { b.mutable_constraints()->clear_sg_id(); })},
    // All statements of a batch are for one group.
    {0, "SecondWithoutAGroup", kParse, Second([](Body& b) { b.clear_group(); })},
    {0, "SecondOfALaterMembership", kParse, Second([](Body& b) { b.mutable_group()->set_membership_version(2); })},
    {0, "SecondOfAGroupBesideANamedOne", kParse, InGroup([](HostileGroup& g) {
       HostileBatch batch{g.Self(1)};
       batch.statement = [](Body& b, int i) { i == 1 ? b.mutable_group()->Clear() : void(); };
       const v1::Payload named = HonestPayload(g.Self(1), Green(), {g.Org(2)}, Contents(2, 40), g.Now());
       return g.Answer(HostileSeal{g.Self(1), {g.Node(2).FreshPrekey(g.Now())}, g.Now()}.Make(batch.Sign(named)));
     })},
    {0, "SecondWithWhatNobodyHasToKnow", kNone, Second([](Body& b) {
       b.mutable_group()->GetReflection()->MutableUnknownFields(b.mutable_group())->AddVarint(100, 1);
     })},
    // The group's terms hold.
    {0, "OverTheCeiling", kAudience, Each([](Body& b) { b.mutable_constraints()->set_label(v1::LABEL_RED); })},
    {0, "UnderAnEmbargo", kAudience, Each([](Body& b) {
       b.mutable_constraints()->set_embargo_until_us(absl::ToUnixMicros(HostileGroup::Now() + absl::Hours(1)));
     })},
    {0, "OfAnExercise", kAudience, WithBatchInGroup([](HostileBatch& batch, HostileGroup&) {
       batch.id_type = Bytes(kExerciseStatementType);
       batch.batch = [](v1::BatchBody& body) { body.set_leaf_type(std::string(kExerciseStatementType)); };
       batch.statement = [](Body& b, int) { b.mutable_constraints()->set_exercise_id("locked-shields-26"); };
     })},
};
const DamageTable kGroupStatementTable("GroupStatement", kGroupStatementRows);

// Org(2)'s statements of the group, on to Org(3).
Bend ToMember(std::function<void(ForwardTerms&)> terms, std::optional<v1::OnwardRule> rule = {}) {
  return InGroup([terms = std::move(terms), rule](HostileGroup& g) {
    if (rule.has_value()) g.SetOnward(*rule);
    return g.Forwarded(g.HonestFor(2, g.ForGroup()), terms);
  });
}
Bend Under(void (*bend)(policy::Constraints&)) {
  return InGroup([bend](HostileGroup& g) {
    policy::Constraints constraints = g.ForGroup();
    bend(constraints);
    return g.Forwarded(g.HonestFor(2, constraints), [](ForwardTerms&) {});
  });
}
// Org(2)'s word to Org(1) alone, on to the group.
Bend ToGroup(std::function<void(ForwardTerms&, HostileGroup&)> bend) {
  return InGroup([bend = std::move(bend)](HostileGroup& g) {
    const v1::Payload named = HonestPayload(g.Self(2), Green(), {g.Org(1)}, Contents(1, 40), g.Now());
    const auto terms = [&](ForwardTerms& out) {
      out.basis = v1::FORWARD_BASIS_LABEL;
      out.audience.clear();
      out.group = g.Newest()->ref();
      bend(out, g);
    };
    return g.Forwarded(named, terms, g.Epoch(1));
  });
}
// The same, where a member passes it on once more.
Outcome SecondHop(HostileGroup& g, v1::ForwardBasis basis, size_t by, size_t to = 3) {
  v1::Payload payload = HonestPayload(g.Self(2), Green(), {g.Org(1)}, Contents(1, 40), g.Now());
  ForwardTerms terms{{IdOf(payload.statements(0).body(), false)},
                     {},
                     v1::FORWARD_BASIS_LABEL,
                     {},
                     model::Label::kGreen,
                     g.Newest()->ref()};
  *payload.add_forwards() = *MakeForward(g.Self(1), terms, nullptr, false, g.Now());
  Hop before;
  before.id = ForwardIdOf(payload.forwards(0).body(), false);
  terms.group.reset();
  terms.audience = {g.Org(to)};
  terms.basis = basis;
  *payload.add_forwards() = *MakeForward(g.Self(by), terms, &before, false, g.Now());
  return g.Answer(g.SealedTo(by, to, payload), to, by);
}
const Damage kGroupForwardRows[] = {
    {0, "ByTheLabel", kChain, ToMember([](ForwardTerms& t) { t.basis = v1::FORWARD_BASIS_LABEL; })},
    {0, "ByTheGroupsRule", kNone, ToMember([](ForwardTerms&) {}, v1::ONWARD_RULE_LABEL)},
    {0, "AgainstTheGroupsRule", kChain, ToMember([](ForwardTerms&) {}, v1::ONWARD_RULE_NONE)},
    // The label's rules hold under the group's too.
    {0, "UnderNothingElse", kNone, Under([](policy::Constraints&) {})},
    {33, "WithoutTheOriginsLeave", kChain, Under([](policy::Constraints& c) { c.orcon = true; })},
    {33, "BehindItsHopLimit", kChain, Under([](policy::Constraints& c) { c.hop_limit = 0; })},
    {33, "WithAnotherLabel", kChainLabel, ToMember([](ForwardTerms& t) { t.label = model::Label::kRed; })},
    {0, "ToTheGroup", kNone, ToGroup([](ForwardTerms&, HostileGroup&) {})},
    {0, "ToALaterMembership", kMemberHash, ToGroup([](ForwardTerms& t, HostileGroup&) { t.group->version = 2; })},
    {0, "ToTheGroupAndANamedOne", kParse, ToGroup([](ForwardTerms& t, HostileGroup& g) { t.audience = {g.Org(3)}; })},
    {0, "ToNobody", kParse, ToGroup([](ForwardTerms& t, HostileGroup&) { t.group.reset(); })},
    {0, "ByTheRuleOfNoGroup", kChain,
     ToGroup([](ForwardTerms& t, HostileGroup&) { t.basis = v1::FORWARD_BASIS_GROUP; })},
    {0, "OverTheCeiling", kAudience, ToGroup([](ForwardTerms& t, HostileGroup&) { t.label = model::Label::kAmber; })},
    // The group is who the forward is for; its epoch opens nothing else.
    {18, "ToANamedOneUnderAnEpoch", kAudience, ToGroup([](ForwardTerms& t, HostileGroup& g) {
       t.group.reset();
       t.audience = {g.Org(3)};
     })},
    {0, "OutOfItsLane", kAudience, InGroup([](HostileGroup& g) {
       v1::Payload payload = HonestPayload(g.Self(2), Exercise(), {g.Org(1)}, Contents(1, 40), g.Now());
       const ForwardTerms terms{{IdOf(payload.statements(0).body(), true)},
                                {},
                                v1::FORWARD_BASIS_LABEL,
                                {},
                                model::Label::kGreen,
                                g.Newest()->ref()};
       *payload.add_forwards() = *MakeForward(g.Self(1), terms, nullptr, true, g.Now());
       return g.Answer(g.Sealer(1).Make(payload), 3);
     })},
    // What came through a group goes on by its rule.
    {0, "OnceMoreByTheGroupsRule", kNone,
     InGroup([](HostileGroup& g) { return SecondHop(g, v1::FORWARD_BASIS_GROUP, 0); })},
    {0, "OnceMoreByTheLabel", kChain,
     InGroup([](HostileGroup& g) { return SecondHop(g, v1::FORWARD_BASIS_LABEL, 0); })},
    {0, "OnceMoreByTheOrigin", kChain,
     InGroup([](HostileGroup& g) { return SecondHop(g, v1::FORWARD_BASIS_GROUP, 2); })},
    {0, "OnceMoreAgainstTheGroupsRule", kChain, InGroup([](HostileGroup& g) {
       g.BeginAnother("closed", v1::ONWARD_RULE_NONE);
       return SecondHop(g, v1::FORWARD_BASIS_GROUP, 0);
     })},
    {33, "OnceMoreByWhoWasNotReached", kChain, InGroup([](HostileGroup& g) {
       g.BeginAnother("smaller");
       g.world_.Change(g.Without(3), g.Now());
       return SecondHop(g, v1::FORWARD_BASIS_GROUP, 3, 0);
     })},
};
const DamageTable kGroupForwardTable("GroupForward", kGroupForwardRows);

// A newcomer gets what was signed before it came by a forward, with the proof of who wrote it.
v1::Payload OfBeforeTheNewcomer(HostileGroup& g) {
  const trust::GroupTerms all = g.world_.Terms();
  g.world_.Change(g.Without(3), g.Now());
  const v1::Payload payload = g.HonestFor(2, g.ForGroup());
  g.world_.Change(all, g.Now());
  return payload;
}
const Damage kNewcomerRows[] = {
    {0, "OfBefore", kNotMember,
     InGroup([](HostileGroup& g) { return g.Answer(g.SealedTo(2, 3, OfBeforeTheNewcomer(g)), 3, 2); })},
    {0, "OfBeforeForwarded", kNone,
     InGroup([](HostileGroup& g) { return g.Forwarded(OfBeforeTheNewcomer(g), [](ForwardTerms&) {}); })},
};
const DamageTable kNewcomerTable("Newcomer", kNewcomerRows);

// Who was a member, who was none yet, and an epoch that is over.
constexpr absl::Duration kDay = absl::Hours(24);
const Damage kGroupEpochRows[] = {
    {29, "SealedByWhoIsTakenOut", kNotMember, InGroup([](HostileGroup& g) -> Outcome {
       const Bytes wire = g.Sealed(3);
       g.TakeOut(3, g.Now() + kDay);
       return g.Accept(0, 3, wire, g.Now() + kDay);
     })},
    {29, "SealedDirectlyByWhoIsTakenOut", kNotMember, InGroup([](HostileGroup& g) -> Outcome {
       const v1::Payload others = g.HonestFor(1, g.ForGroup());
       g.TakeOut(3, g.Now() + kDay);
       return g.Accept(0, 3, g.SealedTo(3, 0, others, g.Now() + kDay), g.Now() + kDay);
     })},
    {29, "ReadByWhoIsTakenOut", kEpoch, InGroup([](HostileGroup& g) -> Outcome {
       g.TakeOut(3, g.Now() + kDay);
       return g.OpenAt(3, g.Sealed(1, g.Now() + kDay), g.Now() + kDay);
     })},
    {30, "ReadByWhoComesIn", kEpoch, InGroup([](HostileGroup& g) -> Outcome {
       const trust::GroupTerms all = g.world_.Terms();
       g.TakeOut(3, g.Now() + kDay);
       const Bytes before = g.Sealed(1, g.Now() + 2 * kDay);
       g.world_.Change(all, g.Now() + 3 * kDay);
       g.world_.Rekey(0, v1::EPOCH_REASON_JOIN, g.Now() + 3 * kDay);
       return g.OpenAt(3, before, g.Now() + 3 * kDay);
     })},
    {32, "OpenedBehindItsGrace", kEpochStale, InGroup([](HostileGroup& g) -> Outcome {
       const Bytes wire = g.Sealed(1);
       g.world_.Rekey(0, v1::EPOCH_REASON_AGE, g.Now() + kDay);
       return g.OpenAt(2, wire, g.Now() + 4 * kDay + absl::Hours(1));
     })},
    {32, "SealedBeforeItBegins", kEpochStale, InGroup([](HostileGroup& g) {
       HostileSeal sealer = g.Sealer(1);
       sealer.header = [](Header& header) { header.created_hour -= 2, header.expires_hour -= 40; };
       return g.Answer(sealer.Make(g.HonestFor(1, g.ForGroup())));
     })},
};
const DamageTable kGroupEpochTable("GroupEpoch", kGroupEpochRows);

}  // namespace
}  // namespace entente::envelope
