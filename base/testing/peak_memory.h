#pragma once

#include <cstddef>
#include <fstream>
#include <string>

// How much memory a step of a test took at most. Only in test programs; the process as a whole is measured.
namespace entente::test {

// Sanitizers keep shadow memory and hold freed blocks back.
#if defined(ENTENTE_ADDRESS_SANITIZER) || defined(ENTENTE_THREAD_SANITIZER)
inline constexpr size_t kMemoryFactor = 4;
#else
inline constexpr size_t kMemoryFactor = 1;
#endif

class PeakMemory {
 public:
  PeakMemory() {
    std::ofstream("/proc/self/clear_refs") << "5";
    start_ = Read();
  }
  // The highest resident set since this was made, beyond what it was then.
  size_t Growth() const { return Read() - start_; }
  bool GrewLessThan(size_t bytes) const { return Growth() < bytes * kMemoryFactor; }

 private:
  static size_t Read() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;) {
      if (size_t kib = 0; word == "VmHWM:" && status >> kib) return kib << 10;
    }
    return 0;
  }
  size_t start_;
};

}  // namespace entente::test
