#include <sys/statvfs.h>
#include <sys/timex.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "services/entente/checks.h"
#include "services/entente/output.h"
#include "storage/journal.h"

namespace entente::cli {
namespace {

using Result = Finding::Result;
constexpr auto kMachine = "machine";

void ExamineClock(std::vector<Finding>& findings) {
  timex state{};
  const int answer = adjtimex(&state);  // reads only: no mode is set
  if (answer < 0 || (state.status & STA_UNSYNC) != 0) {
    findings.push_back({kMachine, Result::kWarning, "the clock is not known to be synchronised",
                        "run a time service; statements from more than ten minutes in the future are refused"});
  } else {
    findings.push_back({kMachine, Result::kOk, "the clock is synchronised", ""});
  }
}

void ExamineDisk(const std::string& folder, std::vector<Finding>& findings) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) {
    findings.push_back(
        {kMachine, Result::kFailure, "the disk cannot be asked: " + std::string(std::strerror(errno)), ""});
    return;
  }
  const storage::JournalOptions limits;
  const uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  const auto share = static_cast<uint64_t>(limits.space_floor_fraction * static_cast<double>(disk.f_blocks) *
                                           static_cast<double>(disk.f_frsize));
  const uint64_t floor = std::min(share, limits.space_floor_bytes);
  const std::string what =
      Grouped(free >> 20) + " MiB free on the store's disk; intake stops under " + Grouped(floor >> 20);
  if (free < floor) {
    findings.push_back({kMachine, Result::kFailure, what, "free space; intake resumes by itself"});
  } else if (free < 2 * floor) {
    findings.push_back({kMachine, Result::kWarning, what, "free space soon"});
  } else {
    findings.push_back({kMachine, Result::kOk, what, ""});
  }
}

}  // namespace

void ExamineMachine(const std::string& folder, std::vector<Finding>& findings) {
  ExamineClock(findings);
  ExamineDisk(folder, findings);
}

}  // namespace entente::cli
