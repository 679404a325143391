#include <gtest/gtest.h>

#include <algorithm>

#include "envelope/testing/federation.h"

// What a peer can do: it holds real keys and signs whatever it likes. Each case bends one thing and makes everything that
// depends on it again, so that exactly one check stands in its way.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;
using Body = v1::StatementBody;

v1::Payload Honest(size_t count = 2, const policy::Constraints& constraints = Green()) {
  Federation& world = World();
  return HonestPayload(world.norlandia.self(), constraints, {world.estovia.org()}, Contents(count, 40), kNow);
}
HostileSeal Sealer() { return {World().norlandia.self(), {World().estovia.Prekey(kNow)}, kNow}; }
HostileBatch Signer() { return {World().norlandia.self()}; }

// Ways to bend one part; each answers the sealed envelope.
Bytes WithBody(std::function<void(Body&, int)> bend) {
  HostileBatch batch = Signer();
  batch.statement = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
Bytes WithEachBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int) { bend(body); });
}
Bytes WithSecondBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int i) { i == 1 ? bend(body) : void(); });
}
Bytes WithBodyBytes(std::function<void(Bytes&)> bend) {
  HostileBatch batch = Signer();
  batch.statement_bytes = [bend = std::move(bend)](Bytes& bytes, int) { bend(bytes); };
  return Sealer().Make(batch.Sign(Honest(1)));
}
Bytes WithBatch(std::function<void(v1::BatchBody&)> bend) {
  HostileBatch batch = Signer();
  batch.batch = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
Bytes WithBatchBytes(std::function<void(Bytes&)> bend) {
  HostileBatch batch = Signer();
  batch.batch_bytes = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
Bytes WithSeal(std::function<void(v1::SealBody&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.seal = std::move(bend);
  return sealer.Make(Honest());
}
Bytes WithSealBytes(std::function<void(Bytes&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.seal_bytes = std::move(bend);
  return sealer.Make(Honest());
}
Bytes WithPayload(std::function<void(v1::Payload&)> bend, size_t count = 2) {
  HostileSeal sealer = Sealer();
  sealer.payload = std::move(bend);
  return sealer.Make(Honest(count));
}
Bytes WithPlaintext(std::function<void(Bytes&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.plaintext = std::move(bend);
  return sealer.Make(Honest());
}
Bytes Of(const Bytes& plaintext) {
  return Sealer().MakeOf([&](const Digest&, const Digest&) { return plaintext; });
}

Bytes Field(int number, ByteView value) {  // length-delimited, short
  Bytes out;
  for (uint32_t tag = static_cast<uint32_t>(number) << 3 | 2; tag != 0; tag >>= 7) {
    out.push_back(static_cast<char>((tag & 0x7f) | (tag > 0x7f ? 0x80 : 0)));
  }
  out.push_back(static_cast<char>(value.size()));
  return out.append(value);
}
// The first field (a 32-byte id, 34 bytes of wire) goes to the end: another encoding of the same message.
Bytes Reordered(ByteView body) { return Bytes(body.substr(34)).append(body.substr(0, 34)); }
policy::Constraints Exercise() {
  policy::Constraints constraints = Green();
  constraints.exercise_id = "locked-shields-26";
  return constraints;
}
KeyId RootKeyOf(const trust::Self& self) {
  v1::IdentityDocument document;
  document.ParseFromString(self.identity.wire().document());
  return *KeyId::From(document.root_keys(0).key_id());
}

struct Case {
  const char* name;
  RejectReason reason;
  std::function<Bytes()> make;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
class Hostile : public ::testing::TestWithParam<Case> {};
TEST_P(Hostile, IsRefusedWithItsReason) {
  const auto verified = AcceptAtEstovia(GetParam().make());
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}
std::string NameOf(const ::testing::TestParamInfo<Case>& test) { return test.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Plaintext, Hostile,
    ::testing::Values(
        Case{"Empty", kHeader, [] { return Of(""); }}, Case{"NoLength", kTruncated, [] { return Of("abc"); }},
        Case{"LengthBeyondTheEnd", kTruncated, [] { return WithPlaintext([](Bytes& p) { p[0] = 1; }); }},
        Case{"PaddingNotZero", kTrailing, [] { return WithPlaintext([](Bytes& p) { p.back() = 1; }); }},
        Case{"PaddedByMore", kTrailing, [] { return WithPlaintext([](Bytes& p) { p.append(1, '\0'); }); }},
        Case{"NotPadded", kTrailing, [] { return Of(Bytes("\0\0\0\1\x1a", 5) + Bytes(300, '\0')); }},
        Case{"SizeClassLies", kHeader,
             [] {
               HostileSeal sealer = Sealer();
               sealer.header = [](Header& header) { ++header.size_class; };
               return sealer.Make(Honest());
             }},
        Case{"NoMessage", kParse, [] { return Of(Pad("\xff\xff\xff\xff\xff\xff")); }},
        Case{"NothingInside", kParse, [] { return Of(Pad("")); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Payload, Hostile,
    ::testing::Values(
        Case{"NoSeal", kSeal, [] { return WithPayload([](v1::Payload& p) { p.clear_seal(); }); }},
        Case{"NoBatch", kSignature, [] { return WithPayload([](v1::Payload& p) { p.clear_batch(); }); }},
        Case{"NoStatements", kParse, [] { return WithPayload([](v1::Payload& p) { p.clear_statements(); }); }},
        Case{"StatementsSwapped", kParse, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements()->SwapElements(0, 1); }); }},
        Case{"IndexLies", kParse, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->set_index(1); }); }},
        Case{"PathOnWholeBatch", kParse, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path(Bytes(32, 'p')); }); }},
        Case{"PathHashShort", kParse, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->add_path("p"); }); }},
        Case{"StatementLeftOut", kSignature, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements()->RemoveLast(); }); }},
        Case{"StatementTwice", kParse, [] { return WithPayload([](v1::Payload& p) { *p.add_statements() = p.statements(1); }); }},
        Case{"BodyReordered", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->set_body(Reordered(p.statements(0).body())); }); }},
        Case{"BatchReordered", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_batch()->set_body(Reordered(p.batch().body())); }); }},
        Case{"SealReordered", kSignature,
             [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body(Reordered(p.seal().body())); }); }},
        Case{"SealUnreadable", kSignature, [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->set_body("\xff"); }); }},
        Case{"BatchSignatureShort", kSignature, [] { return WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->pop_back(); }); }},
        Case{"BatchSignatureLong", kSignature, [] { return WithPayload([](v1::Payload& p) { p.mutable_batch()->mutable_signature()->push_back('\0'); }); }},
        Case{"SealSignatureMissing", kSignature, [] { return WithPayload([](v1::Payload& p) { p.mutable_seal()->clear_signature(); }); }},
        Case{"ContentChanged", kContent, [] { return WithPayload([](v1::Payload& p) { (*p.mutable_statements(1)->mutable_content())[3] ^= 1; }); }},
        Case{"ContentLonger", kContent, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(1)->mutable_content()->push_back(' '); }); }},
        Case{"ContentMissing", kContent, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->clear_content(); }); }},
        Case{"SaltChanged", kContent, [] { return WithPayload([](v1::Payload& p) { (*p.mutable_statements(0)->mutable_salt())[31] ^= 1; }); }},
        Case{"SaltShort", kContent, [] { return WithPayload([](v1::Payload& p) { p.mutable_statements(0)->mutable_salt()->pop_back(); }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Seal, Hostile,
    ::testing::Values(
        Case{"OtherCore", kSeal, [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_h_core())[0] ^= 1; }); }},
        Case{"OtherCommitment", kSeal, [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_key_commitment())[0] ^= 1; }); }},
        Case{"OtherStatements", kSeal, [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_statements_hash())[0] ^= 1; }); }},
        Case{"OtherAudience", kSeal, [] { return WithSeal([](v1::SealBody& s) { (*s.mutable_audience_hash())[0] ^= 1; }); }},
        Case{"OtherOrganisation", kSeal, [] { return WithSeal([](v1::SealBody& s) { s.set_org_id(World().volt.org().str()); }); }},
        Case{"UnknownKey", kNoKey, [] { return WithSeal([](v1::SealBody& s) { s.set_key_id(World().volt.self().key_id.str()); }); }},
        Case{"RootKey", kKeyUse, [] { return WithSeal([](v1::SealBody& s) { s.set_key_id(RootKeyOf(World().norlandia.self()).str()); }); }},
        Case{"FromTheFuture", kTime, [] { return WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); }); }},
        Case{"BeforeItsKey", kTime, [] { return WithSeal([](v1::SealBody& s) { s.set_time_us(absl::ToUnixMicros(kNow - absl::Hours(1))); }); }},
        Case{"UnknownField", kParse, [] { return WithSealBytes([](Bytes& b) { b += Field(99, "x"); }); }},
        Case{"FieldTwice", kParse, [] { return WithSealBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); }); }},
        Case{"SignedAsAnotherType", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) {
                 *p.mutable_seal() = SignBytes(*World().norlandia.self().statement_key, kBatchType, p.seal().body());
               });
             }},
        Case{"SealedWithAnothersKey", kSignature,
             [] {
               return WithPayload([](v1::Payload& p) {
                 *p.mutable_seal() = SignBytes(*World().volt.self().statement_key, kSealType, p.seal().body());
               });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Batch, Hostile,
    ::testing::Values(
        Case{"UnknownOrigin", kUnknownParty, [] { return WithBatch([](v1::BatchBody& b) { b.set_origin(Bytes(32, 'o')); }); }},
        Case{"UnknownKey", kNoKey, [] { return WithBatch([](v1::BatchBody& b) { b.set_key_id(Bytes(32, 'k')); }); }},
        Case{"RootKey", kKeyUse, [] { return WithBatch([](v1::BatchBody& b) { b.set_key_id(RootKeyOf(World().norlandia.self()).str()); }); }},
        Case{"OriginShort", kSignature, [] { return WithBatch([](v1::BatchBody& b) { b.set_origin("short"); }); }},
        Case{"OtherRoot", kSignature, [] { return WithBatch([](v1::BatchBody& b) { (*b.mutable_root())[0] ^= 1; }); }},
        Case{"SizeLies", kSignature, [] { return WithBatch([](v1::BatchBody& b) { b.set_size(3); }); }},
        Case{"SizeZero", kParse, [] { return WithBatch([](v1::BatchBody& b) { b.set_size(0); }); }},
        Case{"LeafTypeUnknown", kParse, [] { return WithBatch([](v1::BatchBody& b) { b.set_leaf_type("application/vnd.entente.forward.v1"); }); }},
        Case{"UnknownField", kParse, [] { return WithBatchBytes([](Bytes& b) { b += Field(6, "x"); }); }},
        Case{"FieldTwice", kParse, [] { return WithBatchBytes([](Bytes& b) { b += Field(1, World().norlandia.org().view()); }); }},
        Case{"SignedAsAnotherType", kSignature,
             [] {
               v1::Payload payload = Honest();
               *payload.mutable_batch() = SignBytes(*World().norlandia.self().statement_key, kSealType, payload.batch().body());
               return Sealer().Make(payload);
             }},
        Case{"SignedWithAnothersKey", kSignature,
             [] {
               v1::Payload payload = Honest();
               *payload.mutable_batch() = SignBytes(*World().volt.self().statement_key, kBatchType, payload.batch().body());
               return Sealer().Make(payload);
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Statement, Hostile,
    ::testing::Values(
        Case{"UnknownCriticalField", kParse, [] { return WithBodyBytes([](Bytes& b) { b += Field(99, "x"); }); }},
        Case{"UnknownCriticalFieldInside", kParse,
             [] { return WithBodyBytes([](Bytes& b) { b += Field(11, Field(50, "x")); }); }},
        Case{"FieldTwice", kParse, [] { return WithBodyBytes([](Bytes& b) { b += Field(5, Bytes(16, 'm')); }); }},
        Case{"TrailingByte", kParse, [] { return WithBodyBytes([](Bytes& b) { b += '\x0a'; }); }},
        Case{"Empty", kParse, [] { return WithBodyBytes([](Bytes& b) { b.clear(); }); }},
        Case{"OtherOrigin", kParse, [] { return WithEachBody([](Body& b) { b.set_origin(World().volt.org().str()); }); }},
        Case{"OtherKey", kParse, [] { return WithEachBody([](Body& b) { b.set_key_id(Bytes(32, 'k')); }); }},
        Case{"NoIdentity", kParse, [] { return WithEachBody([](Body& b) { b.clear_identity_version(); }); }},
        Case{"LaterIdentity", kNoKey, [] { return WithEachBody([](Body& b) { b.set_identity_version(2); }); }},
        Case{"OtherIdentity", kNoKey, [] { return WithEachBody([](Body& b) { b.set_identity_hash(Bytes(32, 'h')); }); }},
        Case{"MessageIdShort", kParse, [] { return WithEachBody([](Body& b) { b.set_msg_id(Bytes(15, 'm')); }); }},
        Case{"StreamIdLong", kParse, [] { return WithEachBody([](Body& b) { b.set_stream_id(Bytes(17, 's')); }); }},
        Case{"NoCommitment", kParse, [] { return WithEachBody([](Body& b) { b.clear_content_commit(); }); }},
        Case{"OtherContentType", kParse, [] { return WithEachBody([](Body& b) { b.set_content_type("text/plain"); }); }},
        Case{"NoLabel", kParse, [] { return WithEachBody([](Body& b) { b.mutable_constraints()->clear_label(); }); }},
        Case{"NoConstraints", kParse, [] { return WithEachBody([](Body& b) { b.clear_constraints(); }); }},
        Case{"LengthLies", kContent, [] { return WithEachBody([](Body& b) { b.set_content_length(b.content_length() + 1); }); }},
        Case{"CommitmentLies", kContent, [] { return WithEachBody([](Body& b) { (*b.mutable_content_commit())[0] ^= 1; }); }},
        Case{"SecondDiffersInLabel", kParse, [] { return WithSecondBody([](Body& b) { b.mutable_constraints()->set_label(v1::LABEL_CLEAR); }); }},
        Case{"SecondDiffersInAudience", kParse, [] { return WithSecondBody([](Body& b) { b.clear_audience(); }); }},
        Case{"SecondDiffersInStream", kParse, [] { return WithSecondBody([](Body& b) { b.set_stream_id(Bytes(16, 's')); }); }},
        Case{"SecondDiffersInIdentity", kParse, [] { return WithSecondBody([](Body& b) { b.set_identity_version(7); }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Time, Hostile,
    ::testing::Values(
        Case{"NoExpiry", kTime, [] { return WithEachBody([](Body& b) { b.clear_expires_us(); }); }},
        Case{"NoCreation", kTime, [] { return WithEachBody([](Body& b) { b.clear_created_us(); }); }},
        Case{"ExpiryBeyondTime", kTime, [] { return WithEachBody([](Body& b) { b.set_expires_us(INT64_MAX); }); }},
        Case{"Expired", kTime, [] { return WithEachBody([](Body& b) { b.set_expires_us(absl::ToUnixMicros(kNow)); }); }},
        Case{"ExpiresBeforeItsCreation", kTime, [] { return WithSecondBody([](Body& b) { b.set_created_us(b.expires_us()); }); }},
        Case{"LivesTooLong", kTime,
             [] { return WithEachBody([](Body& b) { b.set_expires_us(absl::ToUnixMicros(kNow + kStatementLifetime + absl::Minutes(11))); }); }},
        Case{"FromTheFuture", kTime, [] { return WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); }); }},
        Case{"BeforeItsKey", kTime, [] { return WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); }); }},
        Case{"SecondBeforeItsKey", kTime, [] { return WithSecondBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Stream, Hostile,
    ::testing::Values(
        Case{"SequenceSkips", kGap, [] { return WithSecondBody([](Body& b) { b.set_sequence(3); }); }},
        Case{"SequenceRepeats", kGap, [] { return WithSecondBody([](Body& b) { b.set_sequence(1); }); }},
        Case{"SequenceZero", kGap, [] { return WithEachBody([](Body& b) { b.set_sequence(b.sequence() - 1); }); }},
        Case{"FirstHasAPrevious", kGap, [] { return WithBody([](Body& b, int i) { if (i == 0) b.set_previous(Bytes(32, 'p')); }); }},
        Case{"LaterHasNoPrevious", kGap, [] { return WithBody([](Body& b, int i) { b.set_sequence(static_cast<uint64_t>(5 + i)); }); }},
        Case{"PreviousIsAnother", kGap, [] { return WithSecondBody([](Body& b) { (*b.mutable_previous())[0] ^= 1; }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Audience, Hostile,
    ::testing::Values(
        Case{"Elsewhere", kAudience, [] { return WithEachBody([](Body& b) { b.set_audience(0, World().volt.org().str()); }); }},
        Case{"Nobody", kAudience, [] { return WithEachBody([](Body& b) { b.clear_audience(); }); }},
        Case{"Twice", kAudience, [] { return WithEachBody([](Body& b) { b.add_audience(b.audience(0)); }); }},
        Case{"Unsorted", kAudience,
             [] {
               return WithEachBody([](Body& b) {
                 b.add_audience(Bytes(32, '\0'));
               });
             }},
        Case{"IdShort", kAudience, [] { return WithEachBody([](Body& b) { b.add_audience("\xff"); }); }},
        Case{"TooMany", kAudience,
             [] {
               return WithEachBody([](Body& b) {
                 b.clear_audience();
                 for (int i = 0; i < 1001; ++i) b.add_audience(std::to_string(1000 + i) + Bytes(28, 'a'));
               });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Lane, Hostile,
    ::testing::Values(
        // Signed by the origin itself, against its own lane.
        Case{"ExerciseIdInOperations", kParse, [] { return WithEachBody([](Body& b) { b.mutable_constraints()->set_exercise_id("ex"); }); }},
        Case{"NoExerciseIdInTheExercise", kParse,
             [] {
               HostileBatch batch = Signer();
               batch.id_type = Bytes(kExerciseStatementType);
               batch.batch = [](v1::BatchBody& b) { b.set_leaf_type(std::string(kExerciseStatementType)); };
               return Sealer().Make(batch.Sign(Honest()));
             }},
        // Ids of one lane under a batch of the other: no signature carries them across.
        Case{"ExerciseIdsUnderOperations", kSignature,
             [] {
               HostileBatch batch = Signer();
               batch.id_type = Bytes(kExerciseStatementType);
               return Sealer().Make(batch.Sign(Honest()));
             }},
        Case{"ExerciseStatementsUnderOperations", kSignature,
             [] {
               HostileBatch batch = Signer();
               batch.id_type = Bytes(kExerciseStatementType);
               batch.batch = [](v1::BatchBody& b) { b.set_leaf_type(std::string(kStatementType)); };
               return Sealer().Make(batch.Sign(Honest(2, Exercise())));
             }}),
    NameOf);

TEST(HostileTools, MakeWhatIsAcceptedWhenNothingIsBent) {
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Honest())).ok());
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Signer().Sign(Honest()))).ok());
  const auto verified = AcceptAtEstovia(Sealer().Make(Honest(3, Exercise())));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch.constraints().exercise_id, "locked-shields-26");
}

// The upgrade rule: 100 and above is for later versions, kept and ignored.
TEST(HostileTools, OptionalFieldsAreKept) {
  const auto verified = AcceptAtEstovia(WithBodyBytes([](Bytes& b) { b += Field(100, "later"); }));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->batch.statements()[0].body().ends_with("later"));
}

// Bob hands on what Alice sealed to him, under his own seal: it is signed, addressed to Carol, and still refused.
TEST(Reseal, ByARecipientNeedsAChain) {
  Federation& world = World();
  const auto payload = HonestPayload(world.norlandia.self(), Green(), {world.estovia.org(), world.volt.org()}, {"{}"}, kNow);
  const HostileSeal volt{world.volt.self(), {world.estovia.Prekey(kNow)}, kNow};
  auto opened = OpenAt(world.estovia, volt.Make(payload));
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *world.at_estovia, world.volt.org(), kNow)), kAudience);
}
// The first sealer's own seal, carried into another envelope.
TEST(Reseal, WithTheFirstSealRefuses) {
  v1::SignedBody first;
  HostileSeal honest = Sealer(), second = Sealer();
  const v1::Payload payload = Honest();
  honest.payload = [&](v1::Payload& p) { first = p.seal(); };
  honest.Make(payload);
  second.payload = [&](v1::Payload& p) { *p.mutable_seal() = first; };
  EXPECT_EQ(ReasonFor(AcceptAtEstovia(second.Make(payload))), kSeal);
}

TEST(Peer, UnknownIsRefused) {
  auto opened = OpenAt(World().estovia, Sealer().Make(Honest()));
  ASSERT_TRUE(opened.ok());
  const OrgId stranger = *OrgId::From(Bytes(32, 's'));
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *World().at_estovia, stranger, kNow)), kUnknownParty);
}
// Volt has not accepted Estovia: what Estovia says there is from nobody.
TEST(Peer, UnknownOriginIsRefused) {
  Federation& world = World();
  const auto payload = HonestPayload(world.estovia.self(), Green(), {world.volt.org()}, {"{}"}, kNow);
  const HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow)}, kNow};
  auto opened = OpenAt(world.volt, sealer.Make(payload));
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(ReasonFor(Verify(*std::move(opened), *world.at_volt, world.norlandia.org(), kNow)), kUnknownParty);
}

