#include "trust/identity.h"

#include <gtest/gtest.h>

#include <functional>

#include "proto/strict_parse.h"
#include "tests/vectors/vector_file.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

RejectReason AfterChange(const std::function<void(v1::IdentityDocument&)>& change) {
  Draft draft = FirstDraft();
  change(draft.document);
  return CheckReason(draft.Signed());
}

TEST(Identity, MakesWhatItChecks) {
  const v1::SignedIdentity wire = SampleIdentity("norlandia", 'A');
  const absl::StatusOr<Identity> identity = Identity::Check(wire, SampleNow());
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_EQ(identity->name(), "norlandia");
  EXPECT_EQ(identity->version(), 1u);
  EXPECT_EQ(identity->expires(), SampleNow() + kIdentityLifetime);
  EXPECT_EQ(identity->keys().size(), 2u);
  EXPECT_EQ(identity->wire().SerializeAsString(), wire.SerializeAsString());
}

TEST(Identity, IdsAreTheDocumentedHashes) {
  const v1::SignedIdentity wire = SampleIdentity("norlandia", 'A');
  const Identity identity = *Identity::Check(wire, SampleNow());
  EXPECT_EQ(identity.org().view(), crypto::Sha256(Bytes("entente/1/org\0\0\1", 16) + wire.document()).view());
  EXPECT_EQ(identity.hash(), crypto::Sha256(Bytes("entente/1/idoc\0\0\1", 17) + wire.document()));
  const Bytes key = SampleKey('A').public_key();
  EXPECT_EQ(MakeKeyId(v1::KEY_USAGE_ROOT, key).view(), crypto::Sha256(Bytes("entente/1/key\0\0\1\1", 17) + key).view());
  EXPECT_NE(MakeKeyId(v1::KEY_USAGE_ROOT, key), MakeKeyId(v1::KEY_USAGE_STATEMENT, key));
}

TEST(Identity, TwoOrganisationsDiffer) {
  const Identity a = *Identity::Check(SampleIdentity("norlandia", 'A'), SampleNow());
  const Identity b = *Identity::Check(SampleIdentity("norlandia", 'K'), SampleNow());
  EXPECT_NE(a.org(), b.org());
  EXPECT_NE(a.hash(), b.hash());
}

TEST(Identity, EveryFlippedBitRefuses) {
  const Bytes good = SampleIdentity("norlandia", 'A').SerializeAsString();
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    v1::SignedIdentity wire;
    if (!StrictParse(damaged, wire).ok()) continue;
    EXPECT_NE(CheckReason(wire), kNone) << "bit " << bit;
  }
}

TEST(Identity, ExpiryIsExclusive) {
  const v1::SignedIdentity wire = SampleIdentity("norlandia", 'A');
  EXPECT_EQ(CheckReason(wire, SampleNow() + kIdentityLifetime - absl::Microseconds(1)), kNone);
  EXPECT_EQ(CheckReason(wire, SampleNow() + kIdentityLifetime), kIdentity);
}

TEST(Identity, OnlyVersionOneIsRead) {
  EXPECT_EQ(AfterChange([](auto&) {}), kNone);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_version(2); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_version(0); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_org_id(Bytes(32, 'o')); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_previous_hash(Bytes(32, 'p')); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_issued_us(1); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.add_revocations(); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.mutable_offline(); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_log_origin("norlandia.example/log"); }), kIdentity);
}

TEST(Identity, MalformedKeysRefuse) {
  EXPECT_EQ(AfterChange([](auto& d) { d.clear_keys(); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.clear_root_keys(); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.mutable_keys(0)->set_usage(v1::KEY_USAGE_ROOT); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.mutable_keys(0)->set_key_id(Bytes(32, 'k')); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.mutable_keys(0)->set_not_after_us(d.keys(0).not_before_us()); }), kIdentity);
}

TEST(Identity, VersionOneHoldsStatementKeysAlone) {
  for (const v1::KeyUsage usage : {v1::KEY_USAGE_GROUP_ADMIN, v1::KEY_USAGE_LOG, v1::KEY_USAGE_WITNESS}) {
    Draft draft = FirstDraft();
    draft.Add(usage, 'n');
    EXPECT_EQ(CheckReason(draft.Signed()), kIdentity) << usage;
  }
}

