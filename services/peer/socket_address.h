#pragma once

#include <sys/socket.h>

#include <string>

namespace entente::peer {

// "192.0.2.1:7443", "[2001:db8::1]:7443"; an IPv4 address inside an IPv6 one as itself.
std::string Text(const sockaddr_storage& address);
// Where the socket is bound; empty when it is not.
std::string AddressOf(int fd);

// Whom connections that came from there are put down to.
struct Origin {
  std::string address;  // an IPv4 address, or an IPv6 /64: what one machine is likely to hold
  std::string network;  // the same IPv4 address, or the IPv6 /48: what one site is likely to hold
};
Origin OriginOf(const sockaddr_storage& peer);

}  // namespace entente::peer
