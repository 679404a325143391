#pragma once

#include <cstdint>
#include <ctime>

namespace entente::exchange {

// Adds the CPU time that this thread spends between construction and destruction to `total_ns`. One thread's, and
// not counting the time it waits.
class CpuMeter {
 public:
  explicit CpuMeter(uint64_t& total_ns) : total_ns_(total_ns), begun_ns_(Now()) {}
  ~CpuMeter() { total_ns_ += Now() - begun_ns_; }
  CpuMeter(const CpuMeter&) = delete;
  CpuMeter& operator=(const CpuMeter&) = delete;

 private:
  static uint64_t Now() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
  }
  uint64_t& total_ns_;
  const uint64_t begun_ns_;
};

}  // namespace entente::exchange
