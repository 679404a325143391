#pragma once

#include <string>

#include "base/bytes.h"

namespace entente::cli {

// A POSIX tar archive (ustar) in memory: regular files of mode 0600, no owner. Members must be few and small.
class TarFile {
 public:
  static constexpr size_t kMaxNameBytes = 100;

  // REQUIRES a relative `name` of at most kMaxNameBytes, given once.
  void Add(const std::string& name, ByteView content, int64_t unix_seconds);
  // The whole archive with its end; nothing is added behind that.
  Bytes Finish() const;

 private:
  Bytes members_;
};

}  // namespace entente::cli
