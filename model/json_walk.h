#pragma once

#include <optional>

#include "model/json.h"
#include "model/json_fault.h"

namespace entente::model {

// The wall around simdjson: json_walk.cc alone includes it.
class JsonWalk {
 public:
  // Builds the tree of `text` into `root` and returns nothing, or returns the fault and leaves `root` half-built.
  // `buffer` is overwritten; every string and number of the tree points into it. `text` is at most kMaxJsonBytes.
  static std::optional<JsonFault> Run(ByteView text, Bytes& buffer, JsonValue& root);

 private:
  class Pass;
};

}  // namespace entente::model
