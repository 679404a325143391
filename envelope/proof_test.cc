#include "envelope/proof.h"

#include <functional>

#include "envelope/cosign.h"
#include "envelope/testing/bend.h"

namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

Batch SignedBatch(size_t count) {
  return *SignBatch(World().norlandia.self(), Green(), {World().estovia.org()}, Contents(count, 100), NewStream(), kNow);
}
absl::StatusOr<ProvenStatement> Check(const v1::StatementProof& proof, VerifiedBatches* verified = nullptr,
                                      absl::Time now = kNow) {
  const auto read = ReadProof(proof.SerializeAsString());
  if (!read.ok()) return read.status();
  return CheckProof(*read, *World().at_estovia, now, verified, nullptr);
}
RejectReason After(const std::function<void(v1::StatementProof&)>& bend, VerifiedBatches* verified = nullptr) {
  static const Batch batch = SignedBatch(5);
  v1::StatementProof proof = MakeProof(batch, batch.statements()[3], true);
  if (verified != nullptr) {
    EXPECT_TRUE(Check(proof, verified).ok());
  }
  bend(proof);
  return ReasonFor(Check(proof, verified));
}

TEST(Proof, EveryStatementOfEveryBatchStandsAlone) {
  for (const size_t count : {1, 2, 3, 7, 64}) {
    const Batch batch = SignedBatch(count);
    for (const Statement& statement : batch.statements()) {
      const auto proven = Check(MakeProof(batch, statement, true));
      ASSERT_TRUE(proven.ok()) << proven.status();
      EXPECT_EQ(proven->id, statement.id());
      EXPECT_EQ(proven->origin, World().norlandia.org());
      EXPECT_EQ(proven->constraints.label, model::Label::kGreen);
      EXPECT_EQ(proven->audience, batch.audience());
      EXPECT_EQ(proven->created, kNow);
      EXPECT_TRUE(proven->content_shown);
    }
  }
}

TEST(Proof, WithoutContentItSaysSo) {
  const Batch batch = SignedBatch(2);
  const auto proven = Check(MakeProof(batch, batch.statements()[1], false));
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_FALSE(proven->content_shown);
}

TEST(Proof, DamageHasItsReason) {
  EXPECT_EQ(After([](auto&) {}), kNone);
  EXPECT_EQ(After([](auto& p) { p.clear_batch(); }), kParse);
  EXPECT_EQ(After([](auto& p) { p.clear_statement(); }), kParse);
  EXPECT_EQ(After([](auto& p) { p.mutable_batch()->mutable_signature()->back() ^= 1; }), kSignature);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->mutable_body()->back() ^= 1; }), kSignature);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->set_index(2); }), kSignature);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->set_index(5); }), kParse);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->mutable_path()->RemoveLast(); }), kSignature);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->mutable_path(0)->pop_back(); }), kParse);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->mutable_salt()->back() ^= 1; }), kContent);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->mutable_content()->back() ^= 1; }), kContent);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->clear_salt(); }), kContent);
  EXPECT_EQ(After([](auto& p) { p.mutable_statement()->clear_content(); }), kContent);
  EXPECT_EQ(After([](auto& p) { p.add_cosignatures(); }), kParse);
  EXPECT_EQ(After([](auto& p) { p.add_forwards(); }), kSignature);
  EXPECT_EQ(After([](auto& p) {
              for (int i = 0; i < 11; ++i) p.mutable_statement()->add_path(Bytes(32, 'p'));
            }),
            kLimit);
}

TEST(Proof, EveryFlippedBitOfTheSignedPartsRefuses) {
  const Batch batch = SignedBatch(3);
  const v1::StatementProof good = MakeProof(batch, batch.statements()[1], true);
  const std::function<Bytes*(v1::StatementProof&)> parts[] = {
      [](auto& p) { return p.mutable_batch()->mutable_body(); }, [](auto& p) { return p.mutable_batch()->mutable_signature(); },
      [](auto& p) { return p.mutable_statement()->mutable_body(); }, [](auto& p) { return p.mutable_statement()->mutable_path(0); },
      [](auto& p) { return p.mutable_statement()->mutable_salt(); }, [](auto& p) { return p.mutable_statement()->mutable_content(); }};
  VerifiedBatches verified;
  ASSERT_TRUE(Check(good, &verified).ok());
  for (const auto& part : parts) {
    v1::StatementProof copy = good;
    for (size_t bit = 0; bit < part(copy)->size() * 8; bit += 3) {
      v1::StatementProof bent = good;
      char& byte = (*part(bent))[bit / 8];
      byte = static_cast<char>(byte ^ (1 << (bit % 8)));
      EXPECT_FALSE(Check(bent, &verified).ok()) << bit;  // although the batch as it was is remembered
    }
  }
}

