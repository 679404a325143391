// What a statement alone and a direct envelope cost, beside what no implementation can do without,
// in one run: CPU time of this program, so that other load on the machine does not count.

#include <cstdio>
#include <memory>

#include "bench/costs.h"
#include "crypto/slot.h"
#include "envelope/proof.h"
#include "envelope/signed_statements.h"
#include "trust/sample_organisation.h"

namespace entente::bench {
namespace {

constexpr size_t kStatements = 1024, kRecipients = 64;
constexpr double kMostOverHashing = 1.2;  // what an envelope's statements may cost over one verification and their hashes

// Whose statements they are: the one organisation that is known.
class OneParty final : public trust::Parties {
 public:
  explicit OneParty(const trust::Self& self)
      : party_(std::make_shared<const trust::Accepted>(
            trust::Accepted{{}, self.identity, std::make_shared<const trust::IdentityHistory>(self.identity)})) {}
  std::shared_ptr<const trust::Accepted> Find(const OrgId& org) const override {
    return org == party_->identity.org() ? party_ : nullptr;
  }

 private:
  std::shared_ptr<const trust::Accepted> party_;
};

envelope::Batch Signed(const trust::Self& self, std::vector<OrgId> audience, size_t statements) {
  policy::Constraints constraints;
  constraints.label = model::Label::kGreen;
  return *envelope::SignBatch(self, constraints, std::move(audience),
                              std::vector<Bytes>(statements, Bytes(kContentBytes, 'x')),
                              {crypto::RandomId<StreamId>(), 0, {}}, trust::SampleNow());
}

// The steps of a receiver from the batch's signature to the contents (docs/formats/receiving.md, 21 to 29).
void CheckWhole(const v1::Payload& payload, const trust::Parties& known) {
  const auto proven = envelope::CheckBatch(payload, known, trust::SampleNow(), nullptr);
  Demand(proven.ok());
  const auto claims = envelope::ReadClaims(envelope::Bodies(payload), proven->batch);
  Demand(claims.ok());
  Demand(envelope::CheckTimes(*claims, *proven->origin->history, proven->batch.key_id, trust::SampleNow()).ok());
  std::vector<uint32_t> indexes;
  for (const envelope::Place& place : proven->places) indexes.push_back(place.index);
  Demand(envelope::CheckStream(*claims, indexes, proven->ids).ok());
  for (size_t i = 0; i < claims->each.size(); ++i) {
    const v1::StatementEntry& entry = payload.statements(static_cast<int>(i));
    Demand(envelope::CheckContent(claims->each[i], entry.salt(), entry.content()).ok());
  }
}

void Envelopes(const trust::Self& self) {
  const OneParty known(self);
  const envelope::Batch batch = Signed(self, {}, kStatements);
  const v1::Payload payload = Whole(batch);
  const Bytes key = self.statement_key->public_key();
  const v1::SignedBody& wire = batch.signed_body();
  const double verify =
      Microseconds([&] { Demand(crypto::Verify(key, trust::kBatchType, wire.body(), wire.signature())); });
  const double hashing = Microseconds([&] { HashWhole(payload); });
  const double checked = Microseconds([&] { CheckWhole(payload, known); });
  std::printf("statements of one batch, in one envelope\n");
  Print("verification_us", verify);
  Print("hashing_of_1024_us", hashing);
  Print("statements_1024_us", checked);
  Print("statements_over_one_verification_and_hashing", checked / (verify + hashing));
  Demand(checked / (verify + hashing) < kMostOverHashing);
}

// The id, the path and the content of each, hashed and nothing else.
void HashAll(const std::vector<v1::StatementProof>& proofs) {
  for (const v1::StatementProof& proof : proofs) {
    const v1::StatementEntry& entry = proof.statement();
    std::vector<Digest> path;
    for (const std::string& hash : entry.path()) path.push_back(*Digest::From(hash));
    const StatementId id = envelope::IdOf(entry.body(), false);
    Demand(crypto::RootFromPath(id.view(), entry.index(), kStatements, path).has_value());
    crypto::LabeledHash("entente/1/content", {entry.salt(), entry.content()});
  }
}

void Proofs(const trust::Self& self) {
  const OneParty known(self);
  const envelope::Batch batch = Signed(self, {}, kStatements);
  std::vector<v1::StatementProof> proofs;
  for (const envelope::Statement& statement : batch.statements())
    proofs.push_back(envelope::MakeProof(batch, statement, true));
  const Bytes key = self.statement_key->public_key();
  const v1::SignedBody& wire = batch.signed_body();
  const double verify =
      Microseconds([&] { Demand(crypto::Verify(key, trust::kBatchType, wire.body(), wire.signature())); });
  const double hashing = Microseconds([&] { HashAll(proofs); });
  const double checked = Microseconds([&] {
    envelope::VerifiedBatches verified;
    for (const v1::StatementProof& proof : proofs) {
      Demand(envelope::CheckProof(proof, known, trust::SampleNow(), &verified, nullptr).ok());
    }
  });
  std::printf("statements of one batch, each alone\n");
  Print("verification_us", verify);
  Print("hashing_of_1024_us", hashing);
  Print("proofs_1024_us", checked);
  Print("verifications_1024_us", verify * static_cast<double>(kStatements));
  Print("proofs_over_one_verification_and_hashing", checked / (verify + hashing));
}

void Seals(const trust::Self& self) {
  std::vector<OrgId> audience;
  std::vector<envelope::Recipient> all;
  for (size_t i = 0; i < kRecipients; ++i) {
    audience.push_back(crypto::RandomId<OrgId>());
    const trust::Prekey prekey{audience.back(), crypto::RandomId<PrekeyId>(), crypto::GenerateKemKeyPair().public_key,
                               trust::SampleNow() + trust::kPrekeyUse};
    all.push_back({prekey, {PermitFor(prekey.org)}});
  }
  const envelope::Batch batch = Signed(self, audience, 1);
  const envelope::Statement& statement = batch.statements()[0];
  const std::vector<envelope::Sealable> sealables = {{statement.body(), statement.salt(), statement.content(), 0, {}}};
  const auto seal = [&](size_t recipients) {
    const std::vector<envelope::Recipient> to(all.begin(), all.begin() + static_cast<ptrdiff_t>(recipients));
    return Microseconds([&] {
      Demand(envelope::SealDirect(self, {batch.signed_body(), sealables}, to, trust::SampleNow(), nullptr).ok());
    });
  };
  const crypto::SecretBytes content_key = crypto::SecretBytes::Random(crypto::kKeySize);
  const trust::Prekey& first = all[0].prekey;
  const double encapsulation =
      Microseconds([&] { Demand(crypto::WrapSlot(first.public_key, first.id, "info", content_key, "hedge").ok()); });
  const double one = seal(1), many = seal(kRecipients);
  const double each = (many - one) / static_cast<double>(kRecipients - 1);
  std::printf("direct envelope\n");
  Print("encapsulation_us", encapsulation);
  Print("seal_to_1_us", one);
  Print("seal_to_64_us", many);
  Print("each_recipient_us", each);
  Print("each_recipient_over_encapsulation", each / encapsulation);
}

}  // namespace
}  // namespace entente::bench

int main() {
  if (!entente::crypto::Initialise().ok()) return 1;
  const entente::trust::Self self = entente::trust::SampleSelf("cert.norlandia", 'a');
  entente::bench::Envelopes(self);
  entente::bench::Proofs(self);
  entente::bench::Seals(self);
}
