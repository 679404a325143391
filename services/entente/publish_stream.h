#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "model/json_fault.h"
#include "services/entente/client.h"

namespace entente::cli {

inline constexpr int kChunkObjects = 256;  // the contract of PublishChunk
inline constexpr size_t kChunkBytes = 1u << 20;
inline constexpr size_t kPieceBytes = 512u
                                      << 10;  // a larger object goes in pieces of this size, each a chunk of its own
inline constexpr size_t kNotableShown = 20;

// What the daemon has acknowledged: everything counted here is durable at the node.
struct PublishTotals {
  uint64_t draft = 0;  // number of the draft that was made of them
  uint64_t objects = 0, published = 0, unchanged = 0, quarantined = 0, rejected = 0;
  uint64_t imputed = 0, inherited = 0;  // of the published
  uint64_t warned = 0;                  // of all: with values on warning lists
  std::map<std::string, uint64_t> permitted, withheld, positions, redacted;
  std::vector<v1::PublishOutcome> notable;  // the first kNotableShown that were quarantined or rejected
  std::vector<v1::WarnedObject> warnings;   // and of those that were warned of
};

// Sends objects over one Publish call in chunks, in constant memory. One thread adds; totals() is safe from any.
class PublishStream {
 public:
  // `on_totals` runs after each acknowledgement, on the call's reading thread.
  PublishStream(AdminClient& client, v1::PublishOptions options, std::function<void(const PublishTotals&)> on_totals);
  // Over another call that takes the same chunks; totals stay empty.
  PublishStream(std::unique_ptr<PublishCall> call, v1::PublishOptions options);
  // Refuses once the daemon has ended the call; Finish then says why.
  // `start` is where the object begins in its file, for messages.
  absl::Status Add(ByteView content, std::optional<model::TextPlace> start = std::nullopt);
  // An object that the reader refused, and why; the daemon only counts it.
  absl::Status AddRefused(const absl::Status& why, model::TextPlace start);
  // That the reader could go no further in its file, and why; the daemon only counts it. Behind everything added.
  absl::Status AddBreak(const absl::Status& why);
  // Sends what is left and waits for the last acknowledgement.
  absl::Status Finish();
  PublishTotals totals() const;
  uint64_t added() const { return added_; }

 private:
  absl::Status Flush();
  absl::Status AddPieces(ByteView content, std::optional<model::TextPlace> start);
  void Take(const v1::PublishProgress& progress);

  std::function<void(const PublishTotals&)> on_totals_;
  mutable std::mutex mutex_;
  PublishTotals totals_;
  std::map<uint64_t, std::string> refused_;  // by place in the stream; at most kNotableShown, for the report
  v1::PublishChunk chunk_;
  size_t chunk_bytes_ = 0;
  uint64_t added_ = 0;
  std::unique_ptr<PublishCall> call_;  // last: its thread uses everything above
};

}  // namespace entente::cli
