#pragma once

#include <array>
#include <map>
#include <optional>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "storage/layout.h"

namespace entente::storage {

// Rows in the clear, by family and key. Three answers: found, absent, or a status.
class Rows {
 public:
  using Visit = absl::FunctionRef<bool(ByteView key, ByteView value)>;
  virtual ~Rows() = default;
  virtual absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key) const = 0;
  // Visits rows whose key starts with `prefix`, from key `from` on, ascending, until `visit` answers false.
  // REQUIRES from >= prefix.
  virtual absl::Status Scan(Family family, ByteView prefix, ByteView from, Visit visit) const = 0;
};

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  virtual void Put(Family family, Bytes key, Bytes value) = 0;
  virtual void Delete(Family family, Bytes key) = 0;
};

// Changes not yet written, over other rows; reads see both. `below` outlives it. Not thread-safe.
class Overlay final : public Rows, public RowWriter {
 public:
  using Changes = std::map<Bytes, std::optional<Bytes>, std::less<>>;  // no value: deleted

  explicit Overlay(const Rows* below) : below_(*below) {}  // a reference would make this the copy constructor, at times
  Overlay(const Overlay&) = delete;
  Overlay& operator=(const Overlay&) = delete;
  absl::StatusOr<std::optional<Bytes>> Get(Family family, ByteView key) const override;
  absl::Status Scan(Family family, ByteView prefix, ByteView from, Visit visit) const override;
  void Put(Family family, Bytes key, Bytes value) override;
  void Delete(Family family, Bytes key) override;

  Changes& changes(Family family) { return changes_[static_cast<size_t>(family)]; }
  const Changes& changes(Family family) const { return changes_[static_cast<size_t>(family)]; }
  size_t bytes() const { return bytes_; }  // keys and values put; an upper bound of what is held
  // Lays these changes over those of `target` and forgets them here.
  void MoveInto(Overlay& target);
  void Clear();

 private:
  const Rows& below_;
  std::array<Changes, kFamilies> changes_;
  size_t bytes_ = 0;
};

}  // namespace entente::storage
