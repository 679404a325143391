#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace entente::model {

// An IPv4 or IPv6 address as numbers, or a network of them: `prefix` leading bits count, the others are zero.
struct Network {
  bool v6 = false;
  uint64_t high = 0, low = 0;  // IPv4 in the low 32 bits of `low`
  int prefix = 0;
};
// An address, or a network as "ADDRESS/PREFIX"; IPv4 inside IPv6 is IPv4. Nothing for any other text.
std::optional<Network> ParseNetwork(std::string_view text);

// Networks, asked for one address at a time: one look-up for each prefix length that is among them.
class AddressSet {
 public:
  void Add(const Network& network);
  // False for what is no single address.
  bool Holds(const Network& address) const;

 private:
  struct Hash {
    size_t operator()(const std::pair<uint64_t, uint64_t>& key) const;
  };
  using Keys = std::unordered_set<std::pair<uint64_t, uint64_t>, Hash>;
  std::map<int, Keys> v4_, v6_;  // by prefix length
};

}  // namespace entente::model
