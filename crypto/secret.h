#pragma once

#include <cstddef>
#include <span>

#include "base/bytes.h"

namespace entente::crypto {

// Secret bytes in guarded, locked memory (sodium_malloc): wiped on destruction, excluded from core dumps, not copyable,
// never printable. Reading needs the named call. Reading from several threads is safe.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(size_t size);           // zeros
  static SecretBytes CopyOf(ByteView bytes);   // the caller wipes its own copy
  static SecretBytes Random(size_t size);
  SecretBytes(SecretBytes&& other) noexcept;
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  SecretBytes Clone() const;
  // The bytes themselves; valid while this object lives. Grep for this name to find every reader.
  std::span<const uint8_t> ExposeSecret() const { return {data_, size_}; }
  std::span<uint8_t> MutableSecret() { return {data_, size_}; }

 private:
  uint8_t* data_ = nullptr;
  size_t size_ = 0;
};

// Constant time in the contents; lengths are public.
bool ConstantTimeEqual(ByteView a, ByteView b);
// Wipes ordinary memory that held a secret for a moment.
void Wipe(Bytes& bytes);

}  // namespace entente::crypto
