#include "crypto/token_session.h"

#include <p11-kit/p11-kit.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

using namespace std::literals;

absl::Status Refuse(const std::string& what) {
  return Reject(RejectReason::kHsm, what);
}

// edwards25519 as a PrintableString and as an OID (PKCS#11 3.0), and RFC 8410's OID of Ed25519 (3.1 and SoftHSM).
constexpr std::array kCurves = {
    "\x13\x0c"
    "edwards25519"sv,
    "\x06\x09\x2b\x06\x01\x04\x01\xda\x47\x0f\x01"sv, "\x06\x03\x2b\x65\x70"sv};

// PKCS#11 3.0 wraps the point in a DER OCTET STRING, 3.1 does not; tokens do either.
constexpr ByteView kOctetString = "\x04\x20";

template <typename T>
CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, T& value) {
  return {type, &value, sizeof(value)};
}

}  // namespace

absl::Status TokenRefusal(const std::string& what, CK_RV why, const std::string& remedy) {
  return Refuse(what + ": " + p11_kit_strerror(why) + "; " + remedy);
}

absl::StatusOr<std::unique_ptr<TokenSession>> TokenSession::Find(P11KitUri* uri) {
  std::unique_ptr<TokenSession> session(new TokenSession);
  if (absl::Status found = session->FindToken(uri); !found.ok()) return found;
  return session;
}

absl::StatusOr<std::unique_ptr<TokenSession>> TokenSession::Open(P11KitUri* uri, const SecretBytes& pin,
                                                                 bool& pin_refused) {
  std::unique_ptr<TokenSession> session(new TokenSession);
  if (absl::Status found = session->FindToken(uri); !found.ok()) return found;
  const CK_RV opened =
      session->module_->C_OpenSession(session->slot_, CKF_SERIAL_SESSION, nullptr, nullptr, &session->session_);
  if (opened != CKR_OK) return TokenRefusal("the token opens no session", opened, "close what else uses it");
  if (absl::Status in = session->LogIn(pin, pin_refused); !in.ok()) return in;
  if (absl::Status found = session->FindKeys(uri); !found.ok()) return found;
  return session;
}

TokenSession::~TokenSession() {
  if (session_ != CK_INVALID_HANDLE) module_->C_CloseSession(session_);
  if (modules_ != nullptr) p11_kit_modules_finalize_and_release(modules_);
}

absl::Status TokenSession::FindToken(P11KitUri* uri) {
  modules_ = p11_kit_modules_load_and_initialize(0);
  if (modules_ == nullptr)
    return Refuse("no PKCS#11 module can be loaded; see /etc/pkcs11/modules and `p11-kit list-modules`");
  size_t found = 0;
  for (CK_FUNCTION_LIST** module = modules_; *module != nullptr; ++module) {
    CK_INFO about;
    if ((*module)->C_GetInfo(&about) != CKR_OK || p11_kit_uri_match_module_info(uri, &about) != 1) continue;
    std::array<CK_SLOT_ID, kMaxTokenSlots> slots;
    CK_ULONG count = slots.size();
    if ((*module)->C_GetSlotList(CK_TRUE, slots.data(), &count) != CKR_OK) continue;
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO token;
      if ((*module)->C_GetTokenInfo(slots[i], &token) != CKR_OK) continue;
      if (p11_kit_uri_match_token_info(uri, &token) != 1) continue;
      module_ = *module;
      slot_ = slots[i];
      token_ = token;
      ++found;
    }
  }
  if (found == 0) return Refuse("no token matches the key's URI; plug it in, or see `p11-kit list-modules`");
  if (found > 1) return Refuse("several tokens match the key's URI; name one by its `serial`");
  CK_MECHANISM_INFO mechanism;
  const CK_RV known = module_->C_GetMechanismInfo(slot_, CKM_EDDSA, &mechanism);
  if (known == CKR_OK && (mechanism.flags & CKF_SIGN) != 0) return absl::OkStatus();
  return Refuse("the token does not sign with Ed25519 (CKM_EDDSA); use another token or a key in the keystore");
}

