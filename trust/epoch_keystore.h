#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "crypto/group_keys.h"
#include "crypto/keystore.h"
#include "trust/epoch.h"

// The secrets of epochs in a keystore, under "epoch/<hex group>/<number>/<hex of 8 bytes of the epoch's id>", with the latest
// moments at which they are destroyed. Whoever calls holds the keystore's mutex.
namespace entente::trust {

inline constexpr size_t kMaxEpochSecrets = 4096;  // of a node: three fifths of a keystore's 1 MiB

size_t CountEpochSecrets(const crypto::Keystore& keystore);
// In memory only, until the keystore is saved.
void PutEpochSecret(crypto::Keystore& keystore, const Epoch& epoch, const crypto::EpochSecret& secret, absl::Time drain_until,
                    absl::Time keep_until);
void RemoveEpochSecret(crypto::Keystore& keystore, const Epoch& epoch);
struct StoredEpochSecret {
  std::shared_ptr<const crypto::EpochSecret> secret;  // null when there is none
  absl::Time drain_until;                             // as it was put
};
// Refuses with kKeystore an entry that is no secret of this epoch.
absl::StatusOr<StoredEpochSecret> FindEpochSecret(const crypto::Keystore& keystore, const Epoch& epoch);
// Removes each secret whose latest moment is past, also of a group that nobody follows any more. Whether any went; kKeystore for
// an entry that this version cannot read.
absl::StatusOr<bool> RemoveEndedSecrets(crypto::Keystore& keystore, absl::Time now);

}  // namespace entente::trust
