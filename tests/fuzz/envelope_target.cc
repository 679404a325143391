#include "crypto/crypto.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/header.h"
#include "envelope/testing/hostile.h"
#include "envelope/testing/test_party.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

using namespace envelope::testing;

const absl::Time kNow = absl::FromUnixSeconds(497222 * 3600 + 1800);

// A sender with real keys, the receiver, and one honest envelope between them; made once.
struct World {
  TestParty sender{"cert.norlandia", kNow}, receiver{"cert.estovia", kNow};
  std::unique_ptr<trust::Directory> at_receiver = receiver.DirectoryWith({&sender});
  HostileSeal sealer{sender.self(), {receiver.Prekey(kNow)}, kNow};
  Bytes honest = sealer.Make(HonestPayload(sender.self(), Green(), {receiver.org()}, {"{\"a\":1}", "{}"}, kNow));
};
const World& TheWorld() {
  static const World world;
  return world;
}

bool Accept(ByteView wire) {
  const World& world = TheWorld();
  auto opened =
      envelope::Open(wire, world.receiver.org(), world.receiver.ring(), kNow, [](const EnvelopeId&) { return false; }, nullptr);
  if (!opened.ok()) {
    CheckRefused(opened.status());
    return false;
  }
  const auto verified = envelope::Verify(*std::move(opened), *world.at_receiver, world.sender.org(), kNow, nullptr);
  if (!verified.ok()) {
    CheckRefused(verified.status());
    return false;
  }
  const envelope::Batch& batch = *verified->batch;
  FUZZ_CHECK(!batch.statements().empty() && batch.origin() == world.sender.org());
  const v1::SignedBody& kept = batch.signed_body();
  FUZZ_CHECK(kept.GetReflection()->GetUnknownFields(kept).empty());
  std::vector<StatementId> ids;
  for (const envelope::Statement& s : batch.statements()) ids.push_back(s.id());
  for (const envelope::Statement& s : batch.statements()) {
    const envelope::Sealable stored{s.body(), s.salt(), s.content(), s.index(), s.path()};
    FUZZ_CHECK(envelope::Recheck(world.sender.self().identity, batch.signed_body(), stored,
                                 s.path().empty() ? ids : std::vector<StatementId>())
                   .ok());
  }
  return true;
}

// What a peer signs of its own will: the payload's statements become the sender's, as far as `keep` leaves them.
bool Signed(uint8_t keep, ByteView bytes) {
  const World& world = TheWorld();
  v1::Payload payload;
  if (!payload.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
  if (payload.statements_size() > 16) return false;
  const trust::Self& self = world.sender.self();
  HostileBatch batch{self};
  batch.relink = (keep & 1) == 0;
  batch.statement = [&](v1::StatementBody& body, int i) {
    if ((keep & 2) == 0) {
      body.set_origin(self.org().str());
      body.set_key_id(self.key_id.str());
      body.set_identity_version(self.identity.version());
      body.set_identity_hash(self.identity.hash().str());
    }
    if ((keep & 4) == 0) {
      body.clear_audience();
      body.add_audience(world.receiver.org().str());
    }
    if ((keep & 8) == 0) {
      body.set_created_us(absl::ToUnixMicros(kNow));
      body.set_expires_us(absl::ToUnixMicros(kNow + absl::Hours(24)));
    }
    if ((keep & 16) == 0) {
      const v1::StatementEntry& entry = payload.statements(i);
      body.set_content_length(entry.content().size());
      body.set_content_commit(envelope::ContentCommitment(entry.salt(), entry.content()).str());
    }
  };
  if ((keep & 32) == 0) {
    batch.batch = [&](v1::BatchBody& body) { body.set_size(static_cast<uint32_t>(payload.statements_size())); };
  }
  return Accept(world.sealer.Make(batch.Sign(payload)));
}

}  // namespace

// The first byte says what the rest is: an envelope, damage to an honest one, a plaintext that is sealed as it stands,
// or a payload that a peer signs and seals.
bool FuzzEnvelope(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  const auto first = static_cast<uint8_t>(input[0]);
  switch (first % 4) {
    case 0: {
      const auto frame = envelope::ParseFrame(rest);
      FUZZ_CHECK(!Accept(rest));
      if (frame.ok()) FUZZ_CHECK(envelope::EncodeHeader(frame->header) == frame->core);
      return frame.ok();
    }
    case 1:
      return AcceptEdited(TheWorld().honest, rest, Accept);
    case 2:
      return Accept(TheWorld().sealer.MakeOf([&](const Digest&, const Digest&) { return Pad(rest); }));
    default:
      return Signed(static_cast<uint8_t>(first >> 2), rest);
  }
}

}  // namespace entente::fuzz
