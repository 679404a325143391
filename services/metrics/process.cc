#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "services/metrics/collect.h"

namespace entente::metrics {
namespace {

// Fields of /proc/self/stat behind the command's closing parenthesis, which may itself hold spaces (proc(5) counts from
// 1; field 3 is the first here).
std::vector<std::string> StatFields() {
  std::ifstream file("/proc/self/stat");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream words(text.substr(end + 1));
  return {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()};
}

// Seconds since 1970 at which the machine started; 0 when unknown.
double BootTime() {
  std::ifstream file("/proc/stat");
  std::string word;
  while (file >> word) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return 0;
}

size_t OpenDescriptors() {
  DIR* folder = opendir("/proc/self/fd");
  if (folder == nullptr) return 0;
  size_t count = 0;
  while (const dirent* entry = readdir(folder)) count += entry->d_name[0] != '.' ? 1 : 0;
  closedir(folder);
  return count > 0 ? count - 1 : 0;  // without the one that counts
}

void AddOne(std::vector<prometheus::MetricFamily>& out, prometheus::MetricFamily family, double value) {
  Add(family, {}, value);
  out.push_back(std::move(family));
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectProcess() {
  constexpr size_t kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStartTicks = 19, kVirtual = 20, kResident = 21;
  std::vector<prometheus::MetricFamily> out;
  const std::vector<std::string> stat = StatFields();
  if (stat.size() > kResident) {
    const auto field = [&](size_t index) { return std::strtod(stat[index].c_str(), nullptr); };
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    AddOne(out, Counter("process_cpu_seconds_total", "User and system CPU time."),
           (field(kUserTicks) + field(kSystemTicks)) / ticks);
    AddOne(out, Gauge("process_resident_memory_bytes", "Resident memory."),
           field(kResident) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    AddOne(out, Gauge("process_virtual_memory_bytes", "Virtual memory."), field(kVirtual));
    AddOne(out, Gauge("process_threads", "Threads of the process."), field(kThreads));
    AddOne(out, Gauge("process_start_time_seconds", "Start of the process since 1970."),
           BootTime() + field(kStartTicks) / ticks);
  }
  AddOne(out, Gauge("process_open_fds", "Open file descriptors."), static_cast<double>(OpenDescriptors()));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    AddOne(out, Gauge("process_max_fds", "File descriptors this process may have."),
           static_cast<double>(limit.rlim_cur));
  }
  return out;
}

}  // namespace entente::metrics
