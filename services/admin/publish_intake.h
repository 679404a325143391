#pragma once

#include <vector>

#include "absl/status/status.h"
#include "entente/v1/admin.pb.h"
#include "exchange/exchange.h"

namespace entente::admin {

inline constexpr size_t kMaxObjectsPerChunk = 256;
inline constexpr size_t kMaxObjectBytes = envelope::kMaxContentBytes;

// Chunks in, whole objects out: joins the pieces of large ones. Holds at most one unfinished object.
class PublishIntake {
 public:
  // Appends what `chunk` completes to `items`, taking the chunk's bytes. An object beyond kMaxObjectBytes becomes one
  // refused item (kLimit) and its remaining pieces are dropped; so does one that the reader refused. Refuses with
  // kUsage when the chunk itself breaks the protocol; the call must then end.
  absl::Status Take(v1::PublishChunk& chunk, std::vector<exchange::PublishItem>& items);
  // OK, or kUsage when the stream ended inside an object.
  absl::Status Finish() const;

 private:
  absl::Status TakeOne(v1::PublishObject& object, std::vector<exchange::PublishItem>& items);
  Bytes partial_;
  std::optional<model::TextPlace> start_;  // of the object in partial_
  bool open_ = false;       // pieces of an object came, its last one did not
  bool too_large_ = false;  // of the open object
};

}  // namespace entente::admin
