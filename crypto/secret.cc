#include "crypto/secret.h"

#include <sodium.h>

#include <cstring>
#include <new>
#include <utility>

#include "crypto/octets.h"

namespace entente::crypto {

SecretBytes::SecretBytes(size_t size) : size_(size) {
  if (size == 0) return;
  data_ = static_cast<uint8_t*>(sodium_malloc(size));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, size);
}

SecretBytes SecretBytes::CopyOf(ByteView bytes) {
  SecretBytes secret(bytes.size());
  if (!bytes.empty()) std::memcpy(secret.data_, bytes.data(), bytes.size());
  return secret;
}

SecretBytes SecretBytes::Random(size_t size) {
  SecretBytes secret(size);
  if (size != 0) randombytes_buf(secret.data_, size);
  return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  SecretBytes taken(std::move(other));  // so that what this object held is wiped here, not when `other` ends
  std::swap(data_, taken.data_);
  std::swap(size_, taken.size_);
  return *this;
}

SecretBytes::~SecretBytes() {
  sodium_free(data_);
}

SecretBytes SecretBytes::Clone() const {
  return CopyOf(AsView(ExposeSecret()));
}

bool ConstantTimeEqual(ByteView a, ByteView b) {
  return a.size() == b.size() && sodium_memcmp(Octets(a), Octets(b), a.size()) == 0;
}

void Wipe(Bytes& bytes) {
  bytes.resize(bytes.capacity());  // what an earlier, longer content left behind
  WipeMemory(bytes.data(), bytes.size());
  bytes.clear();
}

void WipeMemory(void* memory, size_t size) {
  sodium_memzero(memory, size);
}

}  // namespace entente::crypto
