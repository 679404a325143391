#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace entente {

// Bytes that somebody owns and bytes that somebody lends. Never text unless a name says so; may contain NUL.
using Bytes = std::string;
using ByteView = std::string_view;

// A fixed-width identifier or digest. `Tag` keeps an organisation's id from being passed as a key's id.
// Values compare bytewise (not in constant time: never hold a secret in one). Default is all zeros.
template <size_t N, typename Tag>
class FixedBytes {
 public:
  static constexpr size_t kSize = N;

  FixedBytes() = default;
  // Empty when `bytes` is not exactly N long.
  static std::optional<FixedBytes> From(ByteView bytes) {
    if (bytes.size() != N) return std::nullopt;
    FixedBytes out;
    std::memcpy(out.bytes_.data(), bytes.data(), N);
    return out;
  }
  ByteView view() const { return {reinterpret_cast<const char*>(bytes_.data()), N}; }
  Bytes str() const { return Bytes(view()); }
  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  bool IsZero() const {
    return std::all_of(bytes_.begin(), bytes_.end(), [](uint8_t b) { return b == 0; });
  }
  auto operator<=>(const FixedBytes&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const FixedBytes& id) {
    return H::combine(std::move(h), id.bytes_);
  }

 private:
  std::array<uint8_t, N> bytes_{};
};

using Digest = FixedBytes<32, struct DigestTag>;            // SHA-256
using OrgId = FixedBytes<32, struct OrgIdTag>;              // hash of an organisation's first identity document
using KeyId = FixedBytes<32, struct KeyIdTag>;              // SHA-256 of a public key with its algorithm
using StatementId = FixedBytes<32, struct StatementIdTag>;  // SHA-256 of the statement's PAE
using StreamId = FixedBytes<16, struct StreamIdTag>;
using EnvelopeId = FixedBytes<16, struct EnvelopeIdTag>;
using PrekeyId = FixedBytes<16, struct PrekeyIdTag>;
using RouteTag = FixedBytes<16, struct RouteTagTag>;        // leads a receiver to an epoch; random in direct mode
using GroupId = FixedBytes<32, struct GroupIdTag>;          // hash of a group's first membership document

// Big-endian integers, the only integer encoding inside hashed and stored bytes.
template <typename T>
void AppendBigEndian(Bytes& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(static_cast<uint8_t>(value >> shift)));
  }
}
// `in` must hold at least sizeof(T) bytes.
template <typename T>
T ReadBigEndian(ByteView in) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | static_cast<uint8_t>(in[i]));
  return value;
}

}  // namespace entente
