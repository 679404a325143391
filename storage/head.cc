#include "storage/head.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/reject.h"
#include "crypto/crypto.h"

namespace entente::storage {
namespace {

// magic 8 | body length u16 | body | signature 64 | zeros | SHA-256 of everything in front 32
constexpr std::string_view kMagic = "ENTHEAD1";
constexpr size_t kChecked = HeadFile::kSlotBytes - Digest::kSize;

absl::Status IoFailure(const std::string& path, std::string_view doing) {
  const int error = errno;
  const RejectReason reason = error == ENOSPC || error == EDQUOT ? RejectReason::kDiskFull : RejectReason::kStoreIo;
  return Reject(reason, "cannot " + std::string(doing) + " " + path + ": " + std::strerror(error) +
                            "; check the disk, its space and the folder's owner, then start again");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool Fits(const v1::SignedBody& head) {
  return head.body().size() <= HeadFile::kMaxBodyBytes && head.signature().size() == crypto::kSignatureSize;
}

Bytes Encode(const v1::SignedBody& head) {
  Bytes slot(kMagic);
  AppendBigEndian(slot, static_cast<uint16_t>(head.body().size()));
  slot += head.body() + head.signature();
  slot.resize(kChecked, '\0');
  slot.append(crypto::Sha256(slot).view());
  return slot;
}

struct Slot {
  v1::SignedBody head;
  uint64_t sequence = 0;
};

std::optional<Slot> Decode(ByteView slot) {
  if (slot.size() != HeadFile::kSlotBytes || !slot.starts_with(kMagic)) return std::nullopt;
  if (crypto::Sha256(slot.substr(0, kChecked)).view() != slot.substr(kChecked)) return std::nullopt;
  const size_t length = ReadBigEndian<uint16_t>(slot.substr(kMagic.size()));
  const size_t start = kMagic.size() + 2;
  if (length > HeadFile::kMaxBodyBytes) return std::nullopt;
  Slot out;
  out.head.set_body(Bytes(slot.substr(start, length)));
  out.head.set_signature(Bytes(slot.substr(start + length, crypto::kSignatureSize)));
  v1::HeadBody body;
  if (!body.ParseFromString(out.head.body())) return std::nullopt;
  out.sequence = body.sequence();
  return out;
}

struct Slots {
  std::optional<Slot> newest;
  Bytes newest_bytes;
  size_t newest_index = 0, damaged = 0;
};

absl::StatusOr<Slots> ReadSlots(int fd, const std::string& path) {
  Slots out;
  for (size_t i = 0; i < HeadFile::kSlots; ++i) {
    Bytes bytes(HeadFile::kSlotBytes, '\0');
    const ssize_t got = pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(i * HeadFile::kSlotBytes));
    if (got < 0) return IoFailure(path, "read");
    bytes.resize(static_cast<size_t>(got));
    std::optional<Slot> slot = Decode(bytes);
    if (!slot) ++out.damaged;
    if (!slot || (out.newest && out.newest->sequence > slot->sequence)) continue;
    out.newest = std::move(slot);
    out.newest_bytes = std::move(bytes);
    out.newest_index = i;
  }
  if (!out.newest) {
    return Reject(RejectReason::kStoreCorrupt,
                  "the head file " + path +
                      " is damaged in both its halves, so nothing says how long the store was; "
                      "restore the store and this file from one backup");
  }
  return out;
}

absl::Status WriteAll(int fd, ByteView bytes, off_t at, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(fd, bytes.data(), bytes.size(), at);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return IoFailure(path, "write");
    bytes.remove_prefix(static_cast<size_t>(wrote));
    at += wrote;
  }
  return absl::OkStatus();
}

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0 || fsync(fd.get()) != 0) return IoFailure(folder, "sync");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::optional<HeadFile::Found>> HeadFile::Read(const std::string& path, int tries) {
  const Descriptor fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    return IoFailure(path, "open");
  }
  absl::StatusOr<Slots> slots = ReadSlots(fd.get(), path);
  while (--tries > 0 && (!slots.ok() || slots->damaged > 0)) slots = ReadSlots(fd.get(), path);
  if (!slots.ok()) return slots.status();
  return Found{std::move(slots->newest->head), slots->damaged};
}

absl::Status HeadFile::Create(const std::string& path, const v1::SignedBody& head) {
  if (!Fits(head)) return Reject(RejectReason::kInternal, "a head of this size has no place in the head file");
  const std::string temporary = path + "." + std::to_string(getpid());
  {
    const Descriptor fd(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (fd.get() < 0) return IoFailure(temporary, "create");
    const Bytes slot = Encode(head);
    for (size_t i = 0; i < kSlots; ++i) {
      if (absl::Status status = WriteAll(fd.get(), slot, static_cast<off_t>(i * kSlotBytes), temporary); !status.ok()) {
        return status;
      }
    }
    if (fsync(fd.get()) != 0) return IoFailure(temporary, "sync");
  }
  // A link, not a rename: of two processes that start on a new folder at once, the second must not replace the file
  // that the first one writes into.
  const bool linked = link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const absl::Status failure = linked ? absl::OkStatus() : IoFailure(path, "create");
  unlink(temporary.c_str());
  return failure.ok() ? SyncFolderOf(path) : failure;
}

absl::StatusOr<HeadFile> HeadFile::Open(const std::string& path) {
  Descriptor fd(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (fd.get() < 0) return IoFailure(path, "open");
  absl::StatusOr<Slots> slots = ReadSlots(fd.get(), path);
  if (!slots.ok()) return slots.status();
  // Its own bytes again, not a sync alone: after a sync that failed the kernel takes them for written.
  const off_t at = static_cast<off_t>(slots->newest_index * kSlotBytes);
  if (absl::Status status = WriteAll(fd.get(), slots->newest_bytes, at, path); !status.ok()) return status;
  if (fdatasync(fd.get()) != 0) return IoFailure(path, "sync");
  HeadFile out;
  out.fd_ = fd.Release();
  out.next_slot_ = (slots->newest_index + 1) % kSlots;
  out.path_ = path;
  return out;
}

HeadFile::HeadFile(HeadFile&& other) noexcept {
  *this = std::move(other);
}
HeadFile& HeadFile::operator=(HeadFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  next_slot_ = other.next_slot_;
  path_ = other.path_;
  return *this;
}
HeadFile::~HeadFile() {
  if (fd_ >= 0) close(fd_);
}

absl::Status HeadFile::Write(const v1::SignedBody& head) {
  if (!Fits(head)) return Reject(RejectReason::kInternal, "a head of this size has no place in the head file");
  const Bytes slot = Encode(head);
  const off_t at = static_cast<off_t>(next_slot_ * kSlotBytes);
  if (absl::Status status = WriteAll(fd_, slot, at, path_); !status.ok()) return status;
  if (fdatasync(fd_) != 0) return IoFailure(path_, "sync");
  next_slot_ = (next_slot_ + 1) % kSlots;
  return absl::OkStatus();
}

}  // namespace entente::storage
