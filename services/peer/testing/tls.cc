#include "services/peer/testing/tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace entente::peer::testing {
namespace {

constexpr unsigned char kAlpn[] = {2, 'h', '2'};

using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;
using Connection = std::unique_ptr<SSL, decltype(&SSL_free)>;

void Use(SSL_CTX* context, const crypto::TransportCertificate& certificate) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> public_pem(
      BIO_new_mem_buf(certificate.certificate_pem.data(), static_cast<int>(certificate.certificate_pem.size())),
      BIO_free);
  const auto secret = certificate.private_key_pem.ExposeSecret();
  const std::unique_ptr<BIO, decltype(&BIO_free)> private_pem(
      BIO_new_mem_buf(secret.data(), static_cast<int>(secret.size())), BIO_free);
  X509* x509 = PEM_read_bio_X509(public_pem.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(private_pem.get(), nullptr, nullptr, nullptr);
  if (SSL_CTX_use_certificate(context, x509) != 1 || SSL_CTX_use_PrivateKey(context, key) != 1) abort();
  X509_free(x509);
  EVP_PKEY_free(key);
}

int ChooseH2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char*, unsigned, void*) {
  *out = kAlpn + 1;
  *size = 2;
  return SSL_TLSEXT_ERR_OK;
}

Heard Listen(SSL* ssl, int fd, bool as_client, size_t enough) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes alerts to connections that are gone
  const timeval patience{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  SSL_set_fd(ssl, fd);
  Heard heard;
  heard.handshake = (as_client ? SSL_connect(ssl) : SSL_accept(ssl)) == 1;
  if (X509* shown = SSL_get0_peer_certificate(ssl); shown != nullptr) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(shown, &der);
    heard.certificate.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
    OPENSSL_free(der);
  }
  char buffer[4096];
  while (heard.handshake && heard.bytes.size() < enough) {
    const int got = SSL_read(ssl, buffer, sizeof buffer);
    if (got <= 0) break;
    heard.bytes.append(buffer, static_cast<size_t>(got));
  }
  close(fd);
  return heard;
}

}  // namespace

int PortOf(const std::string& address) { return std::atoi(address.substr(address.rfind(':') + 1).c_str()); }

Heard ListenAsClient(int port, const crypto::TransportCertificate* certificate, size_t enough, int max_version) {
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  if (certificate != nullptr) Use(context.get(), *certificate);
  const Connection ssl(SSL_new(context.get()), SSL_free);
  SSL_set_alpn_protos(ssl.get(), kAlpn, sizeof kAlpn);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) abort();
  return Listen(ssl.get(), fd, /*as_client=*/true, enough);
}

Heard ListenAsServer(int listen_fd, const crypto::TransportCertificate& certificate, size_t enough) {
  const Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  Use(context.get(), certificate);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseH2, nullptr);
  const Connection ssl(SSL_new(context.get()), SSL_free);
  const int fd = accept(listen_fd, nullptr, nullptr);
  if (fd < 0) abort();
  return Listen(ssl.get(), fd, /*as_client=*/false, enough);
}

}  // namespace entente::peer::testing
