#include <gtest/gtest.h>

#include "envelope/testing/bend.h"

// What an origin with real keys can sign into its statements.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

const Damage kStatementRows[] = {
    {17, "UnknownCriticalField", kParse, WithBodyBytes([](Bytes& b) { b += Field(99, "x"); })},
    {17, "UnknownCriticalFieldInside", kParse, WithBodyBytes([](Bytes& b) { b += Field(11, Field(50, "x")); })},
    {17, "FieldTwice", kParse, WithBodyBytes([](Bytes& b) { b += Field(5, Bytes(16, 'm')); })},
    {0, "TrailingByte", kTime,  // no time can be read, so that it is 1970
     WithBodyBytes([](Bytes& b) { b += '\x0a'; })},
    {17, "SecondTrailingByte", kParse, ToEstovia([] {
       HostileBatch batch = Signer();
       batch.statement_bytes = [](Bytes& bytes, int i) { i == 1 ? bytes.append("\x0a") : bytes; };
       return Sealer().Make(batch.Sign(Honest()));
     })},
    {0, "Empty", kTime, WithBodyBytes([](Bytes& b) { b.clear(); })},
    {0, "OtherOrigin", kParse, WithEachBody([](Body& b) { b.set_origin(World().volt.org().str()); })},
    {0, "OtherKey", kParse, WithEachBody([](Body& b) { b.set_key_id(Bytes(32, 'k')); })},
    {0, "NoIdentity", kParse, WithEachBody([](Body& b) { b.clear_identity_version(); })},
    {0, "LaterIdentity", kNoKey, WithEachBody([](Body& b) { b.set_identity_version(2); })},
    {0, "OtherIdentity", kNoKey, WithEachBody([](Body& b) { b.set_identity_hash(Bytes(32, 'h')); })},
    {0, "MessageIdShort", kParse, WithEachBody([](Body& b) { b.set_msg_id(Bytes(15, 'm')); })},
    {0, "StreamIdLong", kParse, WithEachBody([](Body& b) { b.set_stream_id(Bytes(17, 's')); })},
    {0, "NoCommitment", kParse, WithEachBody([](Body& b) { b.clear_content_commit(); })},
    {0, "OtherContentType", kParse, WithEachBody([](Body& b) { b.set_content_type("text/plain"); })},
    {0, "NoLabel", kParse, WithEachBody([](Body& b) { b.mutable_constraints()->clear_label(); })},
    {0, "NoConstraints", kParse, WithEachBody([](Body& b) { b.clear_constraints(); })},
    {0, "GroupAudience", kParse, WithEachBody([](Body& b) { b.mutable_group(); })},
    {0, "JointTermsThatNobodyMeets", kThreshold, WithEachBody([](Body& b) {
       b.mutable_joint()->add_organisations(Bytes(32, 'a'));
       b.mutable_joint()->add_organisations(Bytes(32, 'b'));
       b.mutable_joint()->set_threshold(1);
     })},
    {0, "JointTermsOfNobody", kParse, WithEachBody([](Body& b) { b.mutable_joint(); })},
    {0, "SecondDiffersInJointTerms", kParse, WithSecondBody([](Body& b) { b.mutable_joint(); })},
    {0, "ReplacesOfAnotherLength", kParse, WithEachBody([](Body& b) { b.add_replaces(Bytes(31, 'r')); })},
    {0, "ReplacesUnsorted", kParse, WithEachBody([](Body& b) {
       b.add_replaces(Bytes(32, 's'));
       b.add_replaces(Bytes(32, 'r'));
     })},
    {0, "ReplacesTooMany", kLimit, WithEachBody([](Body& b) {
       for (int i = 0; i < 65; ++i) b.add_replaces(std::to_string(100 + i) + Bytes(29, 'r'));
     })},
    {0, "DerivedFromTwice", kParse, WithEachBody([](Body& b) {
       b.add_derived_from(Bytes(32, 'd'));
       b.add_derived_from(Bytes(32, 'd'));
     })},
    {0, "DerivedFromTooMany", kLimit, WithEachBody([](Body& b) {
       for (int i = 0; i < 65; ++i) b.add_derived_from(std::to_string(100 + i) + Bytes(29, 'd'));
     })},
    {20, "LengthLies", kContent, WithEachBody([](Body& b) { b.set_content_length(b.content_length() + 1); })},
    {20, "CommitmentLies", kContent, WithEachBody([](Body& b) { (*b.mutable_content_commit())[0] ^= 1; })},
    {0, "SecondDiffersInLabel", kParse,
     WithSecondBody([](Body& b) { b.mutable_constraints()->set_label(v1::LABEL_CLEAR); })},
    {0, "SecondDiffersInAudience", kParse, WithSecondBody([](Body& b) { b.clear_audience(); })},
    {0, "SecondDiffersInStream", kParse, WithSecondBody([](Body& b) { b.set_stream_id(Bytes(16, 's')); })},
    {0, "SecondDiffersInIdentity", kNoKey, WithSecondBody([](Body& b) { b.set_identity_version(7); })},
};
const DamageTable kStatementTable("Statement", kStatementRows);

