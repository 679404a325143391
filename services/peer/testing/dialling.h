#pragma once

#include <memory>

#include "exchange/exchange.h"
#include "services/peer/credentials.h"
#include "services/peer/tunnels.h"

namespace entente::peer::testing {

// Ends in time however slow the machine is.
inline constexpr TunnelLimits kPatientHandshake{.handshake = std::chrono::seconds(30)};

// Tunnels of a node that only dials. The room outlives them.
inline std::unique_ptr<Tunnels> DiallingTunnels(
    const exchange::Room& room, TunnelLimits limits = kPatientHandshake,
    std::function<void(const OrgId&, const Http2Breach&)> on_cut = [](const OrgId&, const Http2Breach&) {}) {
  Tunnels::Hooks hooks;
  hooks.check = [&room](ByteView pem, const std::optional<OrgId>& expected) {
    return CheckAndCount(room, pem, expected);
  };
  hooks.on_cut = std::move(on_cut);
  return *Tunnels::Start(Credentials::Make(room)->identity, limits, std::move(hooks));
}

}  // namespace entente::peer::testing
