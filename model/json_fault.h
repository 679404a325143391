#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/reject.h"

namespace entente::model {

// Why a text is no strict JSON, and at which byte. `what` is fixed text: it never holds a part of the input.
struct JsonFault {
  std::string_view what;
  size_t offset = 0;
};

// A place in a text; both 1-based, columns in bytes, lines end with LF.
struct TextPlace {
  uint64_t line = 1, column = 1;
};
// Where the byte behind `text` is when the first byte of `text` is at `start`.
TextPlace PlaceBehind(ByteView text, TextPlace start = {});
// "<what> at line L, column C"
absl::Status RejectAt(RejectReason reason, std::string_view what, TextPlace place);

}  // namespace entente::model
