#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "absl/status/statusor.h"
#include "trust/prekey.h"

namespace entente::trust {

// What other organisations last offered to be sealed to: of class online by the Hello of a session, of class offline by
// a file. In memory, as it was signed. The caller keeps those of parties on file alone, so there are two for each at
// most. Safe from any thread.
class HeardPrekeys {
 public:
  // Takes the place of what was heard before, unless that lasts longer. REQUIRES that `prekey` has passed CheckPrekey
  // for this class, which gave `not_after`.
  void Keep(const OrgId& org, v1::PrekeyClass prekey_class, const v1::SignedBody& prekey, absl::Time not_after);
  // For what goes by file: the online one, else the offline one, checked again as of `now`. Refuses with kPrekey when
  // none was heard or none can be sealed to any more.
  absl::StatusOr<Prekey> ForFile(const IdentityHistory& owner, absl::Time now) const;

 private:
  mutable std::mutex mutex_;
  struct Heard {
    v1::SignedBody prekey;
    absl::Time not_after = absl::InfinitePast();
  };
  std::map<std::pair<OrgId, v1::PrekeyClass>, Heard> heard_;
};

}  // namespace entente::trust
