#include <gtest/gtest.h>

#include "envelope/testing/bend.h"

// What an origin with real keys can sign into its statements.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

class HostileStatement : public ::testing::TestWithParam<Case> {};
TEST_P(HostileStatement, IsRefusedWithItsReason) {
  const auto verified = AcceptAtEstovia(GetParam().make());
  EXPECT_EQ(ReasonFor(verified), GetParam().reason) << verified.status();
}

INSTANTIATE_TEST_SUITE_P(
    Statement, HostileStatement,
    ::testing::Values(
        Case{"UnknownCriticalField", kParse, [] { return WithBodyBytes([](Bytes& b) { b += Field(99, "x"); }); }},
        Case{"UnknownCriticalFieldInside", kParse,
             [] { return WithBodyBytes([](Bytes& b) { b += Field(11, Field(50, "x")); }); }},
        Case{"FieldTwice", kParse, [] { return WithBodyBytes([](Bytes& b) { b += Field(5, Bytes(16, 'm')); }); }},
        Case{"TrailingByte", kTime,  // no time can be read, so that it is 1970
              [] { return WithBodyBytes([](Bytes& b) { b += '\x0a'; }); }},
        Case{"SecondTrailingByte", kParse,
             [] {
               HostileBatch batch = Signer();
               batch.statement_bytes = [](Bytes& bytes, int i) { i == 1 ? bytes.append("\x0a") : bytes; };
               return Sealer().Make(batch.Sign(Honest()));
             }},
        Case{"Empty", kTime, [] { return WithBodyBytes([](Bytes& b) { b.clear(); }); }},
        Case{"OtherOrigin", kParse,
             [] { return WithEachBody([](Body& b) { b.set_origin(World().volt.org().str()); }); }},
        Case{"OtherKey", kParse, [] { return WithEachBody([](Body& b) { b.set_key_id(Bytes(32, 'k')); }); }},
        Case{"NoIdentity", kParse, [] { return WithEachBody([](Body& b) { b.clear_identity_version(); }); }},
        Case{"LaterIdentity", kNoKey, [] { return WithEachBody([](Body& b) { b.set_identity_version(2); }); }},
        Case{"OtherIdentity", kNoKey,
             [] { return WithEachBody([](Body& b) { b.set_identity_hash(Bytes(32, 'h')); }); }},
        Case{"MessageIdShort", kParse, [] { return WithEachBody([](Body& b) { b.set_msg_id(Bytes(15, 'm')); }); }},
        Case{"StreamIdLong", kParse, [] { return WithEachBody([](Body& b) { b.set_stream_id(Bytes(17, 's')); }); }},
        Case{"NoCommitment", kParse, [] { return WithEachBody([](Body& b) { b.clear_content_commit(); }); }},
        Case{"OtherContentType", kParse,
             [] { return WithEachBody([](Body& b) { b.set_content_type("text/plain"); }); }},
        Case{"NoLabel", kParse, [] { return WithEachBody([](Body& b) { b.mutable_constraints()->clear_label(); }); }},
        Case{"NoConstraints", kParse, [] { return WithEachBody([](Body& b) { b.clear_constraints(); }); }},
        Case{"GroupAudience", kParse, [] { return WithEachBody([](Body& b) { b.mutable_group(); }); }},
        Case{"JointTermsThatNobodyMeets", kThreshold, [] { return WithEachBody([](Body& b) {
               b.mutable_joint()->add_organisations(Bytes(32, 'a'));
               b.mutable_joint()->add_organisations(Bytes(32, 'b'));
               b.mutable_joint()->set_threshold(1);
             }); }},
        Case{"JointTermsOfNobody", kParse, [] { return WithEachBody([](Body& b) { b.mutable_joint(); }); }},
        Case{"SecondDiffersInJointTerms", kParse, [] { return WithSecondBody([](Body& b) { b.mutable_joint(); }); }},
        Case{"ReplacesOfAnotherLength", kParse, [] { return WithEachBody([](Body& b) { b.add_replaces(Bytes(31, 'r')); }); }},
        Case{"ReplacesUnsorted", kParse, [] { return WithEachBody([](Body& b) {
               b.add_replaces(Bytes(32, 's'));
               b.add_replaces(Bytes(32, 'r'));
             }); }},
        Case{"ReplacesTooMany", kLimit, [] { return WithEachBody([](Body& b) {
               for (int i = 0; i < 65; ++i) b.add_replaces(std::to_string(100 + i) + Bytes(29, 'r'));
             }); }},
        Case{"DerivedFromTwice", kParse, [] { return WithEachBody([](Body& b) {
               b.add_derived_from(Bytes(32, 'd'));
               b.add_derived_from(Bytes(32, 'd'));
             }); }},
        Case{"DerivedFromTooMany", kLimit, [] { return WithEachBody([](Body& b) {
               for (int i = 0; i < 65; ++i) b.add_derived_from(std::to_string(100 + i) + Bytes(29, 'd'));
             }); }},
        Case{"LengthLies", kContent,
             [] { return WithEachBody([](Body& b) { b.set_content_length(b.content_length() + 1); }); }},
        Case{"CommitmentLies", kContent,
             [] { return WithEachBody([](Body& b) { (*b.mutable_content_commit())[0] ^= 1; }); }},
        Case{"SecondDiffersInLabel", kParse,
             [] { return WithSecondBody([](Body& b) { b.mutable_constraints()->set_label(v1::LABEL_CLEAR); }); }},
        Case{"SecondDiffersInAudience", kParse, [] { return WithSecondBody([](Body& b) { b.clear_audience(); }); }},
        Case{"SecondDiffersInStream", kParse,
             [] { return WithSecondBody([](Body& b) { b.set_stream_id(Bytes(16, 's')); }); }},
        Case{"SecondDiffersInIdentity", kNoKey,
             [] { return WithSecondBody([](Body& b) { b.set_identity_version(7); }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Time, HostileStatement,
    ::testing::Values(
        Case{"NoExpiry", kTime, [] { return WithEachBody([](Body& b) { b.clear_expires_us(); }); }},
        Case{"NoCreation", kTime, [] { return WithEachBody([](Body& b) { b.clear_created_us(); }); }},
        Case{"ExpiryBeyondTime", kTime, [] { return WithEachBody([](Body& b) { b.set_expires_us(INT64_MAX); }); }},
        Case{"Expired", kTime,
             [] { return WithEachBody([](Body& b) { b.set_expires_us(absl::ToUnixMicros(kNow)); }); }},
        Case{"ExpiresBeforeItsCreation", kTime,
             [] { return WithSecondBody([](Body& b) { b.set_created_us(b.expires_us()); }); }},
        Case{"LivesTooLong", kTime,
             [] {
               return WithEachBody([](Body& b) {
                 b.set_expires_us(absl::ToUnixMicros(kNow + kStatementLifetime + absl::Minutes(11)));
               });
             }},
        Case{"FromTheFuture", kTime,
             [] {
               return WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); });
             }},
        Case{"BeforeItsKey", kTime,
             [] { return WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); }); }},
        Case{"SecondBeforeItsKey", kTime,
             [] {
               return WithSecondBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); });
             }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Stream, HostileStatement,
    ::testing::Values(
        Case{"SequenceSkips", kGap, [] { return WithSecondBody([](Body& b) { b.set_sequence(3); }); }},
        Case{"SequenceRepeats", kGap, [] { return WithSecondBody([](Body& b) { b.set_sequence(1); }); }},
        Case{"SequenceZero", kGap, [] { return WithEachBody([](Body& b) { b.set_sequence(b.sequence() - 1); }); }},
        Case{"FirstHasAPrevious", kGap,
             [] {
               return WithBody([](Body& b, int i) {
                 if (i == 0) b.set_previous(Bytes(32, 'p'));
               });
             }},
        Case{"LaterHasNoPrevious", kGap,
             [] { return WithBody([](Body& b, int i) { b.set_sequence(static_cast<uint64_t>(5 + i)); }); }},
        Case{"PreviousIsAnother", kGap,
             [] { return WithSecondBody([](Body& b) { (*b.mutable_previous())[0] ^= 1; }); }}),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Audience, HostileStatement,
    ::testing::Values(
        Case{"Elsewhere", kAudience,
             [] { return WithEachBody([](Body& b) { b.set_audience(0, World().volt.org().str()); }); }},
        Case{"Nobody", kAudience, [] { return WithEachBody([](Body& b) { b.clear_audience(); }); }},
        Case{"Twice", kAudience, [] { return WithEachBody([](Body& b) { b.add_audience(b.audience(0)); }); }},
        Case{"Unsorted", kAudience, [] { return WithEachBody([](Body& b) { b.add_audience(Bytes(32, '\0')); }); }},
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
    Lane, HostileStatement,
    ::testing::Values(
        // Signed by the origin itself, against its own lane.
        Case{"ExerciseIdInOperations", kParse,
             [] { return WithEachBody([](Body& b) { b.mutable_constraints()->set_exercise_id("ex"); }); }},
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

}  // namespace
}  // namespace entente::envelope
