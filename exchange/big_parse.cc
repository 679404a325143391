#include "exchange/big_parse.h"

#include <semaphore>

namespace entente::exchange {
namespace {

// Of the process, as the memory is.
std::counting_semaphore<kBigParsesAtOnce> g_turns(kBigParsesAtOnce);

}  // namespace

BigParse::BigParse(size_t bytes) : big_(IsBig(bytes)) {
  if (big_) g_turns.acquire();
}

BigParse::~BigParse() {
  if (big_) g_turns.release();
}

}  // namespace entente::exchange
