#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/encoding.h"
#include "envelope/commitments.h"
#include "envelope/testing/federation.h"

namespace entente::envelope {
namespace {

using namespace testing;
using crypto::ToHex;

const trust::Self& Norlandia() {
  return World().norlandia.self();
}
std::vector<OrgId> ToEstovia() {
  return {World().estovia.org()};
}
absl::StatusOr<Batch> Sign(std::vector<Bytes> contents, std::vector<OrgId> audience = ToEstovia(),
                           const StreamPosition& position = NewStream(),
                           const policy::Constraints& constraints = Green()) {
  return SignBatch(Norlandia(), constraints, std::move(audience), std::move(contents), position, kNow);
}
v1::StatementBody BodyOf(const Statement& statement) {
  v1::StatementBody body;
  EXPECT_TRUE(body.ParseFromString(statement.body()));
  return body;
}
template <typename Id>
Id FromHex(const char* hex) {
  return *Id::From(*crypto::FromHex(hex));
}

constexpr const char* kIdHex = "2e10867917fe9cb20781bb8712143cb80c34fe53ccd7f3cecf74fef6661d638a";
constexpr const char* kExerciseIdHex = "f62921d5acaf7b641cd39bafbbc1b345655f7c685928611c9422877f1390a2c7";

// These four were made by an independent program from docs/formats/statement.md.
TEST(StatementFormat, KnownIds) {
  EXPECT_EQ(ToHex(IdOf("a body", /*exercise=*/false).view()), kIdHex);
  EXPECT_EQ(ToHex(IdOf("a body", /*exercise=*/true).view()), kExerciseIdHex);
}
TEST(StatementFormat, KnownContentCommitment) {
  Bytes salt;
  for (char c = 0; c < 32; ++c) salt.push_back(c);
  EXPECT_EQ(ToHex(ContentCommitment(salt, "{\"type\":\"indicator\"}").view()),
            "eb4216874ce52e3f1894cf3335d0e85e03ffb21083f602b415adc72eb7a929df");
}
TEST(StatementFormat, KnownSealHashes) {
  const auto id = FromHex<StatementId>(kIdHex), other = FromHex<StatementId>(kExerciseIdHex);
  EXPECT_EQ(ToHex(StatementsHash({id, other}).view()),
            "a21bd970b91a6cf282975ed0ce9f07e284b71fe1cc2af75946970e7c10274b62");
  EXPECT_EQ(ToHex(AudienceHash({*OrgId::From(Bytes(32, '\1')), *OrgId::From(Bytes(32, '\2'))}).view()),
            "ac0c444c174537cf65d85e7e5f57d371f7e28e78a67bea4148bcbe4ae895acbe");
}
TEST(StatementFormat, KnownRoots) {
  const auto first = FromHex<StatementId>(kIdHex), second = FromHex<StatementId>(kExerciseIdHex);
  const StatementId third = *StatementId::From(Bytes(32, '\3'));
  const auto one = FromHex<Digest>("796e150feaffca293a6654d8b8e45355d5c254c93b70575c712d811188d077b4");
  const auto three = FromHex<Digest>("762470242f10dafa260210d0a30d22406835239f30e2fc72a1bee045c04cf249");
  EXPECT_TRUE(CheckPlaces({first}, {{0, {}}}, 1, one).ok());
  EXPECT_TRUE(CheckPlaces({first, second, third}, {{0, {}}, {1, {}}, {2, {}}}, 3, three).ok());
}

TEST(CheckPlaces, HoldsAPartToItsPath) {
  const std::vector<StatementId> ids = {FromHex<StatementId>(kIdHex), FromHex<StatementId>(kExerciseIdHex),
                                        StatementId()};
  const Digest root = crypto::TreeHash(Leaves(ids));
  const auto path = crypto::AuditPath(Leaves(ids), 1);
  EXPECT_TRUE(CheckPlaces({ids[1]}, {{1, path}}, 3, root).ok());
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[1]}, {{2, path}}, 3, root)), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[0]}, {{1, path}}, 3, root)), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[1]}, {{1, {}}}, 3, root)), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[1]}, {{3, path}}, 3, root)), RejectReason::kParse);
}
TEST(CheckPlaces, HoldsAWholeBatchToItsOrder) {
  const std::vector<StatementId> ids = {FromHex<StatementId>(kIdHex), FromHex<StatementId>(kExerciseIdHex)};
  const Digest root = crypto::TreeHash(Leaves(ids));
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[1], ids[0]}, {{1, {}}, {0, {}}}, 2, root)), RejectReason::kParse);
  EXPECT_EQ(ReasonFor(CheckPlaces({ids[1], ids[0]}, {{0, {}}, {1, {}}}, 2, root)), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(CheckPlaces(ids, {{0, {Digest()}}, {1, {}}}, 2, root)), RejectReason::kParse);
  EXPECT_EQ(ReasonFor(CheckPlaces(ids, {{0, {}}, {0, {}}}, 1, root)), RejectReason::kParse);
}

