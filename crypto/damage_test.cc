#include "base/testing/damage_table.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "crypto/slot.h"
#include "tests/vectors/vector_file.h"

// Slots, encapsulations and payload chunks with one thing wrong.
namespace entente::crypto {
namespace {

using enum RejectReason;
using test::Bits;
using test::Damage;
using test::DamageTable;
using test::EachBit;
using test::OneAnswer;
using test::Outcome;
using test::ReadVectors;

// One payload key and what it seals.
struct Sealer {
  const Digest h_core = Sha256("header");
  const PayloadKeys keys = DerivePayloadKeys(SecretBytes::CopyOf(Bytes(kKeySize, 'k')), h_core);
  Bytes Seal(size_t size) const {
    Bytes plaintext(size, '\0');
    for (size_t i = 0; i < size; ++i) plaintext[i] = static_cast<char>(7 * i);
    return *SealPayload(keys, h_core, plaintext);
  }
  Outcome Open(ByteView sealed) const { return OpenPayload(keys, h_core, sealed); }
};
std::function<Outcome()> Payload(std::function<Outcome(const Sealer&)> bend) {
  return [bend = std::move(bend)] { return bend(Sealer()); };
}
constexpr size_t kSealedChunk = kChunkSize + kTagSize;

// What is behind a payload of each of these sizes.
Outcome BehindEach(const Sealer& s, std::initializer_list<size_t> extras) {
  OneAnswer answer;
  for (const size_t size : {size_t{0}, size_t{5}, kChunkSize - 3, kChunkSize, kChunkSize + 5, 2 * kChunkSize}) {
    for (const size_t extra : extras) answer.Take(s.Open(s.Seal(size) + Bytes(extra, 'x')), size + extra);
  }
  return answer.Said();
}
// Each cut of a payload of two chunks and some.
Outcome CutTo(const Sealer& s, std::initializer_list<size_t> sizes) {
  const Bytes good = s.Seal(2 * kChunkSize + 5);
  OneAnswer answer;
  for (const size_t size : sizes) answer.Take(s.Open(ByteView(good).substr(0, size)), size);
  return answer.Said();
}
// Chunks of a payload of three, in another order.
std::function<Outcome()> Chunks(std::initializer_list<size_t> order) {
  return Payload([order = std::vector<size_t>(order)](const Sealer& s) {
    const Bytes good = s.Seal(2 * kChunkSize + 5);
    Bytes bent;
    for (const size_t chunk : order) bent += good.substr(chunk * kSealedChunk, kSealedChunk);
    return s.Open(bent);
  });
}
const Damage kPayloadRows[] = {
    {0, "AsItIs", kNone, Chunks({0, 1, 2})},
    {6, "EveryBit", kAead,
     Payload([](const Sealer& s) { return EachBit(s.Seal(100), {}, [&](ByteView bent) { return s.Open(bent); }); })},
    {6, "ABitOfEachOfSeveralChunks", kAead, Payload([](const Sealer& s) {
       const Bytes good = s.Seal(2 * kChunkSize + 5);
       OneAnswer answer;
       for (const size_t at : {size_t{0}, kSealedChunk - 1, kSealedChunk, 2 * kSealedChunk, good.size() - 1}) {
         Bytes bent = good;
         test::FlipBit(bent, at * 8 + 4);
         answer.Take(s.Open(bent), at);
       }
       return answer.Said();
     })},
    {6, "ChunksSwapped", kAead, Chunks({1, 0, 2})},
    {6, "ChunkUsedAgainAtOnce", kAead, Chunks({0, 0, 2})},
    {6, "ChunkUsedAgainFirst", kAead, Chunks({1, 1, 2})},
    {6, "ChunkUsedAgainLast", kAead, Chunks({0, 1, 2, 0})},
    {6, "LastChunkMissing", kTruncated, Payload([](const Sealer& s) {
       return CutTo(s, {2 * kSealedChunk, kSealedChunk, 2 * kSealedChunk + kTagSize - 1, 0, kTagSize - 1});
     })},
    {6, "BytesAppended", kTrailing, Payload([](const Sealer& s) {
       return BehindEach(s, {1, 15, 16});
     })},
    {6, "ManyBytesBehindAFullChunk", kTrailing,
     Payload([](const Sealer& s) { return s.Open(s.Seal(kChunkSize) + Bytes(3 * kSealedChunk, 'x')); })},
    {6, "BytesThatReachIntoAnotherChunk", kAead,
     Payload([](const Sealer& s) { return s.Open(s.Seal(kChunkSize - 3) + Bytes(17, 'x')); })},
    // Two payloads that agree in key, nonce and counter positions: the tail of one is the empty last chunk of the
    // other.
    {6, "AnEmptyChunkBehindAnother", kTrailing, Payload([](const Sealer& s) {
       const Bytes full = s.Seal(kChunkSize + 1).substr(0, kSealedChunk), nonce = s.keys.nonce + Bytes("\0\0\0\1\1", 5);
       Bytes tag(kTagSize, '\0');
       XChaChaSeal(AsView(s.keys.key.ExposeSecret()), nonce, s.h_core.str() + s.keys.commitment.str(), "", Octets(tag));
       return s.Open(full + tag);
     })},
    {0, "UnderAnotherCommitment", kAead, Payload([](const Sealer& s) {
       const PayloadKeys other{s.keys.key.Clone(), s.keys.nonce, Sha256("another commitment")};
       return Outcome(OpenPayload(other, s.h_core, s.Seal(10)));
     })},
    // Never read: the size is refused first.
    {7, "MoreThan32BitsOfChunks", kLimit,
     Payload([](const Sealer& s) { return Outcome(SealPayload(s.keys, s.h_core, ByteView("", size_t{1} << 48))); })},
    {7, "MoreThan32BitsOfSealedChunks", kLimit, Payload([](const Sealer& s) {
       return s.Open({"", (size_t{1} << 48) + (size_t{1} << 40)});
     })},
};
const DamageTable kPayloadTable("SealedPayload", kPayloadRows);

// One ciphertext that ChaCha20-Poly1305 opens under two keys: the second one has a commitment of its own.
const Damage kTwoKeysRows[] = {
    {0, "TheKeyThatIsCommittedTo", kNone,
     [] {
       const test::VectorRecord v = ReadVectors("two_keys.txt")[0];
       const Digest h_core = *Digest::From(v.at("h_core"));
       return OpenPayload(DerivePayloadKeys(SecretBytes::CopyOf(v.at("first_content_key")), h_core), h_core,
                          v.at("sealed"));
     }},
    {0, "TheOtherKey", kAead,
     [] {
       const test::VectorRecord v = ReadVectors("two_keys.txt")[0];
       const Digest h_core = *Digest::From(v.at("h_core"));
       return OpenPayload(DerivePayloadKeys(SecretBytes::CopyOf(v.at("second_content_key")), h_core), h_core,
                          v.at("sealed"));
     }},
};
const DamageTable kTwoKeysTable("TwoKeys", kTwoKeysRows);

// A slot and who it is for.
struct Wrapped {
  const KemKeyPair pair = GenerateKemKeyPair();
  const PrekeyId id = RandomId<PrekeyId>();
  const Digest context = RandomId<Digest>();
  const OrgId recipient = RandomId<OrgId>();
  Bytes Info(ByteView label = "entente/1/wrap") const {
    return SlotInfo(label, context, recipient, id, pair.public_key);
  }
  const Bytes slot = *WrapSlot(pair.public_key, id, Info(), SecretBytes::Random(kKeySize), "hedge");
  Outcome Open(ByteView bent, ByteView info) const { return OpenSlot(pair.seed, bent, info); }
  Outcome Open(ByteView bent) const { return Open(bent, Info()); }
};
std::function<Outcome()> Slot(Outcome (*bend)(const Wrapped&)) {
  return [bend] { return bend(Wrapped()); };
}
const Damage kSlotRows[] = {
    {0, "AsItIs", kNone, Slot([](const Wrapped& w) { return w.Open(w.slot); })},
    // The id names the key to look up; it is bound through the info, which the receiver makes from what it looked up.
    {2, "ABitOfEachByteBehindTheId", kUnwrap, Slot([](const Wrapped& w) {
       return EachBit(w.slot, {PrekeyId::kSize, Bytes::npos, 9}, [&](ByteView bent) { return w.Open(bent); });
     })},
    {8, "AnotherLabel", kUnwrap, Slot([](const Wrapped& w) { return w.Open(w.slot, w.Info("entente/1/epoch-wrap")); })},
    // Label, context, recipient, prekey and its id.
    {8, "ABitOfEachByteOfTheInfo", kUnwrap, Slot([](const Wrapped& w) {
       return EachBit(w.Info(), {0, Bytes::npos, 9}, [&](ByteView info) { return w.Open(w.slot, info); });
     })},
    {8, "AnotherKey", kUnwrap,
     Slot([](const Wrapped& w) { return Outcome(OpenSlot(GenerateKemKeyPair().seed, w.slot, w.Info())); })},
    {10, "Shorter", kHeader, Slot([](const Wrapped& w) {
       OneAnswer answer;
       for (size_t size = 0; size < kSlotSize; ++size) answer.Take(w.Open(ByteView(w.slot).substr(0, size)), size);
       return answer.Said();
     })},
    {10, "CtOf47Bytes", kHeader,
     Slot([](const Wrapped& w) { return w.Open(ByteView(w.slot).substr(0, kSlotSize - 1)); })},
    {10, "CtOf49Bytes", kHeader, Slot([](const Wrapped& w) { return w.Open(w.slot + '\0'); })},
    // What a member without a prekey gets (docs/formats/epoch.md): no key opens it.
    {2, "OfZeros", kKem, Slot([](const Wrapped& w) { return w.Open(Bytes(kSlotSize, '\0')); })},
};
const DamageTable kSlotTable("Slot", kSlotRows);

// Keys that nothing is sealed to, and a share that nobody sent honestly.
std::function<Outcome()> SealedTo(void (*bend)(Bytes& key)) {
  return [bend]() -> Outcome {
    Bytes key = GenerateKemKeyPair().public_key;
    bend(key);
    return HpkeSeal(key, "info", "aad", "text", "hedge");
  };
}
constexpr size_t kShareSize = 32, kMlKemKeySize = kKemPublicKeySize - kShareSize;
const Damage kKemRows[] = {
    {0, "AsItIs", kNone, SealedTo([](Bytes&) {})},
    {11, "CoefficientsOverTheModulus", kPrekey, SealedTo([](Bytes& key) { key.replace(0, 3, 3, '\xff'); })},
    {11, "PublishedKeysOverTheModulus", kPrekey,
     [] {
       const Bytes share = GenerateKemKeyPair().public_key.substr(kMlKemKeySize);
       OneAnswer answer;
       size_t number = 0;
       for (const test::VectorRecord& v : ReadVectors("mlkem768_keys.txt")) {
         answer.Take(HpkeSeal(v.at("public_key") + share, "info", "", "text", "hedge"), ++number);
       }
       return answer.Said();
     }},
    {11, "LowOrderKey", kPrekey,
     SealedTo([](Bytes& key) { key.replace(kMlKemKeySize, kShareSize, kShareSize, '\0'); })},
    {11, "KeyShort", kPrekey, SealedTo([](Bytes& key) { key.pop_back(); })},
    {11, "KeyLong", kPrekey, SealedTo([](Bytes& key) { key.push_back('x'); })},
    {11, "PublishedLowOrderShares", kKem,
     [] {
       const KemKeyPair pair = GenerateKemKeyPair();
       const HpkeSealed sealed = *HpkeSeal(pair.public_key, "info", "aad", "text", "hedge");
       OneAnswer answer;
       size_t number = 0;
       for (const test::VectorRecord& v : ReadVectors("x25519_zero.txt")) {
         const Bytes enc = sealed.enc.substr(0, kKemCiphertextSize - kShareSize) + v.at("public");
         answer.Take(HpkeOpen(pair.seed, enc, "info", "aad", sealed.ct), ++number);
       }
       return answer.Said();
     }},
};
const DamageTable kKemTable("Kem", kKemRows);

}  // namespace
}  // namespace entente::crypto
