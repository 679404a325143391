#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/limits.h"
#include "policy/policy.h"
#include "trust/directory.h"
#include "trust/identity.h"
#include "trust/prekey.h"

// Content <-> signed statements <-> sealed envelopes (docs/formats/envelope.md, statement.md). Direct mode.
// Everything here is a pure function of its arguments and fresh randomness; safe from any thread.
namespace entente::envelope {

v1::ReleaseConstraints ToWire(const policy::Constraints& constraints);
// Refuses with kParse: unspecified label, unsorted or repeated entries, malformed nations or ids.
absl::StatusOr<policy::Constraints> FromWire(const v1::ReleaseConstraints& wire);

// Where a stream stands: the last statement in it. Sequence 0 and a zero id before the first.
struct StreamPosition {
  StreamId stream;
  uint64_t sequence = 0;
  StatementId last;
};

// One statement whose signature, hash path and content commitment hold. Made only by SignBatch (own) and Verify
// (received): having one is the proof. Owns its bytes. Immutable.
class Statement {
 public:
  const StatementId& id() const { return id_; }
  const Bytes& body() const { return body_; }  // the exact signed bytes
  const Bytes& salt() const { return salt_; }
  const Bytes& content() const { return content_; }
  uint32_t index() const { return index_; }                  // in its batch
  const std::vector<Digest>& path() const { return path_; }  // empty when it came with its whole batch
  uint64_t sequence() const { return sequence_; }
  const StatementId& previous() const { return previous_; }
  absl::Time created() const { return created_; }

 private:
  friend struct StatementMaker;
  Statement() = default;
  StatementId id_, previous_;
  Bytes body_, salt_, content_;
  uint32_t index_ = 0;
  std::vector<Digest> path_;
  uint64_t sequence_ = 0;
  absl::Time created_;
};

// A signed batch with (some of) its statements: one origin, audience, label and stream. Same proof as Statement.
class Batch {
 public:
  const OrgId& origin() const { return origin_; }
  const v1::SignedBody& signed_body() const { return signed_; }
  uint32_t size() const { return size_; }  // statements signed; statements() may hold fewer
  const std::vector<Statement>& statements() const { return statements_; }
  const policy::Constraints& constraints() const { return constraints_; }
  const std::vector<OrgId>& audience() const { return audience_; }
  const StreamId& stream() const { return stream_; }
  // Where the stream stands behind the last statement held.
  StreamPosition After() const { return {stream_, statements_.back().sequence(), statements_.back().id()}; }

 private:
  friend struct StatementMaker;
  Batch() = default;
  OrgId origin_;
  v1::SignedBody signed_;
  uint32_t size_ = 0;
  std::vector<Statement> statements_;
  policy::Constraints constraints_;
  std::vector<OrgId> audience_;
  StreamId stream_;
};

// Signs `contents` (1 to 1024) as the statements that follow `position`. `audience` is sorted here; empty for the own
// store alone. Refuses with kLimit (also over 4 MiB of bodies: 1024 statements have room for an audience of about 100),
// kParse (constraints that every receiver would refuse), kTime or kNoKey (this node's key is not valid now).
absl::StatusOr<Batch> SignBatch(const trust::Self& self, const policy::Constraints& constraints,
                                std::vector<OrgId> audience, std::vector<Bytes> contents,
                                const StreamPosition& position, absl::Time now);

// What a seal carries of one statement; everything is borrowed for the call. `path` empty when all of the batch goes.
struct Sealable {
  ByteView body, salt, content;
  uint32_t index = 0;
  std::vector<Digest> path;
};
// To whom an envelope is sealed, with policy's permit for each of its statements, in their order.
struct Recipient {
  trust::Prekey prekey;
  std::vector<policy::Permit> permits;
};
// Seals statements of one batch to `recipients` (1 to 1000), one slot each. One encapsulation per recipient. Refuses
// with kLimit; kPrekey for a recipient's bad or expired prekey, or one named twice; kAudience for a recipient outside
// the signed audience, or a batch of another origin; kSignature or kParse for statements that are not of the batch;
// kInternal where a permit is missing, or another organisation's.
absl::StatusOr<Bytes> Seal(const trust::Self& self, const v1::SignedBody& batch,
                           const std::vector<Sealable>& statements, const std::vector<Recipient>& recipients,
                           absl::Time now);

// A decrypted envelope: nothing inside is trusted yet. Only Open makes one; only Verify reads inside.
class OpenedEnvelope {
 public:
  const EnvelopeId& id() const { return id_; }
  uint32_t expires_hour() const { return expires_hour_; }  // hours since 1970

 private:
  friend struct Opener;
  friend struct StatementMaker;
  OpenedEnvelope() = default;
  EnvelopeId id_;
  uint32_t expires_hour_ = 0;
  Digest h_core_, commitment_;
  Bytes payload_;  // padding removed
};
// Cheap to dear: size, magic, suite, hours, `seen` (replay), slot, decapsulation, key commitment, AEAD to the last
// chunk. Refuses with kLimit, kHeader, kSuite, kTime, kReplay, kNoSlot, kKeyGone, kKem, kUnwrap, kCommit, kAead,
// kTruncated, kTrailing. `seen` may be stale: the journal decides replay again when it commits.
absl::StatusOr<OpenedEnvelope> Open(ByteView wire, const OrgId& self, const trust::PrekeyRing& prekeys, absl::Time now,
                                    const std::function<bool(const EnvelopeId&)>& seen);

// Everything an envelope said, checked: seal by the accepted `from`, batch signature by an accepted origin, each
// statement's place in the batch, times, audience (this organisation is in it), content commitments, ascending
// sequence.
struct VerifiedEnvelope {
  EnvelopeId id;
  uint32_t expires_hour = 0;
  Batch batch;
};
// Refuses with kParse, kSeal, kSignature, kNoKey, kKeyUse, kTime, kUnknownParty, kAudience, kContent, kLimit, kGap (the
// statements do not follow one another). Replay, stream position and policy are the caller's checks.
absl::StatusOr<VerifiedEnvelope> Verify(OpenedEnvelope opened, const trust::Directory& parties, const OrgId& from,
                                        absl::Time now);

// Re-checks stored statements for fsck: signature over the batch, place in it, content commitment. `statement_ids` are
// the whole batch's when known. Refuses with kSignature, kContent, kParse.
absl::Status Recheck(const trust::Identity& origin, const v1::SignedBody& batch, const Sealable& statement,
                     const std::vector<StatementId>& statement_ids);
StatementId IdOf(ByteView body, bool exercise);

}  // namespace entente::envelope
