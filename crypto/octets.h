#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"

// Private to crypto/: the step between the project's bytes and the libraries' `unsigned char*`.
namespace entente::crypto {

// Overwrites in a way the compiler keeps.
void WipeMemory(void* memory, size_t size);

// Never null, because the libraries declare their pointers nonnull even where the length is 0.
inline const unsigned char* Octets(ByteView bytes) {
  static constexpr unsigned char kNothing = 0;
  return bytes.empty() ? &kNothing : reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* Octets(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}
inline ByteView AsView(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A short-lived secret on the stack; every copy wipes itself.
template <size_t N>
class Wiped {
 public:
  Wiped() = default;
  Wiped(const Wiped&) = default;
  Wiped& operator=(const Wiped&) = default;
  ~Wiped() { WipeMemory(bytes_.data(), N); }

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  std::span<uint8_t> span() { return bytes_; }
  ByteView view() const { return AsView(bytes_); }

 private:
  std::array<uint8_t, N> bytes_{};
};

}  // namespace entente::crypto