TEST(Identity, K44KeysThatAreNoValidPointRefuse) {
  std::vector<Bytes> bad = {Bytes(32, '\xff'), Bytes(31, 'k'), ""};
  for (const auto& vector : test::ReadVectors("ed25519_keys.txt")) {
    if (vector.at("kind") != "good") bad.push_back(vector.at("public_key"));
  }
  ASSERT_EQ(bad.size(), 24u);
  for (const Bytes& key : bad) {
    EXPECT_EQ(AfterChange([&](auto& d) { d.mutable_keys(0)->set_public_key(key); }), kKeyPoint);
    EXPECT_EQ(AfterChange([&](auto& d) { d.mutable_root_keys(0)->set_public_key(key); }), kKeyPoint);
  }
}

TEST(Identity, AKeyStandsOnceAndHasOneUsage) {
  Draft twice = FirstDraft();
  twice.Add(v1::KEY_USAGE_STATEMENT, 'a');
  EXPECT_EQ(CheckReason(twice.Signed()), kIdentity);
  Draft two_usages = FirstDraft();
  two_usages.Add(v1::KEY_USAGE_STATEMENT, 'A');  // the root key's bytes
  EXPECT_EQ(CheckReason(two_usages.Signed()), kIdentity);
  EXPECT_FALSE(MakeIdentity("norlandia", SampleKey('A'), SampleKey('A'), SampleNow()).ok());
}

TEST(Identity, ThresholdIsBetweenOneAndTheRoots) {
  EXPECT_EQ(AfterChange([](auto& d) { d.set_root_threshold(0); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_root_threshold(2); }), kIdentity);
  EXPECT_EQ(CheckReason(FirstDraft(3).Signed()), kNone);
}

TEST(Identity, EveryKeyMustHaveSigned) {
  const v1::SignedIdentity good = FirstDraft(2).Signed();
  for (int left_out = 0; left_out < good.signatures_size(); ++left_out) {
    v1::SignedIdentity wire = good;
    wire.mutable_signatures()->DeleteSubrange(left_out, 1);
    EXPECT_EQ(CheckReason(wire), kIdentity) << left_out;
  }
  Draft one_of_two = FirstDraft(2);  // the threshold is met, and still the second root key must show that somebody holds it
  one_of_two.document.set_root_threshold(1);
  v1::SignedIdentity wire = one_of_two.Signed();
  EXPECT_EQ(CheckReason(wire), kNone);
  wire.mutable_signatures()->DeleteSubrange(1, 1);
  EXPECT_EQ(CheckReason(wire), kIdentity);
}

TEST(Identity, ExtraOrRepeatedSignaturesRefuse) {
  v1::SignedIdentity repeated = FirstDraft().Signed();
  *repeated.add_signatures() = repeated.signatures(0);
  EXPECT_EQ(CheckReason(repeated), kIdentity);
  v1::SignedIdentity foreign = FirstDraft().Signed();
  v1::KeySignature& extra = *foreign.add_signatures();
  extra.set_key_id(MakeKeyId(v1::KEY_USAGE_ROOT, SampleKey('Z').public_key()).str());
  extra.set_signature(*SampleKey('Z').Sign(kIdentityType, foreign.document()));
  EXPECT_EQ(CheckReason(foreign), kIdentity);
}

TEST(Identity, ASignatureUnderAnotherTypeDoesNotCount) {
  v1::SignedIdentity wire = FirstDraft().Signed();
  wire.mutable_signatures(0)->set_signature(*SampleKey('A').Sign(kHeadType, wire.document()));
  EXPECT_EQ(CheckReason(wire), kIdentity);
}

TEST(Identity, SuitesAreAscendingAndHoldOurs) {
  EXPECT_EQ(AfterChange([](auto& d) { d.add_suites(7); }), kNone);  // a newer node's: suite 1 is what we speak
  EXPECT_EQ(AfterChange([](auto& d) { d.set_suites(0, 2); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.clear_suites(); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.add_suites(1); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.add_suites(0); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_min_suite(0); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_min_suite(2); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.add_suites(7), d.set_min_suite(7); }), kIdentity);  // level 0 refuses it in version 1
}

TEST(Identity, TheNameIsShortAndShowable) {
  EXPECT_EQ(AfterChange([](auto& d) { d.set_name(Bytes(kMaxIdentityNameBytes, 'n')); }), kNone);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_name(Bytes(kMaxIdentityNameBytes + 1, 'n')); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_name(""); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_name("nor\x1b[2Jlandia"); }), kIdentity);
  EXPECT_EQ(AfterChange([](auto& d) { d.set_name("nor\xe2\x80\xaelandia"); }), kIdentity);  // right-to-left override
}

TEST(Identity, UnknownCriticalFieldsRefuseAndOptionalOnesDoNot) {
  EXPECT_EQ(AfterChange([](auto& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(99, 1); }), kParse);
  EXPECT_EQ(AfterChange([](auto& d) { d.GetReflection()->MutableUnknownFields(&d)->AddVarint(100, 1); }), kNone);
}

