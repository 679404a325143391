#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "crypto/keystore.h"
#include "trust/directory.h"
#include "trust/identity.h"
#include "trust/prekey.h"

// Real organisations for tests: real keys, a real keystore in a temporary folder that goes with the party.
namespace entente::envelope::testing {

class TestParty {
 public:
  // Keys valid from `now`. Aborts the test program when anything fails: there is nothing to test then.
  TestParty(const std::string& name, absl::Time now);
  ~TestParty();

  const trust::Self& self() const { return self_; }
  const OrgId& org() const { return self_.org(); }
  const std::string& name() const { return name_; }
  trust::PrekeyRing& ring() const { return *ring_; }
  // What others may seal to at `now`.
  trust::Prekey Prekey(absl::Time now) const;
  trust::Accepted AsParty() const;
  // This party's directory, with `peers` accepted.
  std::unique_ptr<trust::Directory> DirectoryWith(const std::vector<const TestParty*>& peers) const;

 private:
  std::string name_, folder_;
  trust::Self self_;
  std::unique_ptr<crypto::Keystore> keystore_;
  std::unique_ptr<trust::PrekeyRing> ring_;
};

}  // namespace entente::envelope::testing
