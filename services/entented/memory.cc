#include "services/entented/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace entente::node {
namespace {

// 0 for "max", and where there is no such file: version 1, or a group without the controller.
uint64_t LimitIn(const std::string& path) {
  std::ifstream file(path);
  uint64_t bytes = 0;
  return file >> bytes ? bytes : 0;
}

}  // namespace

uint64_t LowerLimit(uint64_t a, uint64_t b) {
  if (a == 0 || b == 0) return a + b;
  return std::min(a, b);
}

uint64_t MemoryUsed() {
  std::ifstream file("/proc/self/statm");
  uint64_t size = 0, resident = 0, shared = 0;
  if (!(file >> size >> resident >> shared) || resident < shared) return 0;
  return (resident - shared) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

uint64_t ControlGroupLimit(const std::string& membership, const std::string& groups) {
  std::ifstream file(membership);
  std::string group;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) group = line.substr(3);
  }
  // The true root has no limits; what is the root inside a container may have.
  uint64_t limit = LowerLimit(LimitIn(groups + "/memory.max"), LimitIn(groups + "/memory.high"));
  while (!group.empty()) {
    const std::string folder = groups + (group == "/" ? "" : group);
    limit = LowerLimit(limit, LowerLimit(LimitIn(folder + "/memory.max"), LimitIn(folder + "/memory.high")));
    group.resize(group == "/" ? 0 : std::max<size_t>(1, group.rfind('/')));
    if (group == "/") group.clear();
  }
  return limit;
}

void TrimMemory() { malloc_trim(0); }

}  // namespace entente::node
