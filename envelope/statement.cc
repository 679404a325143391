#include <algorithm>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/claims.h"
#include "envelope/commitments.h"
#include "envelope/group_audience.h"
#include "envelope/limits.h"
#include "envelope/statement_maker.h"

// Signing: contents become statements under one batch signature (docs/formats/statement.md).
namespace entente::envelope {
namespace {

absl::Status CheckContents(const std::vector<Bytes>& contents) {
  if (contents.empty() || contents.size() > kMaxStatements) {
    return Reject(RejectReason::kLimit, "a batch has 1 to 1024 statements");
  }
  const bool fit =
      std::all_of(contents.begin(), contents.end(), [](const Bytes& c) { return c.size() <= kMaxContentBytes; });
  return fit ? absl::OkStatus() : Reject(RejectReason::kLimit, "a content has at most 32 MiB");
}

// The fields that are the same in every statement of the batch.
v1::StatementBody SharedBody(const trust::Self& self, const v1::ReleaseConstraints& constraints,
                             const std::vector<OrgId>& audience, const StreamId& stream, absl::Time now) {
  v1::StatementBody body;
  body.set_origin(self.org().str());
  body.set_key_id(self.key_id.str());
  body.set_identity_version(self.identity.version());
  body.set_identity_hash(self.identity.hash().str());
  body.set_stream_id(stream.str());
  body.set_created_us(absl::ToUnixMicros(now));
  body.set_expires_us(absl::ToUnixMicros(now + kStatementLifetime));
  *body.mutable_constraints() = constraints;
  for (const OrgId& org : audience) body.add_audience(org.str());
  body.set_content_type(std::string(kStixContent));
  return body;
}

// Sets what `terms` say and reads it back as a receiver will.
absl::Status SetJoint(const BatchTerms& terms, v1::StatementBody& shared) {
  if (!terms.joint) return absl::OkStatus();
  for (const OrgId& org : terms.joint->organisations) shared.mutable_joint()->add_organisations(org.str());
  shared.mutable_joint()->set_threshold(terms.joint->threshold);
  return ReadJointTerms(shared.joint()).status();
}

void SetReferences(const References& references, v1::StatementBody& body) {
  body.clear_replaces();
  body.clear_derived_from();
  for (const StatementId& id : references.replaces) body.add_replaces(id.str());
  for (const StatementId& id : references.derived_from) body.add_derived_from(id.str());
}

absl::Status CheckReferences(const std::vector<References>& references, size_t contents) {
  if (!references.empty() && references.size() != contents) {
    return Reject(RejectReason::kParse, "references are given for each statement of a batch, or for none");
  }
  for (const References& each : references) {
    v1::StatementBody body;
    SetReferences(each, body);
    if (auto read = ReadReferences(body); !read.ok()) return read.status();
  }
  return absl::OkStatus();
}

// Makes each statement of one batch in turn.
class Writer {
 public:
  Writer(v1::StatementBody shared, const StreamPosition& position, size_t count)
      : body_(std::move(shared)),
        sequence_(position.sequence),
        previous_(position.last),
        exercise_(!body_.constraints().exercise_id().empty()),
        random_(count * (kMessageIdSize + kSaltSize), '\0') {
    crypto::RandomBytes(reinterpret_cast<uint8_t*>(random_.data()), random_.size());
  }

  Statement Next(Bytes content, References references) {
    body_.set_msg_id(Random(kMessageIdSize));
    SetReferences(references, body_);
    Bytes salt = Random(kSaltSize);
    body_.set_sequence(++sequence_);
    body_.set_previous(previous_.str());
    body_.set_content_length(content.size());
    body_.set_content_commit(ContentCommitment(salt, content).str());
    Bytes bytes = body_.SerializeAsString();
    const StatementId before = previous_;
    previous_ = IdOf(bytes, exercise_);
    return StatementMaker::MakeStatement(previous_, std::move(bytes), std::move(salt), std::move(content), index_++, {},
                                         sequence_, before, absl::FromUnixMicros(body_.created_us()),
                                         std::move(references));
  }

 private:
  Bytes Random(size_t size) {
    taken_ += size;
    return random_.substr(taken_ - size, size);
  }

