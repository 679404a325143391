// What an envelope of 256 indicators costs a group's members, beside what no implementation can do without, in one run:
// CPU time of this program, so that other load on the machine does not count.

#include <cstdio>
#include <map>
#include <memory>

#include "bench/costs.h"
#include "trust/sample_world.h"

namespace entente::bench {
namespace {

constexpr size_t kIndicators = 256;

// Both signatures, the hashing and the ciphertext, and nothing else.
void Floor(const trust::Self& self, const envelope::Batch& batch, const v1::Payload& payload, ByteView wire) {
  for (int i = 0; i < 2; ++i) {
    Demand(crypto::Verify(self.statement_key->public_key(), trust::kBatchType, batch.signed_body().body(),
                          batch.signed_body().signature()));
  }
  HashWhole(payload);
  const crypto::PayloadKeys keys = crypto::DerivePayloadKeys(crypto::SecretBytes::Random(crypto::kKeySize), Digest());
  Demand(crypto::SealPayload(keys, Digest(), wire).ok());
}

// A group of four with an epoch, and a batch of member 1 that member 2 reads.
class Members {
 public:
  Members() {
    world_.Found();
    world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, trust::SampleNow());
    policy::Constraints constraints;
    constraints.label = model::Label::kGreen;
    constraints.sg_id = world_.group.str();
    envelope::BatchTerms terms;
    terms.group = at_sender_.Newest(world_.group);
    batch_ = *envelope::SignBatch(self(), constraints, {}, std::vector<Bytes>(kIndicators, Bytes(kContentBytes, 'x')),
                                  {crypto::RandomId<StreamId>(), 0, {}}, trust::SampleNow(), terms);
    for (const envelope::Statement& s : batch_->statements()) {
      statements_.push_back({s.body(), s.salt(), s.content(), s.index(), {}});
    }
    for (const OrgId& member : terms.group->members()) permits_.emplace(member, PermitFor(member));
  }
  const trust::Self& self() const { return sender_.self; }
  const envelope::Batch& batch() const { return *batch_; }

  Bytes Seal() const {
    const auto permit = [&](const OrgId& member, size_t) { return &permits_.at(member); };
    return *envelope::SealGroup(self(), {batch_->signed_body(), statements_}, world_.group, permit, at_sender_,
                                trust::SampleNow());
  }
  void Read(ByteView wire) const {
    const auto never = [](const EnvelopeId&) { return false; };
    auto opened =
        envelope::Open(wire, reader_.org(), *world_.nodes[2]->prekeys, trust::SampleNow(), never, &at_reader_);
    Demand(opened.ok());
    Demand(envelope::Verify(*std::move(opened), *parties_, sender_.org(), trust::SampleNow(), &at_reader_).ok());
  }

 private:
  trust::SampleWorld world_{4};
  const trust::SampleOrg &sender_ = world_.founders.orgs[1], &reader_ = world_.founders.orgs[2];
  const trust::GroupDirectory &at_sender_ = *world_.nodes[1]->groups, &at_reader_ = *world_.nodes[2]->groups;
  const std::unique_ptr<trust::Directory> parties_ = world_.DirectoryOf(2);
  std::optional<envelope::Batch> batch_;
  std::vector<envelope::Sealable> statements_;
  std::map<OrgId, policy::Permit> permits_;
};

void Group() {
  const Members members;
  Bytes wire;
  const double sealed = Microseconds([&] { wire = members.Seal(); });
  const double read = Microseconds([&] { members.Read(wire); });
  const v1::Payload payload = Whole(members.batch());
  const double floor = Microseconds([&] { Floor(members.self(), members.batch(), payload, wire); });
  std::printf("group envelope of 256 indicators\n");
  Print("bytes", static_cast<double>(wire.size()));
  Print("seal_us", sealed);
  Print("open_and_verify_us", read);
  Print("two_verifications_hashing_and_cipher_us", floor);
  Print("open_and_verify_over_them", read / floor);
}

}  // namespace
}  // namespace entente::bench

int main() {
  if (!entente::crypto::Initialise().ok()) return 1;
  entente::bench::Group();
}
