#include <sys/random.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "crypto/crypto.h"
#include "services/entente/checks.h"
#include "services/entente/http_get.h"
#include "services/entente/output.h"
#include "services/entente/process.h"

// What `doctor --pre` looks at: is this machine fit for a node that is not there yet?
namespace entente::cli {
namespace {

using Result = Finding::Result;
constexpr auto kProgram = "program", kMachine = "machine", kPorts = "ports", kFolder = "folder", kNetwork = "network";
constexpr uint64_t kRootMiB = 1024, kNodeMiB = 256, kFewDescriptors = 1024, kMemlockKiB = 64;
constexpr int kOldestMajor = 4, kOldestMinor = 19;  // the oldest kernel that Debian 10 has

void ExaminePrograms(std::vector<Finding>& findings) {
  if (const auto daemon = DaemonProgram(); daemon.ok()) {
    findings.push_back({kProgram, Result::kOk, "the daemon is " + *daemon, ""});
  } else {
    findings.push_back({kProgram, Result::kFailure, std::string(daemon.status().message()), "install entente whole"});
  }
  if (const absl::Status status = crypto::Initialise(); !status.ok()) {
    findings.push_back({kProgram, Result::kFailure, std::string(status.message()), "entente help E_SELFTEST"});
  } else {
    findings.push_back({kProgram, Result::kOk, "libsodium's version and every known answer are right", ""});
  }
  uint8_t byte = 0;
  if (getrandom(&byte, 1, GRND_NONBLOCK) == 1) {
    findings.push_back({kMachine, Result::kOk, "the kernel's random numbers are ready", ""});
  } else {
    findings.push_back({kMachine, Result::kFailure, "the kernel has no random numbers yet",
                        "wait, or give a virtual machine a virtio-rng device: keys need them"});
  }
}

uint64_t AvailableMiB() {
  std::ifstream in("/proc/meminfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string name;
    uint64_t kib = 0;
    if (words >> name >> kib && name == "MemAvailable:") return kib >> 10;
  }
  return 0;
}

void ExamineMemory(std::vector<Finding>& findings) {
  const uint64_t free = AvailableMiB();
  const std::string what = Grouped(free) + " MiB of memory available";
  if (free < kNodeMiB) {
    findings.push_back({kMachine, Result::kFailure, what, "a node needs " + Grouped(kNodeMiB) + " MiB; free some"});
  } else if (free < kRootMiB + kNodeMiB) {
    findings.push_back({kMachine, Result::kWarning, what + "; making the root key takes " + Grouped(kRootMiB),
                        "free some, or make the node with --root-cost daemon"});
  } else {
    findings.push_back({kMachine, Result::kOk, what, ""});
  }
}

void ExamineLimits(std::vector<Finding>& findings) {
  rlimit files{}, locked{};
  getrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_MEMLOCK, &locked);
  const std::string what = "up to " + Grouped(files.rlim_cur) + " file descriptors for a process";
  const bool few = files.rlim_cur < kFewDescriptors;
  findings.push_back({kMachine, few ? Result::kWarning : Result::kOk, what,
                      few ? "raise the limit (LimitNOFILE=, ulimit -n) to 4096 or more" : ""});
  const bool little = locked.rlim_cur != RLIM_INFINITY && locked.rlim_cur < kMemlockKiB << 10;
  findings.push_back(
      {kMachine, little ? Result::kWarning : Result::kOk,
       little ? "almost no memory may be locked: keys could be written to swap" : "keys can be kept from swap",
       little ? "raise the limit (LimitMEMLOCK=, ulimit -l) to 64 KiB or more" : ""});
}

void ExamineKernel(std::vector<Finding>& findings) {
  utsname machine{};
  uname(&machine);
  int major = 0, minor = 0;
  const bool read = std::sscanf(machine.release, "%d.%d", &major, &minor) == 2;
  const bool old = !read || major < kOldestMajor || (major == kOldestMajor && minor < kOldestMinor);
  findings.push_back({kMachine, old ? Result::kWarning : Result::kOk,
                      "kernel " + std::string(machine.release) + " on " + machine.machine,
                      old ? "entente is tried on 4.19 and newer" : ""});
  std::ifstream in("/proc/cpuinfo");
  std::string missing;
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("flags")) continue;
    for (const std::string flag : {"sse4_2", "pclmulqdq", "avx2"}) {
      if ((line + " ").find(" " + flag + " ") == std::string::npos) missing += (missing.empty() ? "" : ", ") + flag;
    }
    findings.push_back(
        {kMachine, missing.empty() ? Result::kOk : Result::kWarning,
         missing.empty() ? "the processor has what checksums and keys are fast with"
                         : "the processor, or what this virtual machine sees of it, lacks " + missing,
         missing.empty() ? "" : "everything works, slower; give the virtual machine its host's processor type"});
    return;
  }
}

void ExaminePort(uint16_t port, const std::string& what, const std::string& option, std::vector<Finding>& findings) {
  const std::string name = what + " port " + std::to_string(port);
  if (PortIsFree(port)) {
    findings.push_back({kPorts, Result::kOk, name + " is free", ""});
  } else {
    findings.push_back({kPorts, Result::kWarning, name + " is taken: `entente init` will choose another",
                        "end what listens there, or name a port with " + option});
  }
}

// Answers the nearest folder that exists: the disk that the node would be on.
std::string ExamineFolder(const std::string& folder, std::vector<Finding>& findings) {
  std::error_code error;
  const std::filesystem::path given = folder.empty() ? std::filesystem::current_path(error) : folder.c_str();
  const std::filesystem::path path = std::filesystem::absolute(given, error).lexically_normal();
  std::filesystem::path there = path;
  while (!there.empty() && !std::filesystem::exists(there, error) && there != there.parent_path()) {
    there = there.parent_path();
  }
  if (!std::filesystem::is_directory(there, error) || access(there.c_str(), W_OK | X_OK) != 0) {
    findings.push_back({kFolder, Result::kFailure, there.string() + " takes no new files from this user",
                        "name another folder with --node, or run as its owner"});
  } else if (!folder.empty() && there == path && !std::filesystem::is_empty(path, error)) {
    findings.push_back({kFolder, Result::kFailure, path.string() + " is not empty",
                        "name a new or empty folder with --node; without --pre the node there is examined"});
  } else {
    findings.push_back({kFolder, Result::kOk, there.string() + " takes new files", ""});
  }
  return there.string();
}

}  // namespace

std::vector<Finding> ExamineBefore(const std::string& folder, const std::vector<std::string>& addresses) {
  std::vector<Finding> findings;
  ExaminePrograms(findings);
  ExamineKernel(findings);
  ExamineMemory(findings);
  ExamineLimits(findings);
  std::vector<Finding> of_folder;
  ExamineMachine(ExamineFolder(folder, of_folder), findings);
  findings.insert(findings.end(), of_folder.begin(), of_folder.end());
  ExaminePort(kPeerPort, "peer", "--listen", findings);
  ExaminePort(kMetricsPort, "metrics", "--metrics", findings);
  for (const std::string& address : addresses) {
    const absl::Status status = Dial(address);
    if (status.ok()) {
      findings.push_back({kNetwork, Result::kOk, address + " answers", ""});
    } else {
      findings.push_back({kNetwork, Result::kFailure, address + ": " + std::string(status.message()),
                          "check the name, the routes and the firewalls between here and there"});
    }
  }
  return findings;
}

}  // namespace entente::cli
