#include <gtest/gtest.h>

#include <algorithm>

#include "envelope/header.h"
#include "envelope/testing/bend.h"
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

Bend EveryBit(size_t begin, size_t size, size_t stride = 1, bool (*chosen)(ByteView) = nullptr) {
  return [=] { return test::EachBit(Small(), {begin, size, stride, chosen}, ReasonAtEstovia); };
}
bool IsWindowNow(ByteView wire) {
  return IsWindow(wire, kNow);
}
bool IsNone(ByteView wire) {
  return !IsWindow(wire, kNow);
}
Bend Bent(const Bytes& (*whole)(), void (*bend)(Bytes&)) {
  return [=] {
    Bytes wire = whole();
    bend(wire);
    return Outcome(ReasonAtEstovia(wire));
  };
}
// Every prefix whose size is in the range.
Bend EveryPrefix(size_t begin, size_t end) {
  return [=] {
    test::OneAnswer answer;
    for (size_t size = begin; size < std::min(end, Small().size()); ++size) {
      answer.Take(ReasonAtEstovia(ByteView(Small()).substr(0, size)), size);
    }
    return answer.Said();
  };
}

const Damage kEnvelopeRows[] = {
    {1, "magic", kHeader, EveryBit(0, 4)},
    {1, "suite", kSuite, EveryBit(4, 2)},
    {1, "mode", kHeader, EveryBit(6, 1)},
    {1, "flags", kHeader, EveryBit(7, 1)},
    {1, "env_id", kUnwrap, EveryBit(8, 16)},
    {1, "created_hour", kTime, EveryBit(24, 4)},
    {1, "expires_hour_OfNoWindow", kTime, EveryBit(28, 4, 1, IsNone)},
    {1, "expires_hour_OfAWindow", kUnwrap, EveryBit(28, 4, 1, IsWindowNow)},
    {1, "route_tag", kUnwrap, EveryBit(32, 16)},
    {1, "msg_salt", kUnwrap, EveryBit(48, 32)},
    {1, "n_slots", kHeader, EveryBit(80, 2)},
    {1, "size_class", kUnwrap, EveryBit(82, 1)},
    {2, "prekey_id", kNoSlot, EveryBit(83, 16)},
    {2, "enc", kUnwrap, EveryBit(99, crypto::kKemCiphertextSize)},
    {2, "ct", kUnwrap, EveryBit(1219, crypto::kWrappedKeySize)},
    {3, "commitment", kCommit, EveryBit(1267, 32)},
    {6, "payload", kAead, EveryBit(1299, 900, 7)},
    {0, "PrefixWithoutAChunk", kHeader, EveryPrefix(0, kChunks + crypto::kTagSize)},
    {0, "PrefixWithHalfAChunk", kAead, EveryPrefix(kChunks + crypto::kTagSize, Bytes::npos)},
    // Only the key commitment can refuse first: behind it the chunks are damaged as well, and would say kAead.
    {3, "CommitmentBeforeTheAead", kCommit,
     Bent(Small, [](Bytes& wire) { wire[kChunks - 1] ^= 1, wire[kChunks + 5] ^= 1; })},
    {6, "ChunksSwapped", kAead,
     Bent(Large,
          [](Bytes& wire) {
            std::swap_ranges(wire.begin() + kChunks, wire.begin() + kChunks + kSealedChunk,
                             wire.begin() + kChunks + kSealedChunk);
          })},
    {6, "LastChunkMissing", kTruncated, Bent(Large, [](Bytes& wire) { wire.resize(kChunks + 3 * kSealedChunk); })},
    {6, "AllChunksButOneMissing", kTruncated, Bent(Large, [](Bytes& wire) { wire.resize(kChunks + kSealedChunk); })},
    {6, "AByteBehindTheLastChunk", kTrailing, Bent(Small, [](Bytes& wire) { wire += '\0'; })},
    {6, "BytesBehindTheLastOfChunks", kTrailing, Bent(Large, [](Bytes& wire) { wire += "more"; })},
    {8, "SlotOfAnotherEnvelope", kUnwrap,
     Bent(Small,
          [](Bytes& wire) { wire.replace(kHeaderSize, kSlotSize, SealedToEstovia({"{}"}), kHeaderSize, kSlotSize); })},
    // Slots have one width: a ct of 47 or 49 bytes cannot be said, only bytes that lie elsewhere than announced.
    {0, "CtOf47Bytes", kUnwrap, Bent(Small, [](Bytes& wire) { wire.erase(1219 + 10, 1); })},
    {0, "CtOf49Bytes", kCommit, Bent(Small, [](Bytes& wire) { wire.insert(kHeaderSize + kSlotSize, 1, '\0'); })},
    {9, "SlotLeftOut", kHeader, Bent(Small, [](Bytes& wire) { wire.erase(kHeaderSize, kSlotSize); })},
    {11, "LowOrderShare", kKem,
     Bent(Small, [](Bytes& wire) { wire.replace(99 + crypto::kKemCiphertextSize - 32, 32, 32, '\0'); })},
};
const DamageTable kEnvelopeTable("Envelope", kEnvelopeRows);

