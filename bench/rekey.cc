// What a rekey of a group costs its issuer and each member, beside as many bare encapsulations in the same run.

#include <benchmark/benchmark.h>

#include <cstdlib>

#include "crypto/slot.h"
#include "trust/epoch_issuer.h"
#include "trust/group_log.h"
#include "trust/membership_maker.h"
#include "trust/sample_organisation.h"

namespace entente::bench {
namespace {

constexpr size_t kMemberDownload = 2500;  // bytes, at most
// What an issuer sends at most: half as much again as the table of docs/formats/epoch.md has.
size_t IssuerUpload(int64_t members) {
  const size_t documented = members == 10 ? 12'439 : members == 100 ? 119'000 : 1'184'601;
  return documented * 3 / 2;
}

// A group whose first member issues; the members' documents do not matter to an issuer.
struct Rekeyed {
  explicit Rekeyed(size_t count) : self(trust::SampleSelf("cert.norlandia", 'a')) {
    trust::GroupTerms terms;
    terms.name = "bench";
    terms.admins = {self.org()};
    terms.issuers = {self.org()};
    terms.members = {{self.org(), 1}};
    while (terms.members.size() < count) terms.members[crypto::RandomId<OrgId>()] = 1;
    terms.log_org = self.org();
    membership = *trust::Membership::Read(*trust::MakeMembership(terms, nullptr, trust::SampleNow()));
    const absl::Time end = trust::SampleNow() + trust::kPrekeyUse;
    for (const auto& [org, version] : terms.members) {
      prekeys.push_back({org, crypto::RandomId<PrekeyId>(), crypto::GenerateKemKeyPair().public_key, end});
    }
  }
  v1::EpochSlots Issue() const {
    const trust::EpochTerms terms{*membership, 1, Digest(), nullptr, v1::EPOCH_REASON_FOUNDED, trust::SampleNow(), {}};
    return *trust::IssueEpoch(self, terms, prekeys, trust::SampleNow());
  }
  v1::SignedBody Entry(const v1::EpochSlots& issued) const {
    const trust::Epoch epoch = *trust::ReadEpoch(issued.epoch());
    return *trust::MakeLogEntry(self, membership->group(), {}, v1::GROUP_LOG_KIND_EPOCH, 1,
                                *Digest::From(epoch.id.view()), trust::SampleNow());
  }

  trust::Self self;
  std::optional<trust::Membership> membership;
  std::vector<trust::Prekey> prekeys;
};

void Rekey(benchmark::State& state) {
  const Rekeyed group(static_cast<size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(group.Issue());
  const v1::EpochSlots issued = group.Issue();
  const v1::SignedBody entry = group.Entry(issued);
  v1::EpochDelivery delivery = *trust::DeliveryFor(issued, 0);
  *delivery.mutable_log_entry() = entry;
  const size_t sent = issued.ByteSizeLong() + entry.ByteSizeLong();
  if (sent > IssuerUpload(state.range(0)) || delivery.ByteSizeLong() >= kMemberDownload) abort();
  state.counters["issuer_sends_bytes"] = static_cast<double>(sent);
  state.counters["member_downloads_bytes"] = static_cast<double>(delivery.ByteSizeLong());
}

void BareEncapsulations(benchmark::State& state) {
  const Rekeyed group(static_cast<size_t>(state.range(0)));
  const Bytes secret(crypto::kKeySize, 's');
  for (auto _ : state) {
    for (const trust::Prekey& prekey : group.prekeys) {
      benchmark::DoNotOptimize(crypto::HpkeSeal(prekey.public_key, "info", "", secret, "hedge"));
    }
  }
}

BENCHMARK(Rekey)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK(BareEncapsulations)->Arg(10)->Arg(100)->Arg(1000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace entente::bench

int main(int argc, char** argv) {
  if (!entente::crypto::Initialise().ok()) return 1;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
