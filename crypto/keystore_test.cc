#include "crypto/keystore.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/reject.h"
#include "crypto/keystore_file.h"
#include "crypto/primitives.h"
#include "crypto/private_file.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

namespace fs = std::filesystem;
using test::ReadVectors;

Bytes Slurp(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class TemporaryFolder : public testing::Test {
 protected:
  TemporaryFolder() {
    std::string name = testing::TempDir() + "entente-keystore-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() override { fs::remove_all(folder_); }
  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  void Put(const std::string& name, const Bytes& content, mode_t mode = 0600) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    chmod(Path(name).c_str(), mode);
  }

 private:
  std::string folder_;
};

Secrets TwoSecrets() {
  Secrets secrets;
  secrets.emplace("root", SecretBytes::CopyOf(Bytes(32, 'r')));
  secrets.emplace("statement", SecretBytes::CopyOf(Bytes(32, 's')));
  return secrets;
}

// The file's bytes under a given key: no Argon2id, so that every byte can be tried.
class KeystoreBytes : public testing::Test {
 protected:
  const KeystoreHeader header_{kDaemon, Bytes(kSaltSize, 'n')};
  const SecretBytes key_ = SecretBytes::Random(kKeySize);
  const Bytes file_ = *SealKeystore(header_, key_, TwoSecrets());
};

TEST_F(KeystoreBytes, EveryFlippedByteIsRefused) {
  for (size_t at = 0; at < file_.size(); ++at) {
    for (int flip : {0x01, 0x80, 0xff}) {
      Bytes bad = file_;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      EXPECT_EQ(ReasonOf(OpenKeystore(bad, key_).status()), RejectReason::kKeystore) << at;
    }
  }
}

TEST_F(KeystoreBytes, EveryOtherLengthIsRefused) {
  for (size_t size = 0; size < file_.size(); ++size) {
    EXPECT_EQ(ReasonOf(OpenKeystore(ByteView(file_).substr(0, size), key_).status()), RejectReason::kKeystore) << size;
  }
  EXPECT_EQ(ReasonOf(OpenKeystore(file_ + "x", key_).status()), RejectReason::kKeystore);
}

TEST_F(KeystoreBytes, AnotherKeyIsRefused) {
  EXPECT_TRUE(OpenKeystore(file_, key_).ok());
  EXPECT_EQ(ReasonOf(OpenKeystore(file_, SecretBytes::Random(kKeySize)).status()), RejectReason::kKeystore);
}

TEST_F(KeystoreBytes, SealingTwiceUsesAnotherNonce) {
  EXPECT_NE(*SealKeystore(header_, key_, TwoSecrets()), file_);
}

TEST_F(KeystoreBytes, HoldsNoSecretInClear) {
  EXPECT_EQ(file_.find("root"), Bytes::npos);
  EXPECT_EQ(file_.find("rrrr"), Bytes::npos);
}

TEST_F(KeystoreBytes, RefusesSecretsThatDoNotFit) {
  const auto seal = [&](const std::string& name, size_t size) {
    Secrets secrets;
    secrets.emplace(name, SecretBytes(size));
    return ReasonOf(SealKeystore(header_, key_, secrets).status());
  };
  EXPECT_EQ(seal(std::string(255, 'n'), 65535), RejectReason::kNone);
  EXPECT_EQ(seal(std::string(256, 'n'), 1), RejectReason::kLimit);
  EXPECT_EQ(seal("", 1), RejectReason::kLimit);
  EXPECT_EQ(seal("n", 65536), RejectReason::kLimit);
}

TEST_F(KeystoreBytes, RefusesMoreThanAMebibyte) {
  Secrets secrets;
  for (char name = 'a'; name < 'p'; ++name) secrets.emplace(std::string(1, name), SecretBytes(65535));
  EXPECT_TRUE(SealKeystore(header_, key_, secrets).ok());
  secrets.emplace("p", SecretBytes(65535));
  EXPECT_EQ(ReasonOf(SealKeystore(header_, key_, secrets).status()), RejectReason::kLimit);
}

TEST_F(KeystoreBytes, CostFloorAndCap) {
  EXPECT_TRUE(CheckCost(kDaemon).ok());
  EXPECT_TRUE(CheckCost(kSensitive).ok());
  EXPECT_TRUE(CheckCost({10, 4096ull << 20}).ok());
  for (KeystoreCost bad : {KeystoreCost{2, 64ull << 20}, KeystoreCost{3, (64ull << 20) - 1},
                           KeystoreCost{11, 64ull << 20}, KeystoreCost{3, (4096ull << 20) + 1}, KeystoreCost{}}) {
    EXPECT_EQ(ReasonOf(CheckCost(bad)), RejectReason::kKeystore) << bad.passes << " " << bad.memory_bytes;
  }
}

TEST_F(KeystoreBytes, MalformedPlaintextIsRefused) {
  const auto vectors = ReadVectors("keystore.txt");
  const SecretBytes key = SecretBytes::CopyOf(vectors[0].at("derived_key"));
  EXPECT_TRUE(OpenKeystore(vectors[0].at("file"), key).ok());
  ASSERT_GT(vectors.size(), 5u);
  for (size_t i = 1; i < vectors.size(); ++i) {
    EXPECT_EQ(ReasonOf(OpenKeystore(vectors[i].at("file"), key).status()), RejectReason::kKeystore)
        << vectors[i].at("malformed");
  }
}

using KeystoreTest = TemporaryFolder;

TEST_F(KeystoreTest, Argon2idKnownAnswer) {
  for (const test::VectorRecord& v : ReadVectors("argon2id.txt")) {
    const KeystoreCost cost{static_cast<uint32_t>(std::stoul(v.at("passes"))), std::stoull(v.at("kibibytes")) << 10};
    SecretBytes key(kKeySize);
    ASSERT_TRUE(Argon2id(v.at("passphrase"), v.at("salt"), cost, key));
    EXPECT_EQ(AsView(key.ExposeSecret()), v.at("key"));
  }
}

TEST_F(KeystoreTest, OpensTheKnownFile) {
  const test::VectorRecord v = ReadVectors("keystore.txt")[0];
  Put("keys", v.at("file"));
  const uint64_t runs = Argon2idRuns();
  const absl::StatusOr<Keystore> keystore = Keystore::Open(Path("keys"), SecretBytes::CopyOf(v.at("passphrase")));
  ASSERT_TRUE(keystore.ok()) << keystore.status();
  EXPECT_EQ(Argon2idRuns(), runs + 1);  // what the tests of refusals count is counted
  ASSERT_EQ(keystore->secrets().size(), 3u);
  EXPECT_TRUE(keystore->Find("empty")->empty());
  EXPECT_EQ(AsView(keystore->Find("root")->ExposeSecret()), Bytes(32, '\x11'));
  EXPECT_EQ(AsView(keystore->Find("statement")->ExposeSecret()), Bytes(32, '\x22'));
  EXPECT_EQ(keystore->Find("other"), nullptr);
}

TEST_F(KeystoreTest, CreatedChangedSavedAndOpenedAgain) {
  const SecretBytes passphrase = SecretBytes::CopyOf("passphrase");
  absl::StatusOr<Keystore> keystore = Keystore::Create(Path("keys"), passphrase, kDaemon, TwoSecrets());
  ASSERT_TRUE(keystore.ok()) << keystore.status();
  const Bytes created = Slurp(Path("keys"));
  keystore->Put("prekey", SecretBytes::CopyOf("p"));
  keystore->Remove("root");
  EXPECT_EQ(Slurp(Path("keys")), created);
  ASSERT_TRUE(keystore->Save().ok());
  const absl::StatusOr<Keystore> again = Keystore::Open(Path("keys"), passphrase);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->Find("root"), nullptr);
  EXPECT_EQ(AsView(again->Find("prekey")->ExposeSecret()), "p");
  EXPECT_EQ(AsView(again->Find("statement")->ExposeSecret()), Bytes(32, 's'));
}

