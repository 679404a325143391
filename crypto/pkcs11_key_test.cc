#include "crypto/pkcs11_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "base/reject.h"
#include "crypto/keystore.h"
#include "crypto/testing/soft_token.h"
#include "crypto/token_session.h"
#include "crypto/transport_certificate.h"

namespace entente::crypto {
namespace {

constexpr ByteView kType = "application/vnd.entente.batch.v1";
constexpr RejectReason kHsm = RejectReason::kHsm;

bool AllowsBatches(ByteView type) {
  return type == kType;
}

const Bytes kSeed = *FromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");

SigningKey Soft(const Bytes& seed = kSeed) {
  return *SigningKey::FromSeed(SecretBytes::CopyOf(seed));
}

class Token : public testing::SoftTokenTest {
 protected:
  static TokenReference Reference(const std::string& uri = "pkcs11:token=entente;object=statement",
                                  const Bytes& public_key = Soft().public_key()) {
    return {RandomId<KeyId>(), public_key, uri};
  }
  static absl::StatusOr<std::unique_ptr<Pkcs11Key>> Open(const TokenReference& reference = Reference(),
                                                         ByteView pin = kPin) {
    return Pkcs11Key::Open(reference, SecretBytes::CopyOf(pin), AllowsBatches);
  }
  static void ExpectRefused(const absl::Status& status, RejectReason reason, ByteView word) {
    EXPECT_EQ(ReasonOf(status), reason) << status;
    EXPECT_NE(Bytes(status.message()).find(word), Bytes::npos) << status;
  }
};

// Ed25519 has one signature for a message, so the token's is that of the seed.
TEST_F(Token, SignsAsTheSeedDoes) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ((*key)->public_key(), Soft().public_key());
  for (const Bytes& body : {Bytes(), Bytes("body"), Bytes(256 * 1024, 'b')}) {
    const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, body);
    ASSERT_TRUE(signature.ok()) << signature.status();
    EXPECT_EQ(*signature, *Soft().Sign(kType, body));
  }
}

TEST_F(Token, AKeyThatWasMadeInTheTokenSigns) {
  const testing::ForgivenLeaks softhsms;
  Bytes public_key(kPublicKeySize, '\0');
  Beside([&](CK_FUNCTION_LIST* module, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session = 0;
    module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
    ASSERT_EQ(module->C_Login(session, CKU_USER, const_cast<CK_BYTE*>(Octets(kPin)), kPin.size()), CKR_OK);
    CK_MECHANISM mechanism = {CKM_EC_EDWARDS_KEY_PAIR_GEN, nullptr, 0};
    CK_BBOOL yes = CK_TRUE;
    Bytes curve = "\x06\x03\x2b\x65\x70", label = "made";
    CK_ATTRIBUTE open[] = {{CKA_EC_PARAMS, curve.data(), curve.size()},
                           {CKA_LABEL, label.data(), label.size()},
                           {CKA_TOKEN, &yes, 1},
                           {CKA_VERIFY, &yes, 1}};
    CK_ATTRIBUTE own[] = {{CKA_LABEL, label.data(), label.size()},
                          {CKA_TOKEN, &yes, 1},
                          {CKA_SIGN, &yes, 1},
                          {CKA_PRIVATE, &yes, 1},
                          {CKA_SENSITIVE, &yes, 1}};
    CK_OBJECT_HANDLE pair[2];
    ASSERT_EQ(module->C_GenerateKeyPair(session, &mechanism, open, 4, own, 5, &pair[0], &pair[1]), CKR_OK);
    Bytes point(34, '\0');
    CK_ATTRIBUTE wanted = {CKA_EC_POINT, point.data(), point.size()};
    ASSERT_EQ(module->C_GetAttributeValue(session, pair[0], &wanted, 1), CKR_OK);
    ASSERT_EQ(point.substr(0, 2), "\x04\x20");
    public_key = point.substr(2);
  });
  const auto key = Open(Reference("pkcs11:token=entente;object=made", public_key));
  ASSERT_TRUE(key.ok()) << key.status();
  const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, "body");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_TRUE(Verify(public_key, kType, "body", *signature));
}

