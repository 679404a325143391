#include "envelope/commitments.h"

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/statement.h"

namespace entente::envelope {
namespace {

absl::Status NotUnderRoot() {
  return Reject(RejectReason::kSignature, "a statement is not the one that its batch was signed over");
}

absl::Status CheckWhole(const std::vector<StatementId>& ids, const std::vector<Place>& places, const Digest& root) {
  for (size_t i = 0; i < places.size(); ++i) {
    if (places[i].index != i || !places[i].path.empty()) {
      return Reject(RejectReason::kParse, "a whole batch comes in order and without audit paths");
    }
  }
  return crypto::TreeHash(Leaves(ids)) == root ? absl::OkStatus() : NotUnderRoot();
}

}  // namespace

Digest ContentCommitment(ByteView salt, ByteView content) {
  Bytes length;
  AppendBigEndian(length, static_cast<uint64_t>(content.size()));
  return crypto::LabeledHash("entente/1/content", {salt, length, content});
}

Digest StatementsHash(const std::vector<StatementId>& ids) {
  return crypto::LabeledHash("entente/1/sealed", {Joined(ids)});
}

Digest AudienceHash(const std::vector<OrgId>& organisations, const std::optional<trust::MembershipRef>& group) {
  if (!group) return crypto::LabeledHash("entente/1/audience", {Joined(organisations)});
  Bytes version;
  AppendBigEndian(version, group->version);
  return crypto::LabeledHash("entente/1/audience-group", {group->group.view(), version, group->hash.view()});
}

StatementId IdOf(ByteView body, bool exercise) {
  const Bytes encoded = crypto::Pae(exercise ? kExerciseStatementType : kStatementType, body);
  return *StatementId::From(crypto::Sha256(encoded).view());
}

std::vector<ByteView> Leaves(const std::vector<StatementId>& ids) {
  std::vector<ByteView> leaves;
  leaves.reserve(ids.size());
  for (const StatementId& id : ids) leaves.push_back(id.view());
  return leaves;
}

absl::Status CheckPlaces(const std::vector<StatementId>& ids, const std::vector<Place>& places, uint32_t size,
                         const Digest& root) {
  if (places.size() == size) return CheckWhole(ids, places, root);
  if (places.size() > size) return Reject(RejectReason::kParse, "more statements than their batch has");
  for (size_t i = 0; i < places.size(); ++i) {
    const bool ascending = i == 0 || places[i - 1].index < places[i].index;
    if (!ascending || places[i].index >= size) {
      return Reject(RejectReason::kParse, "the statements' places in their batch do not ascend, or lie outside it");
    }
    if (crypto::RootFromPath(ids[i].view(), places[i].index, size, places[i].path) != root) return NotUnderRoot();
  }
  return absl::OkStatus();
}

}  // namespace entente::envelope
