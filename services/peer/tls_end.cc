#include "services/peer/tls_end.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <utility>

#include "base/reject.h"

namespace entente::peer {
namespace {

constexpr unsigned char kAlpn[] = {2, 'h', '2'};
constexpr char kHandshakeRecord = 22;
constexpr size_t kReadBytes = 16 * 1024;

template <auto free_function>
struct FreeBy {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Memory = std::unique_ptr<BIO, FreeBy<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeBy<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, FreeBy<EVP_PKEY_free>>;

// gRPC and crypto/ use the thread's error queue, too: none of ours stays in it.
struct CleanErrors {
  CleanErrors() { ERR_clear_error(); }
  CleanErrors(const CleanErrors&) = delete;
  CleanErrors& operator=(const CleanErrors&) = delete;
  ~CleanErrors() { ERR_clear_error(); }
};

Memory MemoryOf(ByteView bytes) { return Memory(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))); }

int ChooseH2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered, unsigned offered_size,
             void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kAlpn, sizeof kAlpn, offered, offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool SpeaksH2(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  return ByteView(reinterpret_cast<const char*>(name), size) == "h2";
}

bool Take(SSL_CTX* context, const crypto::TransportCertificate& certificate) {
  const auto secret = certificate.private_key_pem.ExposeSecret();
  const Memory public_pem = MemoryOf(certificate.certificate_pem);
  const Memory private_pem = MemoryOf({reinterpret_cast<const char*>(secret.data()), secret.size()});
  const Certificate x509(PEM_read_bio_X509(public_pem.get(), nullptr, nullptr, nullptr));
  const PrivateKey key(PEM_read_bio_PrivateKey(private_pem.get(), nullptr, nullptr, nullptr));
  return x509 && key && SSL_CTX_use_certificate(context, x509.get()) == 1 &&
         SSL_CTX_use_PrivateKey(context, key.get()) == 1;
}

}  // namespace

void TlsIdentity::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void TlsEnd::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }
TlsEnd::~TlsEnd() = default;