// An honest envelope that comes again, late, or where nobody seals any more.
const Damage kArrivalRows[] = {
    {0, "OnTime", kNone, [] { return OpenAt(World().estovia, Small()); }},
    {24, "SeenBefore", kReplay,
     [] {
       return Open(
           Small(), World().estovia.org(), World().estovia.ring(), kNow, [](const EnvelopeId&) { return true; },
           nullptr);
     }},
    {24, "Expired", kTime, [] { return OpenAt(World().estovia, Small(), kNow + absl::Hours(336)); }},
    {24, "OfTheFuture", kTime, [] { return OpenAt(World().estovia, Small(), kNow - absl::Minutes(41)); }},
    {12, "PastThePrekeysGrace", kKeyGone,
     [] {
       const TestParty isac("isac", kNow);
       const trust::Prekey prekey = isac.Prekey(kNow);
       const absl::Time late = kNow + trust::kPrekeyUse + trust::kPrekeyGrace + absl::Hours(1);
       const HostileSeal sealer{World().norlandia.self(), {prekey}, late - absl::Hours(2)};
       EXPECT_TRUE(isac.ring().Rotate(late).ok());
       return OpenAt(isac, sealer.Make(Honest()), late);
     }},
};
const DamageTable kArrivalTable("Arrival", kArrivalRows);

// What a sender does not seal to.
Bend SealingTo(void (*bend)(std::vector<trust::Prekey>&)) {
  return [=] {
    std::vector<trust::Prekey> prekeys = {World().estovia.Prekey(kNow)};
    bend(prekeys);
    const auto batch = SignBatch(World().norlandia.self(), Green(), {World().estovia.org()}, {"{}"}, NewStream(), kNow);
    return Outcome(SealDirect(World().norlandia.self(), {batch->signed_body(), AllOf(*batch)}, Permitted(prekeys, 1),
                              kNow, nullptr));
  };
}
const Damage kRecipientRows[] = {
    {0, "GoodPrekey", kNone, SealingTo([](std::vector<trust::Prekey>&) {})},
    {12, "ExpiredPrekey", kPrekey, SealingTo([](std::vector<trust::Prekey>& p) { p[0].not_after = kNow; })},
    {11, "PrekeyOverTheModulus", kPrekey,
     SealingTo([](std::vector<trust::Prekey>& p) { p[0].public_key = Bytes(crypto::kKemPublicKeySize, '\xff'); })},
    {0, "PrekeyTwice", kPrekey, SealingTo([](std::vector<trust::Prekey>& p) { p.push_back(trust::Prekey(p[0])); })},
};
const DamageTable kRecipientTable("Recipient", kRecipientRows);

// Whatever happens to one recipient's slot, the others notice: all slots are under the key commitment.
const Bytes& ToBoth() {
  static const Bytes wire = [] {
    Federation& world = World();
    const auto batch =
        SignBatch(world.norlandia.self(), Green(), {world.estovia.org(), world.volt.org()}, {"{}"}, NewStream(), kNow);
    const std::vector<trust::Prekey> recipients = {world.estovia.Prekey(kNow), world.volt.Prekey(kNow)};
    return *SealDirect(world.norlandia.self(), {batch->signed_body(), AllOf(*batch)},
                       Permitted(recipients, batch->size()), kNow, nullptr);
  }();
  return wire;
}
Bend InTheOthersSlot(size_t at) {
  return [=] { return test::EachBit(ToBoth(), {kHeaderSize + kSlotSize + at, 1}, ReasonAtEstovia); };
}
const Damage kOthersSlotRows[] = {
    {2, "prekey_id", kCommit, InTheOthersSlot(0)},
    {2, "enc", kCommit, InTheOthersSlot(20)},
    {2, "ct", kCommit, InTheOthersSlot(1183)},
};
const DamageTable kOthersSlotTable("AnotherRecipientsSlot", kOthersSlotRows);

}  // namespace
}  // namespace entente::envelope