TEST(Proof, TimesAreAsked) {
  const Batch batch = SignedBatch(1);
  const v1::StatementProof proof = MakeProof(batch, batch.statements()[0], true);
  EXPECT_EQ(ReasonFor(Check(proof, nullptr, kNow + kStatementLifetime)), kTime);
  EXPECT_EQ(ReasonFor(Check(proof, nullptr, kNow - absl::Hours(1))), kTime);
}

TEST(Proof, JointTermsAskForTheirCosignatures) {
  std::vector<OrgId> asked = {World().norlandia.org(), World().volt.org()};
  std::sort(asked.begin(), asked.end());
  HostileBatch signer{World().norlandia.self()};
  signer.statement = [&](v1::StatementBody& body, int) {
    for (const OrgId& org : asked) body.mutable_joint()->add_organisations(org.str());
    body.mutable_joint()->set_threshold(2);
  };
  const v1::Payload payload = signer.Sign(Honest(1));
  v1::StatementProof proof;
  *proof.mutable_batch() = payload.batch();
  *proof.mutable_statement() = payload.statements(0);
  EXPECT_EQ(ReasonFor(Check(proof)), kThreshold);
  *proof.add_cosignatures() = *Cosign(World().volt.self(), payload.batch(), false, kNow);
  const auto proven = Check(proof);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_EQ(proven->cosigners, asked);
}

TEST(Proof, AHopIsShown) {
  const Batch batch = SignedBatch(2);
  v1::StatementProof proof = MakeProof(batch, batch.statements()[0], true);
  ForwardTerms terms;
  terms.statements = {batch.statements()[0].id()};
  terms.audience = {World().volt.org()};
  terms.label = model::Label::kGreen;
  *proof.add_forwards() = *MakeForward(World().estovia.self(), terms, nullptr, false, kNow);
  const auto proven = Check(proof);
  ASSERT_TRUE(proven.ok()) << proven.status();
  ASSERT_EQ(proven->hops.size(), 1u);
  EXPECT_EQ(proven->hops[0].forwarder, World().estovia.org());
}

TEST(VerifiedBatches, ABatchIsRememberedOnceAndTheOldestGoes) {
  VerifiedBatches verified;
  const Batch batch = SignedBatch(64);
  for (const Statement& statement : batch.statements()) EXPECT_TRUE(Check(MakeProof(batch, statement, false), &verified).ok());
  EXPECT_EQ(verified.size(), 1u);
  const Bytes key(32, 'k');
  v1::SignedBody body;
  body.set_signature(Bytes(64, 's'));
  for (size_t i = 0; i < kMaxVerifiedBatches; ++i) {
    body.set_body(std::to_string(i));
    verified.Remember(key, body);
  }
  EXPECT_EQ(verified.size(), kMaxVerifiedBatches);
  EXPECT_TRUE(verified.Knows(key, body));
  EXPECT_FALSE(verified.Knows(Bytes(32, 'l'), body));
  const Bytes first = World().norlandia.self().statement_key->public_key();
  EXPECT_FALSE(verified.Knows(first, batch.signed_body()));
}

TEST(VerifiedBatches, BytesThatMoveFromTheBodyIntoTheSignatureAreNotKnown) {
  VerifiedBatches verified;
  const Bytes key(32, 'k');
  v1::SignedBody good, moved;
  good.set_signature(Bytes(64, 's'));
  good.set_body("body");
  verified.Remember(key, good);
  moved.set_signature(Bytes(64, 's') + "b");
  moved.set_body("ody");
  EXPECT_FALSE(verified.Knows(key, moved));
}

}  // namespace
}  // namespace entente::envelope
