#include <gtest/gtest.h>

#include <algorithm>

#include "envelope/header.h"
#include "envelope/testing/region.h"

// What a carrier can do: it has the sealed bytes and no key. No damage may ever open, and each place answers with its
// reason.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

Bytes SealedToEstovia(std::vector<Bytes> contents) {
  Federation& world = World();
  const auto batch =
      SignBatch(world.norlandia.self(), Green(), {world.estovia.org()}, std::move(contents), NewStream(), kNow);
  return *SealDirect(world.norlandia.self(), {batch->signed_body(), AllOf(*batch)},
               Permitted({world.estovia.Prekey(kNow)}, batch->size()), kNow, nullptr);
}
const Bytes& Small() {
  static const Bytes wire = SealedToEstovia({"{\"type\":\"indicator\"}"});
  return wire;
}
// Three full chunks and a short one.
const Bytes& Large() {
  static const Bytes wire = SealedToEstovia({Bytes(200'000, 'x')});
  return wire;
}
constexpr size_t kChunks = kHeaderSize + kSlotSize + 32, kSealedChunk = crypto::kChunkSize + crypto::kTagSize;

RejectReason ReasonAtEstovia(ByteView wire) {
  return ReasonFor(OpenAt(World().estovia, wire));
}

class EveryBit : public ::testing::TestWithParam<Region> {};
TEST_P(EveryBit, OfItRefusesWithItsReason) {
  ExpectEachBitRefuses(Small(), GetParam(), kNow, ReasonAtEstovia);
}
INSTANTIATE_TEST_SUITE_P(
    Damage, EveryBit,
    ::testing::Values(Region{"magic", 0, 4, kHeader}, Region{"suite", 4, 2, kSuite}, Region{"mode", 6, 1, kHeader},
                      Region{"flags", 7, 1, kHeader}, Region{"env_id", 8, 16, kUnwrap},
                      Region{"created_hour", 24, 4, kUnwrap, 1, true}, Region{"expires_hour", 28, 4, kUnwrap, 1, true},
                      Region{"route_tag", 32, 16, kUnwrap}, Region{"msg_salt", 48, 32, kUnwrap},
                      Region{"n_slots", 80, 2, kHeader}, Region{"size_class", 82, 1, kUnwrap},
                      Region{"prekey_id", 83, 16, kNoSlot}, Region{"enc", 99, crypto::kKemCiphertextSize, kUnwrap},
                      Region{"ct", 1219, crypto::kWrappedKeySize, kUnwrap}, Region{"commitment", 1267, 32, kCommit},
                      Region{"payload", 1299, 900, kAead, 7}),
    [](const auto& test) { return test.param.name; });

TEST(Damage, EveryPrefixRefuses) {
  const ByteView wire = Small();
  for (size_t size = 0; size < wire.size(); ++size) {
    const RejectReason reason = ReasonAtEstovia(wire.substr(0, size));
    ASSERT_EQ(reason, size < kChunks + crypto::kTagSize ? kHeader : kAead) << size;
  }
}

// Only the key commitment can refuse first: behind it the chunks are damaged as well, and would say kAead.
TEST(Damage, CommitmentIsCheckedBeforeTheAead) {
  Bytes wire = Small();
  wire[kChunks - 1] ^= 1;
  wire[kChunks + 5] ^= 1;
  EXPECT_EQ(ReasonAtEstovia(wire), kCommit);
}

TEST(Damage, K45ChunksCannotBeSwapped) {
  Bytes wire = Large();
  std::swap_ranges(wire.begin() + kChunks, wire.begin() + kChunks + kSealedChunk,
                   wire.begin() + kChunks + kSealedChunk);
  EXPECT_EQ(ReasonAtEstovia(wire), kAead);
}
TEST(Damage, K45AMissingLastChunkShows) {
  EXPECT_EQ(ReasonAtEstovia(ByteView(Large()).substr(0, kChunks + 3 * kSealedChunk)), kTruncated);
  EXPECT_EQ(ReasonAtEstovia(ByteView(Large()).substr(0, kChunks + kSealedChunk)), kTruncated);
}
TEST(Damage, BytesBehindTheLastChunkShow) {
  EXPECT_EQ(ReasonAtEstovia(Small() + '\0'), kTrailing);
  EXPECT_EQ(ReasonAtEstovia(Large() + "more"), kTrailing);
}

TEST(Damage, K45ASlotOfAnotherEnvelopeDoesNotOpen) {
  Bytes wire = Small();
  wire.replace(kHeaderSize, kSlotSize, SealedToEstovia({"{}"}), kHeaderSize, kSlotSize);
  EXPECT_EQ(ReasonAtEstovia(wire), kUnwrap);
}
// Slots have one width: a ct of 47 or 49 bytes cannot be said, only bytes that lie elsewhere than announced.
TEST(Damage, ShiftedSlotsRefuse) {
  EXPECT_EQ(ReasonAtEstovia(Bytes(Small()).erase(1219 + 10, 1)), kUnwrap);
  EXPECT_EQ(ReasonAtEstovia(Bytes(Small()).insert(kHeaderSize + kSlotSize, 1, '\0')), kCommit);
  EXPECT_EQ(ReasonAtEstovia(Bytes(Small()).erase(kHeaderSize, kSlotSize)), kHeader);
}
TEST(Damage, K44ALowOrderShareRefusesInTheKem) {
  Bytes wire = Small();
  wire.replace(99 + crypto::kKemCiphertextSize - 32, 32, 32, '\0');
  EXPECT_EQ(ReasonAtEstovia(wire), kKem);
}

// Whatever happens to one recipient's slot, the others notice: all slots are under the key commitment.
TEST(Damage, AnotherRecipientsSlotIsCommittedTo) {
  Federation& world = World();
  const auto batch =
      SignBatch(world.norlandia.self(), Green(), {world.estovia.org(), world.volt.org()}, {"{}"}, NewStream(), kNow);
  const std::vector<trust::Prekey> recipients = {world.estovia.Prekey(kNow), world.volt.Prekey(kNow)};
  Bytes wire = *SealDirect(world.norlandia.self(), {batch->signed_body(), AllOf(*batch)}, Permitted(recipients, batch->size()), kNow, nullptr);
  for (const size_t at : {0, 20, 1183}) {
    wire[kHeaderSize + kSlotSize + at] ^= 1;
    EXPECT_EQ(ReasonAtEstovia(wire), kCommit);
    wire[kHeaderSize + kSlotSize + at] ^= 1;
  }
  EXPECT_TRUE(OpenAt(world.estovia, wire).ok());
}

}  // namespace
}  // namespace entente::envelope