  v1::StatementBody body_;
  uint64_t sequence_;
  StatementId previous_;
  const bool exercise_;
  uint32_t index_ = 0;
  Bytes random_;
  size_t taken_ = 0;
};

absl::StatusOr<v1::SignedBody> Sign(const trust::Self& self, const std::vector<Statement>& statements, bool exercise) {
  std::vector<ByteView> leaves;
  leaves.reserve(statements.size());
  for (const Statement& statement : statements) leaves.push_back(statement.id().view());
  v1::BatchBody batch;
  batch.set_origin(self.org().str());
  batch.set_key_id(self.key_id.str());
  batch.set_size(static_cast<uint32_t>(statements.size()));
  batch.set_root(crypto::TreeHash(leaves).str());
  batch.set_leaf_type(std::string(exercise ? kExerciseStatementType : kStatementType));
  return trust::SignBody(self, kBatchType, batch.SerializeAsString());
}

}  // namespace

// Nothing is signed to a group that its members would refuse.
absl::Status CheckForGroup(const OrgId& self, const trust::Membership& group, const policy::Constraints& constraints) {
  if (constraints.sg_id != group.group().view()) {
    return Reject(RejectReason::kParse, "what is signed to a group is limited to that very group");
  }
  if (!group.IsMember(self))
    return Reject(RejectReason::kNotMember, "this organisation is no member of the group; ask the group's admins");
  return CheckGroupTerms(group, {constraints.exercise_id, StrictestLabel(constraints)});
}

absl::StatusOr<Batch> SignBatch(const trust::Self& self, const policy::Constraints& constraints,
                                std::vector<OrgId> audience, std::vector<Bytes> contents,
                                const StreamPosition& position, absl::Time now, const BatchTerms& terms) {
  if (auto s = CheckContents(contents); !s.ok()) return s;
  if (auto s = CheckReferences(terms.references, contents.size()); !s.ok()) return s;
  std::sort(audience.begin(), audience.end());
  audience.erase(std::unique(audience.begin(), audience.end()), audience.end());
  if (audience.size() > kMaxAudience) return Reject(RejectReason::kLimit, "an audience has at most 1000 organisations");
  // Nothing is signed that a receiver would refuse: constraints and terms are read back, the key must be valid now.
  const v1::ReleaseConstraints wire = ToWire(constraints);
  auto signed_constraints = FromWire(wire);
  if (!signed_constraints.ok()) return signed_constraints.status();
  if (auto key = self.identity.KeyFor(self.key_id, v1::KEY_USAGE_STATEMENT, now); !key.ok()) return key.status();
  v1::StatementBody shared = SharedBody(self, wire, audience, position.stream, now);
  std::optional<trust::MembershipRef> group;
  if (terms.group != nullptr) {
    if (!audience.empty()) {
      return Reject(RejectReason::kParse, "a batch for a group names no audience besides");
    }
    if (auto s = CheckForGroup(self.org(), *terms.group, *signed_constraints); !s.ok()) return s;
    group = terms.group->ref();
    audience = terms.group->members();
    *shared.mutable_group() = ToWire(*group);
  }
  if (auto s = SetJoint(terms, shared); !s.ok()) return s;
  const bool exercise = !signed_constraints->exercise_id.empty();
  Writer writer(std::move(shared), position, contents.size());
  std::vector<Statement> statements;
  statements.reserve(contents.size());
  size_t body_bytes = 0;
  for (size_t i = 0; i < contents.size(); ++i) {
    statements.push_back(
        writer.Next(std::move(contents[i]), terms.references.empty() ? References() : terms.references[i]));
    body_bytes += statements.back().body().size();
  }
  if (body_bytes > kMaxStatementBytes) {
    return Reject(RejectReason::kLimit,
                  "the statements of a batch have at most 4 MiB together, without content; sign fewer");
  }
  absl::StatusOr<v1::SignedBody> signed_body = Sign(self, statements, exercise);
  if (!signed_body.ok()) return signed_body.status();
  const auto size = static_cast<uint32_t>(statements.size());
  return StatementMaker::MakeBatch(self.org(), *std::move(signed_body), size, std::move(statements),
                                   *std::move(signed_constraints), std::move(audience), std::move(group),
                                   position.stream, terms.joint);
}

}  // namespace entente::envelope