TEST(SignBatch, BodySaysEverything) {
  const StreamPosition start = NewStream();
  const auto batch = Sign({"{}"}, ToEstovia(), start);
  ASSERT_TRUE(batch.ok()) << batch.status();
  const v1::StatementBody body = BodyOf(batch->statements()[0]);
  EXPECT_EQ(body.origin(), Norlandia().org().view());
  EXPECT_EQ(body.key_id(), Norlandia().key_id.view());
  EXPECT_EQ(body.identity_hash(), Norlandia().identity.hash().view());
  EXPECT_EQ(body.stream_id(), start.stream.view());
  EXPECT_EQ(body.msg_id().size(), 16u);
  EXPECT_EQ(absl::FromUnixMicros(body.created_us()), kNow);
  EXPECT_EQ(absl::FromUnixMicros(body.expires_us()), kNow + kStatementLifetime);
  EXPECT_EQ(body.content_length(), 2u);
  EXPECT_EQ(body.content_commit(), ContentCommitment(batch->statements()[0].salt(), "{}").view());
}

TEST(SignBatch, OneSignatureOverTheRoot) {
  const auto batch = Sign(Contents(5));
  ASSERT_TRUE(batch.ok());
  v1::BatchBody body;
  ASSERT_TRUE(body.ParseFromString(batch->signed_body().body()));
  std::vector<StatementId> ids;
  for (const Statement& s : batch->statements()) ids.push_back(IdOf(s.body(), false));
  EXPECT_EQ(body.root(), crypto::TreeHash(Leaves(ids)).view());
  EXPECT_EQ(body.leaf_type(), kStatementType);
  EXPECT_EQ(batch->size(), 5u);
  EXPECT_TRUE(trust::VerifyBody(Norlandia().identity, Norlandia().key_id, kBatchType, batch->signed_body(), kNow).ok());
}

TEST(SignBatch, StreamContinuesAcrossBatches) {
  const auto first = Sign(Contents(3));
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(first->statements()[0].previous().IsZero());
  const auto second = Sign(Contents(2), ToEstovia(), first->After());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->statements()[0].sequence(), 4u);
  EXPECT_EQ(second->statements()[0].previous(), first->statements()[2].id());
  EXPECT_EQ(second->statements()[1].previous(), second->statements()[0].id());
  EXPECT_EQ(second->After().sequence, 5u);
}

TEST(SignBatch, SaltsAndMessageIdsNeverRepeat) {
  const auto batch = Sign({"same", "same"});
  ASSERT_TRUE(batch.ok());
  const Statement &a = batch->statements()[0], &b = batch->statements()[1];
  EXPECT_NE(a.salt(), b.salt());
  EXPECT_NE(BodyOf(a).msg_id(), BodyOf(b).msg_id());
  EXPECT_NE(BodyOf(a).content_commit(), BodyOf(b).content_commit());
}

TEST(SignBatch, AudienceIsSortedAndMayBeEmpty) {
  std::vector<OrgId> audience = {World().volt.org(), World().estovia.org(), World().volt.org()};
  const auto batch = Sign({"{}"}, audience);
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(batch->audience().size(), 2u);
  EXPECT_TRUE(std::is_sorted(batch->audience().begin(), batch->audience().end()));
  EXPECT_EQ(BodyOf(batch->statements()[0]).audience_size(), 2);
  EXPECT_TRUE(Sign({"{}"}, {}).ok());
}

