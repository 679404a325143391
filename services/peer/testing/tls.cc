#include "services/peer/testing/tls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
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

using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using PrivateKey = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Certificate CertificateOf(const crypto::TransportCertificate& certificate) {
  const std::string& pem = certificate.certificate_pem;
  const Memory in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  return Certificate(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
}
PrivateKey KeyOf(const crypto::TransportCertificate& certificate) {
  const auto secret = certificate.private_key_pem.ExposeSecret();
  const Memory in(BIO_new_mem_buf(secret.data(), static_cast<int>(secret.size())), BIO_free);
  return PrivateKey(PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
}

void Use(SSL_CTX* context, const crypto::TransportCertificate& certificate) {
  if (SSL_CTX_use_certificate(context, CertificateOf(certificate).get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, KeyOf(certificate).get()) != 1) {
    abort();
  }
}

int ConnectedTo(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) abort();
  const timeval patience{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  return fd;
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

void HandshakeAndEnd(int port, const crypto::TransportCertificate& certificate, std::string_view last) {
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  Use(context.get(), certificate);
  const Connection ssl(SSL_new(context.get()), SSL_free);
  SSL_set_alpn_protos(ssl.get(), kAlpn, sizeof kAlpn);
  SSL_set_connect_state(ssl.get());
  BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), in, out);
  const int fd = ConnectedTo(port);
  const auto flush = [&] {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(out, &bytes);
    if (send(fd, bytes, static_cast<size_t>(size), MSG_NOSIGNAL) != size || BIO_reset(out) != 1) abort();
  };
  char buffer[16 * 1024];
  while (SSL_do_handshake(ssl.get()) != 1) {
    flush();
    const ssize_t got = recv(fd, buffer, sizeof buffer, 0);
    if (got <= 0 || BIO_write(in, buffer, static_cast<int>(got)) != got) abort();
  }
  if (!last.empty()) SSL_write(ssl.get(), last.data(), static_cast<int>(last.size()));
  SSL_shutdown(ssl.get());
  flush();
  close(fd);
}

int PortOf(const std::string& address) { return std::atoi(address.substr(address.rfind(':') + 1).c_str()); }

Heard ListenAsClient(int port, const crypto::TransportCertificate* certificate, size_t enough, int max_version) {
  const Context context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), max_version);
  if (certificate != nullptr) Use(context.get(), *certificate);
  const Connection ssl(SSL_new(context.get()), SSL_free);
  SSL_set_alpn_protos(ssl.get(), kAlpn, sizeof kAlpn);
  const int fd = ConnectedTo(port);
  return Listen(ssl.get(), fd, /*as_client=*/true, enough);
}

Heard ListenAsServer(int listen_fd, const crypto::TransportCertificate& certificate, size_t enough, int tickets) {
  const Context context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  Use(context.get(), certificate);
  SSL_CTX_set_alpn_select_cb(context.get(), ChooseH2, nullptr);
  SSL_CTX_set_num_tickets(context.get(), static_cast<size_t>(tickets));
  const Connection ssl(SSL_new(context.get()), SSL_free);
  const int fd = accept(listen_fd, nullptr, nullptr);
  if (fd < 0) abort();
  return Listen(ssl.get(), fd, /*as_client=*/false, enough);
}

TlsClient::TlsClient(int port, const crypto::TransportCertificate& certificate, bool with_alpn)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free), fd_(ConnectedTo(port)) {
  std::signal(SIGPIPE, SIG_IGN);
  Use(context_.get(), certificate);
  ssl_.reset(SSL_new(context_.get()));
  if (with_alpn) SSL_set_alpn_protos(ssl_.get(), kAlpn, sizeof kAlpn);
  SSL_set_fd(ssl_.get(), fd_);
  SSL_connect(ssl_.get());
}
TlsClient::~TlsClient() { close(fd_); }

bool TlsClient::Send(std::string_view bytes) {
  return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) == static_cast<int>(bytes.size());
}
std::string TlsClient::Read(size_t size) {
  std::string out(size, '\0');
  size_t have = 0;
  for (int got = 0; have < size; have += static_cast<size_t>(got)) {
    got = SSL_read(ssl_.get(), out.data() + have, static_cast<int>(size - have));
    if (got <= 0) break;
  }
  out.resize(have);
  return out;
}
bool TlsClient::UpdateKeys() {
  return SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1 && SSL_do_handshake(ssl_.get()) == 1;
}

crypto::TransportCertificate Changed(const crypto::TransportCertificate& certificate, Change change) {
  const Certificate x509 = CertificateOf(certificate);
  PrivateKey signer = KeyOf(certificate);
  if (change == Change::kForSigningCode) {
    X509_EXTENSION* use = X509V3_EXT_conf_nid(nullptr, nullptr, NID_ext_key_usage, "codeSigning");
    X509_add_ext(x509.get(), use, -1);
    X509_EXTENSION_free(use);
  }
  if (change == Change::kWithoutClaim) X509_EXTENSION_free(X509_delete_ext(x509.get(), X509_get_ext_count(x509.get()) - 1));
  if (change == Change::kSignedByAnother) signer.reset(EVP_EC_gen("P-256"));
  X509_sign(x509.get(), signer.get(), EVP_sha256());
  const Memory pem(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_X509(pem.get(), x509.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(pem.get(), &text);
  const auto secret = certificate.private_key_pem.ExposeSecret();
  return {std::string(text, static_cast<size_t>(size)),
          crypto::SecretBytes::CopyOf({reinterpret_cast<const char*>(secret.data()), secret.size()})};
}

}  // namespace entente::peer::testing
