#include "trust/heard_prekeys.h"

#include "base/reject.h"

namespace entente::trust {

void HeardPrekeys::Keep(const OrgId& org, v1::PrekeyClass prekey_class, const v1::SignedBody& prekey,
                        absl::Time not_after) {
  const std::lock_guard lock(mutex_);
  Heard& heard = heard_[{org, prekey_class}];
  if (not_after >= heard.not_after) heard = {prekey, not_after};
}

absl::StatusOr<Prekey> HeardPrekeys::ForFile(const IdentityHistory& owner, absl::Time now) const {
  absl::Status last =
      Reject(RejectReason::kPrekey,
             "no prekey of this party is known since the node started; let it connect once, then export");
  for (const v1::PrekeyClass prekey_class : {v1::PREKEY_CLASS_ONLINE, v1::PREKEY_CLASS_OFFLINE}) {
    v1::SignedBody signed_prekey;
    {
      const std::lock_guard lock(mutex_);
      const auto found = heard_.find({owner.org(), prekey_class});
      if (found == heard_.end()) continue;
      signed_prekey = found->second.prekey;
    }
    absl::StatusOr<Prekey> prekey = CheckPrekey(owner, signed_prekey, now, prekey_class);
    if (prekey.ok()) return prekey;
    last = prekey.status();
  }
  return last;
}

}  // namespace entente::trust
