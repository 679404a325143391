#include <gtest/gtest.h>

#include "envelope/commitments.h"
#include "envelope/testing/passing_on.h"

// What peers with real keys can do to chains, permissions, joint advisories and notices inside an envelope: one thing
// bent, everything behind it made again, so that exactly one check can refuse.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;
using model::Label;

// What Volt answers to `make`'s envelope of Estovia's.
Bend ToVolt(std::function<Bytes()> make) {
  return [make = std::move(make)] { return Outcome(AcceptAtVolt(make())); };
}
Bend Forwarding(std::function<void(HostileForward&)> bend, const policy::Constraints& constraints = Green()) {
  return ToVolt([bend = std::move(bend), constraints] {
    HostileForward hostile;
    bend(hostile);
    return hostile.Make(Honest(2, constraints));
  });
}
Bend Terms(std::function<void(ForwardTerms&)> bend, const policy::Constraints& constraints = Green()) {
  return Forwarding([bend = std::move(bend)](HostileForward& hostile) { hostile.terms = bend; }, constraints);
}
Bend Forward(std::function<void(v1::ForwardBody&)> bend) {
  return Forwarding([bend = std::move(bend)](HostileForward& hostile) { hostile.forward = bend; });
}
Bend Bare(std::function<void(v1::Payload&)> bend) {
  return Forwarding([bend = std::move(bend)](HostileForward& hostile) { hostile.bare = bend; });
}
Bend ForwardSeal(std::function<void(v1::SealBody&)> bend) {
  return Forwarding([bend = std::move(bend)](HostileForward& hostile) { hostile.sealer.seal = bend; });
}
Bend Payload(std::function<void(v1::Payload&)> bend) {
  return Forwarding([bend = std::move(bend)](HostileForward& hostile) { hostile.sealer.payload = bend; });
}
// Parties are made when they are asked for: rows stand before any test has run.
TestParty& Norlandia() {
  return World().norlandia;
}
TestParty& Volt() {
  return World().volt;
}
// Under a permission of `by`, bent.
Bend Permitted(TestParty& (*by)(), std::function<void(v1::PermissionBody&)> bend) {
  return ToVolt([by, bend = std::move(bend)] {
    HostileForward hostile;
    v1::SignedBody permission;
    hostile.terms = [&](ForwardTerms& terms) {
      v1::PermissionBody body;
      const auto made = *MakePermission(by().self(), terms.statements, World().estovia.org(), terms.audience, kNow,
                                        kNow + absl::Hours(1));
      body.ParseFromString(made.body());
      if (bend) bend(body);
      permission = *trust::SignBody(by().self(), trust::kPermissionType, body.SerializeAsString());
      terms.basis = v1::FORWARD_BASIS_PERMISSION;
      terms.permission = PermissionIdOf(permission.body());
      terms.label = Label::kRed;
    };
    hostile.bare = [&](v1::Payload& payload) { *payload.add_permissions() = permission; };
    return hostile.Make(Honest(2, Labelled(Label::kRed)));
  });
}
policy::Constraints Limited(bool orcon, std::optional<uint32_t> hops) {
  policy::Constraints constraints = Green();
  constraints.orcon = orcon;
  constraints.hop_limit = hops;
  return constraints;
}

