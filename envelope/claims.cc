#include "envelope/claims.h"

#include <algorithm>

#include "base/clock.h"
#include "base/reject.h"
#include "envelope/alike_body.h"
#include "envelope/commitments.h"
#include "envelope/group_audience.h"
#include "envelope/limits.h"
#include "proto/strict_parse.h"

namespace entente::envelope {
namespace {

absl::Status MalformedClaim(const char* what) {
  return Reject(RejectReason::kParse, what);
}

bool HasWidths(const v1::StatementBody& body) {
  return body.origin().size() == OrgId::kSize && body.key_id().size() == KeyId::kSize &&
         body.identity_hash().size() == Digest::kSize && body.msg_id().size() == kMessageIdSize &&
         body.stream_id().size() == StreamId::kSize && body.previous().size() == StatementId::kSize &&
         body.content_commit().size() == Digest::kSize;
}

// Parses one body and checks it against its batch alone.
absl::Status ReadBody(ByteView bytes, const BatchClaim& batch, v1::StatementBody& body) {
  if (bytes.size() > kMaxBodyBytes) return Reject(RejectReason::kLimit, "a statement body has at most 128 KiB");
  if (auto s = StrictParse(bytes, body); !s.ok()) return s;
  if (!HasWidths(body)) return MalformedClaim("a statement's identifier or hash has the wrong length");
  if (body.origin() != batch.origin.view() || body.key_id() != batch.key_id.view()) {
    return MalformedClaim("a statement names another origin or key than its batch");
  }
  if (body.identity_version() == 0) return MalformedClaim("a statement names no identity document");
  if (body.content_type() != kStixContent) return MalformedClaim("the content type is not STIX 2.1");
  if (body.constraints().exercise_id().empty() == batch.exercise) {
    return MalformedClaim("a statement's exercise id does not go with its lane");
  }
  return absl::OkStatus();
}

// The fields that are the same in every statement of a batch, compared as parsed.
bool SameShared(const v1::StatementBody& a, const v1::StatementBody& b, const std::string& constraints_of_a) {
  return a.stream_id() == b.stream_id() && a.joint().SerializeAsString() == b.joint().SerializeAsString() &&
         a.has_joint() == b.has_joint() && a.has_group() == b.has_group() &&
         a.group().SerializeAsString() == b.group().SerializeAsString() &&
         std::equal(a.audience().begin(), a.audience().end(), b.audience().begin(), b.audience().end()) &&
         constraints_of_a == b.constraints().SerializeAsString();
}

Claim ClaimOf(const v1::StatementBody& body, References references) {
  return {body.sequence(),         *StatementId::From(body.previous()),
          body.created_us(),       body.expires_us(),
          body.content_length(),   *Digest::From(body.content_commit()),
          body.identity_version(), *Digest::From(body.identity_hash()),
          std::move(references)};
}

absl::StatusOr<std::vector<StatementId>> ReadNamed(const google::protobuf::RepeatedPtrField<std::string>& wire) {
  if (static_cast<size_t>(wire.size()) > kMaxReferences) {
    return Reject(RejectReason::kLimit, "a statement replaces, and is derived from, at most 64 others");
  }
  std::vector<StatementId> ids;
  for (const std::string& bytes : wire) {
    const auto id = StatementId::From(bytes);
    if (!id || (!ids.empty() && *id <= ids.back())) {
      return MalformedClaim("the statements that another names are malformed, unsorted or repeated");
    }
    ids.push_back(*id);
  }
  return ids;
}

absl::Status ReadGroup(const v1::StatementBody& body, Claims& claims) {
  if (!body.has_group()) return absl::OkStatus();
  auto group = ReadGroupAudience(body.group());
  if (!group.ok()) return group.status();
  if (body.audience_size() != 0)
    return MalformedClaim("a statement is for a group or for organisations by name, not for both");
  if (body.constraints().sg_id() != group->group.view())
    return MalformedClaim("a statement's group is not the one it is limited to");
  claims.group = *std::move(group);
  return absl::OkStatus();
}

absl::Status ReadShared(const v1::StatementBody& body, Claims& claims) {
  auto constraints = FromWire(body.constraints());
  if (!constraints.ok()) return constraints.status();
  auto audience = ReadAudience(body.audience());
  if (!audience.ok()) return audience.status();
  if (auto s = ReadGroup(body, claims); !s.ok()) return s;
  if (body.has_joint()) {
    auto joint = ReadJointTerms(body.joint());
    if (!joint.ok()) return joint.status();
    claims.joint = *std::move(joint);
  }
  claims.constraints = *std::move(constraints);
  claims.audience = *std::move(audience);
  claims.stream = *StreamId::From(body.stream_id());
  return absl::OkStatus();
}

absl::Status CheckLifetime(const Claim& claim, absl::Time now) {
  if (claim.created_us <= 0 || claim.expires_us <= claim.created_us || claim.expires_us > kMaxTimeUs) {
    return Reject(RejectReason::kTime, "a statement's times are missing or out of order");
  }
  const absl::Time created = absl::FromUnixMicros(claim.created_us), expires = absl::FromUnixMicros(claim.expires_us);
  if (created > now + kClockSkew) {
    return Reject(RejectReason::kTime, "a statement was made in the future; compare both nodes' clocks");
  }
  if (expires <= now) return Reject(RejectReason::kTime, "a statement has expired");
  if (expires - created > kStatementLifetime + kClockSkew) {
    return Reject(RejectReason::kTime, "a statement lives for at most 366 days");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<OrgId>> ReadAudience(const google::protobuf::RepeatedPtrField<std::string>& wire) {
  if (static_cast<size_t>(wire.size()) > kMaxAudience) {
    return Reject(RejectReason::kAudience, "an audience has at most 1000 organisations");
  }
  std::vector<OrgId> audience;
  for (const std::string& bytes : wire) {
    const auto org = OrgId::From(bytes);
    if (!org || (!audience.empty() && *org <= audience.back())) {
      return Reject(RejectReason::kAudience, "an audience is malformed, unsorted or names an organisation twice");
    }
    audience.push_back(*org);
  }
  return audience;
}

absl::StatusOr<std::vector<StatementId>> ReadStatementIds(ByteView wire) {
  if (wire.empty() || wire.size() % StatementId::kSize != 0)
    return MalformedClaim("a list of statement ids is empty or cut short");
  if (wire.size() / StatementId::kSize > kMaxStatements) {
    return Reject(RejectReason::kLimit, "a list names at most 1024 statements");
  }
  std::vector<StatementId> ids;
  for (; !wire.empty(); wire.remove_prefix(StatementId::kSize)) {
    const StatementId id = *StatementId::From(wire.substr(0, StatementId::kSize));
    if (!ids.empty() && id <= ids.back()) return MalformedClaim("statement ids are unsorted or repeated");
    ids.push_back(id);
  }
  return ids;
}

absl::StatusOr<References> ReadReferences(const v1::StatementBody& body) {
  auto replaces = ReadNamed(body.replaces());
  if (!replaces.ok()) return replaces.status();
  auto derived_from = ReadNamed(body.derived_from());
  if (!derived_from.ok()) return derived_from.status();
  return References{*std::move(replaces), *std::move(derived_from)};
}

absl::StatusOr<BatchClaim> ReadBatch(ByteView body) {
  v1::BatchBody wire;
  if (auto s = StrictParse(body, wire); !s.ok()) return s;
  const auto origin = OrgId::From(wire.origin());
  const auto key_id = KeyId::From(wire.key_id());
  const auto root = Digest::From(wire.root());
  if (!origin || !key_id || !root) return MalformedClaim("a batch's identifier or hash has the wrong length");
  if (wire.size() == 0) return MalformedClaim("a batch has no statements");
  if (wire.size() > kMaxStatements) return Reject(RejectReason::kLimit, "a batch has at most 1024 statements");
  const bool exercise = wire.leaf_type() == kExerciseStatementType;
  if (!exercise && wire.leaf_type() != kStatementType) return MalformedClaim("a batch's leaf type is not known");
  return BatchClaim{*origin, *key_id, wire.size(), *root, exercise};
}

absl::StatusOr<Claims> ReadClaims(const std::vector<ByteView>& bodies, const BatchClaim& batch) {
  Claims claims;
  claims.each.reserve(bodies.size());
  v1::StatementBody first, other;
  std::string constraints;
  std::optional<AlikeBody> alike;
  for (size_t i = 0; i < bodies.size(); ++i) {
    if (auto claim = alike ? alike->Read(bodies[i]) : std::nullopt) {
      claims.each.push_back(*std::move(claim));
      continue;
    }
    v1::StatementBody& body = i == 0 ? first : other;
    if (auto s = ReadBody(bodies[i], batch, body); !s.ok()) return s;
    auto references = ReadReferences(body);
    if (!references.ok()) return references.status();
    // Optional fields are no part of what has to be the same.
    body.mutable_constraints()->DiscardUnknownFields();
    if (body.has_joint()) body.mutable_joint()->DiscardUnknownFields();
    if (body.has_group()) body.mutable_group()->DiscardUnknownFields();
    if (i == 0) {
      if (auto s = ReadShared(first, claims); !s.ok()) return s;
      constraints = first.constraints().SerializeAsString();
    } else if (!SameShared(first, other, constraints)) {
      return MalformedClaim("the statements of a batch differ in audience, label or stream");
    }
    claims.each.push_back(ClaimOf(body, *std::move(references)));
    if (i == 0 && bodies.size() > 1) alike.emplace(bodies[0], claims.each[0]);
  }
  return claims;
}

absl::Status CheckTimes(const Claims& claims, const trust::IdentityHistory& origin, const KeyId& key_id,
                        absl::Time now) {
  for (const Claim& claim : claims.each) {
    if (auto s = CheckLifetime(claim, now); !s.ok()) return s;
  }
  const Claim* before = nullptr;
  for (const Claim& claim : claims.each) {
    const bool same = before != nullptr && before->created_us == claim.created_us &&
                      before->identity_version == claim.identity_version &&
                      before->identity_hash == claim.identity_hash;
    before = &claim;
    if (same) continue;
    const trust::KeyUse::Version version{claim.identity_version, claim.identity_hash};
    const absl::Time created = absl::FromUnixMicros(claim.created_us);
    if (auto key = origin.KeyFor({key_id, kBatchType, created, version, std::nullopt, std::nullopt}); !key.ok())
      return key.status();
  }
  return absl::OkStatus();
}

absl::Status CheckContent(const Claim& claim, ByteView salt, ByteView content) {
  if (salt.size() != kSaltSize || content.size() != claim.content_length ||
      ContentCommitment(salt, content) != claim.content_commit) {
    return Reject(RejectReason::kContent, "a statement's content is not the one that was signed");
  }
  return absl::OkStatus();
}

absl::Status CheckStream(const Claims& claims, const std::vector<uint32_t>& indexes,
                         const std::vector<StatementId>& ids) {
  const absl::Status gap =
      Reject(RejectReason::kGap, "the statements of a batch do not follow one another in their stream");
  const uint64_t base = claims.each[0].sequence - indexes[0];
  for (size_t i = 0; i < claims.each.size(); ++i) {
    const Claim& claim = claims.each[i];
    if (claim.sequence <= indexes[i] || claim.sequence - indexes[i] != base) return gap;
    if ((claim.sequence == 1) != claim.previous.IsZero()) return gap;
    if (i > 0 && indexes[i] == indexes[i - 1] + 1 && claim.previous != ids[i - 1]) return gap;
  }
  return absl::OkStatus();
}

}  // namespace entente::envelope
