#include <gtest/gtest.h>

#include "envelope/testing/bend.h"
#include "envelope/wire_walk.h"

// What peers can do with envelopes that are not theirs to seal, and to every signed bit inside one.
namespace entente::envelope {
namespace {

using namespace testing;
using enum RejectReason;

TEST(HostileTools, MakeWhatIsAcceptedWhenNothingIsBent) {
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Honest())).ok());
  EXPECT_TRUE(AcceptAtEstovia(Sealer().Make(Signer().Sign(Honest()))).ok());
  const auto verified = AcceptAtEstovia(Sealer().Make(Honest(3, Exercise())));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->constraints().exercise_id, "locked-shields-26");
}

// The upgrade rule: 100 and above is for later versions, kept and ignored.
TEST(HostileTools, OptionalFieldsAreKept) {
  HostileBatch signer = Signer();
  signer.statement_bytes = [](Bytes& b, int) { b += Field(100, "later"); };
  const auto verified = AcceptAtEstovia(Sealer().Make(signer.Sign(Honest(1))));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_TRUE(verified->batch->statements()[0].body().ends_with("later"));
}
TEST(HostileTools, AnOptionalConstraintOfOneStatementMakesNoDifference) {
  HostileBatch signer = Signer();
  signer.statement = [](Body& body, int i) {
    const bool merged = i != 1 || body.mutable_constraints()->MergeFromString(Field(100, "later"));
    EXPECT_TRUE(merged);
  };
  const auto verified = AcceptAtEstovia(Sealer().Make(signer.Sign(Honest())));
  ASSERT_TRUE(verified.ok()) << verified.status();
  EXPECT_EQ(verified->batch->statements().size(), 2u);
}

// Beside a signed body an unknown field is not signed: it is accepted, as any optional one, and not kept.
TEST(HostileTools, P57UnknownFieldsBesideASignedBodyAreDropped) {
  HostileSeal sealer = Sealer();
  sealer.payload = [](v1::Payload& payload) {
    v1::SignedBody& batch = *payload.mutable_batch();
    batch.GetReflection()->MutableUnknownFields(&batch)->AddLengthDelimited(100, Bytes(1000, 'x'));
  };
  const auto verified = AcceptAtEstovia(sealer.Make(Honest()));
  ASSERT_TRUE(verified.ok()) << verified.status();
  const v1::SignedBody& kept = verified->batch->signed_body();
  EXPECT_TRUE(kept.GetReflection()->GetUnknownFields(kept).empty());
}

// Bob hands on what Alice sealed to him, under his own seal: who was not among Alice's audience refuses it, and so does
// everybody where Bob was not.
Outcome ResealedByVolt(std::vector<OrgId> audience) {
  Federation& world = World();
  const auto payload = HonestPayload(world.norlandia.self(), Green(), audience, {"{}"}, kNow);
  const HostileSeal volt{world.volt.self(), {world.estovia.Prekey(kNow)}, kNow};
  auto opened = OpenAt(world.estovia, volt.Make(payload));
  if (!opened.ok()) return opened;
  return Verify(*std::move(opened), *world.at_estovia, world.volt.org(), kNow, nullptr);
}
const Damage kResealRows[] = {
    {18, "ToAnOutsiderWithoutAChain", kAudience, [] { return ResealedByVolt({World().volt.org()}); }},
    {18, "ByAnOutsiderWithoutAChain", kAudience, [] { return ResealedByVolt({World().estovia.org()}); }},
    {0, "ByARecipientForAnotherIsARepair", kNone,
     [] {
       return ResealedByVolt({World().estovia.org(), World().volt.org()});
     }},
    // The first sealer's own seal, carried into another envelope.
    {19, "WithTheFirstSeal", kSeal, ToEstovia([] {
       v1::SignedBody first;
       HostileSeal honest = Sealer(), second = Sealer();
       const v1::Payload payload = Honest();
       honest.payload = [&](v1::Payload& p) { first = p.seal(); };
       honest.Make(payload);
       second.payload = [&](v1::Payload& p) { *p.mutable_seal() = first; };
       return second.Make(payload);
     })},
};
const DamageTable kResealTable("Reseal", kResealRows);

const Damage kPeerRows[] = {
    {0, "Unknown", kUnknownParty,
     []() -> Outcome {
       auto opened = OpenAt(World().estovia, Sealer().Make(Honest()));
       if (!opened.ok()) return opened;
       return Verify(*std::move(opened), *World().at_estovia, *OrgId::From(Bytes(32, 's')), kNow, nullptr);
     }},
    // Volt has not accepted Estovia: what Estovia says there is from nobody.
    {0, "OfAnUnknownOrigin", kUnknownParty,
     []() -> Outcome {
       Federation& world = World();
       const auto payload = HonestPayload(world.estovia.self(), Green(), {world.volt.org()}, {"{}"}, kNow);
       const HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow)}, kNow};
       auto opened = OpenAt(world.volt, sealer.Make(payload));
       if (!opened.ok()) return opened;
       return Verify(*std::move(opened), *world.at_volt, world.norlandia.org(), kNow, nullptr);
     }},
};
const DamageTable kPeerTable("Peer", kPeerRows);

