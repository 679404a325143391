#pragma once

#include <functional>
#include <utility>

#include "envelope/testing/federation.h"

// Norlandia as a hostile peer of Estovia. Each maker bends one thing, makes everything that depends on it again, and
// answers the sealed envelope, so that exactly one check stands in its way.
namespace entente::envelope::testing {

using Body = v1::StatementBody;

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

// Ways to bend one part; each answers the sealed envelope.
inline Bytes WithBody(std::function<void(Body&, int)> bend) {
  HostileBatch batch = Signer();
  batch.statement = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
inline Bytes WithEachBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int) { bend(body); });
}
inline Bytes WithSecondBody(std::function<void(Body&)> bend) {
  return WithBody([bend = std::move(bend)](Body& body, int i) { i == 1 ? bend(body) : void(); });
}
inline Bytes WithBodyBytes(std::function<void(Bytes&)> bend) {
  HostileBatch batch = Signer();
  batch.statement_bytes = [bend = std::move(bend)](Bytes& bytes, int) { bend(bytes); };
  return Sealer().Make(batch.Sign(Honest(1)));
}
inline Bytes WithBatch(std::function<void(v1::BatchBody&)> bend) {
  HostileBatch batch = Signer();
  batch.batch = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
inline Bytes WithBatchBytes(std::function<void(Bytes&)> bend) {
  HostileBatch batch = Signer();
  batch.batch_bytes = std::move(bend);
  return Sealer().Make(batch.Sign(Honest()));
}
inline Bytes WithSeal(std::function<void(v1::SealBody&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.seal = std::move(bend);
  return sealer.Make(Honest());
}
inline Bytes WithSealBytes(std::function<void(Bytes&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.seal_bytes = std::move(bend);
  return sealer.Make(Honest());
}
inline Bytes WithPayload(std::function<void(v1::Payload&)> bend, size_t count = 2) {
  HostileSeal sealer = Sealer();
  sealer.payload = std::move(bend);
  return sealer.Make(Honest(count));
}
inline Bytes WithPlaintext(std::function<void(Bytes&)> bend) {
  HostileSeal sealer = Sealer();
  sealer.plaintext = std::move(bend);
  return sealer.Make(Honest());
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

struct Case {
  const char* name;
  RejectReason reason;
  std::function<Bytes()> make;
};
inline void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}
inline std::string NameOf(const ::testing::TestParamInfo<Case>& test) {
  return test.param.name;
}

}  // namespace entente::envelope::testing
