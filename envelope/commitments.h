#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "trust/membership.h"

// Private to envelope/ and its hostile maker: the hashes of docs/formats/statement.md.
namespace entente::envelope {

inline constexpr size_t kSaltSize = 32;
inline constexpr size_t kMaxPath = 10;  // 2^10 = kMaxStatements

// Ids one behind the other, as they are hashed and as lists of them stand in messages.
template <typename Id>
Bytes Joined(const std::vector<Id>& ids) {
  Bytes out;
  out.reserve(ids.size() * Id::kSize);
  for (const Id& id : ids) out.append(id.view());
  return out;
}

Digest ContentCommitment(ByteView salt, ByteView content);
Digest StatementsHash(const std::vector<StatementId>& ids);
// Of a group where one is given, else of the organisations, ascending.
Digest AudienceHash(const std::vector<OrgId>& organisations, const std::optional<trust::MembershipRef>& group = std::nullopt);

// Ids as the leaves of a batch's tree; borrowed from `ids`.
std::vector<ByteView> Leaves(const std::vector<StatementId>& ids);

// Where one statement claims to stand in its batch.
struct Place {
  uint32_t index = 0;
  std::vector<Digest> path;
};
// OK when the statements `ids` stand at `places` under `root` in a batch of `size`: all of them in order without paths,
// or some, ascending, each with its path. Refuses with kParse (places that cannot be) and kSignature (another root).
absl::Status CheckPlaces(const std::vector<StatementId>& ids, const std::vector<Place>& places, uint32_t size,
                         const Digest& root);

}  // namespace entente::envelope
