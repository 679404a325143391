#include "model/address_set.h"

#include <arpa/inet.h>

#include <charconv>
#include <string>

namespace entente::model {
namespace {

constexpr size_t kMaxAddressText = 64;
constexpr int kV4Bits = 32, kV6Bits = 128, kMappedBits = 96;  // of ::ffff:a.b.c.d in front of the IPv4 address

uint64_t BigEndian(const unsigned char* bytes, int count) {
  uint64_t out = 0;
  for (int i = 0; i < count; ++i) out = out << 8 | bytes[i];
  return out;
}

// `bits` leading ones of a 64-bit word.
uint64_t Mask(int bits) {
  return bits <= 0 ? 0 : bits >= 64 ? ~uint64_t{0} : ~uint64_t{0} << (64 - bits);
}

Network Cut(Network network) {
  if (network.v6) {
    network.high &= Mask(network.prefix);
    network.low &= Mask(network.prefix - 64);
  } else {
    network.low &= Mask(kV4Bits + network.prefix);
  }
  return network;
}

std::optional<Network> ParseAddress(const std::string& text) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return Network{false, 0, BigEndian(bytes, 4), kV4Bits};
  if (inet_pton(AF_INET6, text.c_str(), bytes) != 1) return std::nullopt;
  return Network{true, BigEndian(bytes, 8), BigEndian(bytes + 8, 8), kV6Bits};
}

// IPv4 inside IPv6 as IPv4, where the prefix reaches it.
Network Unmapped(const Network& network) {
  constexpr uint64_t kMapped = 0xFFFF;
  if (!network.v6 || network.high != 0 || network.low >> kV4Bits != kMapped || network.prefix < kMappedBits)
    return network;
  return {false, 0, network.low & 0xFFFFFFFF, network.prefix - kMappedBits};
}

}  // namespace

std::optional<Network> ParseNetwork(std::string_view text) {
  if (text.size() > kMaxAddressText || text.find('\0') != std::string_view::npos) return std::nullopt;
  const size_t slash = text.find('/');
  std::optional<Network> network = ParseAddress(std::string(text.substr(0, slash)));
  if (!network || slash == std::string_view::npos) return network ? std::optional(Unmapped(*network)) : network;
  const std::string_view digits = text.substr(slash + 1);
  int prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  if (prefix > (network->v6 ? kV6Bits : kV4Bits)) return std::nullopt;
  network->prefix = prefix;
  return Cut(Unmapped(*network));
}

size_t AddressSet::Hash::operator()(const std::pair<uint64_t, uint64_t>& key) const {
  const auto mix = [](uint64_t x) {
    x = (x ^ (x >> 31)) * 0x9E3779B97F4A7C15u;
    return x ^ (x >> 29);
  };
  return mix(mix(key.first) + key.second);
}

void AddressSet::Add(const Network& network) {
  (network.v6 ? v6_ : v4_)[network.prefix].insert({network.high, network.low});
}

bool AddressSet::Holds(const Network& address) const {
  if (address.prefix != (address.v6 ? kV6Bits : kV4Bits)) return false;
  for (const auto& [prefix, keys] : address.v6 ? v6_ : v4_) {
    Network network = address;
    network.prefix = prefix;
    network = Cut(network);
    if (keys.contains({network.high, network.low})) return true;
  }
  return false;
}

}  // namespace entente::model
