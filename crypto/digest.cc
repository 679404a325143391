#include <openssl/evp.h>
#include <sodium.h>

#include <bit>
#include <cstdlib>
#include <memory>

#include "crypto/crypto.h"
#include "crypto/primitives.h"
#include "crypto/running_hash.h"

namespace entente::crypto {
namespace {

constexpr size_t kBlock = 64;

// One hash at a time per thread. The context lives as long as its thread: allocating one per digest would cost more
// than the digest. After Initialise() a failure here means that memory is gone or corrupt, so the program ends.
class Sha256Context {
 public:
  Sha256Context() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    const EVP_MD* algorithm = Algorithm();
    usable_ = context_ && algorithm && EVP_DigestInit_ex2(context_.get(), algorithm, nullptr) == 1;
  }
  bool usable() const { return usable_; }
  void Begin() { Require(usable_ && EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1); }
  void Add(ByteView bytes) { Require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }
  Digest Finish() {
    Digest digest;
    Require(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr) == 1);
    return digest;
  }

 private:
  // Fetched once and never freed: threads may outlive main().
  static const EVP_MD* Algorithm() {
    static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    return algorithm;
  }
  static void Require(bool ok) {
    if (!ok) std::abort();
  }

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool usable_ = false;
};

Sha256Context& ThreadContext() {
  static thread_local Sha256Context context;
  return context;
}

}  // namespace

std::optional<Digest> TrySha256(ByteView bytes) {
  if (!ThreadContext().usable()) return std::nullopt;
  return Sha256(bytes);
}

Digest Sha256(ByteView bytes) {
  Sha256Context& hash = ThreadContext();
  hash.Begin();
  hash.Add(bytes);
  return hash.Finish();
}

class RunningHash::Context : public Sha256Context {};

RunningHash::RunningHash() : context_(std::make_unique<Context>()) { context_->Begin(); }
RunningHash::~RunningHash() = default;
void RunningHash::Add(ByteView bytes) { context_->Add(bytes); }
Digest RunningHash::Finish() { return context_->Finish(); }

Digest LabeledHash(ByteView label, std::initializer_list<ByteView> parts) {
  static constexpr char kEnd[] = {0, static_cast<char>(kSuite >> 8), static_cast<char>(kSuite & 0xff)};
  Sha256Context& hash = ThreadContext();
  hash.Begin();
  hash.Add(label);
  hash.Add({kEnd, sizeof(kEnd)});
  for (ByteView part : parts) hash.Add(part);
  return hash.Finish();
}

Bytes Pae(ByteView payload_type, ByteView body) {
  const std::string type_size = std::to_string(payload_type.size()), body_size = std::to_string(body.size());
  Bytes out;
  out.reserve(10 + type_size.size() + payload_type.size() + body_size.size() + body.size());
  out.append("DSSEv1 ").append(type_size).append(" ").append(payload_type).append(" ");
  return out.append(body_size).append(" ").append(body);
}

SecretBytes HmacPads(ByteView key) {
  SecretBytes pads(2 * kBlock);
  std::span<uint8_t> out = pads.MutableSecret();
  for (size_t i = 0; i < kBlock; ++i) {
    const uint8_t byte = i < key.size() ? static_cast<uint8_t>(key[i]) : 0;
    out[i] = byte ^ 0x36;
    out[kBlock + i] = byte ^ 0x5c;
  }
  return pads;
}

Digest Hmac(const SecretBytes& pads, std::initializer_list<ByteView> parts) {
  const ByteView blocks = AsView(pads.ExposeSecret());
  Sha256Context& hash = ThreadContext();
  hash.Begin();
  hash.Add(blocks.substr(0, kBlock));
  for (ByteView part : parts) hash.Add(part);
  const Digest inner = hash.Finish();
  hash.Begin();
  hash.Add(blocks.substr(kBlock));
  hash.Add(inner.view());
  return hash.Finish();
}

void RandomBytes(uint8_t* out, size_t size) {
  randombytes_buf(out, size);
}

// The padding hides all but the highest bits of a size: as many low bits are cleared as the size has bits, less the
// number of bits of that count.
size_t PaddedSize(size_t size) {
  if (size < 2) return size;
  const unsigned exponent = static_cast<unsigned>(std::bit_width(size)) - 1;
  const unsigned kept = static_cast<unsigned>(std::bit_width(exponent));
  const size_t mask = (size_t{1} << (exponent - kept)) - 1;
  return (size + mask) & ~mask;
}

}  // namespace entente::crypto