TEST_F(KeystoreTest, TheFileIsPrivateAndNothingIsLeftBesideIt) {
  ASSERT_TRUE(Keystore::Create(Path("keys"), SecretBytes::CopyOf("p"), kDaemon, TwoSecrets()).ok());
  struct stat status;
  ASSERT_EQ(stat(Path("keys").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(fs::exists(Path("keys.new")));
}

TEST_F(KeystoreTest, AWrongPassphraseOrSaltIsRefused) {
  const test::VectorRecord v = ReadVectors("keystore.txt")[0];
  Bytes salted = v.at("file");
  salted[20] = static_cast<char>(salted[20] ^ 1);
  Put("keys", v.at("file"));
  Put("salted", salted);
  EXPECT_EQ(ReasonOf(Keystore::Open(Path("keys"), SecretBytes::CopyOf("wrong")).status()), RejectReason::kKeystore);
  EXPECT_EQ(ReasonOf(Keystore::Open(Path("salted"), SecretBytes::CopyOf(v.at("passphrase"))).status()),
            RejectReason::kKeystore);
}

TEST_F(KeystoreTest, CostsOutsideFloorAndCapAreRefusedUnhashed) {
  Bytes file = ReadVectors("keystore.txt")[0].at("file");
  const uint64_t runs = Argon2idRuns();
  for (ByteView cost : {ByteView("\0\0\0\2\0\0\0\0\4\0\0\0", 12), ByteView("\0\0\0\3\0\0\0\0\3\xff\xff\xff", 12),
                        ByteView("\0\0\0\x0b\0\0\0\0\4\0\0\0", 12), ByteView("\0\0\0\3\0\0\0\1\0\0\0\1", 12),
                        ByteView("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12)}) {
    file.replace(5, 12, cost);
    Put("keys", file);
    const absl::Status status = Keystore::Open(Path("keys"), SecretBytes::CopyOf("p")).status();
    EXPECT_EQ(ReasonOf(status), RejectReason::kKeystore);
    EXPECT_NE(status.message().find("cost"), std::string::npos) << status;
  }
  EXPECT_EQ(Argon2idRuns(), runs);
}

TEST_F(KeystoreTest, RefusesToCreateWithABadCostOrPassphrase) {
  const uint64_t runs = Argon2idRuns();
  const auto create = [&](const SecretBytes& passphrase, KeystoreCost cost) {
    return ReasonOf(Keystore::Create(Path("keys"), passphrase, cost, {}).status());
  };
  EXPECT_EQ(create(SecretBytes::CopyOf("p"), {1, 64ull << 20}), RejectReason::kKeystore);
  EXPECT_EQ(create(SecretBytes(), kDaemon), RejectReason::kKeystore);
  EXPECT_EQ(create(SecretBytes(kMaxPassphraseBytes + 1), kDaemon), RejectReason::kKeystore);
  EXPECT_EQ(Argon2idRuns(), runs);
  EXPECT_FALSE(fs::exists(Path("keys")));
}

TEST_F(KeystoreTest, NeverOverwritesAnExistingFile) {
  Put("keys", "precious");
  EXPECT_EQ(ReasonOf(Keystore::Create(Path("keys"), SecretBytes::CopyOf("p"), kDaemon, {}).status()),
            RejectReason::kKeystore);
  EXPECT_EQ(ReasonOf(WritePrivateFile(Path("keys"), "new", Existing::kRefuse)), RejectReason::kKeystore);
  EXPECT_EQ(Slurp(Path("keys")), "precious");
  EXPECT_FALSE(fs::exists(Path("keys.new")));
}

TEST_F(KeystoreTest, AFailedSaveLeavesTheOldFile) {
  absl::StatusOr<Keystore> keystore = Keystore::Create(Path("keys"), SecretBytes::CopyOf("p"), kDaemon, TwoSecrets());
  ASSERT_TRUE(keystore.ok());
  const Bytes before = Slurp(Path("keys"));
  keystore->Put(std::string(300, 'n'), SecretBytes(1));
  EXPECT_EQ(ReasonOf(keystore->Save()), RejectReason::kLimit);
  keystore->Remove(std::string(300, 'n'));
  fs::create_directory(Path("keys.new"));  // the temporary file's name is taken
  EXPECT_EQ(ReasonOf(keystore->Save()), RejectReason::kKeystore);
  EXPECT_EQ(Slurp(Path("keys")), before);
}

TEST_F(KeystoreTest, ATemporaryFileLeftByACrashIsReplaced) {
  Put("keys.new", "half a keystore");
  ASSERT_TRUE(WritePrivateFile(Path("keys"), "whole", Existing::kRefuse).ok());
  EXPECT_EQ(Slurp(Path("keys")), "whole");
}

TEST_F(KeystoreTest, RefusesFilesThatOthersMayTouch) {
  const test::VectorRecord v = ReadVectors("keystore.txt")[0];
  for (mode_t mode : {0640, 0604, 0620, 0601, 0666}) {
    Put("keys", v.at("file"), mode);
    const absl::Status status = Keystore::Open(Path("keys"), SecretBytes::CopyOf(v.at("passphrase"))).status();
    EXPECT_EQ(ReasonOf(status), RejectReason::kKeystore);
    EXPECT_NE(status.message().find("chmod 600"), std::string::npos) << status;
    EXPECT_EQ(ReasonOf(ReadPassphrase(Path("keys")).status()), RejectReason::kKeystore);
  }
}

TEST_F(KeystoreTest, RefusesWhatIsNoKeystore) {
  EXPECT_EQ(ReasonOf(Keystore::Open(Path("absent"), SecretBytes::CopyOf("p")).status()), RejectReason::kKeystore);
  for (const Bytes& content : {Bytes(), Bytes("ENTK"), Bytes(200, 'x'), Bytes(kMaxKeystoreBytes + 1, 'x')}) {
    Put("keys", content);
    EXPECT_EQ(ReasonOf(Keystore::Open(Path("keys"), SecretBytes::CopyOf("p")).status()), RejectReason::kKeystore);
  }
}

TEST_F(KeystoreTest, PassphraseIsOneLine) {
  const auto read = [&](const Bytes& content) {
    Put("passphrase", content);
    const absl::StatusOr<SecretBytes> passphrase = ReadPassphrase(Path("passphrase"));
    return passphrase.ok() ? Bytes(AsView(passphrase->ExposeSecret())) : "refused";
  };
  EXPECT_EQ(read("correct horse\n"), "correct horse");
  EXPECT_EQ(read("correct horse"), "correct horse");
  EXPECT_EQ(read("correct horse\r\n"), "correct horse");
  EXPECT_EQ(read(" spaces kept "), " spaces kept ");
  for (ByteView bad : {"", "\n", "\r\n", "two\nlines", "two\n\n"}) EXPECT_EQ(read(Bytes(bad)), "refused") << bad;
  EXPECT_EQ(read(Bytes(kMaxPassphraseBytes, 'p') + "\r\n"), Bytes(kMaxPassphraseBytes, 'p'));
  EXPECT_EQ(read(Bytes(kMaxPassphraseBytes + 1, 'p')), "refused");
  EXPECT_EQ(read(Bytes(100'000, 'p')), "refused");
}

}  // namespace
}  // namespace entente::crypto
