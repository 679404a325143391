#include <gtest/gtest.h>

#include "trust/prekey.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

RejectReason Verify(const Self& self, ByteView type, const v1::SignedBody& body, absl::Time at = SampleNow()) {
  return ReasonOf(VerifyBody(self.identity, self.key_id, type, body, at));
}

TEST(SignedBody, EveryTypeOfAStatementKeyVerifiesUnderItselfOnly) {
  const Self self = SampleSelf("norlandia", 'A');
  const std::vector<ByteView> types = {
      kBatchType,      kSealType,           kPrekeyType,    kHeadType,           crypto::kTransportType,
      kCosignType,     kExerciseCosignType, kForwardType,   kExerciseForwardType, kPermissionType,
      kRecallType,     kExerciseRecallType, kReceiptType,   kExerciseReceiptType, kGroupLogType,
      kLeaveType,      kEpochType,          kRewrapType,    kEvidenceType,       kAgreementType};
  for (ByteView signed_as : types) {
    const v1::SignedBody body = *SignBody(self, signed_as, "body");
    for (ByteView read_as : types) EXPECT_EQ(Verify(self, read_as, body), signed_as == read_as ? kNone : kSignature);
  }
}

TEST(SignedBody, TypesThatStatementKeysNeverSignRefuseEvenWithAGoodSignature) {
  const Self self = SampleSelf("norlandia", 'A');
  const std::vector<ByteView> types = {kIdentityType, kStatementType, kExerciseStatementType, kMembershipType, "text/plain",
                                       ""};
  for (ByteView type : types) {
    EXPECT_EQ(Verify(self, type, *SignBody(self, type, "body")), kKeyUse) << type;
  }
}

TEST(SignedBody, EachUsageSignsItsOwnTypesAlone) {
  EXPECT_TRUE(MaySign(v1::KEY_USAGE_ROOT, kIdentityType));
  EXPECT_FALSE(MaySign(v1::KEY_USAGE_ROOT, kBatchType));
  EXPECT_TRUE(MaySign(v1::KEY_USAGE_GROUP_ADMIN, kMembershipType));
  EXPECT_TRUE(MaySign(v1::KEY_USAGE_GROUP_ADMIN, kRecallType));  // in its group's name
  EXPECT_FALSE(MaySign(v1::KEY_USAGE_GROUP_ADMIN, kBatchType));
  for (const v1::KeyUsage notes_alone : {v1::KEY_USAGE_LOG, v1::KEY_USAGE_WITNESS, v1::KEY_USAGE_UNSPECIFIED}) {
    for (const ByteView type : {kIdentityType, kBatchType, kMembershipType, kHeadType}) {
      EXPECT_FALSE(MaySign(notes_alone, type)) << notes_alone << type;
    }
  }
}

TEST(SignedBody, EveryFlippedBitRefuses) {
  const Self self = SampleSelf("norlandia", 'A');
  const v1::SignedBody good = *SignBody(self, kHeadType, "the body");
  for (size_t bit = 0; bit < (good.body().size() + good.signature().size()) * 8; ++bit) {
    v1::SignedBody damaged = good;
    Bytes& part = bit / 8 < good.body().size() ? *damaged.mutable_body() : *damaged.mutable_signature();
    const size_t at = bit / 8 < good.body().size() ? bit / 8 : bit / 8 - good.body().size();
    part[at] = static_cast<char>(part[at] ^ (1 << (bit % 8)));
    EXPECT_EQ(Verify(self, kHeadType, damaged), kSignature) << bit;
  }
}

TEST(SignedBody, AnotherOrganisationsKeyIsUnknownAndAnOldOneExpired) {
  const Self self = SampleSelf("norlandia", 'A'), other = SampleSelf("estovia", 'K');
  const v1::SignedBody body = *SignBody(other, kHeadType, "body");
  EXPECT_EQ(ReasonOf(VerifyBody(self.identity, other.key_id, kHeadType, body, SampleNow())), kNoKey);
  EXPECT_EQ(Verify(self, kHeadType, body), kSignature);
  EXPECT_EQ(Verify(other, kHeadType, body, SampleNow() + kStatementKeyLifetime), kTime);
}

TEST(Head, RoundTrips) {
  const Self self = SampleSelf("norlandia", 'A');
  const Digest root = crypto::Sha256("root");
  const absl::StatusOr<v1::HeadBody> head =
      CheckHead(IdentityHistory(self.identity), *MakeHead(self, 42, root, SampleNow()));
  ASSERT_TRUE(head.ok()) << head.status();
  EXPECT_EQ(head->sequence(), 42u);
  EXPECT_EQ(head->root(), root.view());
  EXPECT_EQ(head->time_us(), absl::ToUnixMicros(SampleNow()));
}

