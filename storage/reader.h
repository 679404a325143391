#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "entente/v1/record.pb.h"
#include "envelope/envelope.h"
#include "model/marking.h"

namespace entente::storage {

// One stored version of an object, from the version index.
struct VersionEntry {
  uint64_t seq = 0;     // journal sequence of the ObjectAccepted record
  std::string version;  // as written in the object
  int64_t version_ns = 0;
  OrgId origin;
  model::Label label = model::Label::kUnlabelled;  // the strictest it was ever accepted under
  Digest content_digest;
  std::vector<uint64_t> repeats;  // StatementRepeated records of the same bytes; at most kMaxRepeats newest
};
struct QuarantineEntry {
  uint64_t seq = 0;
  int64_t version_ns = 0;
  std::string reason;  // RejectReason name
  Digest content_digest;
  OrgId origin;
};
struct Counters {
  uint64_t objects = 0;  // distinct ids with at least one accepted version
  uint64_t versions = 0;
  uint64_t quarantined = 0;  // quarantined (id, version, bytes) not accepted since
};
struct PeerCursor {
  uint64_t delivered = 0;                   // outbox position acknowledged
  uint64_t refused = 0;                     // entries given up
  uint64_t held = 0;                        // refused by the peer, to be tried again
  uint64_t embargoed = 0;                   // to go out when their embargo ends
  std::optional<v1::SignedBody> seen_head;  // newest head of that peer
};
// An outbox entry outside the queue: one that the peer refused, or one whose embargo has not ended.
struct RefusedEntry {
  uint64_t seq = 0;
  absl::Time since;  // when it was first refused
};
struct EmbargoedEntry {
  absl::Time until;
  uint64_t seq = 0;
};
inline constexpr size_t kMaxRepeats = 64;
inline constexpr size_t kMaxDerivedListed = 256;

// Reads of the views and records. Three answers everywhere: found, absent (empty optional), or a status (kStoreCorrupt,
// kStoreIo). Implemented over the committed state (Journal: safe from any thread) and over an open transaction.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual absl::StatusOr<std::optional<v1::Record>> FindRecord(uint64_t seq) const = 0;
  virtual absl::StatusOr<std::optional<VersionEntry>> FindVersion(std::string_view id, int64_t version_ns) const = 0;
  virtual absl::StatusOr<std::optional<VersionEntry>> NewestVersion(std::string_view id) const = 0;
  virtual absl::StatusOr<std::vector<QuarantineEntry>> FindQuarantine(std::string_view id) const = 0;
  virtual absl::StatusOr<bool> HasStatement(const StatementId& id) const = 0;
  virtual absl::StatusOr<bool> HasEnvelope(const EnvelopeId& id) const = 0;
  // Inbound: where the stream of another origin stands here. Outbound: the own stream for this exact sorted audience,
  // the members of `group` where it is one.
  virtual absl::StatusOr<std::optional<envelope::StreamPosition>> InboundStream(const OrgId& origin,
                                                                                const StreamId& stream) const = 0;
  virtual absl::StatusOr<std::optional<envelope::StreamPosition>> OutboundStream(
      const std::vector<OrgId>& audience, const std::optional<GroupId>& group) const = 0;
  // Which statement stands at `sequence` of an inbound stream, for equivocation; kept for the newest 4096 per stream.
  virtual absl::StatusOr<std::optional<StatementId>> StatementAt(const OrgId& origin, const StreamId& stream,
                                                                 uint64_t sequence) const = 0;
  // True when `origin` has an accepted marking-definition of type statement with this id.
  virtual absl::StatusOr<bool> DefinesStatementMarking(const OrgId& origin, std::string_view marking_id) const = 0;
  // ObjectAccepted records of what this node derived from that version, ascending; at most kMaxDerivedListed, the first.
  virtual absl::StatusOr<std::vector<uint64_t>> DerivedFrom(std::string_view id, int64_t version_ns) const = 0;
  // A namespace of ids (crypto::NameUuid) that is this node's alone: the same for as long as it has its storage key.
  virtual Bytes DerivedSpace() const = 0;
};

}  // namespace entente::storage
