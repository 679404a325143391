#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "entente/v1/identity.pb.h"

namespace entente::storage {

// The signed head outside the store, in a file of its own: two slots written in turn, each synced, so that a torn write
// leaves the other. What the store holds is compared with it at every start. One writer; docs/formats/journal.md.
class HeadFile {
 public:
  static constexpr size_t kSlotBytes = 4096, kSlots = 2;
  static constexpr size_t kMaxBodyBytes = 2048;

  // The head with the highest sequence among the intact slots, and how many slots are not; empty when there is no file.
  // Refuses with kStoreCorrupt when no slot is intact, with kStoreIo. Beside a writer a slot may be caught half
  // written: one that is damaged for good is so in every one of `tries`.
  struct Found {
    v1::SignedBody head;
    size_t damaged_slots = 0;
  };
  static absl::StatusOr<std::optional<Found>> Read(const std::string& path, int tries = 1);
  // Writes a new file whole: temporary file, sync, link, sync of the folder. An existing one stays as it is.
  static absl::Status Create(const std::string& path, const v1::SignedBody& head);
  // For writing. The newest head is durable behind it: a node that was killed may have written it and not synced it, and
  // what peers are shown must outlive the machine. Refuses like Read, and with kDiskFull.
  static absl::StatusOr<HeadFile> Open(const std::string& path);

  HeadFile() = default;  // closed: Write refuses
  HeadFile(HeadFile&& other) noexcept;
  HeadFile& operator=(HeadFile&& other) noexcept;
  ~HeadFile();
  // Over the slot that is not the newest. Durable when it returns OK; kStoreIo, kDiskFull otherwise.
  absl::Status Write(const v1::SignedBody& head);

 private:
  int fd_ = -1;
  size_t next_slot_ = 0;
  std::string path_;
};

// For operators, when one slot is damaged and the other serves.
inline constexpr std::string_view kHeadHalfDamaged =
    "head: one of the head file's two halves is damaged; the other one serves and a later record writes it anew; check "
    "the disk if this comes again";
// Reads after which a damaged slot is no write under way.
inline constexpr int kHeadTries = 5;

}  // namespace entente::storage
