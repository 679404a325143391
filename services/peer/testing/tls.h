#pragma once

#include <memory>
#include <string>

#include <openssl/ssl.h>

#include "crypto/transport_certificate.h"

// A TLS end made of OpenSSL alone, to look at what a gRPC end says behind the handshake.
namespace entente::peer::testing {

// Application bytes that came until the other side closed or `enough` had come, and whether the handshake seemed to
// hold.
struct Heard {
  bool handshake = false;
  std::string bytes;
  std::string certificate;  // the other side's, DER; empty where it showed none
};
// Connects to 127.0.0.1:port with `certificate` (may be null) and at most TLS `max_version`.
Heard ListenAsClient(int port, const crypto::TransportCertificate* certificate, size_t enough,
                     int max_version = TLS1_3_VERSION);
// Takes one connection from `listen_fd` with `certificate`.
Heard ListenAsServer(int listen_fd, const crypto::TransportCertificate& certificate, size_t enough);
int PortOf(const std::string& address);

}  // namespace entente::peer::testing
