#pragma once

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/keystore.h"
#include "crypto/secret.h"

// A backup of an organisation's keys in one file under a passphrase of its own (docs/formats/files.md, "Backup of
// keys").
namespace entente::crypto {

inline constexpr KeystoreCost kBackupCost = kSensitive;

struct Backup {
  absl::Time made;  // in microseconds
  OrgId org;
  // Named as in the keystore: root, statement, admin, log and witness keys, references to tokens, `storage`,
  // `identity`.
  std::map<std::string, SecretBytes> secrets;
};

// Whether a secret of this name may be kept in a backup: a list of what may, so that a kind that comes later stays out.
bool BelongsInBackup(ByteView name);
// Mode 0600, all or nothing, never over an existing file. Refuses with kKeystore what does not belong into a backup:
// prekeys, epoch secrets, transport keys, invitations and PINs, which must not outlive what forward secrecy destroys;
// with kLimit what does not fit (SealKeystore).
absl::Status WriteBackup(const std::string& path, const SecretBytes& passphrase, const Backup& backup,
                         KeystoreCost cost = kBackupCost);
// Refuses with kKeystore: wrong passphrase, damage, a keystore, cost outside floor and cap (unhashed), a file that
// others may read, names that WriteBackup refuses. Whose backup it is the caller compares.
absl::StatusOr<Backup> ReadBackup(const std::string& path, const SecretBytes& passphrase);

}  // namespace entente::crypto
