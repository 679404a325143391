#include <gtest/gtest.h>

#include "envelope/commitments.h"
#include "envelope/testing/passing_on.h"

// What peers with real keys can do to chains, permissions, joint advisories and notices inside an envelope: one thing bent, everything
// behind it made again, so that exactly one check can refuse.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;
using model::Label;

// Made by Estovia for Volt.
class HostileChain : public ::testing::TestWithParam<Case> {};
TEST_P(HostileChain, IsRefusedWithItsReason) {
  const auto verified = AcceptAtVolt(GetParam().make());
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}

Bytes Terms(std::function<void(ForwardTerms&)> bend, const policy::Constraints& constraints = Green()) {
  HostileForward hostile;
  hostile.terms = std::move(bend);
  return hostile.Make(Honest(2, constraints));
}
Bytes Forward(std::function<void(v1::ForwardBody&)> bend) {
  HostileForward hostile;
  hostile.forward = std::move(bend);
  return hostile.Make(Honest());
}
Bytes Bare(std::function<void(v1::Payload&)> bend) {
  HostileForward hostile;
  hostile.bare = std::move(bend);
  return hostile.Make(Honest());
}
Bytes ForwardSeal(std::function<void(v1::SealBody&)> bend) {
  HostileForward hostile;
  hostile.sealer.seal = std::move(bend);
  return hostile.Make(Honest());
}
Bytes Payload(std::function<void(v1::Payload&)> bend) {
  HostileForward hostile;
  hostile.sealer.payload = std::move(bend);
  return hostile.Make(Honest());
}
// Under a permission of `by`, bent.
Bytes Permitted(const trust::Self& by, std::function<void(v1::PermissionBody&)> bend) {
  HostileForward hostile;
  v1::SignedBody permission;
  hostile.terms = [&](ForwardTerms& terms) {
    v1::PermissionBody body;
    const auto made =
        *MakePermission(by, terms.statements, World().estovia.org(), terms.audience, kNow, kNow + absl::Hours(1));
    body.ParseFromString(made.body());
    if (bend) bend(body);
    permission = *trust::SignBody(by, trust::kPermissionType, body.SerializeAsString());
    terms.basis = v1::FORWARD_BASIS_PERMISSION;
    terms.permission = PermissionIdOf(permission.body());
    terms.label = Label::kRed;
  };
  hostile.bare = [&](v1::Payload& payload) { *payload.add_permissions() = permission; };
  return hostile.Make(Honest(2, Labelled(Label::kRed)));
}
policy::Constraints Limited(bool orcon, std::optional<uint32_t> hops) {
  policy::Constraints constraints = Green();
  constraints.orcon = orcon;
  constraints.hop_limit = hops;
  return constraints;
}

