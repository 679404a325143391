#include "crypto/crypto.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/commitments.h"
#include "envelope/envelope.h"
#include "envelope/group_audience.h"
#include "envelope/testing/hostile.h"
#include "tests/fuzz/fuzz.h"
#include "trust/sample_world.h"

namespace entente::fuzz {
namespace {

using namespace envelope::testing;

absl::Time Now() {
  return trust::SampleNow() + absl::Minutes(30);
}

// A group of four with an epoch, and one honest envelope of member 1, which member 2 reads; made once.
struct World {
  World() {
    sample.Found();
    sample.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
    parties = sample.DirectoryOf(2);
    sealer.emplace(HostileSeal{sender.self, {}, Now(), *sample.nodes[1]->groups->ToSealUnder(sample.group, Now())});
    policy::Constraints constraints = Green();
    constraints.sg_id = sample.group.str();
    envelope::BatchTerms terms;
    terms.group = sealer->epoch->membership;
    honest = sealer->Make(HonestPayload(sender.self, constraints, {}, {"{\"a\":1}", "{}"}, Now(), terms));
  }
  trust::SampleWorld sample{4};
  const trust::SampleOrg &sender = sample.founders.orgs[1], &reader = sample.founders.orgs[2];
  std::unique_ptr<trust::Directory> parties;
  std::optional<HostileSeal> sealer;
  Bytes honest;
};
const World& TheWorld() {
  static const World world;
  return world;
}

bool Accept(ByteView wire) {
  const World& world = TheWorld();
  const trust::GroupDirectory& groups = *world.sample.nodes[2]->groups;
  auto opened = envelope::Open(
      wire, world.reader.org(), *world.sample.nodes[2]->prekeys, Now(), [](const EnvelopeId&) { return false; },
      &groups);
  if (!opened.ok()) return CheckRefused(opened.status()), false;
  const auto verified = envelope::Verify(*std::move(opened), *world.parties, world.sender.org(), Now(), &groups);
  if (!verified.ok()) return CheckRefused(verified.status()), false;
  if (!verified->batch) return true;  // notices
  const envelope::Batch& batch = *verified->batch;
  FUZZ_CHECK(batch.origin() == world.sender.org() && !batch.statements().empty());
  FUZZ_CHECK(verified->hops.empty() ? batch.group() == world.sealer->epoch->membership->ref()
                                    : verified->hops.back().group == world.sealer->epoch->membership->ref());
  FUZZ_CHECK(!verified->hops.empty() || batch.audience() == world.sealer->epoch->membership->members());
  return true;
}

// What a member signs of its own will, for the group as far as `keep` leaves it.
bool Signed(uint8_t keep, ByteView bytes) {
  const World& world = TheWorld();
  v1::Payload payload;
  if (!payload.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || payload.statements_size() > 16)
    return false;
  const trust::Self& self = world.sender.self;
  HostileBatch batch{self};
  batch.statement = [&](v1::StatementBody& body, int i) {
    body.set_origin(self.org().str());
    body.set_key_id(self.key_id.str());
    body.set_identity_version(self.identity.version());
    body.set_identity_hash(self.identity.hash().str());
    body.set_created_us(absl::ToUnixMicros(Now()));
    body.set_expires_us(absl::ToUnixMicros(Now() + absl::Hours(24)));
    const v1::StatementEntry& entry = payload.statements(i);
    body.set_content_length(entry.content().size());
    body.set_content_commit(envelope::ContentCommitment(entry.salt(), entry.content()).str());
    if ((keep & 1) == 0) body.clear_audience();
    if ((keep & 2) == 0) *body.mutable_group() = envelope::ToWire(world.sealer->epoch->membership->ref());
    if ((keep & 4) == 0) body.mutable_constraints()->set_sg_id(world.sample.group.str());
  };
  batch.batch = [&](v1::BatchBody& body) { body.set_size(static_cast<uint32_t>(payload.statements_size())); };
  return Accept(world.sealer->Make(batch.Sign(payload)));
}

}  // namespace

// The first byte says what the rest is: damage to an honest envelope, a plaintext that is sealed under the epoch as it
// stands, or a payload that a member signs and seals.
bool FuzzGroupEnvelope(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  const auto first = static_cast<uint8_t>(input[0]);
  switch (first % 3) {
    case 0:
      return AcceptEdited(TheWorld().honest, rest, Accept);
    case 1:
      return Accept(TheWorld().sealer->MakeOf([&](const Digest&, const Digest&) { return Pad(rest); }));
    default:
      return Signed(static_cast<uint8_t>(first / 3), rest);
  }
}

}  // namespace entente::fuzz
