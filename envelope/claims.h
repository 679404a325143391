#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/cosign.h"
#include "envelope/statement.h"
#include "model/text.h"
#include "policy/policy.h"
#include "trust/identity_chain.h"
#include "trust/membership.h"

// Private to envelope/: what signed bodies say, strictly parsed, and the checks among what they say (statement.md).
namespace entente::envelope {

struct BatchClaim {
  OrgId origin;
  KeyId key_id;
  uint32_t size = 0;
  Digest root;
  bool exercise = false;
};
// Refuses with kParse, and with kLimit over 1024 statements. Call it on bytes whose signature holds.
absl::StatusOr<BatchClaim> ReadBatch(ByteView body);

// Refuses with kAudience: over 1000, unsorted, repeated, not ids.
absl::StatusOr<std::vector<OrgId>> ReadAudience(const google::protobuf::RepeatedPtrField<std::string>& wire);

using model::IsWord;
// Joined ids, ascending, 1 to 1024. Refuses with kParse and kLimit.
absl::StatusOr<std::vector<StatementId>> ReadStatementIds(ByteView wire);
// Ascending, at most 64 of each. Refuses with kLimit and kParse.
absl::StatusOr<References> ReadReferences(const v1::StatementBody& body);

// What one statement says of itself ...
struct Claim {
  uint64_t sequence = 0;
  StatementId previous;
  int64_t created_us = 0, expires_us = 0;
  uint64_t content_length = 0;
  Digest content_commit;
  uint64_t identity_version = 0;
  Digest identity_hash;
  References references;
};
// ... and what all statements of a batch have in common.
struct Claims {
  policy::Constraints constraints;
  std::vector<OrgId> audience;  // empty for a group's, until step 28 finds its members
  std::optional<trust::MembershipRef> group;
  StreamId stream;
  std::optional<JointTerms> joint;
  std::vector<Claim> each;  // as many as `bodies`
};
// Reads the bodies of one batch's statements and checks that they agree with it and among themselves. Refuses with
// kParse, kLimit (a body over 128 KiB) and kAudience (unsorted, repeated, over 1000). REQUIRES at least one body.
absl::StatusOr<Claims> ReadClaims(const std::vector<ByteView>& bodies, const BatchClaim& batch);

// Each was made by a key that counted then under the document that it names, not in the future, and is still alive.
// Refuses with kTime, kNoKey, kKeyUse, kRevoked.
absl::Status CheckTimes(const Claims& claims, const trust::IdentityHistory& origin, const KeyId& key_id,
                        absl::Time now);
// Refuses with kContent.
absl::Status CheckContent(const Claim& claim, ByteView salt, ByteView content);
// Sequence and previous among statements `ids` at `indexes` of one batch. Refuses with kGap.
absl::Status CheckStream(const Claims& claims, const std::vector<uint32_t>& indexes,
                         const std::vector<StatementId>& ids);

}  // namespace entente::envelope
