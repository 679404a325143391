#include <gtest/gtest.h>

#include "tests/vectors/vector_file.h"
#include "trust/identity_chain.h"
#include "trust/prekey.h"

// Identity documents and prekeys that another implementation made from docs/formats/identity.md
// (tests/oracle/golden_*.py).
namespace entente::trust {
namespace {

using test::AnswerOf;
using test::MessageOf;

absl::Time NowOf(const test::VectorRecord& v) {
  return test::MomentOf(v.at("now_us"));
}

TEST(GoldenIdentity, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  for (const test::VectorRecord& v : test::ReadVectors("identity_document.txt")) {
    const auto checked = Identity::Check(MessageOf<v1::SignedIdentity>(v.at("signed_identity")), NowOf(v));
    EXPECT_EQ(AnswerOf(checked.status()), v.at("answer")) << v.at("variant") << ": " << checked.status();
  }
}

// Each variant stands behind the good versions before it; all of them are there at one moment.
TEST(GoldenChain, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  std::vector<IdentityHistory> good;  // of 1, 2, ... versions
  absl::Time now;
  for (const test::VectorRecord& v : test::ReadVectors("identity_chain.txt")) {
    const auto wire = MessageOf<v1::SignedIdentity>(v.at("signed_identity"));
    if (v.contains("version")) {
      now = NowOf(v);
      if (good.empty()) {
        good.push_back(*IdentityHistory::Begin(wire));
      } else {
        good.push_back(good.back());
        const absl::Status status = good.back().Extend(wire, now);
        ASSERT_TRUE(status.ok()) << v.at("version") << ": " << status;
      }
      EXPECT_EQ(good.back().newest().hash().view(), v.at("identity_hash"));
      continue;
    }
    IdentityHistory history = good.at(static_cast<size_t>(test::NumberOf(v.at("behind"))) - 1);
    absl::Status status = history.Extend(wire, now);
    if (status.ok()) status = history.CheckFresh(now);
    EXPECT_EQ(AnswerOf(status), v.at("answer")) << v.at("variant") << ": " << status;
  }
}

TEST(GoldenPrekey, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  const auto vectors = test::ReadVectors("prekey.txt");
  const absl::Time now = NowOf(vectors[0]);
  const auto owner = Identity::Check(MessageOf<v1::SignedIdentity>(vectors[0].at("signed_identity")), now);
  ASSERT_TRUE(owner.ok()) << owner.status();
  for (size_t i = 1; i < vectors.size(); ++i) {
    const test::VectorRecord& v = vectors[i];
    const auto checked = CheckPrekey(IdentityHistory(*owner), MessageOf<v1::SignedBody>(v.at("signed_prekey")), now);
    EXPECT_EQ(AnswerOf(checked.status()), v.at("answer")) << v.at("variant") << ": " << checked.status();
  }
}

}  // namespace
}  // namespace entente::trust
