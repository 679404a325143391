#pragma once

#include "services/entented/config.h"
#include "services/peer/links.h"

namespace entente::node {

// What the configuration says about the peer port and its peers.
peer::LinkOptions PeerOptions(const Config& config);

}  // namespace entente::node
