#pragma once

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "crypto/crypto.h"
#include "crypto/secret.h"

// A 32-byte secret for one prekey: HPKE single shot with empty aad, prekey_id 16 | enc 1120 | ct 48. Envelopes wrap
// their content key in it, epochs their secret (docs/formats/envelope.md, epoch.md).
namespace entente::crypto {

inline constexpr size_t kSlotSize = PrekeyId::kSize + kKemCiphertextSize + kWrappedKeySize;

// label | 00 | suite | context | recipient | prekey_id | SHA-256(prekey): a slot made under it opens for no other
// header or epoch, organisation or key.
Bytes SlotInfo(ByteView label, const Digest& context, const OrgId& recipient, const PrekeyId& prekey_id,
               ByteView prekey);

// Confidential to the holder of the prekey's seed; says nothing about who made it. `hedge` as for HpkeSeal. Refuses
// with kPrekey a bad key, with kInternal a secret that has not 32 bytes.
absl::StatusOr<Bytes> WrapSlot(ByteView prekey, const PrekeyId& prekey_id, ByteView info, const SecretBytes& secret,
                               ByteView hedge);
// The 32 bytes. Does not ask whether `seed` is that of the prekey named: the info does. Refuses with kHeader another
// length than a slot's (before anything is decapsulated), with kKem and kUnwrap as HpkeOpen does.
absl::StatusOr<SecretBytes> OpenSlot(const SecretBytes& seed, ByteView slot, ByteView info);

}  // namespace entente::crypto