const Damage kChainRows[] = {
    {0, "NothingBent", kNone, Terms({})},
    {18, "SealedToWhomTheHopLeavesOut", kAudience, Terms([](ForwardTerms& said) { said.audience = {Hub().org()}; })},
    {18, "StrippedByWhoForwarded", kAudience, Bare([](v1::Payload& p) { p.clear_forwards(); })},
    {33, "WithoutTheOriginsLeave", kChain, Terms({}, Limited(true, {}))},
    {33, "BehindItsHopLimit", kChain, Terms({}, Limited(false, 0))},
    {33, "ByWhoNeverHadIt", kChain, ToVolt([] {
       return HostileForward().Make(
           HonestPayload(World().norlandia.self(), Green(), {World().volt.org()}, Contents(2, 40), kNow));
     })},
    {33, "OpensTheLabel", kChainLabel, Terms([](ForwardTerms& said) { said.label = Label::kClear; })},
    {33, "RedByItsLabel", kChainLabel,
     Terms([](ForwardTerms& said) { said.label = Label::kRed; }, Labelled(Label::kRed))},
    {33, "OfOtherStatements", kChain,
     Terms([](ForwardTerms& said) { said.statements = {*StatementId::From(Bytes(32, 's'))}; })},
    {0, "OfOneOfTwo", kChain, Terms([](ForwardTerms& said) { said.statements.pop_back(); })},
    {0, "ToNobody", kParse, Terms([](ForwardTerms& said) { said.audience.clear(); })},
    {33, "BehindAnotherHop", kChain, Forward([](v1::ForwardBody& b) { b.set_previous_forward(Bytes(32, 'p')); })},
    {0, "HopOfAnotherLength", kChain, Forward([](v1::ForwardBody& b) { b.clear_previous_forward(); })},
    {0, "OfTheFuture", kTime,
     Forward([](v1::ForwardBody& b) { b.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); })},
    {0, "ByAStranger", kUnknownParty, Forward([](v1::ForwardBody& b) { b.set_org_id(Bytes(32, 'o')); })},
    {0, "ByAnUnknownKey", kNoKey, Forward([](v1::ForwardBody& b) { b.set_key_id(Bytes(32, 'k')); })},
    {0, "ByARootKey", kKeyUse,
     Forward([](v1::ForwardBody& b) { b.set_key_id(RootKeyOf(World().estovia.self()).str()); })},
    {0, "FalselySigned", kSignature,
     Bare([](v1::Payload& p) { p.mutable_forwards(0)->mutable_signature()->back() ^= 1; })},
    {33, "Seventeen", kChain, Bare([](v1::Payload& p) {
       while (p.forwards_size() < 17) *p.add_forwards() = p.forwards(0);
     })},
    {33, "Twice", kChain, Bare([](v1::Payload& p) { *p.add_forwards() = p.forwards(0); })},
    {0, "APermissionThatNobodyNames", kChain, Bare([](v1::Payload& p) {
       *p.add_permissions() = *MakePermission(World().norlandia.self(), {StatementId()}, World().estovia.org(),
                                              {World().volt.org()}, kNow, kNow + absl::Hours(1));
     })},
};
const DamageTable kChainTable("Chain", kChainRows);

const Damage kPermissionRows[] = {
    {0, "Holds", kNone, Permitted(Norlandia, {})},
    {0, "IsAnothersThanTheOrigins", kChain, Permitted(Hub, {})},
    {0, "IsForAnotherForwarder", kChain,
     Permitted(Norlandia, [](v1::PermissionBody& b) { b.set_forwarder(Hub().org().str()); })},
    {0, "IsForAnotherAudience", kChain,
     Permitted(Norlandia, [](v1::PermissionBody& b) { b.set_audience(0, Hub().org().str()); })},
    {0, "IsForOtherStatements", kChain,
     Permitted(Norlandia, [](v1::PermissionBody& b) { b.set_statement_ids(Bytes(32, 's')); })},
    {0, "BeginsLater", kChain,
     Permitted(Norlandia, [](v1::PermissionBody& b) { b.set_time_us(absl::ToUnixMicros(kNow) + 1); })},
    {0, "EndsBeforeItBegins", kTime,
     Permitted(Norlandia, [](v1::PermissionBody& b) { b.set_expires_us(b.time_us()); })},
    {0, "LivesTooLong", kTime,
     Permitted(Norlandia,
               [](v1::PermissionBody& b) {
                 b.set_expires_us(b.time_us() + absl::ToInt64Microseconds(kStatementLifetime) + 1);
               })},
    {0, "HasAFieldThatNobodyKnows", kParse,
     Permitted(Norlandia,
               [](v1::PermissionBody& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); })},
};
const DamageTable kPermissionTable("Permission", kPermissionRows);

