#pragma once

#include <string>

#include "absl/status/status.h"

namespace entente::storage {

// Keeps intake away from a full disk: an engine that runs out of space in the middle of a write fails for good.
class DiskSpace {
 public:
  // The floor is the smaller of `floor_bytes` and `floor_fraction` of the file system that holds `path`.
  DiskSpace(std::string path, double floor_fraction, uint64_t floor_bytes)
      : path_(std::move(path)), floor_fraction_(floor_fraction), floor_bytes_(floor_bytes) {}
  // OK when `needed` more bytes leave the floor free; kDiskFull or kStoreIo otherwise. Asks the file system each time.
  absl::Status Check(uint64_t needed) const;
  // Takes `needed` bytes for a moment, in a file without a name: kDiskFull or kStoreIo where Check's numbers are not what a
  // write would meet. OK where the file system cannot do that.
  absl::Status Prove(uint64_t needed) const;

 private:
  std::string path_;
  double floor_fraction_;
  uint64_t floor_bytes_;
};

}  // namespace entente::storage
