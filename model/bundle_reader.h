#pragma once

#include <functional>
#include <optional>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/chunked_input.h"
#include "model/json.h"

namespace entente::model {

// All of a bundle but its objects ("type", "id", custom members): far more than any real one has.
inline constexpr size_t kMaxBundleFrameBytes = 1u << 20;

// Cuts a STIX bundle into the exact bytes of its objects while reading it: memory holds one object, never the file.
// Accepts a bundle, a bare array of objects, or a single STIX object. The surroundings of the objects are checked as
// strict JSON; inside an object only nesting and strings are followed here, JsonDocument checks the rest.
// Not thread-safe.
class BundleReader {
 public:
  // Fills `buffer` with up to `size` bytes and returns how many; 0 at the end; a status when reading failed.
  using Source = std::function<absl::StatusOr<size_t>(char* buffer, size_t size)>;
  explicit BundleReader(Source source);

  struct Object {
    Bytes content;                  // from its '{' to its '}' as in the file; empty when refused
    uint64_t line = 0, column = 0;  // where it starts; 1-based
    // kLimit: over 32 MiB, skipped whole; kJson: deeper than 64; kStix: strict JSON but no object; OK otherwise.
    absl::Status refused;
  };
  // The next object; nothing at the proper end. Refuses with kJson ("at line L, column C") when the file is no bundle
  // or breaks off; what was returned before stays good and every later call repeats the refusal.
  absl::StatusOr<std::optional<Object>> Next();

 private:
  using Result = absl::StatusOr<std::optional<Object>>;
  enum class State { kStart, kFirstElement, kNextElement, kBehind, kEnd };

  Result Begin();
  // The members of the outermost object, before its objects are found and behind them; ends it or starts the array.
  Result ReadMembers();
  // Reads a key with its ':' and says whether it is "objects".
  absl::StatusOr<bool> ReadKey();
  absl::Status SkipValue(Capture& kept);
  // "objects" and a '[' were just read: whether they are a bundle's.
  absl::StatusOr<bool> EnterBundle();
  Result NextElement();
  // An element that starts with `first`, which is no '{': refused alone when it is strict JSON.
  Result RefuseElement(char first, TextPlace start);
  Result EndOfBundle();
  Result EndOfSingleObject();
  Result CheckEnd();
  // Takes one string, array or object, that starts with `opening`, into `kept`.
  absl::Status Follow(char opening, Capture& kept);
  Object Finish(Capture& kept, TextPlace start);
  // Checks frame_ (and `closing` behind it) as strict JSON, and whether its "type" is "bundle" or absent.
  absl::StatusOr<bool> FrameIsBundle(ByteView closing) const;
  absl::Status FrameTooLarge() const;
  // A refusal at the next byte; says that the file breaks off when there is none.
  absl::Status Broken(std::string_view what);

  ChunkedInput input_;
  State state_ = State::kStart;
  absl::Status refusal_;          // repeated by every call once it is set
  bool in_bundle_ = false;        // the objects belong to a bundle, not to a bare array
  Capture frame_{kMaxJsonBytes};  // the outermost object as read, a bundle's without its objects
  uint64_t elements_ = 0;         // read so far, refused ones with them
  size_t head_size_ = 0;          // how much of frame_ stands before the objects
  TextPlace head_start_, tail_start_;
  std::optional<TextPlace> too_deep_;  // in the value being followed
};

}  // namespace entente::model
