#pragma once

#include <cstddef>

namespace entente::exchange {

// A turn to hold parsed objects in memory. A parsed object takes about six times its bytes, 200 MiB at the largest, from
// its parsing until it is stored. Of batches with more than kBigObjectBytes of content, kBigParsesAtOnce are held at
// once in the whole process, published and received together; others wait. Whoever waits must hold nothing that the
// journal's committer needs. Small batches have no turn and never wait.
inline constexpr size_t kBigObjectBytes = 2u << 20;
inline constexpr int kBigParsesAtOnce = 1;

class BigParse {
 public:
  explicit BigParse(size_t bytes);  // blocks until it is this one's turn
  ~BigParse();
  BigParse(const BigParse&) = delete;
  BigParse& operator=(const BigParse&) = delete;
  static bool IsBig(size_t bytes) { return bytes > kBigObjectBytes; }

 private:
  const bool big_;
};

}  // namespace entente::exchange
