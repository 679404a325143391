#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "base/reject.h"
#include "tests/vectors/vector_file.h"
#include "trust/identity_chain.h"
#include "trust/prekey.h"

// Identity documents and prekeys that another implementation made from docs/formats/identity.md
// (tests/oracle/golden_*.py).
namespace entente::trust {
namespace {

absl::Time NowOf(const test::VectorRecord& v) {
  int64_t now_us = 0;
  EXPECT_TRUE(absl::SimpleAtoi(v.at("now_us"), &now_us));
  return absl::FromUnixMicros(now_us);
}
template <typename Message>
Message Parsed(const Bytes& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}
std::string Answer(const absl::Status& status) {
  return status.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(status)).name);
}

TEST(GoldenIdentity, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  for (const test::VectorRecord& v : test::ReadVectors("identity_document.txt")) {
    const auto checked = Identity::Check(Parsed<v1::SignedIdentity>(v.at("signed_identity")), NowOf(v));
    EXPECT_EQ(Answer(checked.status()), v.at("answer")) << v.at("variant") << ": " << checked.status();
  }
}

// Each variant stands behind the good versions before it; all of them are there at one moment.
TEST(GoldenChain, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  std::vector<IdentityHistory> good;  // of 1, 2, ... versions
  absl::Time now;
  for (const test::VectorRecord& v : test::ReadVectors("identity_chain.txt")) {
    const auto wire = Parsed<v1::SignedIdentity>(v.at("signed_identity"));
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
    int64_t behind = 0;
    ASSERT_TRUE(absl::SimpleAtoi(v.at("behind"), &behind));
    IdentityHistory history = good.at(static_cast<size_t>(behind) - 1);
    absl::Status status = history.Extend(wire, now);
    if (status.ok()) status = history.CheckFresh(now);
    EXPECT_EQ(Answer(status), v.at("answer")) << v.at("variant") << ": " << status;
  }
}

TEST(GoldenPrekey, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  const auto vectors = test::ReadVectors("prekey.txt");
  const absl::Time now = NowOf(vectors[0]);
  const auto owner = Identity::Check(Parsed<v1::SignedIdentity>(vectors[0].at("signed_identity")), now);
  ASSERT_TRUE(owner.ok()) << owner.status();
  for (size_t i = 1; i < vectors.size(); ++i) {
    const test::VectorRecord& v = vectors[i];
    const auto checked = CheckPrekey(IdentityHistory(*owner), Parsed<v1::SignedBody>(v.at("signed_prekey")), now);
    EXPECT_EQ(Answer(checked.status()), v.at("answer")) << v.at("variant") << ": " << checked.status();
  }
}

}  // namespace
}  // namespace entente::trust
