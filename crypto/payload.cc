#include <algorithm>
#include <limits>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

// docs/formats/payload.md
namespace entente::crypto {
namespace {

constexpr size_t kSealedChunk = kChunkSize + kTagSize, kNoncePrefix = 19, kAdSize = 2 * Digest::kSize;
constexpr uint64_t kMaxChunks = std::numeric_limits<uint32_t>::max();
// How many appended bytes are told from damage where the last chunk is not full; each costs one tag.
constexpr size_t kTrailingProbes = 16;

size_t ChunkCount(size_t size, size_t chunk) {
  return size == 0 ? 1 : size / chunk + (size % chunk != 0 ? 1 : 0);
}

// Key, nonce and associated data of the chunks of one payload. The key is of this payload alone and the counter never
// repeats under it, so no nonce does; the last flag makes a cut at a chunk's end visible.
class Chunks {
 public:
  Chunks(const PayloadKeys& keys, const Digest& h_core) : key_(AsView(keys.key.ExposeSecret())) {
    std::copy_n(keys.nonce.begin(), kNoncePrefix, nonce_);
    std::copy_n(h_core.view().begin(), Digest::kSize, ad_);
    std::copy_n(keys.commitment.view().begin(), Digest::kSize, ad_ + Digest::kSize);
  }
  void Seal(uint32_t counter, bool last, ByteView plaintext, uint8_t* out) {
    XChaChaSeal(key_, Nonce(counter, last), {ad_, kAdSize}, plaintext, out);
  }
  bool Open(uint32_t counter, bool last, ByteView sealed, uint8_t* out) {
    return XChaChaOpen(key_, Nonce(counter, last), {ad_, kAdSize}, sealed, out);
  }

 private:
  ByteView Nonce(uint32_t counter, bool last) {
    for (size_t i = 0; i < 4; ++i) nonce_[kNoncePrefix + i] = static_cast<char>(counter >> (24 - 8 * i));
    nonce_[kXChaChaNonceSize - 1] = last ? 1 : 0;
    return {nonce_, kXChaChaNonceSize};
  }

  ByteView key_;
  char nonce_[kXChaChaNonceSize], ad_[kAdSize];
};

// A last chunk that holds nothing follows no other: every plaintext has one sealed form.
bool IsEmptyExtra(uint64_t counter, ByteView rest) {
  return counter > 0 && rest.size() == kTagSize;
}

// Names what happened to the chunk at the front of `rest`, which did not open. Nothing is decrypted here.
absl::Status Diagnose(Chunks& chunks, uint32_t counter, ByteView rest) {
  const absl::Status trailing = Reject(RejectReason::kTrailing, "bytes follow the payload's last chunk");
  const absl::Status truncated = Reject(RejectReason::kTruncated, "the payload ends before its last chunk does");
  const bool last = rest.size() <= kSealedChunk;
  if (rest.size() < kTagSize) return truncated;
  if (IsEmptyExtra(counter, rest) && chunks.Open(counter, true, rest, nullptr)) return trailing;
  if (chunks.Open(counter, !last, rest.substr(0, kSealedChunk), nullptr)) return last ? truncated : trailing;
  for (size_t extra = 1; extra <= kTrailingProbes && extra < rest.size(); ++extra) {
    const ByteView shorter = rest.substr(0, rest.size() - extra);
    if (shorter.size() <= kSealedChunk && chunks.Open(counter, true, shorter, nullptr)) return trailing;
  }
  return Reject(RejectReason::kAead, "the payload does not authenticate: damaged, reordered or of another envelope");
}

}  // namespace

PayloadKeys DerivePayloadKeys(const SecretBytes& content_key, const Digest& h_core) {
  const Wiped<kKeySize> prk = HkdfExtract(h_core.view(), {AsView(content_key.ExposeSecret())});
  PayloadKeys keys{SecretBytes(kKeySize), Bytes(kNoncePrefix, '\0'), Digest()};
  HkdfExpand(prk.view(), ExpandInfo("entente/1/key"), keys.key.MutableSecret());
  HkdfExpand(prk.view(), ExpandInfo("entente/1/nonce"), {Octets(keys.nonce), kNoncePrefix});
  HkdfExpand(prk.view(), ExpandInfo("entente/1/commit"), {keys.commitment.data(), Digest::kSize});
  return keys;
}

size_t SealedPayloadSize(size_t plaintext) {
  return plaintext + ChunkCount(plaintext, kChunkSize) * kTagSize;
}

absl::StatusOr<Bytes> SealPayload(const PayloadKeys& keys, const Digest& h_core, ByteView plaintext) {
  const uint64_t count = ChunkCount(plaintext.size(), kChunkSize);
  if (count > kMaxChunks)
    return Reject(RejectReason::kLimit, "a payload has at most 2^32-1 chunks of 64 KiB; split it");
  Bytes sealed(SealedPayloadSize(plaintext.size()), '\0');
  Chunks chunks(keys, h_core);
  for (uint64_t i = 0; i < count; ++i) {
    chunks.Seal(static_cast<uint32_t>(i), i + 1 == count, plaintext.substr(i * kChunkSize, kChunkSize),
                Octets(sealed) + i * kSealedChunk);
  }
  return sealed;
}

absl::StatusOr<Bytes> OpenPayload(const PayloadKeys& keys, const Digest& h_core, ByteView sealed) {
  const uint64_t count = ChunkCount(sealed.size(), kSealedChunk);
  if (count > kMaxChunks) return Reject(RejectReason::kLimit, "a payload has at most 2^32-1 chunks of 64 KiB");
  const size_t last_size = sealed.size() - (count - 1) * kSealedChunk;
  Bytes plaintext(last_size < kTagSize ? sealed.size() - last_size : sealed.size() - count * kTagSize, '\0');
  Chunks chunks(keys, h_core);
  for (uint64_t i = 0; i < count; ++i) {
    const ByteView rest = sealed.substr(i * kSealedChunk);
    uint8_t* out = Octets(plaintext) + i * kChunkSize;
    if (!IsEmptyExtra(i, rest) &&
        chunks.Open(static_cast<uint32_t>(i), i + 1 == count, rest.substr(0, kSealedChunk), out)) {
      continue;
    }
    Wipe(plaintext);
    return Diagnose(chunks, static_cast<uint32_t>(i), rest);
  }
  return plaintext;
}

}  // namespace entente::crypto