const Damage kTimeRows[] = {
    {24, "NoExpiry", kTime, WithEachBody([](Body& b) { b.clear_expires_us(); })},
    {24, "NoCreation", kTime, WithEachBody([](Body& b) { b.clear_created_us(); })},
    {24, "ExpiryBeyondTime", kTime, WithEachBody([](Body& b) { b.set_expires_us(INT64_MAX); })},
    {24, "Expired", kTime, WithEachBody([](Body& b) { b.set_expires_us(absl::ToUnixMicros(kNow)); })},
    {24, "ExpiresBeforeItsCreation", kTime, WithSecondBody([](Body& b) { b.set_created_us(b.expires_us()); })},
    {24, "LivesTooLong", kTime, WithEachBody([](Body& b) {
       b.set_expires_us(absl::ToUnixMicros(kNow + kStatementLifetime + absl::Minutes(11)));
     })},
    {24, "FromTheFuture", kTime,
     WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow + absl::Minutes(11))); })},
    {24, "BeforeItsKey", kTime,
     WithEachBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); })},
    {24, "SecondBeforeItsKey", kTime,
     WithSecondBody([](Body& b) { b.set_created_us(absl::ToUnixMicros(kNow - absl::Hours(1))); })},
};
const DamageTable kTimeTable("Time", kTimeRows);

const Damage kStreamRows[] = {
    {24, "SequenceSkips", kGap, WithSecondBody([](Body& b) { b.set_sequence(3); })},
    {24, "SequenceRepeats", kGap, WithSecondBody([](Body& b) { b.set_sequence(1); })},
    {24, "SequenceZero", kGap, WithEachBody([](Body& b) { b.set_sequence(b.sequence() - 1); })},
    {24, "FirstHasAPrevious", kGap, WithBody([](Body& b, int i) {
       if (i == 0) b.set_previous(Bytes(32, 'p'));
     })},
    {24, "LaterHasNoPrevious", kGap, WithBody([](Body& b, int i) { b.set_sequence(static_cast<uint64_t>(5 + i)); })},
    {24, "PreviousIsAnother", kGap, WithSecondBody([](Body& b) { (*b.mutable_previous())[0] ^= 1; })},
};
const DamageTable kStreamTable("Stream", kStreamRows);

const Damage kAudienceRows[] = {
    {0, "Elsewhere", kAudience, WithEachBody([](Body& b) { b.set_audience(0, World().volt.org().str()); })},
    {0, "Nobody", kAudience, WithEachBody([](Body& b) { b.clear_audience(); })},
    {0, "Twice", kAudience, WithEachBody([](Body& b) { b.add_audience(b.audience(0)); })},
    {0, "Unsorted", kAudience, WithEachBody([](Body& b) { b.add_audience(Bytes(32, '\0')); })},
    {0, "IdShort", kAudience, WithEachBody([](Body& b) { b.add_audience("\xff"); })},
    {0, "TooMany", kAudience, WithEachBody([](Body& b) {
       b.clear_audience();
       for (int i = 0; i < 1001; ++i) b.add_audience(std::to_string(1000 + i) + Bytes(28, 'a'));
     })},
};
const DamageTable kAudienceTable("Audience", kAudienceRows);

const Damage kLaneRows[] = {
    // Signed by the origin itself, against its own lane.
    {0, "ExerciseIdInOperations", kParse,
     WithEachBody([](Body& b) { b.mutable_constraints()->set_exercise_id("ex"); })},
    {0, "NoExerciseIdInTheExercise", kParse, ToEstovia([] {
       HostileBatch batch = Signer();
       batch.id_type = Bytes(kExerciseStatementType);
       batch.batch = [](v1::BatchBody& b) { b.set_leaf_type(std::string(kExerciseStatementType)); };
       return Sealer().Make(batch.Sign(Honest()));
     })},
    // Ids of one lane under a batch of the other: no signature carries them across.
    {0, "ExerciseIdsUnderOperations", kSignature, ToEstovia([] {
       HostileBatch batch = Signer();
       batch.id_type = Bytes(kExerciseStatementType);
       return Sealer().Make(batch.Sign(Honest()));
     })},
    {0, "ExerciseStatementsUnderOperations", kSignature, ToEstovia([] {
       HostileBatch batch = Signer();
       batch.id_type = Bytes(kExerciseStatementType);
       batch.batch = [](v1::BatchBody& b) { b.set_leaf_type(std::string(kStatementType)); };
       return Sealer().Make(batch.Sign(Honest(2, Exercise())));
     })},
};
const DamageTable kLaneTable("Lane", kLaneRows);

}  // namespace
}  // namespace entente::envelope
