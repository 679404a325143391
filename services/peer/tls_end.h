#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/transport_certificate.h"

// TLS 1.3 with client certificates and ALPN "h2", over memory: OpenSSL's SSL stops here. Nothing resumes, so each
// connection proves its certificate.
struct ssl_st;
struct ssl_ctx_st;
struct x509_store_ctx_st;

namespace entente::peer {

enum class TlsRole { kServer, kClient };
inline constexpr int kMaxKeyUpdates = 16;               // of one connection, by the peer
inline constexpr long kMaxHandshakeCertificates = 16 * 1024;  // bytes of them

// This node's certificate and settings for both roles. Immutable, shared by its connections.
class TlsIdentity {
 public:
  // Refuses with kInternal when OpenSSL does not take the certificate.
  static absl::StatusOr<std::shared_ptr<const TlsIdentity>> Make(const crypto::TransportCertificate& certificate);
  ssl_ctx_st* context(TlsRole role) const { return contexts_[static_cast<size_t>(role)].get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  std::unique_ptr<ssl_ctx_st, Free> contexts_[2];
};

// How far a handshake came.
enum class Handshake {
  kWaits,          // for the peer
  kDone,
  kNoTls,          // the peer's first byte begins no TLS record
  kNoCertificate,  // the peer showed none
  kRefused,        // by the check of the certificate
  kFailed,         // otherwise
};

// One end of a TLS connection: bytes of the wire in and out on one side, plaintext on the other. Work per call is bounded
// by the bytes fed. Not thread-safe.
class TlsEnd {
 public:
  // Sees the peer's certificate, PEM, before the handshake can hold; true lets it go on. That the peer has the
  // certificate's key is proven only by kDone.
  using Check = std::function<bool(ByteView pem)>;
  static std::unique_ptr<TlsEnd> Make(std::shared_ptr<const TlsIdentity> identity, TlsRole role, Check check);
  ~TlsEnd();
  TlsEnd(const TlsEnd&) = delete;
  TlsEnd& operator=(const TlsEnd&) = delete;

  void Feed(ByteView wire);
  // Moves all that OpenSSL wants sent to the end of `wire`.
  void Drain(std::string& wire);
  Handshake Shake();

  // REQUIRES of the rest: Shake said kDone.
  enum class Read { kMore, kEnd, kBroken, kKeyUpdates };
  // Appends all plaintext that was fed whole. kMore: the rest is still to come.
  Read Decrypt(std::string& plaintext);
  // Records begun by the peer since the last call.
  int TakeRecords() { return std::exchange(records_, 0); }
  // False: the connection is broken.
  bool Encrypt(ByteView plaintext);
  // Says that nothing more comes.
  void Close();

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  TlsEnd() = default;
  static int Verify(x509_store_ctx_st* store, void*);
  static void Watch(int written, int version, int type, const void* bytes, size_t size, ssl_st* ssl, void* self);
  friend class TlsIdentity;

  std::shared_ptr<const TlsIdentity> identity_;
  std::unique_ptr<ssl_st, Free> ssl_;
  Check check_;
  bool fed_ = false, no_tls_ = false, refused_ = false;
  int key_updates_ = 0, records_ = 0;
};

}  // namespace entente::peer