TEST_F(Token, FindsTheKeyByLabelOrIdAndNoOther) {
  Import(kSeed, "statement", "0a");
  Import(Bytes(kKeySize, 'o'), "other", "0b");
  for (const char* uri : {"pkcs11:token=entente;object=statement", "pkcs11:token=entente;id=%0a",
                          "pkcs11:token=entente;object=statement;id=%0A;type=private"}) {
    EXPECT_TRUE(Open(Reference(uri)).ok()) << uri;
  }
  for (const char* uri : {"pkcs11:token=entente;object=Statement", "pkcs11:token=entente;id=%0c",
                          "pkcs11:token=entente;object=statement;id=%0b"}) {
    ExpectRefused(Open(Reference(uri)).status(), kHsm, "holds no");
  }
  ExpectRefused(Open(Reference("pkcs11:token=entente;object=other")).status(), kHsm, "another key");
  ExpectRefused(Open(Reference("pkcs11:token=absent;object=statement")).status(), kHsm, "no token");
}

TEST_F(Token, SeveralKeysOrTokensOfOneNameAreRefused) {
  Import(kSeed, "statement", "0a");
  Import(Bytes(kKeySize, 'o'), "statement", "0b");
  ExpectRefused(Open().status(), kHsm, "more than one");
  Initialise("entente");
  ExpectRefused(Open(Reference("pkcs11:token=entente;id=%0a")).status(), kHsm, "several tokens");
}

TEST_F(Token, AKeyWithoutItsPublicHalfOrOfAnotherCurveIsRefused) {
  Import(kSeed, "statement", "0a", "--no-public-key");
  ExpectRefused(Open().status(), kHsm, "holds no Ed25519 public key");
  Import(Bytes(57, 'g'), "goldilocks", "0b", "", "3047020100300506032b6571043b0439");
  ExpectRefused(Open(Reference("pkcs11:token=entente;object=goldilocks")).status(), kHsm, "not on edwards25519");
}

// The enrolled public key beside another private one: what the token signs with it does not leave this program.
TEST_F(Token, ASignatureThatDoesNotVerifyIsNotGivenOut) {
  Import(Bytes(kKeySize, 'o'), "statement", "0a", "--no-public-key");
  Beside([](CK_FUNCTION_LIST* module, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session = 0;
    module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
    ASSERT_EQ(module->C_Login(session, CKU_USER, const_cast<CK_BYTE*>(Octets(kPin)), kPin.size()), CKR_OK);
    CK_OBJECT_CLASS type = CKO_PUBLIC_KEY;
    CK_KEY_TYPE kind = CKK_EC_EDWARDS;
    CK_BBOOL yes = CK_TRUE;
    Bytes curve =
              "\x13\x0c"
              "edwards25519",
          label = "statement", point = "\x04\x20" + Soft().public_key();
    CK_ATTRIBUTE object[] = {{CKA_CLASS, &type, sizeof(type)},
                             {CKA_KEY_TYPE, &kind, sizeof(kind)},
                             {CKA_EC_PARAMS, curve.data(), curve.size()},
                             {CKA_EC_POINT, point.data(), point.size()},
                             {CKA_LABEL, label.data(), label.size()},
                             {CKA_TOKEN, &yes, 1}};
    CK_OBJECT_HANDLE made = 0;
    ASSERT_EQ(module->C_CreateObject(session, object, 6, &made), CKR_OK);
  });
  ExpectRefused(Open().status(), kHsm, "does not verify");
}

TEST_F(Token, OnlyAllowedTypesOfBoundedSizeAreSigned) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  for (ByteView type : {"", "application/vnd.entente.idoc.v1", "application/vnd.entente.batch.v2",
                        "application/vnd.entente.batch.v1 ", "application/vnd.entente.head.v1"}) {
    ExpectRefused((*key)->Sign(type, "body").status(), RejectReason::kKeyUse, "nothing was signed");
  }
  const size_t most = kMaxTokenMessage - Pae(kType, Bytes(kMaxTokenMessage, 'b')).size() + kMaxTokenMessage;
  EXPECT_TRUE((*key)->Sign(kType, Bytes(most, 'b')).ok());
  EXPECT_EQ(ReasonOf((*key)->Sign(kType, Bytes(most + 1, 'b')).status()), RejectReason::kLimit);
}

