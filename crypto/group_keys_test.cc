#include "crypto/group_keys.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

using test::ReadVectors;
using test::VectorRecord;

// The record of docs/formats/examples/derive.txt that has `name`; what the grammars give, computed by another program.
VectorRecord Example(const std::string& name) {
  for (VectorRecord& record : ReadVectors("../../docs/formats/examples/derive.txt")) {
    if (record.contains(name)) return record;
  }
  throw std::runtime_error("no example of " + name);
}

template <typename Id>
Id Filled(uint8_t first) {
  Id id;
  for (size_t i = 0; i < Id::kSize; ++i) id.data()[i] = static_cast<uint8_t>(first + i);
  return id;
}

EpochSecret Secret(const Bytes& bytes) {
  return *EpochSecret::FromBytes(SecretBytes::CopyOf(bytes));
}
Bytes Shown(const SecretBytes& secret) {
  return Bytes(AsView(secret.ExposeSecret()));
}

class GroupKeys : public testing::Test {
 protected:
  // Epoch 1 of the example: three members, 2026-01-03 to 2026-01-10.
  static EpochFields Fields() {
    constexpr uint64_t kDay = 86'400'000'000, kStart = 1'767'225'600'000'000;
    const VectorRecord group = Example("membership_hash"), parties = Example("low");
    return {.group = *GroupId::From(group.at("group_id")),
            .issuer = *OrgId::From(parties.at("low")),
            .membership_version = 1,
            .membership_hash = *Digest::From(group.at("membership_hash")),
            .epoch = 1,
            .previous_commit = {},
            .not_before_us = kStart + 2 * kDay,
            .not_after_us = kStart + 9 * kDay,
            .slots = 3};
  }
  const VectorRecord example_ = Example("epoch_secret");
  const Digest fields_ = *Digest::From(example_.at("epoch_fields"));
  const EpochSecret secret_ = Secret(example_.at("epoch_secret"));
};

TEST_F(GroupKeys, KnownAnswers) {
  EXPECT_EQ(HashOf(Fields()).view(), example_.at("epoch_fields"));
  const auto first = EpochSecret::Next(nullptr, SecretBytes::CopyOf(example_.at("ikm")));
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(Shown(first->bytes()), example_.at("epoch_secret"));
  EXPECT_EQ(first->Commitment(fields_).view(), example_.at("epoch_commit"));
  EXPECT_EQ(first->Tag(fields_).view(), example_.at("route_tag"));
}

TEST_F(GroupKeys, KnownAnswersOfAnEnvelope) {
  const VectorRecord envelope = Example("content_key");
  const Digest msg_salt = *Digest::From(ByteView(envelope.at("envelope")).substr(48, 32));
  const SecretBytes key = secret_.ContentKey(Fields().group, 1, msg_salt);
  EXPECT_EQ(Shown(key), envelope.at("content_key"));
  EXPECT_EQ(secret_.Tag(fields_).view(), ByteView(envelope.at("envelope")).substr(32, 16));

  const Digest h_core = *Digest::From(envelope.at("h_core"));
  const PayloadKeys keys = DerivePayloadKeys(key, h_core);
  EXPECT_EQ(keys.commitment.view(), envelope.at("key_commitment"));
  const auto plaintext = OpenPayload(keys, h_core, ByteView(envelope.at("envelope")).substr(83 + 32));
  ASSERT_TRUE(plaintext.ok()) << plaintext.status();
  EXPECT_EQ(plaintext->substr(4, envelope.at("payload").size()), envelope.at("payload"));
}

TEST_F(GroupKeys, ALaterEpochComesFromTheOneBeforeAndFreshBytes) {
  for (const VectorRecord& v : ReadVectors("group_keys.txt")) {
    const EpochSecret previous = Secret(v.at("previous"));
    const auto next = EpochSecret::Next(&previous, SecretBytes::CopyOf(v.at("ikm")));
    ASSERT_TRUE(next.ok()) << next.status();
    EXPECT_EQ(Shown(next->bytes()), v.at("epoch_secret"));
    EXPECT_EQ(next->Commitment(*Digest::From(v.at("epoch_fields"))).view(), v.at("epoch_commit"));
    EXPECT_EQ(next->Tag(*Digest::From(v.at("epoch_fields"))).view(), v.at("route_tag"));
    const uint64_t epoch = std::stoull(v.at("epoch"));
    EXPECT_EQ(Shown(next->ContentKey(*GroupId::From(v.at("group_id")), epoch, *Digest::From(v.at("msg_salt")))),
              v.at("content_key"));
  }
}

