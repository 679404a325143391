#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "rocksdb/env.h"

// Included by storage's .cc files only.
namespace entente::storage {

// Two of these, LOG and LOG.old, are kept.
inline constexpr size_t kEngineLogBytes = 1 << 20;

// The engine's own log: which files it made and why. Bounded; a line that cannot be written is dropped, because
// RocksDB's own logger, as Debian builds it, aborts the process when the disk that it logs to is full.
class EngineLog final : public rocksdb::Logger {
 public:
  explicit EngineLog(const std::string& folder);
  ~EngineLog() override;

  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override;
  // What it last said about a damaged write-ahead log, "FILE: dropping N bytes"; empty before. A refusal to open names
  // neither.
  std::string Dropped() const;

 private:
  void OpenLocked();
  void KeepLocked(const std::string& line);

  const std::string path_;
  mutable std::mutex mutex_;
  std::string dropped_;
  int fd_ = -1;
  size_t size_ = 0;
};

}  // namespace entente::storage
