#pragma once

#include <map>
#include <memory>
#include <vector>

#include "trust/parties.h"
#include "trust/sample_organisation.h"

// Three organisations that know each other, whose keys every run has again: for targets that sign what an input says.
namespace entente::fuzz {

class SampleParties final : public trust::Parties {
 public:
  SampleParties() : selves_{trust::SampleSelf("cert.norlandia", 'a'), trust::SampleSelf("cert.estovia", 'e'), trust::SampleSelf("volt", 'v')} {
    for (const trust::Self& self : selves_) {
      trust::Accepted accepted{{}, self.identity, std::make_shared<const trust::IdentityHistory>(self.identity)};
      accepted.party.org = self.org();
      known_[self.org()] = std::make_shared<const trust::Accepted>(std::move(accepted));
    }
  }
  std::shared_ptr<const trust::Accepted> Find(const OrgId& org) const override {
    const auto found = known_.find(org);
    return found == known_.end() ? nullptr : found->second;
  }
  const trust::Self& norlandia() const { return selves_[0]; }
  const trust::Self& estovia() const { return selves_[1]; }
  const trust::Self& volt() const { return selves_[2]; }
  // Who has that id; norlandia for every other one.
  const trust::Self& Named(ByteView org) const {
    for (const trust::Self& self : selves_) {
      if (org == self.org().view()) return self;
    }
    return norlandia();
  }

 private:
  std::vector<trust::Self> selves_;
  std::map<OrgId, std::shared_ptr<const trust::Accepted>> known_;
};
inline const SampleParties& Parties() {
  static const SampleParties parties;
  return parties;
}

}  // namespace entente::fuzz
