#pragma once

#include <memory>

#include "base/bytes.h"

namespace entente::crypto {

// SHA-256 of bytes that come piece by piece, for what is too large to be held. Give it everything in order, then Finish
// once; nothing may follow. Not for secrets: its state stays in ordinary memory. One thread at a time.
class RunningHash {
 public:
  RunningHash();
  ~RunningHash();
  void Add(ByteView bytes);
  Digest Finish();

 private:
  class Context;
  const std::unique_ptr<Context> context_;
};

}  // namespace entente::crypto