absl::StatusOr<std::shared_ptr<const TlsIdentity>> TlsIdentity::Make(const crypto::TransportCertificate& certificate) {
  const CleanErrors clean;
  auto out = std::make_shared<TlsIdentity>();
  for (const TlsRole role : {TlsRole::kServer, TlsRole::kClient}) {
    SSL_CTX* context = SSL_CTX_new(role == TlsRole::kServer ? TLS_server_method() : TLS_client_method());
    out->contexts_[static_cast<size_t>(role)].reset(context);
    if (context == nullptr || !Take(context, certificate) ||
        SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 || SSL_CTX_set_num_tickets(context, 0) != 1 ||
        SSL_CTX_set_alpn_protos(context, kAlpn, sizeof kAlpn) != 0) {
      return Reject(RejectReason::kInternal, "OpenSSL does not take the transport certificate");
    }
    SSL_CTX_set_alpn_select_cb(context, ChooseH2, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(context, kMaxHandshakeCertificates);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // In place of chains to a CA, which nobody here has.
    SSL_CTX_set_cert_verify_callback(context, &TlsEnd::Verify, nullptr);
    SSL_CTX_set_msg_callback(context, &TlsEnd::Watch);
  }
  return std::shared_ptr<const TlsIdentity>(std::move(out));
}

std::unique_ptr<TlsEnd> TlsEnd::Make(std::shared_ptr<const TlsIdentity> identity, TlsRole role, Check check) {
  const CleanErrors clean;
  std::unique_ptr<TlsEnd> out(new TlsEnd);
  out->ssl_.reset(SSL_new(identity->context(role)));
  Memory in(BIO_new(BIO_s_mem())), from(BIO_new(BIO_s_mem()));
  if (!out->ssl_ || !in || !from) return nullptr;
  SSL_set_bio(out->ssl_.get(), in.release(), from.release());
  SSL_set_app_data(out->ssl_.get(), out.get());
  SSL_set_msg_callback_arg(out->ssl_.get(), out.get());
  if (role == TlsRole::kServer) {
    SSL_set_accept_state(out->ssl_.get());
  } else {
    SSL_set_connect_state(out->ssl_.get());
  }
  out->identity_ = std::move(identity);
  out->check_ = std::move(check);
  return out;
}

int TlsEnd::Verify(X509_STORE_CTX* store, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* self = static_cast<TlsEnd*>(SSL_get_app_data(ssl));
  const Memory pem(BIO_new(BIO_s_mem()));
  char* text = nullptr;
  X509* shown = X509_STORE_CTX_get0_cert(store);
  const bool read = pem && shown != nullptr && PEM_write_bio_X509(pem.get(), shown) == 1;
  const long size = read ? BIO_get_mem_data(pem.get(), &text) : 0;
  self->refused_ = !self->check_({text, static_cast<size_t>(size)});
  X509_STORE_CTX_set_error(store, self->refused_ ? X509_V_ERR_APPLICATION_VERIFICATION : X509_V_OK);
  return self->refused_ ? 0 : 1;
}

// Counts records. Key updates and session tickets cost key derivations and carry nothing: OpenSSL 3.0 takes any number of them. No node of ours
// sends either.
void TlsEnd::Watch(int written, int, int type, const void* bytes, size_t size, SSL*, void* self) {
  if (written != 0 || size == 0 || self == nullptr) return;
  if (type == SSL3_RT_HEADER) ++static_cast<TlsEnd*>(self)->records_;
  if (type != SSL3_RT_HANDSHAKE) return;
  const unsigned char kind = *static_cast<const unsigned char*>(bytes);
  if (kind == SSL3_MT_KEY_UPDATE || kind == SSL3_MT_NEWSESSION_TICKET) ++static_cast<TlsEnd*>(self)->key_updates_;
}

void TlsEnd::Feed(ByteView wire) {
  if (!wire.empty() && !std::exchange(fed_, true)) no_tls_ = wire[0] != kHandshakeRecord;
  BIO_write(SSL_get_rbio(ssl_.get()), wire.data(), static_cast<int>(wire.size()));
}

void TlsEnd::Drain(std::string& wire) {
  BIO* from = SSL_get_wbio(ssl_.get());
  const size_t size = BIO_ctrl_pending(from), before = wire.size();
  if (size == 0) return;
  wire.resize(before + size);
  BIO_read(from, wire.data() + before, static_cast<int>(size));
}

Handshake TlsEnd::Shake() {
  const CleanErrors clean;
  if (no_tls_) return Handshake::kNoTls;
  const int done = SSL_do_handshake(ssl_.get());
  if (done == 1) return SpeaksH2(ssl_.get()) ? Handshake::kDone : Handshake::kFailed;
  if (SSL_get_error(ssl_.get(), done) == SSL_ERROR_WANT_READ) return Handshake::kWaits;
  if (refused_) return Handshake::kRefused;
  const bool none = ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
  return none ? Handshake::kNoCertificate : Handshake::kFailed;
}

TlsEnd::Read TlsEnd::Decrypt(std::string& plaintext) {
  const CleanErrors clean;
  char buffer[kReadBytes];  // a record at most, which may be one byte
  for (;;) {
    const int got = SSL_read(ssl_.get(), buffer, sizeof buffer);
    plaintext.append(buffer, static_cast<size_t>(got > 0 ? got : 0));
    if (key_updates_ > kMaxKeyUpdates) return Read::kKeyUpdates;
    if (got > 0) continue;
    const int error = SSL_get_error(ssl_.get(), got);
    if (error == SSL_ERROR_WANT_READ) return Read::kMore;
    return error == SSL_ERROR_ZERO_RETURN ? Read::kEnd : Read::kBroken;
  }
}

bool TlsEnd::Encrypt(ByteView plaintext) {
  const CleanErrors clean;
  return SSL_write(ssl_.get(), plaintext.data(), static_cast<int>(plaintext.size())) ==
         static_cast<int>(plaintext.size());
}

void TlsEnd::Close() {
  const CleanErrors clean;
  SSL_shutdown(ssl_.get());
}

}  // namespace entente::peer
