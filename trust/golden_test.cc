#include <gtest/gtest.h>

#include "absl/strings/numbers.h"
#include "base/reject.h"
#include "tests/vectors/vector_file.h"
#include "trust/identity.h"

// Identity documents that another implementation made from docs/formats/identity.md (tests/oracle/golden_identity.py).
namespace entente::trust {
namespace {

TEST(GoldenIdentity, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  ASSERT_TRUE(crypto::Initialise().ok());
  for (const test::VectorRecord& v : test::ReadVectors("identity_document.txt")) {
    int64_t now_us = 0;
    ASSERT_TRUE(absl::SimpleAtoi(v.at("now_us"), &now_us));
    v1::SignedIdentity wire;
    ASSERT_TRUE(wire.ParseFromString(v.at("signed_identity")));
    const auto checked = Identity::Check(wire, absl::FromUnixMicros(now_us));
    const std::string answer = checked.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(checked.status())).name);
    EXPECT_EQ(answer, v.at("answer")) << v.at("variant") << ": " << checked.status();
  }
}

}  // namespace
}  // namespace entente::trust