const Damage kForwardSealRows[] = {
    {0, "OverOtherForwards", kSeal, ForwardSeal([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); })},
    {0, "OverNoForwards", kSeal, ForwardSeal([](v1::SealBody& s) { s.clear_forwards_hash(); })},
    {0, "OverTheStatementsAudience", kSeal,
     ForwardSeal([](v1::SealBody& s) { s.set_audience_hash(AudienceHash({World().estovia.org()}).str()); })},
    {0, "OverNotices", kSeal, ForwardSeal([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); })},
    {19, "OverAnotherForward", kSeal,
     Payload([](v1::Payload& p) {  // as true as the one that was sealed, and a moment younger
       v1::ForwardBody body;
       body.ParseFromString(p.forwards(0).body());
       body.set_time_us(body.time_us() + 1);
       *p.mutable_forwards(0) = *trust::SignBody(World().estovia.self(), trust::kForwardType, body.SerializeAsString());
     })},
    {20, "OverOtherContent", kContent,
     Payload([](v1::Payload& p) { (*p.mutable_statements(0)->mutable_content())[3] ^= 1; })},
};
const DamageTable kForwardSealTable("ForwardSeal", kForwardSealRows);

// A joint advisory of Norlandia and Volt, sealed to Estovia.
Bend Jointly(std::function<void(v1::Payload&)> bend) {
  return ToEstovia([bend = std::move(bend)] {
    v1::Payload payload =
        HonestPayload(World().norlandia.self(), Green(), {World().estovia.org()}, {"{}"}, kNow, JointAdvisory(2).terms);
    *payload.add_cosignatures() = *Cosign(World().volt.self(), payload.batch(), false, kNow);
    bend(payload);
    return Sealer().Make(payload);
  });
}
const Damage kCosignaturesRows[] = {
    {0, "NothingBent", kNone, Jointly([](v1::Payload&) {})},
    {34, "Stripped", kThreshold, Jointly([](v1::Payload& p) { p.clear_cosignatures(); })},
    {34, "FalselySigned", kSignature,
     Jointly([](v1::Payload& p) { p.mutable_cosignatures(0)->mutable_signature()->back() ^= 1; })},
    {0, "OfTheOtherLane", kSignature,
     Jointly([](v1::Payload& p) { *p.mutable_cosignatures(0) = *Cosign(World().volt.self(), p.batch(), true, kNow); })},
    {0, "OfAnotherBatch", kParse, Jointly([](v1::Payload& p) {
       *p.mutable_cosignatures(0) = *Cosign(World().volt.self(), Honest().batch(), false, kNow);
     })},
    {0, "ByTheOrigin", kParse, Jointly([](v1::Payload& p) {
       *p.mutable_cosignatures(0) = *Cosign(World().norlandia.self(), p.batch(), false, kNow);
     })},
    {0, "ByWhoIsNotAsked", kParse, Jointly([](v1::Payload& p) {
       *p.mutable_cosignatures(0) = *Cosign(World().estovia.self(), p.batch(), false, kNow);
     })},
    {0, "ByAKeyBeforeItsTime", kTime, Jointly([](v1::Payload& p) {
       *p.mutable_cosignatures(0) = *Cosign(World().volt.self(), p.batch(), false, kNow - absl::Hours(1));
     })},
};
const DamageTable kCosignaturesTable("Cosignatures", kCosignaturesRows);