TEST(Identity, KeysAreBounded) {
  Draft full = FirstDraft();
  for (size_t i = 2; i < kMaxIdentityKeys; ++i) full.Add(v1::KEY_USAGE_STATEMENT, static_cast<char>('b' + i));
  EXPECT_EQ(CheckReason(full.Signed()), kNone);
  full.Add(v1::KEY_USAGE_ROOT, 'Q');
  EXPECT_EQ(CheckReason(full.Signed()), kLimit);
}

TEST(Identity, SizeSignaturesAndSuitesAreBounded) {
  const auto pad = [](v1::IdentityDocument& d, size_t size) {
    d.GetReflection()->MutableUnknownFields(&d)->AddLengthDelimited(100, Bytes(size - d.ByteSizeLong() - 5, 'p'));
  };
  EXPECT_EQ(AfterChange([&](auto& d) { pad(d, kMaxIdentityBytes); }), kNone);
  EXPECT_EQ(AfterChange([&](auto& d) { pad(d, kMaxIdentityBytes + 1); }), kLimit);
  v1::SignedIdentity wire = FirstDraft().Signed();
  while (static_cast<size_t>(wire.signatures_size()) <= kMaxIdentityKeys) *wire.add_signatures() = wire.signatures(0);
  EXPECT_EQ(CheckReason(wire), kLimit);
  const auto suites = [](v1::IdentityDocument& d, size_t n) { for (uint32_t i = 2; i <= n; ++i) d.add_suites(i); };
  EXPECT_EQ(AfterChange([&](auto& d) { suites(d, kMaxIdentitySuites); }), kNone);
  EXPECT_EQ(AfterChange([&](auto& d) { suites(d, kMaxIdentitySuites + 1); }), kLimit);
}

TEST(Identity, KeyForHoldsUsageAndLifetime) {
  const Self self = SampleSelf("norlandia", 'A');
  const auto reason = [&](const KeyId& id, v1::KeyUsage usage, absl::Time at) {
    return ReasonOf(self.identity.KeyFor(id, usage, at).status());
  };
  EXPECT_EQ(*self.identity.KeyFor(self.key_id, v1::KEY_USAGE_STATEMENT, SampleNow()), SampleKey('B').public_key());
  EXPECT_EQ(reason(KeyId(), v1::KEY_USAGE_STATEMENT, SampleNow()), kNoKey);
  EXPECT_EQ(reason(self.key_id, v1::KEY_USAGE_ROOT, SampleNow()), kKeyUse);
  const absl::Time end = SampleNow() + kStatementKeyLifetime;
  EXPECT_EQ(reason(self.key_id, v1::KEY_USAGE_STATEMENT, end - absl::Microseconds(1)), kNone);
  EXPECT_EQ(reason(self.key_id, v1::KEY_USAGE_STATEMENT, end), kTime);
  EXPECT_EQ(reason(self.key_id, v1::KEY_USAGE_STATEMENT, SampleNow() - kClockSkew), kNone);
  EXPECT_EQ(reason(self.key_id, v1::KEY_USAGE_STATEMENT, SampleNow() - kClockSkew - absl::Microseconds(1)), kTime);
}

TEST(Identity, AStatementKeyLivesAYearAtMost) {
  const auto lives = [](absl::Duration life) {
    return AfterChange([&](auto& d) { d.mutable_keys(0)->set_not_after_us(absl::ToUnixMicros(SampleNow() + life)); });
  };
  EXPECT_EQ(lives(kStatementKeyLifetime), kNone);
  EXPECT_EQ(lives(kStatementKeyLifetime + absl::Microseconds(1)), kIdentity);
}

TEST(Identity, NoKeyOutlivesItsDocument) {
  Draft draft = FirstDraft();
  draft.document.set_expires_us(absl::ToUnixMicros(SampleNow() + absl::Hours(1)));
  const Identity identity = *Identity::Check(draft.Signed(), SampleNow());
  const KeyId id = *KeyId::From(identity.keys()[1].key_id());
  EXPECT_TRUE(identity.KeyFor(id, v1::KEY_USAGE_STATEMENT, SampleNow() + absl::Minutes(59)).ok());
  EXPECT_EQ(ReasonOf(identity.KeyFor(id, v1::KEY_USAGE_STATEMENT, SampleNow() + absl::Hours(1)).status()), kTime);
}

}  // namespace
}  // namespace entente::trust