TEST_F(Token, ThePinComesFromAPassphraseFile) {
  Import(kSeed, "statement", "0a");
  const std::string path = folder() + "/pin";
  std::ofstream(path) << kPin << "\n";
  chmod(path.c_str(), 0600);
  const absl::StatusOr<SecretBytes> pin = ReadPassphrase(path);
  ASSERT_TRUE(pin.ok()) << pin.status();
  EXPECT_TRUE(Pkcs11Key::Open(Reference(), *pin, AllowsBatches).ok());
}

// The key signs in the node's name like a seed does: a peer cannot tell.
TEST_F(Token, SignsATransportCertificate) {
  Import(kSeed, "statement", "0a");
  const auto key =
      Pkcs11Key::Open(Reference(), SecretBytes::CopyOf(kPin), [](ByteView type) { return type == kTransportType; });
  ASSERT_TRUE(key.ok()) << key.status();
  const auto made = MakeTransportCertificate(RandomId<OrgId>(), RandomId<KeyId>(), **key, absl::Now());
  ASSERT_TRUE(made.ok()) << made.status();
  const auto claim = ReadTransportClaim(made->certificate_pem);
  ASSERT_TRUE(claim.ok()) << claim.status();
  EXPECT_TRUE(VerifyTransportClaim(*claim, Soft().public_key()));
  ExpectRefused(MakeTransportCertificate(RandomId<OrgId>(), RandomId<KeyId>(), **Open(), absl::Now()).status(),
                RejectReason::kKeyUse, "nothing was signed");
}

TEST_F(Token, AWrongPinIsRefused) {
  Import(kSeed, "statement", "0a");
  ExpectRefused(Open(Reference(), "4321").status(), kHsm, "PIN");
  for (size_t size : {0u, 3u, 256u}) {
    ExpectRefused(Open(Reference(), Bytes(size, '1')).status(), RejectReason::kKeystore, "4 to 255 bytes");
  }
  EXPECT_TRUE(Open().ok());
}

TEST_F(Token, ALostSessionIsOpenedAgain) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  Beside([](CK_FUNCTION_LIST* module, CK_SLOT_ID slot) { ASSERT_EQ(module->C_CloseAllSessions(slot), CKR_OK); });
  const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, "body");
  ASSERT_TRUE(signature.ok()) << signature.status();
  EXPECT_TRUE(Verify((*key)->public_key(), kType, "body", *signature));
}

// Tokens until the module shows `slots` slots, the empty one of SoftHSM among them.
void FillSlots(CK_FUNCTION_LIST* module, CK_ULONG slots) {
  std::vector<CK_SLOT_ID> shown(slots + 1);
  for (;;) {
    CK_ULONG count = 0, empty = 0;
    ASSERT_EQ(module->C_GetSlotList(CK_TRUE, nullptr, &count), CKR_OK);  // makes a new empty one
    if (count >= slots) return;
    count = shown.size();
    ASSERT_EQ(module->C_GetSlotList(CK_TRUE, shown.data(), &count), CKR_OK);
    for (CK_ULONG i = 0; i < count; ++i) {
      CK_TOKEN_INFO token;
      ASSERT_EQ(module->C_GetTokenInfo(shown[i], &token), CKR_OK);
      if ((token.flags & CKF_TOKEN_INITIALIZED) == 0) empty = shown[i];
    }
    Bytes pin = "567890", label(32, ' ');
    ASSERT_EQ(module->C_InitToken(empty, Octets(pin), pin.size(), Octets(label)), CKR_OK);
  }
}

TEST_F(Token, AModuleWithMoreSlotsThanAreLookedAtIsPassedOver) {
  Import(kSeed, "statement", "0a");
  Beside([](CK_FUNCTION_LIST* module, CK_SLOT_ID) { FillSlots(module, kMaxTokenSlots); });
  EXPECT_TRUE(Open().ok()) << Open().status();
  Beside([](CK_FUNCTION_LIST* module, CK_SLOT_ID) { FillSlots(module, kMaxTokenSlots + 1); });
  ExpectRefused(Open().status(), kHsm, "no token matches");
}

