#pragma once

#include <utility>
#include <vector>

#include "envelope/envelope.h"

// Private to envelope/: the one door to proof types. Whoever calls it has made every check of
// docs/formats/statement.md, or has just signed the statements itself.
namespace entente::envelope {

struct StatementMaker {
  static Statement MakeStatement(StatementId id, Bytes body, Bytes salt, Bytes content, uint32_t index,
                                 std::vector<Digest> path, uint64_t sequence, StatementId previous, absl::Time created,
                                 References references) {
    Statement made;
    made.id_ = id;
    made.body_ = std::move(body);
    made.salt_ = std::move(salt);
    made.content_ = std::move(content);
    made.index_ = index;
    made.path_ = std::move(path);
    made.sequence_ = sequence;
    made.previous_ = previous;
    made.created_ = created;
    made.references_ = std::move(references);
    return made;
  }
  static Batch MakeBatch(OrgId origin, v1::SignedBody signed_body, uint32_t size, std::vector<Statement> statements,
                         policy::Constraints constraints, std::vector<OrgId> audience,
                         std::optional<trust::MembershipRef> group, StreamId stream, std::optional<JointTerms> joint) {
    Batch made;
    made.origin_ = origin;
    made.signed_ = std::move(signed_body);
    made.size_ = size;
    made.statements_ = std::move(statements);
    made.constraints_ = std::move(constraints);
    made.audience_ = std::move(audience);
    made.group_ = std::move(group);
    made.stream_ = stream;
    made.joint_ = std::move(joint);
    return made;
  }
  static const Digest& CoreOf(const OpenedEnvelope& opened) { return opened.h_core_; }
  static const Digest& CommitmentOf(const OpenedEnvelope& opened) { return opened.commitment_; }
  // Null in direct mode.
  static const std::shared_ptr<const trust::Membership>& EpochMembersOf(const OpenedEnvelope& opened) {
    return opened.epoch_members_;
  }
  // The payload bytes; the envelope keeps none.
  static Bytes TakePayload(OpenedEnvelope& opened) { return std::exchange(opened.payload_, Bytes()); }
};

}  // namespace entente::envelope
