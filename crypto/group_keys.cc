#include "crypto/group_keys.h"

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

// `Expand` of docs/formats/payload.md.
void Derive(const SecretBytes& secret, ByteView label, ByteView context, std::span<uint8_t> out) {
  HkdfExpand(AsView(secret.ExposeSecret()), ExpandInfo(label, context), out);
}

}  // namespace

Digest HashOf(const EpochFields& fields) {
  Bytes bytes;
  bytes.append(fields.group.view()).append(fields.issuer.view());
  AppendBigEndian(bytes, fields.membership_version);
  bytes.append(fields.membership_hash.view());
  AppendBigEndian(bytes, fields.epoch);
  bytes.append(fields.previous_commit.view());
  AppendBigEndian(bytes, fields.not_before_us);
  AppendBigEndian(bytes, fields.not_after_us);
  AppendBigEndian(bytes, fields.slots);
  return LabeledHash("entente/1/epoch-fields", {bytes});
}

absl::StatusOr<EpochSecret> EpochSecret::Next(const EpochSecret* previous, const SecretBytes& ikm) {
  if (ikm.size() != kKeySize) return Reject(RejectReason::kInternal, "an epoch is made from 32 random bytes");
  const SecretBytes zeros(kKeySize);
  const SecretBytes& salt = previous == nullptr ? zeros : previous->bytes_;
  return EpochSecret(
      SecretBytes::CopyOf(HkdfExtract(AsView(salt.ExposeSecret()), {AsView(ikm.ExposeSecret())}).view()));
}

absl::StatusOr<EpochSecret> EpochSecret::FromBytes(SecretBytes bytes) {
  if (bytes.size() != kKeySize) {
    return Reject(RejectReason::kKeystore, "an epoch's secret must have 32 bytes; ask an issuer to wrap it again");
  }
  return EpochSecret(std::move(bytes));
}

Digest EpochSecret::Commitment(const Digest& epoch_fields) const {
  Digest commitment;
  Derive(bytes_, "entente/1/epoch-commit", epoch_fields.view(), {commitment.data(), Digest::kSize});
  return commitment;
}

absl::Status EpochSecret::CheckCommitment(const Digest& epoch_fields, const Digest& commitment) const {
  if (ConstantTimeEqual(Commitment(epoch_fields).view(), commitment.view())) return absl::OkStatus();
  return Reject(RejectReason::kCommit,
                "the epoch's secret is not the one its issuer announced; ask another issuer for a new epoch");
}

RouteTag EpochSecret::Tag(const Digest& epoch_fields) const {
  RouteTag tag;
  Derive(bytes_, "entente/1/route", epoch_fields.view(), {tag.data(), RouteTag::kSize});
  return tag;
}

SecretBytes EpochSecret::ContentKey(const GroupId& group, uint64_t epoch, const Digest& msg_salt) const {
  Bytes context = group.str();
  AppendBigEndian(context, epoch);
  context.append(msg_salt.view());
  SecretBytes key(kKeySize);
  Derive(bytes_, "entente/1/gmsg", context, key.MutableSecret());
  return key;
}

}  // namespace entente::crypto
