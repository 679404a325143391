#include "storage/engine_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace entente::storage {
namespace {

constexpr size_t kMaxLineBytes = 8 * 1024;
constexpr std::string_view kDropping = ".log: dropping ";

}  // namespace

EngineLog::EngineLog(const std::string& folder)
    : rocksdb::Logger(rocksdb::InfoLogLevel::INFO_LEVEL), path_(folder + "/LOG") {
  std::lock_guard lock(mutex_);
  OpenLocked();
}
EngineLog::~EngineLog() {
  if (fd_ >= 0) close(fd_);
}

void EngineLog::Logv(const char* format, va_list arguments) {
  char text[kMaxLineBytes];
  const int made = vsnprintf(text, sizeof(text), format, arguments);
  if (made < 0) return;
  std::string line = absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone()) + " ";
  line.append(text, std::min<size_t>(static_cast<size_t>(made), sizeof(text) - 1));
  if (line.back() != '\n') line.push_back('\n');
  std::lock_guard lock(mutex_);
  KeepLocked(line);
  if (size_ + line.size() > kEngineLogBytes) {
    rename(path_.c_str(), (path_ + ".old").c_str());
    OpenLocked();
  }
  const ssize_t wrote = fd_ < 0 ? 0 : write(fd_, line.data(), line.size());
  size_ += wrote > 0 ? static_cast<size_t>(wrote) : 0;
}

std::string EngineLog::Dropped() const {
  std::lock_guard lock(mutex_);
  return dropped_;
}

void EngineLog::KeepLocked(const std::string& line) {
  const size_t at = line.find(kDropping);
  if (at == std::string::npos) return;
  const size_t slash = line.rfind('/', at), end = line.find(';', at);
  const size_t from = slash == std::string::npos ? at : slash + 1;
  if (end != std::string::npos) dropped_ = line.substr(from, end - from);
}

void EngineLog::OpenLocked() {
  if (fd_ >= 0) close(fd_);
  fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
  struct stat file {};
  size_ = fd_ >= 0 && fstat(fd_, &file) == 0 ? static_cast<size_t>(file.st_size) : 0;
}

}  // namespace entente::storage
