#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policy/policy.h"

namespace entente::policy::testing {

template <typename T>
bool In(const T& value, const std::vector<T>& list) {
  return std::count(list.begin(), list.end(), value) > 0;
}

// One question with what sections 1, 2 and 4 of docs/policy.md derive from it. Labels are numbers, CLEAR 1 to RED 5.
struct Reader {
  explicit Reader(const Question& asked);
  std::set<std::string> Relationships() const;
  // What the matrix permits by, and the code of the cell; empty for nothing.
  std::pair<std::string, char> Carried() const;
  std::optional<uint32_t> HopLimit(bool distributor) const;

  const Question& q;
  const Constraints& c;
  const Standing& s;
  bool home, named, direct, running, foreign;
  int own, label;
  std::string nation;

 private:
  bool Met(char code) const;
};

}  // namespace entente::policy::testing
