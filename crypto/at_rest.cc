#include "crypto/at_rest.h"

#include <sodium.h>

#include <cstdlib>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

SecretBytes Subkey(const SecretBytes& storage_key, ByteView label) {
  SecretBytes subkey(kKeySize);
  // A key of another size is a fault of this program, and going on would seal the store under zeros.
  if (!HkdfExpand(AsView(storage_key.ExposeSecret()), ExpandInfo(label), subkey.MutableSecret())) std::abort();
  return subkey;
}

}  // namespace

static_assert(AtRest::kOverhead == kXChaChaNonceSize + kTagSize);

AtRest::AtRest(const SecretBytes& storage_key)
    : seal_key_(Subkey(storage_key, "entente/1/at-rest/seal")),
      index_key_(HmacPads(AsView(Subkey(storage_key, "entente/1/at-rest/index").ExposeSecret()))) {}

// 192-bit random nonces: at 2^40 records under one key the chance of a repeat is below 2^-112.
Bytes AtRest::Seal(ByteView plaintext, ByteView ad) const {
  Bytes sealed(kOverhead + plaintext.size(), '\0');
  randombytes_buf(sealed.data(), kXChaChaNonceSize);
  XChaChaSeal(AsView(seal_key_.ExposeSecret()), ByteView(sealed).substr(0, kXChaChaNonceSize), ad, plaintext,
              Octets(sealed) + kXChaChaNonceSize);
  return sealed;
}

absl::StatusOr<Bytes> AtRest::Open(ByteView sealed, ByteView ad) const {
  if (sealed.size() >= kOverhead) {
    Bytes plaintext(sealed.size() - kOverhead, '\0');
    if (XChaChaOpen(AsView(seal_key_.ExposeSecret()), sealed.substr(0, kXChaChaNonceSize), ad,
                    sealed.substr(kXChaChaNonceSize), Octets(plaintext))) {
      return plaintext;
    }
  }
  return Reject(RejectReason::kStoreCorrupt,
                "a stored record does not authenticate: damaged, moved, or sealed under another storage key; run "
                "`entente fsck`");
}

Bytes AtRest::IndexKey(ByteView label, ByteView value) const {
  constexpr ByteView kEnd{"\0", 1};
  return Bytes(Hmac(index_key_, {label, kEnd, value}).view().substr(0, kIndexKeySize));
}

}  // namespace entente::crypto