// A recall of Norlandia's and a receipt of Volt's.
Bend WithNotices(std::function<void(v1::Payload&)> bend) {
  return ToEstovia([bend = std::move(bend)] {
    v1::Payload payload;
    *payload.add_recalls() = SampleRecall();
    *payload.add_receipts() = SampleReceipt();
    bend(payload);
    return Sealer().Make(payload);
  });
}
// The recall signed again by `by`, bent.
Bend Recalled(std::function<void(v1::RecallBody&)> bend, TestParty& (*by)() = Norlandia) {
  return WithNotices([bend = std::move(bend), by](v1::Payload& payload) {
    v1::SignedRecall& recall = *payload.mutable_recalls(0);
    v1::RecallBody body;
    body.ParseFromString(recall.body());
    bend(body);
    recall.set_body(body.SerializeAsString());
    recall.clear_signatures();
    SignRecall(by().self(), recall).IgnoreError();
  });
}
const Damage kRecallsRows[] = {
    {0, "NothingBent", kNone, WithNotices([](v1::Payload&) {})},
    {35, "ByAnotherThanTheOrigin", kAuthority, Recalled([](v1::RecallBody&) {}, Volt)},
    {35, "SignedByTwo", kAuthority,
     WithNotices([](v1::Payload& p) { SignRecall(World().volt.self(), *p.mutable_recalls(0)).IgnoreError(); })},
    {0, "SignedTwice", kParse,
     WithNotices([](v1::Payload& p) { SignRecall(World().norlandia.self(), *p.mutable_recalls(0)).IgnoreError(); })},
    {0, "SignedByNobody", kParse, WithNotices([](v1::Payload& p) { p.mutable_recalls(0)->clear_signatures(); })},
    {0, "ByAStranger", kUnknownParty, Recalled([](v1::RecallBody&) {}, Hub)},
    {0, "FalselySigned", kSignature, WithNotices([](v1::Payload& p) {
       p.mutable_recalls(0)->mutable_signatures(0)->mutable_signature()->back() ^= 1;
     })},
    {0, "OfTheFuture", kTime,
     Recalled([](v1::RecallBody& b) { b.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); })},
    {0, "OfNothing", kParse, Recalled([](v1::RecallBody& b) { b.clear_targets(); })},
    {0, "WithoutAnAction", kParse, Recalled([](v1::RecallBody& b) { b.clear_action(); })},
};
const DamageTable kRecallsTable("Recalls", kRecallsRows);
const Damage kReceiptsRows[] = {
    {0, "ToAnother", kAudience,
     WithNotices([](v1::Payload& p) { *p.mutable_receipts(0) = SampleReceipt(World().norlandia.org()); })},
    {0, "FalselySigned", kSignature,
     WithNotices([](v1::Payload& p) { p.mutable_receipts(0)->mutable_signature()->back() ^= 1; })},
    {0, "ThatIsNoMessage", kSignature,
     WithNotices([](v1::Payload& p) { p.mutable_receipts(0)->set_body("nonsense"); })},
};
const DamageTable kReceiptsTable("Receipts", kReceiptsRows);

// The seal of notices names exactly them.
Bend NoticesSealed(std::function<void(HostileSeal&)> bend) {
  return ToEstovia([bend = std::move(bend)] {
    v1::Payload payload;
    *payload.add_recalls() = SampleRecall();
    HostileSeal sealer = Sealer();
    bend(sealer);
    return sealer.Make(payload);
  });
}
Bend NoticeSeal(std::function<void(v1::SealBody&)> bend) {
  return NoticesSealed([bend = std::move(bend)](HostileSeal& sealer) { sealer.seal = bend; });
}
const Damage kNoticeSealRows[] = {
    {0, "NothingBent", kNone, NoticeSeal([](v1::SealBody&) {})},
    {19, "OverNothing", kSeal, NoticeSeal([](v1::SealBody& s) { s.clear_notices_hash(); })},
    {19, "OverOtherNotices", kSeal, NoticeSeal([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); })},
    {0, "OverForwards", kSeal, NoticeSeal([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); })},
    {0, "OverStatements", kSeal, NoticeSeal([](v1::SealBody& s) { s.set_statements_hash(Bytes(32, 's')); })},
    {0, "OverAnAudience", kSeal,
     NoticeSeal([](v1::SealBody& s) { s.set_audience_hash(AudienceHash({World().estovia.org()}).str()); })},
    {19, "OverOneRecallLess", kSeal, NoticesSealed([](HostileSeal& sealer) {
       sealer.payload = [](v1::Payload& p) { *p.add_recalls() = p.recalls(0); };
     })},
};
const DamageTable kNoticeSealTable("NoticeSeal", kNoticeSealRows);

}  // namespace
}  // namespace entente::envelope
