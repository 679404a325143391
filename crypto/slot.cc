#include "crypto/slot.h"

#include "base/reject.h"
#include "crypto/primitives.h"

namespace entente::crypto {

static_assert(kSlotSize == 1184);

Bytes SlotInfo(ByteView label, const Digest& context, const OrgId& recipient, const PrekeyId& prekey_id,
               ByteView prekey) {
  Bytes info = ExpandInfo(label, context.view());
  return info.append(recipient.view()).append(prekey_id.view()).append(Sha256(prekey).view());
}

absl::StatusOr<Bytes> WrapSlot(ByteView prekey, const PrekeyId& prekey_id, ByteView info, const SecretBytes& secret,
                               ByteView hedge) {
  if (secret.size() != kKeySize) return Reject(RejectReason::kInternal, "a slot holds a secret of 32 bytes");
  const absl::StatusOr<HpkeSealed> sealed = HpkeSeal(prekey, info, /*aad=*/{}, AsView(secret.ExposeSecret()), hedge);
  if (!sealed.ok()) return sealed.status();
  return prekey_id.str() + sealed->enc + sealed->ct;
}

absl::StatusOr<SecretBytes> OpenSlot(const SecretBytes& seed, ByteView slot, ByteView info) {
  if (slot.size() != kSlotSize) return Reject(RejectReason::kHeader, "a slot has 1184 bytes; ask for it again");
  const ByteView enc = slot.substr(PrekeyId::kSize, kKemCiphertextSize);
  return HpkeOpen(seed, enc, info, /*aad=*/{}, slot.substr(PrekeyId::kSize + enc.size()));
}

}  // namespace entente::crypto
