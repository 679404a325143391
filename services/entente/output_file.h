#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace entente::cli {

// A file that did not exist before, mode 0600. Until it is kept it stands beside its name as NAME.part, which a killed run leaves
// behind and the next one takes over: under its own name there is only a whole one. For "-" standard output.
class OutputFile {
 public:
  // Refuses with kUsage where there is a file of that name, or it cannot be made.
  static absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // False where it could not be written: why() says kDiskFull or kStoreIo.
  bool Write(std::string_view bytes);
  // Under its name and on the disk, also after a fall of power: it is carried away next.
  absl::Status Keep();
  const absl::Status& why() const { return why_; }

 private:
  OutputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)), part_(path_ + ".part") {}
  bool Failed();

  const int fd_;
  const std::string path_, part_;
  absl::Status why_;
};

}  // namespace entente::cli
