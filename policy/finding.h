#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "model/text.h"
#include "policy/checks.h"

// How checks say what they found.
namespace entente::policy {

inline Finding Pass(std::string_view detail) { return {Result::kPass, std::string(detail), RejectReason::kNone, {}}; }
inline Finding Skip(std::string_view detail) { return {Result::kSkip, std::string(detail), RejectReason::kNone, {}}; }
inline Finding Fail(RejectReason reason, std::string detail, std::string remedy) {
  return {Result::kFail, std::move(detail), reason, std::move(remedy)};
}

template <typename T>
bool Holds(const std::vector<T>& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// Received words, escaped.
inline std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return model::Escaped(out, 120);
}

// The checks of limits that later versions will be able to meet; this one mostly keeps what has them at home.
Finding CheckSector(const Facts& facts);
Finding CheckPersonalData(const Facts& facts);
Finding CheckPurpose(const Facts& facts);
Finding CheckPap(const Facts& facts);
Finding CheckRetention(const Facts& facts);

}  // namespace entente::policy
