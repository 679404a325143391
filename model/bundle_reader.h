#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/json.h"

namespace entente::model {

// Cuts a STIX bundle into the exact bytes of its objects while reading it: memory holds one object, never the file.
// Accepts a bundle, a bare array of objects, or a single STIX object. The surroundings of the objects are checked as
// strict JSON; inside an object only nesting and strings are followed here, JsonDocument checks the rest.
// Not thread-safe.
class BundleReader {
 public:
  // Fills `buffer` with up to `size` bytes and returns how many; 0 at the end; a status when reading failed.
  using Source = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;
  explicit BundleReader(Source source);

  struct Object {
    Bytes content;            // from its '{' to its '}' as in the file; empty when refused
    uint64_t line = 0, column = 0;  // where it starts; 1-based
    absl::Status refused;     // kLimit: over 32 MiB, skipped whole; kJson: deeper than 64; OK otherwise
  };
  // The next object; nothing at the proper end. Refuses with kJson ("at line L, column C") when the file is no bundle or
  // breaks off; what was returned before stays good and every later call repeats the refusal.
  absl::StatusOr<std::optional<Object>> Next();

 private:
  // (the implementation adds its state here)
};

}  // namespace entente::model
