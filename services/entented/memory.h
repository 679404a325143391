#pragma once

#include <cstdint>
#include <string>

namespace entente::node {

// Bytes of this process that only its end or its own hand gives back: resident, without pages of files. 0 when the
// system does not tell.
uint64_t MemoryUsed();

// The lowest memory.max or memory.high of this process's control group (version 2) and of those above it, in bytes;
// 0 without one. The arguments are where the system tells.
uint64_t ControlGroupLimit(const std::string& membership = "/proc/self/cgroup",
                           const std::string& groups = "/sys/fs/cgroup");

// The lower of two limits; 0 is none.
uint64_t LowerLimit(uint64_t a, uint64_t b);

// Gives memory that is free inside the process back to the system.
void TrimMemory();

}  // namespace entente::node
