#pragma once

#include <span>

#include "absl/status/status.h"
#include "base/bytes.h"

// Private to crypto/: what Initialise() checks, open to its test.
namespace entente::crypto {

struct KnownAnswer {
  ByteView name;
  bool (*holds)();
};
// One for every primitive of the suite.
std::span<const KnownAnswer> KnownAnswers();
// Refuses with kSelfTest, naming the first that does not hold.
absl::Status CheckKnownAnswers(std::span<const KnownAnswer> answers);
// Refuses with kSelfTest any other major than the one built against, and versions under 1.0.22.
absl::Status CheckSodiumVersion(int library_major, ByteView version);

}  // namespace entente::crypto
