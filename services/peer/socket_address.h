#pragma once

#include <sys/socket.h>

#include <string>

namespace entente::peer {

// "192.0.2.1:7443", "[2001:db8::1]:7443"; an IPv4 address inside an IPv6 one as itself.
std::string Text(const sockaddr_storage& address);
// Where the socket is bound; empty when it is not.
std::string AddressOf(int fd);

}  // namespace entente::peer
