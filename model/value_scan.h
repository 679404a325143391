#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "model/json.h"

namespace entente::model {

// Finds where a JSON string, array or object ends, over any cuts of the input, by following quotes and brackets alone.
class ValueScan {
 public:
  // `opening` is the value's first byte: '"', '[' or '{'; reading goes on behind it. `levels_outside` already enclose
  // it.
  ValueScan(char opening, uint64_t levels_outside);

  enum class Stop {
    kMore,      // all was read, the value goes on
    kDone,      // `read` ends with the value's last byte
    kTooDeep,   // `read` ends before the first bracket over kMaxJsonDepth; reading may go on, and says this only once
    kMismatch,  // `read` ends before a bracket that closes another kind
  };
  Stop Read(ByteView ahead, size_t& read);

 private:
  const char* EndOfString(const char* at, const char* end);
  void Push(bool is_object);

  uint64_t max_depth_;
  uint64_t depth_ = 0;
  uint64_t objects_ = 0;  // one bit for each of the 64 outermost levels: set for '{'. Deeper ones are only counted.
  bool in_string_ = false, escaped_ = false, said_too_deep_ = false;
};

}  // namespace entente::model
