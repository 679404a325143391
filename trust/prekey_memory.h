#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "crypto/keystore.h"

// What a keystore keeps of destroyed prekeys, under "prekey-gone/<hex id>": the end of their use and no secret, so that a
// late sender is told that the key is gone and not that there never was one.
namespace entente::trust {

inline constexpr absl::Duration kPrekeyMemory = absl::Hours(24 * 35);  // from the end of a prekey's use
inline constexpr size_t kMaxRememberedPrekeys = 256;                   // a steady clock leads to eight

// In memory only, until the keystore is saved.
void RememberGone(crypto::Keystore& keystore, const PrekeyId& id, absl::Time end);
// Drops what is past kPrekeyMemory, and beyond kMaxRememberedPrekeys what ended first. Whether anything went; kKeystore
// for an entry that this version cannot read.
absl::StatusOr<bool> ForgetLongGone(crypto::Keystore& keystore, absl::Time now);
bool IsRemembered(const crypto::Keystore& keystore, const PrekeyId& id, absl::Time now);

}  // namespace entente::trust
