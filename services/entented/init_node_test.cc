#include "services/entented/init_node.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "services/entented/files.h"
#include "services/entented/node.h"
#include "trust/card.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;

class Init : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    base_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(base_); }
  InitOptions Options(const std::string& folder = "node") const {
    InitOptions options;
    options.folder = base_ + "/" + folder;
    options.name = "cert.norlandia";
    options.nation = "XN";
    options.peer_listen = options.metrics_listen = "127.0.0.1:0";
    options.cheap_root = true;
    return options;
  }
  static unsigned Mode(const std::string& path) {
    struct stat found {};
    EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
    return found.st_mode & 0777;
  }
  std::string base_;
};

TEST_F(Init, MakesAPrivateNodeThatOpens) {
  const auto facts = InitNode(Options("a/b/node"));
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(Mode(facts->folder), 0700u);
  const NodePaths paths(facts->folder);
  for (const auto& path : {paths.config, paths.keystore, paths.root_keystore, paths.identity, paths.passphrase}) {
    EXPECT_EQ(Mode(path), 0600u) << path;
  }
  const auto node = OpenOffline(facts->folder, "");
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_EQ(crypto::ToHex((*node)->self->org().view()), facts->org_id);
  EXPECT_EQ((*node)->journal->Head().sequence, 0u);
}

TEST_F(Init, CardAndConfigurationHoldTheChosenPorts) {
  const auto facts = InitNode(Options());
  ASSERT_TRUE(facts.ok()) << facts.status();
  const auto card = trust::ReadCard(*ReadWholeFile(facts->card_path, trust::kMaxCardBytes));
  ASSERT_TRUE(card.ok());
  const auto config = LoadConfig(NodePaths(facts->folder).config);
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(card->address(), config->peer_listen);
  EXPECT_EQ(facts->peer_address, config->peer_listen);
  EXPECT_NE(config->peer_listen, config->metrics_listen);
  EXPECT_NE(ParseHostPort(config->peer_listen)->second, 0);
}

TEST_F(Init, NeverTouchesAFolderThatHoldsSomething) {
  ASSERT_TRUE(InitNode(Options()).ok());
  const std::string keystore = *ReadWholeFile(base_ + "/node/keystore", 1 << 20);
  EXPECT_EQ(ReasonOf(InitNode(Options()).status()), RejectReason::kConflict);
  EXPECT_EQ(*ReadWholeFile(base_ + "/node/keystore", 1 << 20), keystore);
  fs::create_directory(base_ + "/other");
  std::ofstream(base_ + "/other/notes") << "mine";
  EXPECT_EQ(ReasonOf(InitNode(Options("other")).status()), RejectReason::kConflict);
  EXPECT_EQ(*ReadWholeFile(base_ + "/other/notes", 100), "mine");
}

TEST_F(Init, UsesAPassphraseThatIsThere) {
  fs::create_directory(base_ + "/node");
  ASSERT_TRUE(WriteNewFile(base_ + "/node/passphrase", "chosen by the operator\n").ok());
  const auto facts = InitNode(Options());
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->passphrase_made);
  EXPECT_EQ(*ReadWholeFile(base_ + "/node/passphrase", 100), "chosen by the operator\n");
}

TEST_F(Init, FailsWithoutATrace) {
  InitOptions options = Options("new/node");
  options.passphrase_file = base_ + "/absent";
  EXPECT_FALSE(InitNode(options).ok());
  EXPECT_TRUE(fs::is_empty(base_));
  fs::create_directory(base_ + "/node");
  ASSERT_TRUE(WriteNewFile(base_ + "/node/passphrase", "").ok());  // no passphrase at all
  EXPECT_FALSE(InitNode(Options()).ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(base_ + "/node"), fs::directory_iterator()), 1);
}

TEST_F(Init, BadOptionsAreUsage) {
  auto name = Options(), nation = Options(), kind = Options(), listen = Options(), wildcard = Options();
  name.name = "No Spaces";
  nation.nation = "Norlandia";
  kind.kind = "ministry";
  listen.peer_listen = "7443";
  wildcard.peer_listen = "0.0.0.0:7443";
  for (const InitOptions& bad : {name, nation, kind, listen, wildcard}) {
    EXPECT_EQ(ReasonOf(InitNode(bad).status()), RejectReason::kUsage);
  }
  EXPECT_TRUE(fs::is_empty(base_));
}

TEST_F(Init, ANodeThatOnlyDialsOutHasNoAddress) {
  InitOptions options = Options();
  options.peer_listen = options.metrics_listen = "";
  const auto facts = InitNode(options);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->peer_address + facts->metrics_listen, "");
}

TEST_F(Init, OpeningTwiceIsLockedAndAWrongPassphraseOpensNothing) {
  const auto facts = InitNode(Options());
  ASSERT_TRUE(facts.ok()) << facts.status();
  ASSERT_TRUE(WriteNewFile(base_ + "/wrong", "wrong\n").ok());
  EXPECT_EQ(ReasonOf(OpenOffline(facts->folder, base_ + "/wrong").status()), RejectReason::kKeystore);
  const auto first = OpenOffline(facts->folder, "");
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(ReasonOf(OpenOffline(facts->folder, "").status()), RejectReason::kStoreLocked);
  EXPECT_EQ(ReasonOf(OpenOffline(base_, "").status()), RejectReason::kConfig);
}

}  // namespace
}  // namespace entente::node
