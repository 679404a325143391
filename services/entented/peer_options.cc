#include "services/entented/peer_options.h"

namespace entente::node {
namespace {

// As many seconds' worth at once as by default.
void Allow(peer::Allowance& allowance, double per_second) {
  allowance = {per_second, allowance.burst / allowance.per_second * per_second};
}

}  // namespace

peer::LinkOptions PeerOptions(const Config& config) {
  peer::LinkOptions options;
  options.listen = config.peer_listen;
  options.max_connections = config.max_connections;
  options.max_connections_per_address = config.max_connections_per_address;
  Allow(options.budget.frames, static_cast<double>(config.peer_frames));
  Allow(options.budget.bytes, static_cast<double>(config.peer_mib << 20));
  Allow(options.budget.cpu_seconds, static_cast<double>(config.peer_cpu_percent) / 100);
  return options;
}

}  // namespace entente::node
