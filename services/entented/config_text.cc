#include <array>
#include <charconv>

#include "base/reject.h"
#include "services/entented/config.h"

namespace entente::node {
namespace {

constexpr size_t kMaxHostBytes = 255;

constexpr auto kKeys = std::to_array<ConfigKey>({
    {"name", "", "party name of this organisation, as signed into its identity; required"},
    {"nation", "", "ISO 3166-1 alpha-2 code of its nation; required"},
    {"kind", "\"cert\"", "nation, cert, private, research, observer or relay"},
    {"peer_listen", "\"127.0.0.1:7443\"", "host:port that peers dial; empty: this node only dials out"},
    {"peer_address", "\"\"", "host:port that the card tells others; empty: the same as peer_listen"},
    {"max_connections", "256", "connections accepted and not yet closed, all addresses together; then an unproven one gives way"},
    {"max_connections_per_address", "32", "the same, from one IPv4 address or IPv6 /64; then an unproven one from there gives way"},
    {"memory_limit_mib", "0", "MiB of memory that this node keeps within; 0: what its control group has"},
    {"peer_frames_per_second", "20000", "frames that one peer may send; over it is cut and kept out for a while"},
    {"peer_mib_per_second", "256", "MiB of frames that one peer may send, the same"},
    {"peer_cpu_percent", "50", "of one core, for one peer's frames, what is refused of it and what it costs in TLS beyond its bytes, the same"},
    {"metrics_listen", "\"127.0.0.1:9464\"", "host:port of /metrics, /livez and /readyz; empty: off"},
    {"log_level", "\"info\"", "trace, debug, info, warn or error"},
});

// TOML basic string. Values come from checked fields, but a folder's owner may have written anything into a Config.
std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}

std::string ValueOf(const Config& config, std::string_view key) {
  if (key == "name") return Quoted(config.name);
  if (key == "nation") return Quoted(config.nation);
  if (key == "kind") return Quoted(config.kind);
  if (key == "peer_listen") return Quoted(config.peer_listen);
  if (key == "peer_address") return Quoted(config.peer_address);
  if (key == "max_connections") return std::to_string(config.max_connections);
  if (key == "max_connections_per_address") return std::to_string(config.max_connections_per_address);
  if (key == "memory_limit_mib") return std::to_string(config.memory_limit_mib);
  if (key == "peer_frames_per_second") return std::to_string(config.peer_frames);
  if (key == "peer_mib_per_second") return std::to_string(config.peer_mib);
  if (key == "peer_cpu_percent") return std::to_string(config.peer_cpu_percent);
  if (key == "metrics_listen") return Quoted(config.metrics_listen);
  return Quoted(config.log_level);
}

}  // namespace

std::span<const ConfigKey> ConfigKeys() {
  return kKeys;
}

absl::StatusOr<std::pair<std::string, uint16_t>> ParseHostPort(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto refuse = [] {
    return Reject(RejectReason::kUsage, "must be host:port, such as 127.0.0.1:7443 or [::1]:7443");
  };
  if (colon == std::string_view::npos || colon == 0 || text.size() > kMaxHostBytes) return refuse();
  std::string host(text.substr(0, colon));
  if (host.front() == '[') {
    if (host.back() != ']' || host.size() < 4) return refuse();
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string::npos) {
    return refuse();
  }
  for (const char c : host) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!plain && c != '.' && c != '-' && c != '_' && c != ':' && c != '%') return refuse();
  }
  const std::string_view digits = text.substr(colon + 1);
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) return refuse();
  return std::pair<std::string, uint16_t>(std::move(host), port);
}

std::string WriteConfig(const Config& config) {
  std::string out =
      "# A node of Entente. docs/configuration.md describes every key; changes take effect at the next start.\n";
  for (const ConfigKey& key : kKeys) {
    out += "\n# " + std::string(key.meaning) + "\n" + std::string(key.name) + " = " + ValueOf(config, key.name) + "\n";
  }
  return out;
}

}  // namespace entente::node
