#include "services/entented/key_backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"
#include "crypto/backup.h"
#include "services/entented/files.h"
#include "services/entented/key_change.h"
#include "services/entented/node.h"
#include "services/entented/unlock.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;

class KeyBackupTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    base_ = mkdtemp(pattern.data());
    Init("cert.norlandia", "node");
    own_ = PassphraseFile("own", "the backup's own");
  }
  void TearDown() override { fs::remove_all(base_); }

  std::string At(const std::string& name) const { return base_ + "/" + name; }
  std::string PassphraseFile(const std::string& name, const std::string& text) const {
    std::ofstream(At(name)) << text << "\n";
    chmod(At(name).c_str(), 0600);
    return At(name);
  }
  InitOptions Node(const std::string& name, const std::string& folder) const {
    InitOptions options;
    options.folder = At(folder);
    options.name = name;
    options.nation = "XN";
    options.peer_listen = options.metrics_listen = "";
    options.cheap_root = true;
    return options;
  }
  void Init(const std::string& name, const std::string& folder) const {
    ASSERT_TRUE(InitNode(Node(name, folder)).ok());
  }
  absl::StatusOr<BackupFacts> BackUp(const std::string& file = "backup", bool root = true) const {
    return BackUpKeys({At("node"), At(file), own_, "", root, "", "", true});
  }
  absl::StatusOr<RestoreFacts> Restore(const std::string& folder, const std::string& file = "backup") const {
    return RestoreKeys({Node("", folder), At(file), own_, ""});
  }
  void Rotate(const std::string& folder) const {
    KeyChangeOptions options;
    options.folder = At(folder);
    ASSERT_TRUE(RotateKey(options).ok());
  }
  // What the node in `folder` signs with when it starts.
  std::optional<KeyId> Signs(const std::string& folder) const {
    const auto node = OpenOffline(At(folder), "");
    EXPECT_TRUE(node.ok()) << node.status();
    return node.ok() ? std::optional((*node)->self->key_id) : std::nullopt;
  }

  std::string base_, own_;
};

TEST_F(KeyBackupTest, BringsBackTheSameOrganisation) {
  ASSERT_TRUE(BackUp().ok());
  const auto facts = Restore("back");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->root && facts->new_store && facts->node.passphrase_made);
  EXPECT_EQ(facts->node.name, "cert.norlandia");
  EXPECT_EQ(Signs("back"), Signs("node"));
  EXPECT_GT((*OpenOffline(At("back"), ""))->journal->Head().offset, 0u);
  EXPECT_EQ((*OpenOffline(At("node"), ""))->journal->Head().offset, 0u);
  Rotate("back");  // by its root key
}

TEST_F(KeyBackupTest, WithoutRootThereIsNoRootKey) {
  const auto made = BackUp("backup", false);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->names, (std::vector<std::string>{"statement", "storage"}));
  const auto facts = Restore("back");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->root);
  EXPECT_FALSE(fs::exists(At("back/root.keystore")));
}

TEST_F(KeyBackupTest, ARestoreNeverWritesOverKeys) {
  ASSERT_TRUE(BackUp().ok());
  EXPECT_EQ(ReasonOf(BackUp().status()), RejectReason::kKeystore);  // nor a backup over a file
  const auto before = ReadWholeFile(At("node/keystore"), 1 << 20);
  EXPECT_EQ(ReasonOf(Restore("node").status()), RejectReason::kConflict);
  EXPECT_EQ(*ReadWholeFile(At("node/keystore"), 1 << 20), *before);
}

TEST_F(KeyBackupTest, ARootKeystoreConfigurationAndStoreThatAreThereStay) {
  ASSERT_TRUE(BackUp().ok());
  const auto root = ReadWholeFile(At("node/root.keystore"), 1 << 20),
             config = ReadWholeFile(At("node/entente.toml"), 1 << 20);
  fs::remove(At("node/keystore"));
  const auto facts = Restore("node");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->root_was_there && !facts->root && !facts->new_store);
  EXPECT_EQ(*ReadWholeFile(At("node/root.keystore"), 1 << 20), *root);
  EXPECT_EQ(*ReadWholeFile(At("node/entente.toml"), 1 << 20), *config);
  EXPECT_TRUE(Signs("node").has_value());
}

TEST_F(KeyBackupTest, ANewerIdentityInTheFolderHolds) {
  ASSERT_TRUE(BackUp().ok());
  const auto old = Signs("node");
  Rotate("node");
  EXPECT_NE(Signs("node"), old);
  fs::remove(At("node/keystore"));
  const auto facts = Restore("node");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 2u);
  EXPECT_EQ(Signs("node"), old);  // superseded, and counts for two weeks more
}

TEST_F(KeyBackupTest, WhatIsRefusedLeavesNothing) {
  ASSERT_TRUE(BackUp().ok());
  Init("cert.estovia", "other");
  fs::remove(At("other/keystore"));
  EXPECT_EQ(ReasonOf(Restore("other").status()), RejectReason::kIdentity);
  EXPECT_FALSE(fs::exists(At("other/keystore")));

  fs::create_directory(At("named"));
  fs::copy_file(At("other/entente.toml"), At("named/entente.toml"));
  EXPECT_EQ(ReasonOf(Restore("named").status()), RejectReason::kConfig);

  fs::create_directories(At("foreign"));
  fs::copy(At("other/store"), At("foreign/store"), fs::copy_options::recursive);
  fs::copy_file(At("other/store.head"), At("foreign/store.head"));
  EXPECT_EQ(ReasonOf(Restore("foreign").status()), RejectReason::kStoreCorrupt);
  EXPECT_EQ(std::distance(fs::directory_iterator(At("foreign")), {}), 2);

  EXPECT_EQ(ReasonOf(Restore("fresh", "absent").status()), RejectReason::kKeystore);
  EXPECT_FALSE(fs::exists(At("fresh")));
}

TEST_F(KeyBackupTest, ABackupWithoutDocumentsAsksForThem) {
  ASSERT_TRUE(BackUp().ok());
  auto backup = crypto::ReadBackup(At("backup"), *crypto::ReadPassphrase(own_));
  ASSERT_TRUE(backup.ok());
  backup->secrets.erase("identity");
  ASSERT_TRUE(crypto::WriteBackup(At("bare"), *crypto::ReadPassphrase(own_), *backup, crypto::kDaemon).ok());
  EXPECT_EQ(ReasonOf(Restore("back", "bare").status()), RejectReason::kIdentity);
  EXPECT_FALSE(fs::exists(At("back")));
  fs::create_directory(At("back"));
  fs::copy_file(At("node/identity"), At("back/identity"));
  EXPECT_TRUE(Restore("back", "bare").ok());
}

TEST_F(KeyBackupTest, TheStoreOfARestoreThatWasKilledIsMadeAnew) {
  ASSERT_TRUE(BackUp().ok());
  ASSERT_TRUE(Restore("back").ok());
  fs::remove(At("back/keystore"));
  fs::remove_all(At("back/store"));  // between the two renames
  fs::create_directory(At("back/store.restored"));
  const auto facts = Restore("back");
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_TRUE(facts->new_store && facts->root_was_there);
  EXPECT_FALSE(fs::exists(At("back/store.restored")));
  EXPECT_TRUE(Signs("back").has_value());
}

}  // namespace
}  // namespace entente::node
