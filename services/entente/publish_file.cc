#include "services/entente/publish_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "model/bundle_reader.h"
#include "model/stix_object.h"

namespace entente::cli {
namespace {

constexpr std::string_view kDefinition = "marking-definition";

// The text test alone would do for every object that is one; parsing settles it for those that merely contain the word.
bool IsMarkingDefinition(const model::BundleReader::Object& object) {
  if (!object.refused.ok() || object.content.find("\"marking-definition\"") == Bytes::npos) return false;
  const auto parsed = model::StixObject::Parse(object.content);
  return parsed.ok() && parsed->type() == kDefinition;
}

enum class Pass { kDefinitions, kOthers, kEverything };

bool Wanted(Pass pass, const model::BundleReader::Object& object) {
  return pass == Pass::kEverything || IsMarkingDefinition(object) == (pass == Pass::kDefinitions);
}

absl::Status Send(const model::BundleReader::Object& object, PublishStream& stream) {
  const model::TextPlace start{object.line, object.column};
  return object.refused.ok() ? stream.Add(object.content, start) : stream.AddRefused(object.refused, start);
}

FileReading SendPass(InputFile& input, PublishStream& stream, Pass pass) {
  model::BundleReader reader([&input](char* buffer, size_t size) { return input.Read(buffer, size); });
  FileReading reading;
  while (reading.stream.ok()) {
    const auto object = reader.Next();
    if (!object.ok()) {
      reading.broke_off = object.status();
      return reading;
    }
    if (!object->has_value()) return reading;
    if (Wanted(pass, **object)) reading.stream = Send(**object, stream);
  }
  return reading;
}

FileReading SendObjects(InputFile& input, PublishStream& stream) {
  if (!input.regular()) return SendPass(input, stream, Pass::kEverything);
  // Where the file breaks off is told by the second pass, behind everything that stands before it.
  FileReading reading = SendPass(input, stream, Pass::kDefinitions);
  if (!reading.stream.ok()) return reading;
  if (const absl::Status status = input.Rewind(); !status.ok()) return {status, absl::OkStatus()};
  return SendPass(input, stream, Pass::kOthers);
}

}  // namespace

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path) {
  const int fd = path == "-" ? dup(STDIN_FILENO) : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (fd < 0 || fstat(fd, &facts) != 0) {
    return Reject(RejectReason::kUsage, "'" + path + "' cannot be read: " + std::strerror(errno));
  }
  const bool regular = path != "-" && S_ISREG(facts.st_mode);
  std::unique_ptr<InputFile> input(
      new InputFile(fd, regular, regular ? static_cast<uint64_t>(facts.st_size) : 0, path));
  if (S_ISDIR(facts.st_mode)) return Reject(RejectReason::kUsage, "'" + path + "' is a folder; name one file");
  return input;
}

InputFile::~InputFile() {
  close(fd_);
}

absl::StatusOr<size_t> InputFile::Read(char* buffer, size_t size) {
  while (true) {
    const ssize_t got = read(fd_, buffer, size);
    if (got >= 0) {
      position_ += static_cast<uint64_t>(got);
      return static_cast<size_t>(got);
    }
    if (errno != EINTR) return Reject(RejectReason::kUsage, "'" + path_ + "' cannot be read: " + std::strerror(errno));
  }
}

absl::Status InputFile::Rewind() {
  if (lseek(fd_, 0, SEEK_SET) != 0) {
    return Reject(RejectReason::kUsage, "'" + path_ + "' cannot be read again: " + std::strerror(errno));
  }
  position_ = 0;
  return absl::OkStatus();
}

FileReading SendFile(InputFile& input, PublishStream& stream) {
  FileReading reading = SendObjects(input, stream);
  if (reading.stream.ok() && !reading.broke_off.ok()) reading.stream = stream.AddBreak(reading.broke_off);
  return reading;
}

}  // namespace entente::cli
