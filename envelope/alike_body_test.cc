#include "envelope/alike_body.h"

#include <gtest/gtest.h>

#include <tuple>

#include "envelope/commitments.h"
#include "envelope/limits.h"
#include "proto/strict_parse.h"
#include "trust/sample_organisation.h"

namespace entente::envelope {
namespace {

auto Fields(const Claim& claim) {
  return std::tie(claim.sequence, claim.previous, claim.created_us, claim.expires_us, claim.content_length,
                  claim.content_commit, claim.identity_version, claim.identity_hash, claim.references.replaces,
                  claim.references.derived_from);
}

class AlikeBodies : public ::testing::Test {
 protected:
  AlikeBodies() {
    policy::Constraints constraints;
    constraints.label = model::Label::kAmber;
    constraints.rel_to = {"XE", "XN"};
    BatchTerms terms;
    terms.references.assign(3, {{}, {crypto::RandomId<StatementId>()}});
    const auto batch =
        SignBatch(self_, constraints, {crypto::RandomId<OrgId>(), crypto::RandomId<OrgId>()},
                  {"one", "two", Bytes(300, 'x')}, {crypto::RandomId<StreamId>(), 126, {}}, trust::SampleNow(), terms);
    for (const Statement& statement : batch->statements()) bodies_.push_back(statement.body());
    batch_ = *ReadBatch(batch->signed_body().body());
  }

  AlikeBody Alike() const { return {bodies_[0], Alone(bodies_[0])->each[0]}; }
  absl::StatusOr<Claims> Alone(ByteView body) const { return ReadClaims({body}, batch_); }

  // Whatever is read as alike is what the strict reading of it finds.
  bool ReadTheSame(ByteView body) const {
    const auto alike = Alike().Read(body);
    if (!alike) return false;
    const auto alone = Alone(body), first = Alone(bodies_[0]);
    EXPECT_TRUE(alone.ok()) << alone.status();
    if (!alone.ok()) return false;
    EXPECT_TRUE(Fields(*alike) == Fields(alone->each[0]));
    EXPECT_TRUE(alone->constraints == first->constraints);
    EXPECT_EQ(alone->audience, first->audience);
    EXPECT_EQ(alone->stream, first->stream);
    return true;
  }

  const trust::Self self_ = trust::SampleSelf("cert.norlandia", 'a');
  std::vector<Bytes> bodies_;
  BatchClaim batch_;
};

TEST_F(AlikeBodies, TheOthersOfABatchAre) {
  EXPECT_TRUE(ReadTheSame(bodies_[0]));
  EXPECT_TRUE(ReadTheSame(bodies_[1]));
  EXPECT_TRUE(ReadTheSame(bodies_[2]));  // sequence and length take two bytes where the first one's take one
}

TEST_F(AlikeBodies, EachBitThatDiffersIsReadStrictlyOrTheSame) {
  size_t alike = 0;
  for (size_t at = 0; at < bodies_[1].size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bent = bodies_[1];
      bent[at] = static_cast<char>(bent[at] ^ 1 << bit);
      alike += ReadTheSame(bent) ? 1 : 0;
    }
  }
  EXPECT_GE(alike, 8 * (kMessageIdSize + 2 * Digest::kSize));
}

TEST_F(AlikeBodies, WhatIsCutOrGrownIsNot) {
  for (size_t at = 0; at < bodies_[1].size(); ++at) {
    EXPECT_FALSE(Alike().Read(ByteView(bodies_[1]).substr(0, at)));
    for (const char byte : {'\x00', '\x01', '\x80', '\xff'}) {
      Bytes grown = bodies_[1];
      ReadTheSame(grown.insert(at, 1, byte));
    }
  }
  EXPECT_FALSE(Alike().Read(bodies_[1] + bodies_[1]));
  EXPECT_FALSE(Alike().Read(bodies_[1] + '\x70' + '\x00'));
}

TEST_F(AlikeBodies, OtherReferencesAreReadStrictly) {
  v1::StatementBody body;
  ASSERT_TRUE(StrictParse(bodies_[1], body).ok());
  body.clear_derived_from();
  EXPECT_FALSE(Alike().Read(body.SerializeAsString()));
  const auto claims = ReadClaims({bodies_[0], body.SerializeAsString()}, batch_);
  ASSERT_TRUE(claims.ok()) << claims.status();
  EXPECT_EQ(claims->each[0].references.derived_from.size(), 1u);
  EXPECT_TRUE(claims->each[1].references.derived_from.empty());
}

TEST_F(AlikeBodies, NumbersInALongerFormAreRefused) {
  Bytes longer = bodies_[0];
  const size_t at = longer.find("\x38\x7f");  // sequence 127
  ASSERT_NE(at, Bytes::npos);
  longer.replace(at, 2, Bytes("\x38\xff\x00", 3));
  EXPECT_FALSE(Alike().Read(longer));
  EXPECT_FALSE(ReadClaims({bodies_[0], longer}, batch_).ok());
}

}  // namespace
}  // namespace entente::envelope
