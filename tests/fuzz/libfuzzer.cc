// One libFuzzer program for all targets: the name it is started by says which (build/asan/tests/fuzz/json).
#include <cstdio>
#include <cstdlib>

#include "crypto/crypto.h"
#include "tests/fuzz/fuzz.h"

namespace {
const entente::fuzz::Target* target = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  std::string_view name = (*arguments)[0];
  name.remove_prefix(name.rfind('/') + 1);
  target = entente::fuzz::FindTarget(name);
  if (target == nullptr || !entente::crypto::Initialise().ok()) {
    std::fprintf(stderr, "start it by the name of a target:");
    for (const auto& known : entente::fuzz::Targets()) {
      std::fprintf(stderr, " %.*s:%zu", static_cast<int>(known.name.size()), known.name.data(), known.max_bytes);
    }
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
