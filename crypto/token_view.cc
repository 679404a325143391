#include "crypto/token_view.h"

#include "base/reject.h"
#include "crypto/pkcs11_key.h"
#include "crypto/primitives.h"
#include "crypto/token_process.h"
#include "crypto/token_session.h"

namespace entente::crypto {
namespace {

// The four fields as PKCS#11 has them, padded with spaces: label 32, manufacturer 32, model 16, serial number 16.
constexpr size_t kLabel = 32, kManufacturer = 32, kModel = 16, kSerial = 16;
constexpr size_t kNames = kLabel + kManufacturer + kModel + kSerial;

template <size_t N>
Bytes Field(const unsigned char (&padded)[N]) {
  return Bytes(reinterpret_cast<const char*>(padded), N);
}

std::string Unpadded(ByteView field) {
  const size_t end = field.find_last_not_of(std::string_view(" \0", 2));
  return std::string(field.substr(0, end == ByteView::npos ? 0 : end + 1));
}

absl::StatusOr<Bytes> Look(const std::string& text, const SecretBytes* pin) {
  const absl::StatusOr<TokenUri> uri = ParseTokenUri(text);
  if (!uri.ok()) return uri.status();
  bool refused = false;
  auto session = pin == nullptr ? TokenSession::Find(uri->get()) : TokenSession::Open(uri->get(), *pin, refused);
  if (!session.ok()) return session.status();
  const CK_TOKEN_INFO& token = (*session)->token();
  return Field(token.label) + Field(token.manufacturerID) + Field(token.model) + Field(token.serialNumber) +
         (*session)->public_key();
}

}  // namespace

absl::StatusOr<TokenView> LookAtToken(const std::string& uri, const SecretBytes* pin, absl::Duration patience) {
  if (const absl::StatusOr<TokenUri> fits = ParseTokenUri(uri); !fits.ok()) return fits.status();
  if (pin != nullptr && (pin->size() < kMinPinBytes || pin->size() > kMaxPinBytes)) {
    return Reject(RejectReason::kKeystore, "a token's PIN has 4 to 255 bytes; correct the file that holds it");
  }
  const absl::StatusOr<Bytes> found = InTokenProcess([&] { return Look(uri, pin); }, patience);
  if (!found.ok()) return found.status();
  const ByteView all = *found;
  if (all.size() != kNames + (pin == nullptr ? 0 : kPublicKeySize)) {
    return Reject(RejectReason::kHsm, "the token's process answers nothing; try again");
  }
  TokenView view;
  view.label = Unpadded(all.substr(0, kLabel));
  view.manufacturer = Unpadded(all.substr(kLabel, kManufacturer));
  view.model = Unpadded(all.substr(kLabel + kManufacturer, kModel));
  view.serial = Unpadded(all.substr(kNames - kSerial, kSerial));
  view.public_key = Bytes(all.substr(kNames));
  return view;
}

}  // namespace entente::crypto
