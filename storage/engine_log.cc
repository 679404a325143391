#include "storage/engine_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <mutex>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace entente::storage {
namespace {

constexpr size_t kMaxLineBytes = 8 * 1024;

class EngineLog final : public rocksdb::Logger {
 public:
  explicit EngineLog(const std::string& folder)
      : rocksdb::Logger(rocksdb::InfoLogLevel::INFO_LEVEL), path_(folder + "/LOG") {
    std::lock_guard lock(mutex_);
    OpenLocked();
  }
  ~EngineLog() override {
    if (fd_ >= 0) close(fd_);
  }

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char text[kMaxLineBytes];
    const int made = vsnprintf(text, sizeof(text), format, arguments);
    if (made < 0) return;
    std::string line = absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone()) + " ";
    line.append(text, std::min<size_t>(static_cast<size_t>(made), sizeof(text) - 1));
    if (line.back() != '\n') line.push_back('\n');
    std::lock_guard lock(mutex_);
    if (size_ + line.size() > kEngineLogBytes) {
      rename(path_.c_str(), (path_ + ".old").c_str());
      OpenLocked();
    }
    const ssize_t wrote = fd_ < 0 ? 0 : write(fd_, line.data(), line.size());
    size_ += wrote > 0 ? static_cast<size_t>(wrote) : 0;
  }

 private:
  void OpenLocked() {
    if (fd_ >= 0) close(fd_);
    fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, S_IRUSR | S_IWUSR);
    struct stat file {};
    size_ = fd_ >= 0 && fstat(fd_, &file) == 0 ? static_cast<size_t>(file.st_size) : 0;
  }

  const std::string path_;
  std::mutex mutex_;
  int fd_ = -1;
  size_t size_ = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeEngineLog(const std::string& folder) {
  return std::make_shared<EngineLog>(folder);
}

}  // namespace entente::storage
