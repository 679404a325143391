#include "services/peer/socket_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>

namespace entente::peer {

std::string Text(const sockaddr_storage& address) {
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  const bool mapped = address.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET || mapped) {
    const void* bytes = mapped ? static_cast<const void*>(v6.sin6_addr.s6_addr + 12) : &v4.sin_addr;
    inet_ntop(AF_INET, bytes, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(mapped ? v6.sin6_port : v4.sin_port));
  }
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

Origin OriginOf(const sockaddr_storage& peer) {
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
  const bool mapped = peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr);
  const auto* bytes = reinterpret_cast<const char*>(&v6.sin6_addr);
  if (peer.ss_family != AF_INET && !mapped) return {std::string(bytes, 64 / 8), std::string(bytes, 48 / 8)};
  const std::string address(mapped ? bytes + 12 : reinterpret_cast<const char*>(&v4.sin_addr), sizeof v4.sin_addr);
  return {address, address};
}

std::string AddressOf(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) == 0 ? Text(bound) : "";
}

}  // namespace entente::peer
