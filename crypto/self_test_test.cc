#include "crypto/self_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <set>

#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::crypto {
namespace {

// Before the first test of this program: sodium_malloc needs it.
class Started : public testing::Environment {
  void SetUp() override { ASSERT_TRUE(Initialise().ok()) << Initialise(); }
};
const testing::Environment* const kStarted = testing::AddGlobalTestEnvironment(new Started);

TEST(SelfTest, EveryKnownAnswerHoldsAndHasAName) {
  std::set<ByteView> names;
  for (const KnownAnswer& answer : KnownAnswers()) {
    EXPECT_TRUE(answer.holds()) << answer.name;
    EXPECT_TRUE(names.insert(answer.name).second) << answer.name;
  }
  for (ByteView name : {"SHA-256", "HMAC-SHA256", "HKDF-SHA256", "Ed25519", "X-Wing", "HPKE X-Wing",
                        "XChaCha20-Poly1305", "group keys", "Argon2id", "random bytes"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(SelfTest, EachWrongAnswerRefusesTheStartAndIsNamed) {
  for (size_t wrong = 0; wrong < KnownAnswers().size(); ++wrong) {
    std::vector<KnownAnswer> answers(KnownAnswers().begin(), KnownAnswers().end());
    answers[wrong].holds = [] { return false; };
    const absl::Status status = CheckKnownAnswers(answers);
    EXPECT_EQ(ReasonOf(status), RejectReason::kSelfTest) << answers[wrong].name;
    EXPECT_NE(Bytes(status.message()).find(Bytes(answers[wrong].name) + " gives"), Bytes::npos) << status;
  }
}

TEST(SelfTest, AcceptsTheVersionBuiltAgainstAndNewer) {
  for (ByteView version : {"1.0.22", "1.0.23", "1.0.100", "1.1.0", "2.0.0"}) {
    EXPECT_TRUE(CheckSodiumVersion(26, version).ok()) << version;
  }
}

TEST(SelfTest, IsCheap) {
  // About 1 ms. CPU time, and the least of several, because other tests share the machine.
  std::clock_t least = CLOCKS_PER_SEC;
  for (int i = 0; i < 10; ++i) {
    const std::clock_t start = std::clock();
    EXPECT_TRUE(CheckKnownAnswers(KnownAnswers()).ok());
    least = std::min(least, std::clock() - start);
  }
  EXPECT_LT(least, CLOCKS_PER_SEC / 100);
}

}  // namespace
}  // namespace entente::crypto