TEST(SignBatch, LaneIsInTheType) {
  policy::Constraints exercise = Green();
  exercise.exercise_id = "locked-shields-26";
  const auto batch = Sign({"{}"}, ToEstovia(), NewStream(), exercise);
  ASSERT_TRUE(batch.ok());
  v1::BatchBody body;
  ASSERT_TRUE(body.ParseFromString(batch->signed_body().body()));
  EXPECT_EQ(body.leaf_type(), kExerciseStatementType);
  EXPECT_EQ(batch->statements()[0].id(), IdOf(batch->statements()[0].body(), true));
  EXPECT_NE(batch->statements()[0].id(), IdOf(batch->statements()[0].body(), false));
}

TEST(SignBatch, BoundsStatementsAndContents) {
  EXPECT_EQ(ReasonFor(Sign({})), RejectReason::kLimit);
  EXPECT_EQ(ReasonFor(Sign(std::vector<Bytes>(1025, "{}"))), RejectReason::kLimit);
  EXPECT_EQ(ReasonFor(Sign({Bytes(kMaxContentBytes + 1, 'x')})), RejectReason::kLimit);
  EXPECT_TRUE(Sign({Bytes(kMaxContentBytes, 'x')}).ok());
}

TEST(SignBatch, BoundsAudienceAndBodies) {
  std::vector<OrgId> audience;
  for (int i = 0; i < 1001; ++i) audience.push_back(crypto::RandomId<OrgId>());
  EXPECT_EQ(ReasonFor(Sign({"{}"}, audience)), RejectReason::kLimit);
  audience.pop_back();
  EXPECT_TRUE(Sign({"{}"}, audience).ok());
  EXPECT_EQ(ReasonFor(Sign(std::vector<Bytes>(150, "{}"), audience)), RejectReason::kLimit);  // 150 x 34 KiB
}

TEST(SignBatch, SignsNothingThatReceiversWouldRefuse) {
  EXPECT_EQ(ReasonFor(Sign({"{}"}, ToEstovia(), NewStream(), policy::Constraints())), RejectReason::kParse);
  policy::Constraints unsorted = Green();
  unsorted.rel_to = {"NO", "EE"};
  EXPECT_EQ(ReasonFor(Sign({"{}"}, ToEstovia(), NewStream(), unsorted)), RejectReason::kParse);
  const absl::Time late = kNow + trust::kStatementKeyLifetime + absl::Hours(1);
  EXPECT_EQ(ReasonFor(SignBatch(Norlandia(), Green(), ToEstovia(), {"{}"}, NewStream(), late)), RejectReason::kTime);
}

std::vector<StatementId> Named(int count, char first = 'a') {
  std::vector<StatementId> ids;
  for (int i = 0; i < count; ++i) ids.push_back(*StatementId::From(std::to_string(100 + i) + Bytes(29, first)));
  return ids;
}
absl::StatusOr<Batch> SignWith(const BatchTerms& terms, size_t statements = 2) {
  return SignBatch(Norlandia(), Green(), ToEstovia(), Contents(statements), NewStream(), kNow, terms);
}
JointTerms BothOrMore(uint32_t threshold) {
  std::vector<OrgId> both = {Norlandia().org(), World().volt.org()};
  std::sort(both.begin(), both.end());
  return {both, threshold};
}

