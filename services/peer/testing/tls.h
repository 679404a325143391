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
// Takes one connection from `listen_fd` with `certificate`, and gives it so many session tickets.
Heard ListenAsServer(int listen_fd, const crypto::TransportCertificate& certificate, size_t enough, int tickets = 2);
// Proves `certificate`, and sends `last` and the end of TLS in one piece with it.
void HandshakeAndEnd(int port, const crypto::TransportCertificate& certificate, std::string_view last);
int PortOf(const std::string& address);

// A client that stays: its handshake is done when it is made, reads wait for at most ten seconds.
class TlsClient {
 public:
  TlsClient(int port, const crypto::TransportCertificate& certificate, bool with_alpn = true);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  bool Send(std::string_view bytes);
  std::string Read(size_t size);  // less when the other side ended first
  bool Ended() { return Read(1).empty(); }
  bool UpdateKeys();
  int fd() const { return fd_; }

 private:
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
  int fd_;
};

// The same certificate, changed and signed again, which the organisation itself could do.
enum class Change {
  kForSigningCode,   // an extended key usage that is not TLS
  kWithoutClaim,
  kSignedByAnother,  // as a CA would
};
crypto::TransportCertificate Changed(const crypto::TransportCertificate& certificate, Change change);

}  // namespace entente::peer::testing
