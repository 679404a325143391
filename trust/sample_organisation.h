#pragma once

#include <memory>
#include <string>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "trust/key_maker.h"

// Organisations with real keys, for the trust tests.
namespace entente::trust {

inline absl::Time SampleNow() { return absl::FromUnixSeconds(1'800'000'000); }

inline crypto::SigningKey SampleKey(char c) {
  static const bool ready = crypto::Initialise().ok();
  return ready ? *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(Bytes(crypto::kKeySize, c)))
               : crypto::SigningKey::Generate();
}

// Keys from the seeds `c` (root) and `c` + 1 (statement), repeated.
inline v1::SignedIdentity SampleIdentity(const std::string& name, char c) {
  return *MakeIdentity(name, SampleKey(c), SampleKey(static_cast<char>(c + 1)), SampleNow());
}
inline Self SampleSelf(const std::string& name, char c) {
  auto key = std::make_shared<const crypto::SigningKey>(SampleKey(static_cast<char>(c + 1)));
  const KeyId key_id = MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key());
  return {*Identity::Check(SampleIdentity(name, c), SampleNow()), key_id, std::move(key)};
}

inline RejectReason CheckReason(const v1::SignedIdentity& identity, absl::Time now = SampleNow()) {
  return ReasonOf(Identity::Check(identity, now).status());
}

}  // namespace entente::trust
