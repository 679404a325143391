#include "crypto/token_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "crypto/testing/soft_token.h"
#include "crypto/token_line.h"
#include "crypto/token_view.h"

namespace entente::crypto {
namespace {

constexpr ByteView kType = "application/vnd.entente.batch.v1", kUri = "pkcs11:token=entente;object=statement";
constexpr absl::Duration kShort = absl::Milliseconds(700);

bool Allows(ByteView type) {
  return type == kType;
}

SigningKey Soft() {
  return *SigningKey::FromSeed(SecretBytes::CopyOf(Bytes(kKeySize, 's')));
}

class TokenProcessTest : public testing::SoftTokenTest {
 protected:
  void SetUp() override {
    SoftTokenTest::SetUp();
    if (!IsSkipped()) Import(Bytes(kKeySize, 's'), "statement", "0a");
  }
  static absl::StatusOr<std::unique_ptr<TokenProcess>> Start(absl::Duration patience = kTokenPatience,
                                                             ByteView pin = kPin) {
    return TokenProcess::Start({RandomId<KeyId>(), Soft().public_key(), Bytes(kUri)}, SecretBytes::CopyOf(pin), Allows,
                               kHeadTrial, patience);
  }
  // The worker behind a keeper: its one child.
  static pid_t Worker(const TokenProcess& process) {
    const std::string keeper = std::to_string(process.keeper());
    pid_t worker = 0;
    std::ifstream("/proc/" + keeper + "/task/" + keeper + "/children") >> worker;
    return worker;
  }
  // A module that reads its configuration from a pipe into which nobody writes hangs as soon as it is loaded.
  void LetTheModuleHang() const {
    const std::string conf = folder() + "/conf";
    ASSERT_EQ(unlink(conf.c_str()), 0);
    ASSERT_EQ(mkfifo(conf.c_str(), 0600), 0);
  }
};

TEST_F(TokenProcessTest, SignsAsTheSeedDoes) {
  const auto key = Start();
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ((*key)->public_key(), Soft().public_key());
  for (const Bytes& body : {Bytes(), Bytes("body"), Bytes(256 * 1024, 'b')}) {
    const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, body);
    ASSERT_TRUE(signature.ok()) << signature.status();
    EXPECT_EQ(*signature, *Soft().Sign(kType, body));
  }
  const auto one = (*key)->Hedged("label", "context"), two = (*key)->Hedged("label", "context");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_NE(AsView(one->ExposeSecret()), AsView(two->ExposeSecret()));
  EXPECT_EQ(ReasonOf((*key)->Sign("another/type", "body").status()), RejectReason::kKeyUse);
  EXPECT_EQ(ReasonOf((*key)->Sign(kType, Bytes(kMaxTokenMessage, 'b')).status()), RejectReason::kLimit);
  EXPECT_TRUE((*key)->Sign(kType, "goes on").ok());
}

TEST_F(TokenProcessTest, AWorkerThatHangsIsEndedAndTheNextCallOpensTheTokenAnew) {
  const auto key = Start(kShort);
  ASSERT_TRUE(key.ok()) << key.status();
  const pid_t worker = Worker(**key);
  ASSERT_EQ(kill(worker, SIGSTOP), 0);
  const absl::Time begun = absl::Now();
  const absl::Status hung = (*key)->Sign(kType, "body").status();
  EXPECT_EQ(ReasonOf(hung), RejectReason::kHsm) << hung;
  EXPECT_LT(absl::Now() - begun, 4 * kShort);
  const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, "body");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_EQ(*signature, *Soft().Sign(kType, "body"));
  EXPECT_NE(Worker(**key), worker);
}

TEST_F(TokenProcessTest, AWorkerThatCrashesTakesNothingAlong) {
  const auto key = Start();
  ASSERT_TRUE(key.ok()) << key.status();
  ASSERT_EQ(kill(Worker(**key), SIGSEGV), 0);
  EXPECT_EQ(ReasonOf((*key)->Hedged("label", "context").status()), RejectReason::kHsm);
  EXPECT_TRUE((*key)->Sign(kType, "body").ok());
}

TEST_F(TokenProcessTest, WithoutItsKeeperItRefuses) {
  const auto key = Start();
  ASSERT_TRUE(key.ok()) << key.status();
  ASSERT_EQ(kill((*key)->keeper(), SIGKILL), 0);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(ReasonOf((*key)->Sign(kType, "body").status()), RejectReason::kHsm);
}

TEST_F(TokenProcessTest, AModuleThatHangsWhenItIsLoadedIsEnded) {
  LetTheModuleHang();
  EXPECT_EQ(ReasonOf(Start(kShort).status()), RejectReason::kHsm);
  EXPECT_EQ(ReasonOf(LookAtToken(Bytes(kUri), nullptr, kShort).status()), RejectReason::kHsm);
}

TEST_F(TokenProcessTest, WhatTheKeyRefusesComesBackAsItIs) {
  const absl::Status wrong = Start(kTokenPatience, "4321").status();
  EXPECT_EQ(ReasonOf(wrong), RejectReason::kHsm);
  EXPECT_NE(wrong.message().find("PIN"), absl::string_view::npos) << wrong;
  EXPECT_EQ(ReasonOf(Start(kTokenPatience, "1").status()), RejectReason::kKeystore);
}

TEST_F(TokenProcessTest, ATokenIsLookedAt) {
  const SecretBytes pin = SecretBytes::CopyOf(kPin);
  const auto named = LookAtToken(Bytes(kUri), nullptr, kTokenPatience);
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ(named->label, "entente");
  EXPECT_EQ(named->serial.size(), 16u);
  EXPECT_TRUE(named->public_key.empty());
  const auto whole = LookAtToken(Bytes(kUri), &pin, kTokenPatience);
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ(whole->public_key, Soft().public_key());
  EXPECT_EQ(ReasonOf(LookAtToken("pkcs11:token=entente", nullptr, kTokenPatience).status()), RejectReason::kKeystore);
}

TEST(TokenLine, QuestionsAndAnswersAreReadAgain) {
  const auto question = ReadQuestion(EncodeQuestion('s', "type", "body"));
  ASSERT_TRUE(question.has_value());
  EXPECT_EQ(question->what, 's');
  EXPECT_EQ(question->first + "|" + question->second, "type|body");
  EXPECT_EQ(*ReadAnswer(EncodeAnswer(Bytes("signature"))), "signature");
  EXPECT_EQ(ReasonOf(ReadAnswer(EncodeAnswer(Reject(RejectReason::kLimit, "why"))).status()), RejectReason::kLimit);
  const Bytes whole = EncodeQuestion('s', "type", "");
  for (size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(ReadQuestion(whole.substr(0, size)).has_value()) << size;
  for (const ByteView cut : {"", "x"}) EXPECT_FALSE(ReadAnswer(cut).ok());
}

}  // namespace
}  // namespace entente::crypto