// Another session of this program may be logged in already: a login is the token's, not the session's.
absl::Status TokenSession::LogIn(const SecretBytes& pin, bool& refused) {
  auto* octets = const_cast<CK_UTF8CHAR*>(pin.ExposeSecret().data());
  const CK_RV in = module_->C_Login(session_, CKU_USER, octets, pin.size());
  if (in == CKR_OK || in == CKR_USER_ALREADY_LOGGED_IN) return absl::OkStatus();
  refused = in == CKR_PIN_INCORRECT || in == CKR_PIN_INVALID || in == CKR_PIN_LEN_RANGE || in == CKR_PIN_LOCKED;
  return TokenRefusal("the token refuses the login", in,
                      "correct the PIN before another start, since tokens lock after a few wrong ones");
}

absl::Status TokenSession::FindKeys(P11KitUri* uri) {
  const absl::StatusOr<CK_OBJECT_HANDLE> own = FindOne(uri, CKO_PRIVATE_KEY), open = FindOne(uri, CKO_PUBLIC_KEY);
  if (!own.ok()) return own.status();
  if (!open.ok()) return open.status();
  key_ = *own;
  return ReadPublicKey(*open);
}

absl::StatusOr<CK_OBJECT_HANDLE> TokenSession::FindOne(P11KitUri* uri, CK_OBJECT_CLASS type) {
  CK_KEY_TYPE kind = CKK_EC_EDWARDS;
  std::array<CK_ATTRIBUTE, 4> wanted = {Attribute(CKA_CLASS, type), Attribute(CKA_KEY_TYPE, kind)};
  CK_ULONG size = 2;
  for (CK_ATTRIBUTE_TYPE name : {CKA_LABEL, CKA_ID}) {
    if (const CK_ATTRIBUTE* given = p11_kit_uri_get_attribute(uri, name); given != nullptr) wanted[size++] = *given;
  }
  std::array<CK_OBJECT_HANDLE, 2> objects;
  CK_ULONG found = 0;
  CK_RV rv = module_->C_FindObjectsInit(session_, wanted.data(), size);
  if (rv == CKR_OK) {
    rv = module_->C_FindObjects(session_, objects.data(), objects.size(), &found);
    module_->C_FindObjectsFinal(session_);
  }
  const std::string what = type == CKO_PRIVATE_KEY ? "private" : "public";
  if (rv != CKR_OK) return TokenRefusal("the token lists no " + what + " key", rv, "check it with `p11tool`");
  if (found == 1) return objects[0];
  return Refuse("the token holds " + std::string(found == 0 ? "no" : "more than one") + " Ed25519 " + what +
                " key of the URI's name; make both halves of the pair, once, under one label and id");
}

absl::Status TokenSession::ReadPublicKey(CK_OBJECT_HANDLE key) {
  std::array<char, 64> point, curve;
  std::array<CK_ATTRIBUTE, 2> wanted = {Attribute(CKA_EC_POINT, point), Attribute(CKA_EC_PARAMS, curve)};
  const CK_RV rv = module_->C_GetAttributeValue(session_, key, wanted.data(), wanted.size());
  if (rv != CKR_OK) return TokenRefusal("the token does not show its public key", rv, "check it with `p11tool`");
  const ByteView name(curve.data(), wanted[1].ulValueLen);
  if (std::find(kCurves.begin(), kCurves.end(), name) == kCurves.end()) {
    return Refuse("the token's key is not on edwards25519; make an Ed25519 key in it");
  }
  ByteView bytes(point.data(), wanted[0].ulValueLen);
  if (bytes.size() == kOctetString.size() + kPublicKeySize && bytes.starts_with(kOctetString)) {
    bytes.remove_prefix(kOctetString.size());
  }
  if (bytes.size() != kPublicKeySize)
    return Refuse("the token's public key has not 32 bytes; make an Ed25519 key in it");
  public_key_ = Bytes(bytes);
  return absl::OkStatus();
}

CK_RV TokenSession::Sign(ByteView message, Bytes& signature) {
  CK_MECHANISM eddsa = {CKM_EDDSA, nullptr, 0};  // no parameters: pure Ed25519
  const CK_RV begun = module_->C_SignInit(session_, &eddsa, key_);
  if (begun != CKR_OK) return begun;
  signature.resize(kSignatureSize);
  CK_ULONG size = signature.size();
  const CK_RV rv =
      module_->C_Sign(session_, const_cast<CK_BYTE*>(Octets(message)), message.size(), Octets(signature), &size);
  signature.resize(rv == CKR_OK && size <= kSignatureSize ? size : 0);
  return rv;
}

CK_RV TokenSession::Random(SecretBytes& out) {
  return module_->C_GenerateRandom(session_, out.MutableSecret().data(), out.size());
}

}  // namespace entente::crypto
