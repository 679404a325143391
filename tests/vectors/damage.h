#pragma once

#include <functional>
#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/reject.h"
#include "tests/vectors/vector_file.h"

// What becomes of a known answer on a bad way. Every golden file is replayed damaged by these, wherever its reader
// stands.
namespace entente::test {

inline constexpr size_t kDamageSteps = 64;

// Calls `each` with `whole` cut at each 64th of its length, with one bit flipped at 64 places spread over it, with a
// byte behind it, and twice over. `what` says which, for messages. `whole` has 64 bytes at least.
inline void ForEachDamage(const Bytes& whole,
                          const std::function<void(const Bytes& bent, const std::string& what)>& each) {
  for (size_t i = 0; i < kDamageSteps; ++i) {
    const size_t at = whole.size() * i / kDamageSteps;
    each(whole.substr(0, at), absl::StrCat("cut to ", at));
    Bytes bent = whole;
    bent[at] = static_cast<char>(bent[at] ^ (1 << (i % 8)));
    each(bent, absl::StrCat("bit ", i % 8, " of byte ", at, " flipped"));
  }
  each(whole + '\0', "a byte behind");
  each(whole + whole, "twice over");
}

// Whether `status` is a refusal for one of `reasons`.
inline bool IsRefusedFor(const absl::Status& status, std::initializer_list<RejectReason> reasons) {
  for (const RejectReason reason : reasons) {
    if (!status.ok() && ReasonOf(status) == reason) return true;
  }
  return false;
}

}  // namespace entente::test
