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