TEST(SignBatch, EveryStatementSaysItsTerms) {
  BatchTerms terms;
  terms.joint = BothOrMore(2);
  terms.references = {{Named(2), {}}, {{}, Named(64, 'b')}};
  const auto batch = SignWith(terms);
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_EQ(batch->joint()->organisations, terms.joint->organisations);
  const v1::StatementBody first = BodyOf(batch->statements()[0]), second = BodyOf(batch->statements()[1]);
  for (const v1::StatementBody& body : {first, second}) {
    EXPECT_EQ(body.joint().threshold(), 2u);
    ASSERT_EQ(body.joint().organisations_size(), 2);
    EXPECT_EQ(body.joint().organisations(1), terms.joint->organisations[1].view());
  }
  EXPECT_EQ(first.replaces_size(), 2);
  EXPECT_EQ(first.replaces(1), terms.references[0].replaces[1].view());
  EXPECT_EQ(first.derived_from_size(), 0);
  EXPECT_EQ(second.replaces_size(), 0);
  EXPECT_EQ(second.derived_from_size(), 64);
  EXPECT_EQ(batch->statements()[1].references(), terms.references[1]);
}
TEST(SignBatch, SignsNoTermsThatReceiversWouldRefuse) {
  const auto reason = [](References references) { return ReasonFor(SignWith({{}, {std::move(references), {}}})); };
  EXPECT_EQ(reason({}), RejectReason::kNone);
  EXPECT_EQ(reason({Named(65), {}}), RejectReason::kLimit);
  EXPECT_EQ(reason({{}, Named(65)}), RejectReason::kLimit);
  EXPECT_EQ(reason({{Named(2)[1], Named(2)[0]}, {}}), RejectReason::kParse);
  EXPECT_EQ(reason({{}, {Named(1)[0], Named(1)[0]}}), RejectReason::kParse);
  EXPECT_EQ(ReasonFor(SignWith({{}, {{}, {}, {}}})), RejectReason::kParse);  // three for two
  EXPECT_EQ(ReasonFor(SignWith({BothOrMore(3), {}})), RejectReason::kParse);
}

class RecheckTest : public ::testing::Test {
 protected:
  RecheckTest() : batch_(*Sign(Contents(4))), stored_(AllOf(batch_)[2]) {
    for (const Statement& s : batch_.statements()) ids_.push_back(s.id());
  }
  absl::Status Run() { return Recheck(Norlandia().identity, batch_.signed_body(), stored_, ids_); }

  const Batch batch_;
  Sealable stored_;
  std::vector<StatementId> ids_;
};

TEST_F(RecheckTest, AcceptsWithIdsOrWithPath) {
  EXPECT_TRUE(Run().ok()) << Run();
  stored_.path = crypto::AuditPath(Leaves(ids_), 2);
  ids_.clear();
  EXPECT_TRUE(Run().ok()) << Run();
}
TEST_F(RecheckTest, RefusesAnotherPlace) {
  stored_.index = 1;
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kSignature);
  stored_.index = 4;
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kSignature);
  stored_.index = 2;
  std::swap(ids_[0], ids_[1]);
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kSignature);
}
TEST_F(RecheckTest, RefusesWithoutAnyProofOfPlace) {
  ids_.clear();
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kSignature);
}
TEST_F(RecheckTest, RefusesOtherContentOrSalt) {
  const Bytes other(stored_.content.size(), 'y'), salt(32, 's');
  stored_.content = other;
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kContent);
  stored_.content = batch_.statements()[2].content();
  stored_.salt = salt;
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kContent);
}
// What one call found good is not believed of anything else in the next one.
TEST_F(RecheckTest, RemembersNothingThatChanged) {
  ASSERT_TRUE(Run().ok());
  v1::SignedBody damaged = batch_.signed_body();
  (*damaged.mutable_signature())[5] ^= 1;
  EXPECT_EQ(ReasonFor(Recheck(Norlandia().identity, damaged, stored_, ids_)), RejectReason::kSignature);
  EXPECT_EQ(ReasonFor(Recheck(World().volt.self().identity, batch_.signed_body(), stored_, ids_)),
            RejectReason::kSignature);
  const Bytes body = batch_.statements()[1].body();
  stored_.body = body;
  EXPECT_EQ(ReasonFor(Run()), RejectReason::kSignature);
}
TEST_F(RecheckTest, RefusesAnotherOrigin) {
  EXPECT_EQ(ReasonFor(Recheck(World().volt.self().identity, batch_.signed_body(), stored_, ids_)),
            RejectReason::kSignature);
}
TEST_F(RecheckTest, RefusesADamagedSignature) {
  v1::SignedBody damaged = batch_.signed_body();
  (*damaged.mutable_signature())[5] ^= 1;
  EXPECT_EQ(ReasonFor(Recheck(Norlandia().identity, damaged, stored_, ids_)), RejectReason::kSignature);
}

}  // namespace
}  // namespace entente::envelope
