#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "envelope/envelope.h"
#include "trust/identity.h"
#include "trust/prekey.h"

namespace entente::hostile {

// Who forges, for whom, and what is forged from.
struct Forger {
  const trust::Self& self;
  OrgId target;
  const trust::Prekey& prekey;
  v1::Payload honest;    // batch and statements, without a seal
  Bytes stream, second;  // the stream that `equivocate-...` writes to, and other content for the same place of it
};

// The envelopes of scenario `name`, to be sent in this order: signed with real keys, honest but for one thing. Every
// one but the last is admitted. Empty for a name that is none of ours.
std::vector<Bytes> Forge(const Forger& forger, std::string_view name);

}  // namespace entente::hostile
