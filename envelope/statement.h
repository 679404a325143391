#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/cosign.h"
#include "envelope/limits.h"
#include "policy/policy.h"
#include "trust/identity.h"
#include "trust/membership.h"

// Content <-> signed statements (docs/formats/statement.md). Everything here is a pure function of its arguments and
// fresh randomness; safe from any thread.
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

// Earlier statements that one names: those of its own origin that it takes the place of, and those of anybody that it
// was made from. Ascending, at most 64 each. That a replaced one is the origin's own, nobody can tell before it is on
// file.
struct References {
  std::vector<StatementId> replaces, derived_from;
  bool operator==(const References&) const = default;
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
  const References& references() const { return references_; }

 private:
  friend struct StatementMaker;
  Statement() = default;
  StatementId id_, previous_;
  Bytes body_, salt_, content_;
  uint32_t index_ = 0;
  std::vector<Digest> path_;
  uint64_t sequence_ = 0;
  absl::Time created_;
  References references_;
};

// A signed batch with (some of) its statements: one origin, audience, label and stream. Same proof as Statement.
class Batch {
 public:
  const OrgId& origin() const { return origin_; }
  const v1::SignedBody& signed_body() const { return signed_; }
  uint32_t size() const { return size_; }  // statements signed; statements() may hold fewer
  const std::vector<Statement>& statements() const { return statements_; }
  const policy::Constraints& constraints() const { return constraints_; }
  const std::vector<OrgId>& audience() const { return audience_; }  // ascending; of a group its members
  const std::optional<trust::MembershipRef>& group() const {
    return group_;
  }  // where it is signed to one, not to names
  const StreamId& stream() const { return stream_; }
  const std::optional<JointTerms>& joint() const { return joint_; }  // who else has to vouch
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
  std::optional<trust::MembershipRef> group_;
  StreamId stream_;
  std::optional<JointTerms> joint_;
};

// What a batch says besides its constraints and audience.
struct BatchTerms {
  std::optional<JointTerms> joint;                           // of all statements
  std::vector<References> references;                        // one per content, in their order, or none at all
  std::shared_ptr<const trust::Membership> group = nullptr;  // whose members are the audience, in place of one by name
};
// Signs `contents` (1 to 1024) as the statements that follow `position`. `audience` is sorted here; empty for the own
// store alone. Gives: one signature of this node's key over all of them and their terms. Does not ask policy, and joint
// terms do not hold before the others' co-signatures are there. Refuses with kLimit (also over 4 MiB of bodies: 1024
// statements have room for an audience of about 100), kParse (constraints or terms that every receiver would refuse, a
// group beside an audience by name, or another one than the constraints'), kNotMember and kAudience (not this
// organisation's group, or not for such statements), kTime or kNoKey (this node's key is not valid now).
absl::StatusOr<Batch> SignBatch(const trust::Self& self, const policy::Constraints& constraints,
                                std::vector<OrgId> audience, std::vector<Bytes> contents,
                                const StreamPosition& position, absl::Time now, const BatchTerms& terms = {});
// What SignBatch asks of statements for a group, whose newest version `group` is. Refuses as it does.
absl::Status CheckForGroup(const OrgId& self, const trust::Membership& group, const policy::Constraints& constraints);
// The name of a statement: SHA-256 of its PAE in its lane.
StatementId IdOf(ByteView body, bool exercise);

}  // namespace entente::envelope