// Three wrong tries lock most tokens: after the first the node does not try again by itself.
TEST_F(Token, ARefusedPinIsNotTriedAgain) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  Beside([](CK_FUNCTION_LIST* module, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session = 0;
    module->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, nullptr, nullptr, &session);
    Bytes pin(kPin), other = "9999";
    ASSERT_EQ(module->C_SetPIN(session, Octets(pin), pin.size(), Octets(other), other.size()), CKR_OK);
    ASSERT_EQ(module->C_CloseAllSessions(slot), CKR_OK);
  });
  ExpectRefused((*key)->Sign(kType, "body").status(), kHsm, "the token refuses the login");
  ExpectRefused((*key)->Sign(kType, "body").status(), kHsm, "is not asked again");
  ExpectRefused((*key)->Hedged("label", "context").status(), kHsm, "is not asked again");
}

TEST_F(Token, HedgedBytesAreFresh) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  const auto one = (*key)->Hedged("label", "context"), two = (*key)->Hedged("label", "context");
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->size(), kKeySize);
  EXPECT_NE(AsView(one->ExposeSecret()), AsView(two->ExposeSecret()));
}

TEST_F(Token, ThreadsSignAtOnce) {
  Import(kSeed, "statement", "0a");
  const auto key = Open();
  ASSERT_TRUE(key.ok()) << key.status();
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (int& count : good) {
    threads.emplace_back([&key, &count] {
      for (int i = 0; i < 50; ++i) {
        const Bytes body = std::to_string(i);
        const absl::StatusOr<Bytes> signature = (*key)->Sign(kType, body);
        count += signature.ok() && Verify((*key)->public_key(), kType, body, *signature) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int count : good) EXPECT_EQ(count, 50);
}

// No token needed: what is refused is refused before one is looked for.
TEST(TokenReference, EncodedAndReadAgain) {
  const TokenReference made{RandomId<KeyId>(), RandomId<Digest>().str(), "pkcs11:serial=0123;id=%0a"};
  const auto read = ReadTokenReference(*EncodeTokenReference(made));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->key_id, made.key_id);
  EXPECT_EQ(read->public_key, made.public_key);
  EXPECT_EQ(read->uri, made.uri);
  for (size_t size : {31u, 33u}) {
    EXPECT_EQ(ReasonOf(EncodeTokenReference({{}, Bytes(size, 'p'), made.uri}).status()), RejectReason::kKeystore);
  }
}

TEST(TokenReference, RefusesWhatNamesNoKeyOrHoldsAPin) {
  const std::string longest = "pkcs11:token=t;object=" + std::string(kMaxTokenUri - 22, 'o');
  const auto read = [](const std::string& uri) { return ReadTokenReference(Bytes(64, 'k') + uri).status(); };
  EXPECT_TRUE(read(longest).ok()) << read(longest);
  const std::vector<std::string> bad = {"",
                                        longest + "o",
                                        "pkcs11:",
                                        "pkcs11:token=t",
                                        "pkcs11:object=o",
                                        "pkcs11:serial=1",
                                        "pkcs11:token=;object=o",
                                        "pkcs11:token=t;object=",
                                        "pkcs11:token=t;object=o;type=public",
                                        "pkcs11:token=t;object=o;type=cert",
                                        "pkcs11:token=t;object=o;x-unknown=1",
                                        "pkcs11:token=t;object=%zz",
                                        "pkcs11:token=t;object=o o",
                                        "pkcs11:token=t;object=\xc3\xb6",
                                        "http://token=t;object=o",
                                        "token=t;object=o",
                                        "pkcs11:token=t;object=o?pin-value=1234",
                                        "pkcs11:token=t;object=o?pin-source=/etc/pin",
                                        "pkcs11:token=t;object=o;pinfile=/etc/pin",
                                        "pkcs11:token=t;object=o?x-unknown=1",
                                        "pkcs11:token=t;object=o?",
                                        "pkcs11:token=t;object=o?module-path=/tmp/mine.so"};
  for (const std::string& uri : bad) {
    const absl::Status status = read(uri);
    EXPECT_EQ(ReasonOf(status), RejectReason::kKeystore) << uri;
    EXPECT_EQ(status.message().find("1234"), absl::string_view::npos) << status;
  }
  for (size_t size = 0; size <= 64; ++size) {
    EXPECT_EQ(ReasonOf(ReadTokenReference(Bytes(size, 'k')).status()), RejectReason::kKeystore) << size;
  }
}

}  // namespace
}  // namespace entente::crypto