// Invisible salamanders: two slots, each internally valid, with different content keys. Only one can be committed to.
Bytes WithTwoContentKeys() {
  Federation& world = World();
  HostileSeal sealer{world.norlandia.self(), {world.volt.Prekey(kNow), world.estovia.Prekey(kNow)}, kNow};
  sealer.split_keys = true;
  return sealer.Make(Honest());
}
const Damage kSlotsRows[] = {
    {4, "OfTwoKeysTheCommitted", kNone, [] { return OpenAt(World().volt, WithTwoContentKeys()); }},
    {4, "OfTwoKeysTheOther", kCommit, [] { return OpenAt(World().estovia, WithTwoContentKeys()); }},
    {8, "WrappedForAnotherOrganisation", kUnwrap, ToEstovia([] {
       HostileSeal sealer = Sealer();
       sealer.recipients[0].org = World().volt.org();
       return sealer.Make(Honest());
     })},
    {8, "WrappedForAnotherKey", kUnwrap, ToEstovia([] {
       HostileSeal sealer = Sealer();
       sealer.recipients[0].public_key = World().volt.Prekey(kNow).public_key;
       return sealer.Make(Honest());
     })},
};
const DamageTable kSlotsTable("Slots", kSlotsRows);

// Every third bit of a signed thing inside, or those of them that make it a `chosen` one, with the rest of the envelope
// made honestly around it.
Bend EverySignedBit(Bytes* (*part)(v1::Payload&), bool (*chosen)(ByteView bent) = nullptr) {
  return [=] {
    const v1::Payload bare = Honest(1);
    test::OneAnswer answer;
    size_t bits = 1;
    for (size_t bit = 0; bit < bits; bit += 3) {
      bool taken = true;
      HostileSeal sealer = Sealer();
      sealer.payload = [&](v1::Payload& payload) {
        Bytes& bytes = *part(payload);
        bits = bytes.size() * 8;
        test::FlipBit(bytes, bit);
        taken = chosen == nullptr || chosen(bytes);
      };
      const Bytes wire = sealer.Make(bare);
      if (taken) answer.Take(AcceptAtEstovia(wire), bit);
    }
    return answer.Said();
  };
}
Bytes* StatementBody(v1::Payload& p) {
  return p.mutable_statements(0)->mutable_body();
}
Bytes* StatementSalt(v1::Payload& p) {
  return p.mutable_statements(0)->mutable_salt();
}
Bytes* StatementContent(v1::Payload& p) {
  return p.mutable_statements(0)->mutable_content();
}
Bytes* BatchBody(v1::Payload& p) {
  return p.mutable_batch()->mutable_body();
}
Bytes* BatchSignature(v1::Payload& p) {
  return p.mutable_batch()->mutable_signature();
}
Bytes* SealBody(v1::Payload& p) {
  return p.mutable_seal()->mutable_body();
}
Bytes* SealSignature(v1::Payload& p) {
  return p.mutable_seal()->mutable_signature();
}
// What a bent body says where it still can be read: the signer is looked up before the signature is.
enum class Says { kTheSame, kAnotherParty, kAnotherKey, kNoSize, kAnotherTime };
bool IsAnother(ByteView id, ByteView expected) {
  return id.size() == expected.size() && id != expected;
}
template <Says kWhat>
bool BatchSays(ByteView bent) {
  Says says = Says::kTheSame;
  const auto fields = ReadLowFields(bent);
  if (fields.has_value()) {
    const trust::Self& self = World().norlandia.self();
    if (fields->at[v1::BatchBody::kSizeFieldNumber].varint == 0) says = Says::kNoSize;
    if (IsAnother(fields->at[v1::BatchBody::kKeyIdFieldNumber].bytes, self.key_id.view())) says = Says::kAnotherKey;
    if (IsAnother(fields->at[v1::BatchBody::kOriginFieldNumber].bytes, self.org().view())) says = Says::kAnotherParty;
  }
  return says == kWhat;
}
template <Says kWhat>
bool SealSays(ByteView bent) {
  Says says = Says::kTheSame;
  const auto fields = ReadLowFields(bent);
  if (fields.has_value()) {
    // The life of Norlandia's key began with the hour of kNow. Behind its signature the time is asked about more closely.
    const auto us = static_cast<int64_t>(fields->at[v1::SealBody::kTimeUsFieldNumber].varint);
    const absl::Duration later = absl::FromUnixMicros(us) - kNow;
    if (later < absl::Minutes(-30) || later >= trust::kOnlineKeyLifetime - absl::Minutes(30)) says = Says::kAnotherTime;
    const KeyId& key = World().norlandia.self().key_id;
    if (IsAnother(fields->at[v1::SealBody::kKeyIdFieldNumber].bytes, key.view())) says = Says::kAnotherKey;
  }
  return says == kWhat;
}
const Damage kSignedBitRows[] = {
    {15, "StatementBody", kSignature, EverySignedBit(StatementBody)},
    {20, "StatementSalt", kContent, EverySignedBit(StatementSalt)},
    {20, "StatementContent", kContent, EverySignedBit(StatementContent)},
    {15, "BatchBody", kSignature, EverySignedBit(BatchBody, BatchSays<Says::kTheSame>)},
    {15, "BatchBodyOfAnotherParty", kUnknownParty, EverySignedBit(BatchBody, BatchSays<Says::kAnotherParty>)},
    {15, "BatchBodyOfAnotherKey", kNoKey, EverySignedBit(BatchBody, BatchSays<Says::kAnotherKey>)},
    {15, "BatchBodyOfNoSize", kParse, EverySignedBit(BatchBody, BatchSays<Says::kNoSize>)},
    {15, "BatchSignature", kSignature, EverySignedBit(BatchSignature)},
    {15, "SealBody", kSignature, EverySignedBit(SealBody, SealSays<Says::kTheSame>)},
    {15, "SealBodyOfAnotherKey", kNoKey, EverySignedBit(SealBody, SealSays<Says::kAnotherKey>)},
    {15, "SealBodyOfAnotherTime", kTime, EverySignedBit(SealBody, SealSays<Says::kAnotherTime>)},
    {15, "SealSignature", kSignature, EverySignedBit(SealSignature)},
};
const DamageTable kSignedBitTable("SignedBit", kSignedBitRows);

}  // namespace
}  // namespace entente::envelope