INSTANTIATE_TEST_SUITE_P(
    Chain, HostileChain,
    ::testing::Values(
        Case{"NothingBent", kNone, [] { return Terms({}); }},
        Case{"P18SealedToWhomTheHopLeavesOut", kAudience,
             [] { return Terms([](ForwardTerms& said) { said.audience = {Hub().org()}; }); }},
        Case{"P18StrippedByWhoForwarded", kAudience, [] { return Bare([](v1::Payload& p) { p.clear_forwards(); }); }},
        Case{"P33WithoutTheOriginsLeave", kChain, [] { return Terms({}, Limited(true, {})); }},
        Case{"P33BehindItsHopLimit", kChain, [] { return Terms({}, Limited(false, 0)); }},
        Case{"P33ByWhoNeverHadIt", kChain,
             [] {
               return HostileForward().Make(
                   HonestPayload(World().norlandia.self(), Green(), {World().volt.org()}, Contents(2, 40), kNow));
             }},
        Case{"P35OpensTheLabel", kChainLabel,
             [] { return Terms([](ForwardTerms& said) { said.label = Label::kClear; }); }},
        Case{"P35RedByItsLabel", kChainLabel,
             [] { return Terms([](ForwardTerms& said) { said.label = Label::kRed; }, Labelled(Label::kRed)); }},
        Case{"OfOtherStatements", kChain,
             [] { return Terms([](ForwardTerms& said) { said.statements = {*StatementId::From(Bytes(32, 's'))}; }); }},
        Case{"OfOneOfTwo", kChain, [] { return Terms([](ForwardTerms& said) { said.statements.pop_back(); }); }},
        Case{"ToNobody", kParse, [] { return Terms([](ForwardTerms& said) { said.audience.clear(); }); }},
        Case{"BehindAnotherHop", kChain,
             [] { return Forward([](v1::ForwardBody& b) { b.set_previous_forward(Bytes(32, 'p')); }); }},
        Case{"HopOfAnotherLength", kChain, [] { return Forward([](v1::ForwardBody& b) { b.clear_previous_forward(); }); }},
        Case{"OfTheFuture", kTime,
             [] { return Forward([](v1::ForwardBody& b) { b.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); }); }},
        Case{"ByAStranger", kUnknownParty, [] { return Forward([](v1::ForwardBody& b) { b.set_org_id(Bytes(32, 'o')); }); }},
        Case{"ByAnUnknownKey", kNoKey, [] { return Forward([](v1::ForwardBody& b) { b.set_key_id(Bytes(32, 'k')); }); }},
        Case{"ByARootKey", kKeyUse,
             [] { return Forward([](v1::ForwardBody& b) { b.set_key_id(RootKeyOf(World().estovia.self()).str()); }); }},
        Case{"FalselySigned", kSignature,
             [] { return Bare([](v1::Payload& p) { p.mutable_forwards(0)->mutable_signature()->back() ^= 1; }); }},
        Case{"Seventeen", kChain,
             [] {
               return Bare([](v1::Payload& p) {
                 while (p.forwards_size() < 17) *p.add_forwards() = p.forwards(0);
               });
             }},
        Case{"Twice", kChain, [] { return Bare([](v1::Payload& p) { *p.add_forwards() = p.forwards(0); }); }},
        Case{"APermissionThatNobodyNames", kChain,
             [] {
               return Bare([](v1::Payload& p) {
                 *p.add_permissions() =
                     *MakePermission(World().norlandia.self(), {StatementId()}, World().estovia.org(),
                                     {World().volt.org()}, kNow, kNow + absl::Hours(1));
               });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Permission, HostileChain,
    ::testing::Values(
        Case{"Holds", kNone, [] { return Permitted(World().norlandia.self(), {}); }},
        Case{"IsAnothersThanTheOrigins", kChain, [] { return Permitted(Hub().self(), {}); }},
        Case{"IsForAnotherForwarder", kChain,
             [] {
               return Permitted(World().norlandia.self(), [](v1::PermissionBody& b) { b.set_forwarder(Hub().org().str()); });
             }},
        Case{"IsForAnotherAudience", kChain,
             [] {
               return Permitted(World().norlandia.self(), [](v1::PermissionBody& b) { b.set_audience(0, Hub().org().str()); });
             }},
        Case{"IsForOtherStatements", kChain,
             [] {
               return Permitted(World().norlandia.self(), [](v1::PermissionBody& b) { b.set_statement_ids(Bytes(32, 's')); });
             }},
        Case{"BeginsLater", kChain,
             [] {
               return Permitted(World().norlandia.self(),
                                [](v1::PermissionBody& b) { b.set_time_us(absl::ToUnixMicros(kNow) + 1); });
             }},
        Case{"EndsBeforeItBegins", kTime,
             [] {
               return Permitted(World().norlandia.self(), [](v1::PermissionBody& b) { b.set_expires_us(b.time_us()); });
             }},
        Case{"LivesTooLong", kTime,
             [] {
               return Permitted(World().norlandia.self(), [](v1::PermissionBody& b) {
                 b.set_expires_us(b.time_us() + absl::ToInt64Microseconds(kStatementLifetime) + 1);
               });
             }},
        Case{"HasAFieldThatNobodyKnows", kParse,
             [] {
               return Permitted(World().norlandia.self(),
                                [](v1::PermissionBody& b) { b.GetReflection()->MutableUnknownFields(&b)->AddVarint(99, 1); });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Seal, HostileChain,
    ::testing::Values(
        Case{"OverOtherForwards", kSeal, [] { return ForwardSeal([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); }); }},
        Case{"OverNoForwards", kSeal, [] { return ForwardSeal([](v1::SealBody& s) { s.clear_forwards_hash(); }); }},
        Case{"OverTheStatementsAudience", kSeal,
             [] {
               return ForwardSeal(
                   [](v1::SealBody& s) { s.set_audience_hash(AudienceHash({World().estovia.org()}).str()); });
             }},
        Case{"OverNotices", kSeal, [] { return ForwardSeal([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); }); }},
        Case{"P19OverAnotherForward", kSeal,
             [] {
               return Payload([](v1::Payload& p) {  // as true as the one that was sealed, and a moment younger
                 v1::ForwardBody body;
                 body.ParseFromString(p.forwards(0).body());
                 body.set_time_us(body.time_us() + 1);
                 *p.mutable_forwards(0) =
                     *trust::SignBody(World().estovia.self(), trust::kForwardType, body.SerializeAsString());
               });
             }},
        Case{"P20OverOtherContent", kContent,
             [] { return Payload([](v1::Payload& p) { (*p.mutable_statements(0)->mutable_content())[3] ^= 1; }); }}),
    NameOf);

// Bends what Norlandia seals to Estovia.
struct PayloadCase {
  const char* name;
  RejectReason reason;
  std::function<void(v1::Payload&)> bend;
};
void PrintTo(const PayloadCase& c, std::ostream* out) { *out << c.name; }

// A joint advisory of Norlandia and Volt.
class HostileJoint : public ::testing::TestWithParam<PayloadCase> {};
TEST_P(HostileJoint, IsRefusedWithItsReason) {
  v1::Payload payload =
      HonestPayload(World().norlandia.self(), Green(), {World().estovia.org()}, {"{}"}, kNow, JointAdvisory(2).terms);
  *payload.add_cosignatures() = *Cosign(World().volt.self(), payload.batch(), false, kNow);
  GetParam().bend(payload);
  const auto verified = AcceptAtEstovia(Sealer().Make(payload));
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}
INSTANTIATE_TEST_SUITE_P(
    Cosignatures, HostileJoint,
    ::testing::Values(PayloadCase{"NothingBent", kNone, [](v1::Payload&) {}},
                      PayloadCase{"P34Stripped", kThreshold, [](v1::Payload& p) { p.clear_cosignatures(); }},
                      PayloadCase{"P34FalselySigned", kSignature,
                                  [](v1::Payload& p) { p.mutable_cosignatures(0)->mutable_signature()->back() ^= 1; }},
                      PayloadCase{"OfTheOtherLane", kSignature,
                                  [](v1::Payload& p) {
                                    *p.mutable_cosignatures(0) = *Cosign(World().volt.self(), p.batch(), true, kNow);
                                  }},
                      PayloadCase{"OfAnotherBatch", kParse,
                                  [](v1::Payload& p) {
                                    *p.mutable_cosignatures(0) =
                                        *Cosign(World().volt.self(), Honest().batch(), false, kNow);
                                  }},
                      PayloadCase{"ByTheOrigin", kParse,
                                  [](v1::Payload& p) {
                                    *p.mutable_cosignatures(0) =
                                        *Cosign(World().norlandia.self(), p.batch(), false, kNow);
                                  }},
                      PayloadCase{"ByWhoIsNotAsked", kParse,
                                  [](v1::Payload& p) {
                                    *p.mutable_cosignatures(0) =
                                        *Cosign(World().estovia.self(), p.batch(), false, kNow);
                                  }},
                      PayloadCase{"ByAKeyBeforeItsTime", kTime,
                                  [](v1::Payload& p) {
                                    *p.mutable_cosignatures(0) =
                                        *Cosign(World().volt.self(), p.batch(), false, kNow - absl::Hours(1));
                                  }}),
    [](const auto& test) { return std::string(test.param.name); });

// A recall of Norlandia's and a receipt of Volt's.
class HostileNotices : public ::testing::TestWithParam<PayloadCase> {};
TEST_P(HostileNotices, AreRefusedWithTheirReason) {
  v1::Payload payload;
  *payload.add_recalls() = SampleRecall();
  *payload.add_receipts() = SampleReceipt();
  GetParam().bend(payload);
  const auto verified = AcceptAtEstovia(Sealer().Make(payload));
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}
// The recall signed again by `by`, bent.
std::function<void(v1::Payload&)> Recalled(std::function<void(v1::RecallBody&)> bend,
                                           const trust::Self& by = World().norlandia.self()) {
  return [bend = std::move(bend), &by](v1::Payload& payload) {
    v1::SignedRecall& recall = *payload.mutable_recalls(0);
    v1::RecallBody body;
    body.ParseFromString(recall.body());
    bend(body);
    recall.set_body(body.SerializeAsString());
    recall.clear_signatures();
    SignRecall(by, recall).IgnoreError();
  };
}
INSTANTIATE_TEST_SUITE_P(
    Recalls, HostileNotices,
    ::testing::Values(
        PayloadCase{"NothingBent", kNone, [](v1::Payload&) {}},
        PayloadCase{"ByAnotherThanTheOrigin", kAuthority, Recalled([](v1::RecallBody&) {}, World().volt.self())},
        PayloadCase{"SignedByTwo", kAuthority,
                    [](v1::Payload& p) { SignRecall(World().volt.self(), *p.mutable_recalls(0)).IgnoreError(); }},
        PayloadCase{"SignedTwice", kParse,
                    [](v1::Payload& p) { SignRecall(World().norlandia.self(), *p.mutable_recalls(0)).IgnoreError(); }},
        PayloadCase{"SignedByNobody", kParse, [](v1::Payload& p) { p.mutable_recalls(0)->clear_signatures(); }},
        PayloadCase{"ByAStranger", kUnknownParty, Recalled([](v1::RecallBody&) {}, Hub().self())},
        PayloadCase{"FalselySigned", kSignature,
                  [](v1::Payload& p) { p.mutable_recalls(0)->mutable_signatures(0)->mutable_signature()->back() ^= 1; }},
        PayloadCase{"OfTheFuture", kTime,
                  Recalled([](v1::RecallBody& b) { b.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); })},
        PayloadCase{"OfNothing", kParse, Recalled([](v1::RecallBody& b) { b.clear_targets(); })},
        PayloadCase{"WithoutAnAction", kParse, Recalled([](v1::RecallBody& b) { b.clear_action(); })}),
    [](const auto& test) { return std::string(test.param.name); });
INSTANTIATE_TEST_SUITE_P(
    Receipts, HostileNotices,
    ::testing::Values(
        PayloadCase{"ToAnother", kAudience,
                  [](v1::Payload& p) { *p.mutable_receipts(0) = SampleReceipt(World().norlandia.org()); }},
        PayloadCase{"FalselySigned", kSignature,
                  [](v1::Payload& p) { p.mutable_receipts(0)->mutable_signature()->back() ^= 1; }},
        PayloadCase{"ThatIsNoMessage", kSignature, [](v1::Payload& p) { p.mutable_receipts(0)->set_body("nonsense"); }}),
    [](const auto& test) { return std::string(test.param.name); });

Bytes NoticesSealed(std::function<void(HostileSeal&)> bend) {
  v1::Payload payload;
  *payload.add_recalls() = SampleRecall();
  HostileSeal sealer = Sealer();
  bend(sealer);
  return sealer.Make(payload);
}
TEST(SealedNotices, TheSealNamesExactlyThem) {
  const auto reason = [](std::function<void(v1::SealBody&)> bend) {
    return ReasonFor(AcceptAtEstovia(NoticesSealed([&](HostileSeal& sealer) { sealer.seal = bend; })));
  };
  EXPECT_EQ(reason([](v1::SealBody&) {}), kNone);
  EXPECT_EQ(reason([](v1::SealBody& s) { s.clear_notices_hash(); }), kSeal);
  EXPECT_EQ(reason([](v1::SealBody& s) { s.set_notices_hash(Bytes(32, 'n')); }), kSeal);
  EXPECT_EQ(reason([](v1::SealBody& s) { s.set_forwards_hash(Bytes(32, 'f')); }), kSeal);
  EXPECT_EQ(reason([](v1::SealBody& s) { s.set_statements_hash(Bytes(32, 's')); }), kSeal);
  EXPECT_EQ(reason([](v1::SealBody& s) { s.set_audience_hash(AudienceHash({World().estovia.org()}).str()); }), kSeal);
  // One recall more than was sealed.
  const Bytes wire = NoticesSealed([](HostileSeal& sealer) {
    sealer.payload = [](v1::Payload& p) { *p.add_recalls() = p.recalls(0); };
  });
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(wire)), kSeal);
}

}  // namespace
}  // namespace entente::envelope