// Invisible salamanders: two slots, each internally valid, with different content keys. Only one can be committed to.
TEST(Slots, WithDifferentKeysOpenForOneAtMost) {
  Federation& world = World();
  HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow), world.estovia.Prekey(kNow)}, kNow};
  sealer.split_keys = true;
  const Bytes wire = sealer.Make(Honest());
  EXPECT_TRUE(OpenAt(world.volt, wire).ok());
  EXPECT_EQ(ReasonFor(OpenAt(world.estovia, wire)), kCommit);
}
TEST(Slots, WrappedForAnotherOrganisationDoNotOpen) {
  HostileSeal sealer = Sealer();
  sealer.recipients[0].org = World().volt.org();
  EXPECT_EQ(ReasonFor(OpenAt(World().estovia, sealer.Make(Honest()))), kUnwrap);
}
TEST(Slots, WrappedForAnotherKeyDoNotOpen) {
  HostileSeal sealer = Sealer();
  sealer.recipients[0].public_key = World().volt.Prekey(kNow).public_key;
  EXPECT_EQ(ReasonFor(OpenAt(World().estovia, sealer.Make(Honest()))), kUnwrap);
}

// Every bit of every signed thing inside, with the rest of the envelope made honestly around it.
struct Part {
  const char* name;
  std::function<Bytes*(v1::Payload&)> of;
  std::vector<RejectReason> allowed;
};
void PrintTo(const Part& p, std::ostream* out) { *out << p.name; }
class EverySignedBit : public ::testing::TestWithParam<Part> {};
TEST_P(EverySignedBit, Refuses) {
  v1::Payload sizes = Honest(1);
  HostileSeal probe = Sealer();
  probe.payload = [&](v1::Payload& p) { sizes = p; };
  probe.Make(sizes);
  const v1::Payload bare = Honest(1);
  const size_t bits = GetParam().of(sizes)->size() * 8;
  for (size_t bit = 0; bit < bits; bit += 3) {
    HostileSeal sealer = Sealer();
    sealer.payload = [&](v1::Payload& p) { (*GetParam().of(p))[bit / 8] ^= static_cast<char>(1 << (bit % 8)); };
    const RejectReason reason = ReasonFor(AcceptAtEstovia(sealer.Make(bare)));
    const auto& allowed = GetParam().allowed;
    ASSERT_TRUE(std::find(allowed.begin(), allowed.end(), reason) != allowed.end()) << bit << ' ' << Describe(reason).name;
  }
}
INSTANTIATE_TEST_SUITE_P(
    Damage, EverySignedBit,
    ::testing::Values(
        Part{"StatementBody", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_body(); }, {kSignature}},
        Part{"StatementSalt", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_salt(); }, {kContent}},
        Part{"StatementContent", [](v1::Payload& p) { return p.mutable_statements(0)->mutable_content(); }, {kContent}},
        Part{"BatchBody", [](v1::Payload& p) { return p.mutable_batch()->mutable_body(); },
             {kSignature, kNoKey, kUnknownParty, kParse}},
        Part{"BatchSignature", [](v1::Payload& p) { return p.mutable_batch()->mutable_signature(); }, {kSignature}},
        Part{"SealBody", [](v1::Payload& p) { return p.mutable_seal()->mutable_body(); }, {kSignature, kNoKey, kTime}},
        Part{"SealSignature", [](v1::Payload& p) { return p.mutable_seal()->mutable_signature(); }, {kSignature}}),
    [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace entente::envelope
