#include "services/entente/input_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/reject.h"
#include "services/entente/output.h"

namespace entente::cli {

absl::StatusOr<std::string> ReadInputFile(const std::string& path, std::string_view what, size_t limit) {
  constexpr size_t kStep = 1 << 20;
  const std::string named = "the " + std::string(what) + " '" + Shown(path) + "'";
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text;
  while (file && text.size() <= limit) {
    const size_t before = text.size();
    text.resize(before + std::min(kStep, limit + 1 - before));
    file.read(text.data() + before, static_cast<std::streamsize>(text.size() - before));
    text.resize(before + static_cast<size_t>(file.gcount()));
  }
  if (text.empty()) {
    const std::string why = file.is_open() ? "it is empty or no file" : std::strerror(errno);
    return Reject(RejectReason::kUsage, named + " cannot be read: " + why);
  }
  if (text.size() > limit) {
    return Reject(RejectReason::kLimit, named + " has over " + std::to_string(limit) + " bytes; give the file that was written for this");
  }
  return text;
}

absl::Status CheckNoPipe(const std::string& path) {
  struct stat facts {};
  if (stat(path.c_str(), &facts) != 0 || S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) return absl::OkStatus();
  const char* what = S_ISFIFO(facts.st_mode) ? "a pipe" : S_ISSOCK(facts.st_mode) ? "a socket" : "a device";
  return Reject(RejectReason::kUsage, "'" + Shown(path) + "' is " + what +
                                          " and no file: nothing was read of it, since nobody knows when it ends; "
                                          "write what it gives to a file and name that");
}

}  // namespace entente::cli