// One input changed at a time: nothing that a member compares or decrypts with stays the same.
TEST_F(GroupKeys, EveryFieldIsInTheCommitmentAndInTheTag) {
  void (*const kChanges[])(EpochFields&) = {
      [](EpochFields& f) { f.group.data()[31] ^= 1; },
      [](EpochFields& f) { f.issuer.data()[0] ^= 1; },
      [](EpochFields& f) { ++f.membership_version; },
      [](EpochFields& f) { f.membership_hash.data()[7] ^= 1; },
      [](EpochFields& f) { ++f.epoch; },
      [](EpochFields& f) { f.previous_commit.data()[9] ^= 1; },
      [](EpochFields& f) { ++f.not_before_us; },
      [](EpochFields& f) { ++f.not_after_us; },
      [](EpochFields& f) { ++f.slots; },
      [](EpochFields& f) { std::swap(f.membership_version, f.not_after_us); },
  };
  std::set<Digest> commitments{secret_.Commitment(HashOf(Fields()))};
  std::set<RouteTag> tags{secret_.Tag(HashOf(Fields()))};
  for (const auto change : kChanges) {
    EpochFields fields = Fields();
    change(fields);
    EXPECT_TRUE(commitments.insert(secret_.Commitment(HashOf(fields))).second) << commitments.size();
    EXPECT_TRUE(tags.insert(secret_.Tag(HashOf(fields))).second) << tags.size();
  }
}

TEST_F(GroupKeys, ASecretThatWasNotAnnouncedIsRefused) {
  const Digest commitment = secret_.Commitment(fields_);
  EXPECT_TRUE(secret_.CheckCommitment(fields_, commitment).ok());
  for (size_t bit = 0; bit < kKeySize * 8; ++bit) {
    Bytes bytes = example_.at("epoch_secret");
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(ReasonOf(Secret(bytes).CheckCommitment(fields_, commitment)), RejectReason::kCommit) << bit;
    Digest other = commitment, otherwise = fields_;
    other.data()[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    otherwise.data()[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_EQ(ReasonOf(secret_.CheckCommitment(fields_, other)), RejectReason::kCommit) << bit;
    EXPECT_EQ(ReasonOf(secret_.CheckCommitment(otherwise, commitment)), RejectReason::kCommit) << bit;
  }
}

TEST_F(GroupKeys, OtherLengthsAreRefused) {
  for (size_t size : {0u, 16u, 31u, 33u, 64u}) {
    EXPECT_EQ(ReasonOf(EpochSecret::FromBytes(SecretBytes(size)).status()), RejectReason::kKeystore) << size;
    EXPECT_EQ(ReasonOf(EpochSecret::Next(&secret_, SecretBytes(size)).status()), RejectReason::kInternal) << size;
  }
}

// Who was removed holds the last secret and every public value of the next epoch, and has nothing equal to its secret.
TEST_F(GroupKeys, TheSecretBeforeGivesNothingOfTheNext) {
  const EpochSecret next = *EpochSecret::Next(&secret_, SecretBytes::Random(kKeySize));
  EXPECT_NE(Shown(next.bytes()), Shown(secret_.bytes()));
  EXPECT_NE(Shown(next.bytes()), Shown(EpochSecret::Next(&secret_, SecretBytes(kKeySize))->bytes()));
  EXPECT_NE(Shown(next.bytes()), next.Commitment(fields_).str());
  EXPECT_EQ(ReasonOf(secret_.CheckCommitment(fields_, next.Commitment(fields_))), RejectReason::kCommit);
}

TEST_F(GroupKeys, GeneratedKeysDifferByEachInput) {
  EXPECT_TRUE(rc::check("group, epoch, salt and secret each change the content key", [&] {
    const auto group = Filled<GroupId>(*rc::gen::arbitrary<uint8_t>());
    const auto salt = Filled<Digest>(*rc::gen::arbitrary<uint8_t>());
    const auto epoch = *rc::gen::arbitrary<uint64_t>();
    const size_t bit = *rc::gen::inRange<size_t>(0, 256);
    const auto bent = [bit](auto id) {
      id.data()[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
      return id;
    };
    const Bytes key = Shown(secret_.ContentKey(group, epoch, salt));
    RC_ASSERT(key == Shown(secret_.ContentKey(group, epoch, salt)));
    RC_ASSERT(key != Shown(secret_.ContentKey(bent(group), epoch, salt)));
    RC_ASSERT(key != Shown(secret_.ContentKey(group, epoch ^ (uint64_t{1} << (bit % 64)), salt)));
    RC_ASSERT(key != Shown(secret_.ContentKey(group, epoch, bent(salt))));
    Digest other = bent(*Digest::From(example_.at("epoch_secret")));
    RC_ASSERT(key != Shown(Secret(other.str()).ContentKey(group, epoch, salt)));
  }));
}

}  // namespace
}  // namespace entente::crypto
