#include "services/entented/free_port.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "services/entented/config.h"

namespace entente::node {
namespace {

constexpr uint32_t kLowestPort = 10240, kDefaultEphemeral = 32768;
constexpr int kTries = 200;

uint32_t FirstEphemeralPort() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  uint32_t first = 0;
  return file >> first && first > kLowestPort && first <= 65535 ? first : kDefaultEphemeral;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

absl::StatusOr<Address> Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), "0", &hints, &found);
  if (error != 0) return Reject(RejectReason::kUsage, "'" + host + "' is no address: " + gai_strerror(error));
  Address address;
  std::memcpy(&address.storage, found->ai_addr, found->ai_addrlen);
  address.size = found->ai_addrlen;
  freeaddrinfo(found);
  return address;
}

void SetPort(Address& address, uint16_t port) {
  if (address.storage.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6&>(address.storage).sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in&>(address.storage).sin_port = htons(port);
  }
}

bool CanBind(const Address& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0;
  close(fd);
  return bound;
}

}  // namespace

absl::StatusOr<std::string> ChoosePort(const std::string& listen, const std::string& taken) {
  const auto parsed = ParseHostPort(listen);
  if (!parsed.ok()) return parsed.status();
  if (parsed->second != 0) return listen;
  auto address = Resolve(parsed->first);
  if (!address.ok()) return address.status();
  const std::string prefix = listen.substr(0, listen.rfind(':') + 1);
  const uint32_t span = FirstEphemeralPort() - kLowestPort;
  for (int i = 0; i < kTries; ++i) {
    uint32_t random = 0;
    crypto::RandomBytes(reinterpret_cast<uint8_t*>(&random), sizeof random);
    const auto port = static_cast<uint16_t>(kLowestPort + random % span);
    SetPort(*address, port);
    std::string chosen = prefix + std::to_string(port);
    if (chosen != taken && CanBind(*address)) return chosen;
  }
  return Reject(RejectReason::kUsage, "no free port found on '" + parsed->first + "'; name one");
}

}  // namespace entente::node
