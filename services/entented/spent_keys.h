#pragma once

#include "crypto/keystore.h"
#include "trust/identity_chain.h"

namespace entente::node {

// Takes out of `keystore`, a node's or the one of its root keys, the keys that the newest document does not list: those
// that it dropped, and those that a program made and was killed over. Of root keys the former alone: that keystore may
// be another organisation's as well. Refuses as Keystore::Save.
absl::Status RemoveSpentKeys(const trust::IdentityHistory& history, crypto::Keystore& keystore);

}  // namespace entente::node
