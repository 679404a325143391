#pragma once

#include <functional>
#include <utility>

#include "base/testing/damage_table.h"
#include "envelope/testing/federation.h"

// Norlandia as a hostile peer of Estovia, for rows of the damage table. Each maker bends one thing and makes everything
// that depends on it again, so that exactly one check stands in the envelope's way.
namespace entente::envelope::testing {

using Body = v1::StatementBody;
using test::Damage;
using test::DamageTable;
using test::Outcome;

inline v1::Payload Honest(size_t count = 2, const policy::Constraints& constraints = Green()) {
  Federation& world = World();
  return HonestPayload(world.norlandia.self(), constraints, {world.estovia.org()}, Contents(count, 40), kNow);
}
inline HostileSeal Sealer() {
  return {World().norlandia.self(), {World().estovia.Prekey(kNow)}, kNow};
}
inline HostileBatch Signer() {
  return {World().norlandia.self()};
}

using Bend = std::function<Outcome()>;
// What Estovia answers to `make`'s envelope of Norlandia's.
inline Bend ToEstovia(std::function<Bytes()> make) {
  return [make = std::move(make)] { return Outcome(AcceptAtEstovia(make())); };
}
// Ways to bend one part of an envelope to Estovia.
inline Bend WithBatchBent(std::function<void(HostileBatch&)> bend, size_t count = 2) {
  return ToEstovia([bend = std::move(bend), count] {
    HostileBatch batch = Signer();
    bend(batch);
    return Sealer().Make(batch.Sign(Honest(count)));
  });
}
inline Bend WithBody(std::function<void(Body&, int)> bend) {
  return WithBatchBent([bend = std::move(bend)](HostileBatch& batch) { batch.statement = bend; });
}
inline Bend WithEachBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int) { bend(body); });
}
inline Bend WithSecondBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int i) { i == 1 ? bend(body) : void(); });
}
inline Bend WithBodyBytes(std::function<void(Bytes&)> bend) {
  return WithBatchBent([bend = std::move(bend)](
                           HostileBatch& batch) { batch.statement_bytes = [bend](Bytes& bytes, int) { bend(bytes); }; },
                       1);
}
inline Bend WithBatch(std::function<void(v1::BatchBody&)> bend) {
  return WithBatchBent([bend = std::move(bend)](HostileBatch& batch) { batch.batch = bend; });
}
inline Bend WithBatchBytes(std::function<void(Bytes&)> bend) {
  return WithBatchBent([bend = std::move(bend)](HostileBatch& batch) { batch.batch_bytes = bend; });
}
inline Bend WithSealBent(std::function<void(HostileSeal&)> bend) {
  return ToEstovia([bend = std::move(bend)] {
    HostileSeal sealer = Sealer();
    bend(sealer);
    return sealer.Make(Honest());
  });
}
inline Bend WithSeal(std::function<void(v1::SealBody&)> bend) {
  return WithSealBent([bend = std::move(bend)](HostileSeal& sealer) { sealer.seal = bend; });
}
inline Bend WithSealBytes(std::function<void(Bytes&)> bend) {
  return WithSealBent([bend = std::move(bend)](HostileSeal& sealer) { sealer.seal_bytes = bend; });
}
inline Bend WithPayload(std::function<void(v1::Payload&)> bend) {
  return WithSealBent([bend = std::move(bend)](HostileSeal& sealer) { sealer.payload = bend; });
}
inline Bend WithPlaintext(std::function<void(Bytes&)> bend) {
  return WithSealBent([bend = std::move(bend)](HostileSeal& sealer) { sealer.plaintext = bend; });
}
inline Bytes Of(const Bytes& plaintext) {
  return Sealer().MakeOf([&](const Digest&, const Digest&) { return plaintext; });
}

inline Bytes Field(int number, ByteView value) {  // length-delimited, short
  Bytes out;
  for (uint32_t tag = static_cast<uint32_t>(number) << 3 | 2; tag != 0; tag >>= 7) {
    out.push_back(static_cast<char>((tag & 0x7f) | (tag > 0x7f ? 0x80 : 0)));
  }
  out.push_back(static_cast<char>(value.size()));
  return out.append(value);
}
// The first field (a 32-byte id, 34 bytes of wire) goes to the end: another encoding of the same message.
inline Bytes Reordered(ByteView body) {
  return Bytes(body.substr(34)).append(body.substr(0, 34));
}
inline policy::Constraints Exercise() {
  policy::Constraints constraints = Green();
  constraints.exercise_id = "locked-shields-26";
  return constraints;
}
inline KeyId RootKeyOf(const trust::Self& self) {
  v1::IdentityDocument document;
  document.ParseFromString(self.identity.wire().document());
  return *KeyId::From(document.root_keys(0).key_id());
}

}  // namespace entente::envelope::testing
