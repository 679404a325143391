#include "crypto/backup.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/reject.h"
#include "crypto/keystore_file.h"
#include "crypto/octets.h"
#include "crypto/primitives.h"
#include "tests/vectors/vector_file.h"

namespace entente::crypto {
namespace {

namespace fs = std::filesystem;
using test::ReadVectors;
using test::VectorRecord;

class BackupTest : public testing::Test {
 protected:
  BackupTest() {
    std::string name = testing::TempDir() + "entente-backup-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~BackupTest() override { fs::remove_all(folder_); }

  std::string Path() const { return folder_ + "/keys"; }
  void Put(const Bytes& content, mode_t mode = 0600) const {
    std::ofstream(Path(), std::ios::binary) << content;
    chmod(Path().c_str(), mode);
  }
  absl::StatusOr<Backup> Read(ByteView passphrase = kPassphrase) const {
    return ReadBackup(Path(), SecretBytes::CopyOf(passphrase));
  }
  absl::Status Write(const std::vector<std::string>& names) const {
    Backup backup{absl::FromUnixSeconds(1'767'225'600), RandomId<OrgId>(), {}};
    for (const std::string& name : names) backup.secrets.emplace(name, SecretBytes::CopyOf(Bytes(32, name.front())));
    return WriteBackup(Path(), SecretBytes::CopyOf(kPassphrase), backup, kDaemon);
  }

  static constexpr ByteView kPassphrase = "a passphrase of its own";

 private:
  std::string folder_;
};

TEST_F(BackupTest, OpensTheKnownFile) {
  const VectorRecord v = ReadVectors("backup.txt")[0];
  ASSERT_EQ(v.at("passphrase"), kPassphrase);
  Put(v.at("file"));
  const absl::StatusOr<Backup> backup = Read();
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->org.view(), v.at("org_id"));
  EXPECT_EQ(std::to_string(absl::ToUnixMicros(backup->made)), v.at("made_us"));
  ASSERT_EQ(backup->secrets.size(), 5u);
  EXPECT_EQ(AsView(backup->secrets.at("root").ExposeSecret()), Bytes(32, '\x11'));
  EXPECT_EQ(AsView(backup->secrets.at("storage").ExposeSecret()), Bytes(32, '\x44'));
  EXPECT_EQ(AsView(backup->secrets.at("identity").ExposeSecret()), "an identity chain");
}

TEST_F(BackupTest, WhatIsInsideIsCheckedAlthoughItAuthenticates) {
  const std::vector<VectorRecord> vectors = ReadVectors("backup.txt");
  ASSERT_EQ(vectors.size(), 11u);
  for (size_t i = 1; i < vectors.size(); ++i) {
    Put(vectors[i].at("file"));
    EXPECT_EQ(ReasonOf(Read().status()), RejectReason::kKeystore) << vectors[i].at("malformed");
  }
}

TEST_F(BackupTest, WrittenAndReadAgain) {
  ASSERT_TRUE(Write({"root", "root/ab", "admin/cd", "hsm/log/ef", "identity", "storage"}).ok());
  struct stat status;
  ASSERT_EQ(stat(Path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  const absl::StatusOr<Backup> backup = Read();
  ASSERT_TRUE(backup.ok()) << backup.status();
  EXPECT_EQ(backup->secrets.size(), 6u);
  EXPECT_EQ(AsView(backup->secrets.at("admin/cd").ExposeSecret()), Bytes(32, 'a'));
  EXPECT_EQ(backup->made, absl::FromUnixSeconds(1'767'225'600));
  EXPECT_EQ(ReasonOf(Read("another passphrase").status()), RejectReason::kKeystore);
}

// What forward secrecy destroyed must not come back out of a drawer.
TEST_F(BackupTest, HoldsNothingThatIsToBeDestroyed) {
  for (const char* name : {"prekey/00", "prekey-gone/00", "epoch/00/1/00", "invite/00", "hsm-pin/1", "transport",
                           "backup", "hsm/prekey/00", "hsm/storage", "rootkit", "statements", "something"}) {
    EXPECT_EQ(ReasonOf(Write({"statement", name})), RejectReason::kKeystore) << name;
    EXPECT_FALSE(fs::exists(Path())) << name;
  }
  EXPECT_TRUE(Write({"statement"}).ok());
}

TEST_F(BackupTest, NeverOverwritesAFile) {
  Put("precious");
  const uint64_t runs = Argon2idRuns();
  EXPECT_EQ(ReasonOf(Write({"statement"})), RejectReason::kKeystore);
  EXPECT_EQ(Argon2idRuns(), runs);
  std::ostringstream kept;
  kept << std::ifstream(Path()).rdbuf();
  EXPECT_EQ(kept.str(), "precious");
}

// "ENTK" and "ENTB" differ by more than a bit: the magic alone changed, and each end of the change tried.
TEST_F(BackupTest, ABackupIsNoKeystoreAndAKeystoreIsNoBackup) {
  const SecretBytes key = SecretBytes::Random(kKeySize);
  for (const auto& [kind, other, magic] : {std::tuple(KeyFile::kKeystore, KeyFile::kBackup, "ENTB"),
                                           std::tuple(KeyFile::kBackup, KeyFile::kKeystore, "ENTK")}) {
    Bytes file = *SealKeystore(*MakeKeystoreHeader(kDaemon, kind), key, {});
    EXPECT_TRUE(OpenKeystore(file, key, kind).ok());
    EXPECT_EQ(ReasonOf(OpenKeystore(file, key, other).status()), RejectReason::kKeystore);
    file.replace(0, 4, magic);
    EXPECT_EQ(ReasonOf(OpenKeystore(file, key, other).status()), RejectReason::kKeystore);
  }
}

TEST_F(BackupTest, GeneratedSecretsComeBack) {
  const SecretBytes key = SecretBytes::Random(kKeySize);
  EXPECT_TRUE(rc::check("what is sealed under the magic of a backup opens under it", [&] {
    Secrets secrets;
    const auto given = *rc::gen::arbitrary<std::map<std::string, Bytes>>();
    for (const auto& [name, value] : given) {
      if (!name.empty() && name.size() < 256) secrets.emplace(name, SecretBytes::CopyOf(value));
    }
    const auto file = SealKeystore(*MakeKeystoreHeader(kDaemon, KeyFile::kBackup), key, secrets);
    RC_ASSERT(file.ok());
    const auto opened = OpenKeystore(*file, key, KeyFile::kBackup);
    RC_ASSERT(opened.ok() && opened->size() == secrets.size());
    for (const auto& [name, secret] : secrets) {
      RC_ASSERT(AsView(opened->at(name).ExposeSecret()) == AsView(secret.ExposeSecret()));
    }
  }));
}

}  // namespace
}  // namespace entente::crypto
