#pragma once

#include <memory>

#include "base/bytes.h"
#include "model/party.h"
#include "trust/identity_chain.h"

namespace entente::trust {

class AgreementHistory;  // trust/agreement_history.h

// A party that the operator accepted: the local record and the checked documents behind it.
struct Accepted {
  model::Party party;
  Identity identity;  // the newest document
  std::shared_ptr<const IdentityHistory> history = nullptr;  // all of them; null only until a Parties has it
  absl::Time taken = absl::InfinitePast();                   // when the newest document came here; the past where nobody knows any more
  std::shared_ptr<const AgreementHistory> agreements = nullptr;  // with this organisation; null where there never was one
};

// Whose signatures can be checked: the parties on file at a node (Directory), or those whose cards somebody verifies with.
class Parties {
 public:
  virtual ~Parties() = default;
  // Null when nothing is known of `org`; else with its history.
  virtual std::shared_ptr<const Accepted> Find(const OrgId& org) const = 0;

 protected:
  Parties() = default;
  Parties(const Parties&) = default;
  Parties& operator=(const Parties&) = default;
};

}  // namespace entente::trust