TEST(Head, EveryFlippedBitRefuses) {
  const Self self = SampleSelf("norlandia", 'A');
  const v1::SignedBody good = *MakeHead(self, 42, crypto::Sha256("root"), SampleNow());
  for (size_t bit = 0; bit < good.body().size() * 8; ++bit) {
    v1::SignedBody damaged = good;
    (*damaged.mutable_body())[bit / 8] = static_cast<char>(good.body()[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(CheckHead(IdentityHistory(self.identity), damaged).ok()) << bit;
  }
}

v1::SignedBody ChangedHead(const Self& self, const std::function<void(v1::HeadBody&)>& change) {
  v1::HeadBody body;
  body.ParseFromString(MakeHead(self, 42, crypto::Sha256("root"), SampleNow())->body());
  change(body);
  return *SignBody(self, kHeadType, body.SerializeAsString());
}
TEST(Head, WellSignedNonsenseRefuses) {
  const Self self = SampleSelf("norlandia", 'A'), other = SampleSelf("estovia", 'K');
  const auto reason = [&](const std::function<void(v1::HeadBody&)>& change) {
    return ReasonOf(CheckHead(IdentityHistory(self.identity), ChangedHead(self, change)).status());
  };
  EXPECT_EQ(reason([](auto&) {}), kNone);
  EXPECT_EQ(reason([&](auto& h) { h.set_org_id(other.org().str()); }), kUnknownParty);
  EXPECT_EQ(reason([](auto& h) { h.set_root("short"); }), kParse);
  EXPECT_EQ(reason([](auto& h) { h.set_key_id("short"); }), kParse);
  EXPECT_EQ(reason([&](auto& h) { h.set_key_id(other.key_id.str()); }), kNoKey);
  // A clock that was wrong when the head was made does not make the head worthless.
  EXPECT_EQ(reason([](auto& h) { h.set_time_us(absl::ToUnixMicros(SampleNow() + 9 * kStatementKeyLifetime)); }), kNone);
  EXPECT_EQ(reason([](auto& h) { h.set_time_us(0); }), kNone);
  EXPECT_EQ(reason([](auto& h) { h.GetReflection()->MutableUnknownFields(&h)->AddVarint(99, 1); }), kParse);
}

// SampleHistory: 'a' is superseded on day 15, 'b' signs. A third version says that 'b' was stolen on day 5.
TEST(Head, CountsUnderEveryVersionWhileItsKeyDoes) {
  IdentityHistory history = SampleHistory();
  const auto reason = [&](char key, absl::Time at) {
    return ReasonOf(CheckHead(history, *MakeHead(SampleSigner(history, key), 1, Digest(), at)).status());
  };
  EXPECT_EQ(reason('a', Day(14)), kNone);
  EXPECT_EQ(reason('a', Day(15)), kRevoked);
  EXPECT_EQ(reason('b', Day(20)), kNone);
  EXPECT_EQ(reason('c', Day(20)), kNoKey);
  EXPECT_EQ(reason('g', Day(20)), kNoKey);  // an admin key is not one that a statement key's id names
  Draft next = NextDraft(history, Day(6), "AB");
  next.Revoke(v1::KEY_USAGE_STATEMENT, 'b', Day(5), v1::REVOCATION_REASON_COMPROMISED);
  next.Drop(v1::KEY_USAGE_STATEMENT, 'b');
  ASSERT_EQ(ReasonOf(history.Extend(next.Signed(), Day(6))), kNone);
  EXPECT_EQ(reason('b', Day(4)), kRevoked);  // a thief writes any time he likes
  EXPECT_EQ(reason('a', Day(14)), kNone);
}

TEST(Head, OfTheOwnStoreCountsUnderEveryKeyThatTheNodeEverHad) {
  IdentityHistory history = SampleHistory();
  Draft next = NextDraft(history, Day(6), "AB");
  next.Revoke(v1::KEY_USAGE_STATEMENT, 'b', Day(5), v1::REVOCATION_REASON_COMPROMISED);
  next.Drop(v1::KEY_USAGE_STATEMENT, 'b');
  ASSERT_EQ(ReasonOf(history.Extend(next.Signed(), Day(6))), kNone);
  const auto own = [&](const v1::SignedBody& head) { return ReasonOf(CheckOwnHead(history, head).status()); };
  for (const char key : {'a', 'b'})
    EXPECT_EQ(own(*MakeHead(SampleSigner(history, key), 1, Digest(), Day(400))), kNone) << key;
  EXPECT_EQ(own(*MakeHead(SampleSigner(history, 'c'), 1, Digest(), Day(1))), kNoKey);
  Self admin = SampleSigner(history, 'g');
  admin.key_id = SampleKeyId(v1::KEY_USAGE_GROUP_ADMIN, 'g');
  EXPECT_EQ(own(*MakeHead(admin, 1, Digest(), Day(1))), kKeyUse);
  v1::SignedBody head = *MakeHead(SampleSigner(history, 'a'), 1, Digest(), Day(1));
  head.mutable_signature()->front() ^= 1;
  EXPECT_EQ(own(head), kSignature);
  EXPECT_EQ(own(*MakeHead(SampleSelf("estovia", 'K'), 1, Digest(), Day(1))), kUnknownParty);
}

// Heads are stored and sent on as they came: nothing may ride along.
TEST(Head, NothingStandsBesideBodyAndSignature) {
  const Self self = SampleSelf("norlandia", 'A');
  v1::SignedBody head = ChangedHead(self, [](v1::HeadBody&) {});
  ASSERT_TRUE(CheckHead(IdentityHistory(self.identity), head).ok());
  head.GetReflection()->MutableUnknownFields(&head)->AddLengthDelimited(100, Bytes(4096, 'p'));
  EXPECT_EQ(ReasonOf(CheckHead(IdentityHistory(self.identity), head).status()), kParse);
}

TEST(Head, SizeIsBounded) {
  const Self self = SampleSelf("norlandia", 'A');
  for (const size_t over : {0u, 1u}) {
    const v1::SignedBody head = ChangedHead(self, [&](v1::HeadBody& h) {
      const size_t fill = kMaxHeadBytes + over - h.ByteSizeLong() - 4;  // two bytes each of tag and length
      h.GetReflection()->MutableUnknownFields(&h)->AddLengthDelimited(100, Bytes(fill, 'p'));
    });
    ASSERT_EQ(head.body().size(), kMaxHeadBytes + over);
    EXPECT_EQ(ReasonOf(CheckHead(IdentityHistory(self.identity), head).status()), over == 0 ? kNone : kLimit);
  }
}

}  // namespace
}  // namespace entente::trust
