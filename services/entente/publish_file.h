#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "services/entente/publish_stream.h"

namespace entente::cli {

// A file, or stdin for "-", that is read once or twice from its start.
class InputFile {
 public:
  // Refuses with kUsage when it cannot be opened or is a folder.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  absl::StatusOr<size_t> Read(char* buffer, size_t size);
  bool regular() const { return regular_; }
  absl::Status Rewind();
  uint64_t size() const { return size_; }          // 0 when it is no regular file
  uint64_t position() const { return position_; }  // safe from any thread

 private:
  InputFile(int fd, bool regular, uint64_t size, std::string path)
      : fd_(fd), regular_(regular), size_(size), path_(std::move(path)) {}
  int fd_;
  bool regular_;
  uint64_t size_;
  std::string path_;
  std::atomic<uint64_t> position_{0};
};

// Sends every object of `input` to `stream`. Marking definitions of a regular file go first, wherever they stand in it:
// a receiver has to know a marking before the objects that refer to it. A stream that can be read only once goes in
// order.
struct FileReading {
  absl::Status broke_off;  // the input is no bundle or ends early; what was sent before stands
  absl::Status stream;     // the daemon ended the call
};
FileReading SendFile(InputFile& input, PublishStream& stream);

}  // namespace entente::cli
