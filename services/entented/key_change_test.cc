#include "services/entented/key_change.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/clock.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "services/entented/files.h"
#include "services/entented/init_node.h"
#include "services/entented/node.h"
#include "services/entented/unlock.h"
#include "trust/card.h"
#include "trust/key_maker.h"

namespace entente::node {
namespace {

namespace fs = std::filesystem;
using enum RejectReason;

class KeyChange : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "entente-XXXXXX";
    base_ = mkdtemp(pattern.data());
    const auto facts = Init("node");
    options_.folder = facts.folder;
    card_ = facts.card_path;
    first_ = Signs();
  }
  void TearDown() override { fs::remove_all(base_); }
  InitFacts Init(const std::string& folder) const {
    InitOptions options;
    options.folder = base_ + "/" + folder;
    options.name = "cert.norlandia";
    options.nation = "XN";
    options.peer_listen = options.metrics_listen = "127.0.0.1:0";
    options.cheap_root = true;
    return *InitNode(options);
  }
  NodePaths paths() const { return NodePaths(options_.folder); }
  trust::IdentityHistory History() const { return *ReadOwnHistory(paths()); }
  crypto::Keystore Secrets() const { return *OpenKeystore(paths(), paths().keystore, ""); }
  bool Holds(const KeyId& key) const { return FindStatementSecret(Secrets().secrets(), key) != nullptr; }
  uint64_t VersionOfCard() const {
    const auto card = trust::ReadCard(*ReadWholeFile(card_, trust::kMaxCardBytes));
    return trust::HistoryOfCard(*card, absl::Now())->newest().version();
  }
  // The key that the node would sign with if it started now; its store opens under it, with a head of that key.
  KeyId Signs() const {
    const auto node = OpenOffline(options_.folder, "");
    EXPECT_TRUE(node.ok()) << node.status();
    if (!node.ok()) return KeyId();
    const auto head = trust::CheckHead(*(*node)->self->history, (*node)->journal->Head().signed_head);
    EXPECT_TRUE(head.ok()) << head.status();
    EXPECT_EQ(head->key_id(), (*node)->self->key_id.view());
    EXPECT_TRUE((*node)->journal->Fsck(false)->problems.empty());
    return (*node)->self->key_id;
  }
  KeyChangeFacts Rotate() const {
    const auto facts = RotateKey(options_);
    EXPECT_TRUE(facts.ok()) << facts.status();
    return facts.value_or(KeyChangeFacts());
  }
  static std::string Hex(const KeyId& key) { return crypto::ToHex(key.view()); }
  std::string StateOf(const KeyId& key) const {
    const auto list = ListKeys(options_.folder, absl::Now());
    for (const ListedKey& one : list->keys) {
      if (one.key.key_id() == key.view()) return one.state;
    }
    return "none";
  }

  std::string base_, card_;
  KeyChangeOptions options_;
  KeyId first_;
};

TEST_F(KeyChange, ARotatedNodeOpensUnderItsNewKeyAndItsCardSaysSo) {
  const KeyChangeFacts second = Rotate();
  EXPECT_EQ(second.version, 2u);
  EXPECT_TRUE(second.made);
  EXPECT_EQ(second.card_path, card_);
  EXPECT_NE(second.signs, first_);
  EXPECT_EQ(Signs(), second.signs);
  EXPECT_EQ(VersionOfCard(), 2u);
  EXPECT_TRUE(Holds(first_));  // it goes on beside the new one
  EXPECT_EQ(StateOf(first_), "superseded");
  EXPECT_EQ(StateOf(second.signs), "signs");
  const KeyChangeFacts third = Rotate();
  EXPECT_EQ(third.version, 3u);
  EXPECT_EQ(Signs(), third.signs);
  EXPECT_EQ(VersionOfCard(), 3u);
  EXPECT_EQ(History().versions().size(), 3u);
}

TEST_F(KeyChange, ARotatedRootKeySignsWhatFollowsAndTheOldOneNothing) {
  const auto roots = [&] {
    std::vector<std::string> names;
    const auto keystore = OpenKeystore(paths(), paths().root_keystore, "");
    for (const auto& [name, seed] : keystore->secrets()) names.push_back(name);
    return names;
  };
  const std::string kept = base_ + "/copy-of-root.keystore";
  fs::copy_file(paths().root_keystore, kept);
  EXPECT_EQ(roots(), std::vector<std::string>{"root"});
  const KeyId before = *KeyId::From(History().newest().document().root_keys(0).key_id());
  const auto facts = RotateRootKey(options_);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 2u);
  EXPECT_EQ(facts->signs, first_);
  const auto listed = History().newest().document().root_keys();
  ASSERT_EQ(listed.size(), 1);
  const KeyId after = *KeyId::From(listed[0].key_id());
  EXPECT_NE(after, before);
  EXPECT_EQ(roots(), std::vector<std::string>{"root/" + Hex(after)});
  EXPECT_EQ(VersionOfCard(), 2u);
  KeyChangeOptions old = options_;
  old.root_keystore = kept;
  EXPECT_EQ(ReasonOf(RotateKey(old).status()), kKeystore);
  EXPECT_EQ(Rotate().version, 3u);
  ASSERT_TRUE(RotateRootKey(options_).ok());
  EXPECT_EQ(Rotate().version, 5u);
  EXPECT_EQ(StateOf(before), "superseded");
}

TEST_F(KeyChange, AStolenKeyGoesAtOnceAndANewOneComes) {
  const absl::Time since = absl::Now() - absl::Hours(2);
  const auto facts = RevokeKey(options_, Hex(first_).substr(0, 8), since);
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_EQ(facts->version, 2u);
  EXPECT_TRUE(facts->made);
  EXPECT_EQ(Signs(), facts->signs);  // the head was signed by the stolen key
  EXPECT_FALSE(Holds(first_));
  EXPECT_EQ(StateOf(first_), "stolen");
  EXPECT_EQ(VersionOfCard(), 2u);
  const trust::IdentityHistory history = History();
  const auto& revocation = history.keys().Find(first_.view())->revocation;
  EXPECT_EQ(revocation->cutoff_us(), absl::ToUnixMicros(since));
}

TEST_F(KeyChange, ThatAReplacedKeyWasStolenMayBeLearntLater) {
  const KeyId second = Rotate().signs;
  const auto facts = RevokeKey(options_, Hex(first_), absl::Now());
  ASSERT_TRUE(facts.ok()) << facts.status();
  EXPECT_FALSE(facts->made);
  EXPECT_EQ(facts->signs, second);
  EXPECT_EQ(Signs(), second);
  EXPECT_EQ(StateOf(first_), "stolen");
  EXPECT_FALSE(Holds(first_));
  EXPECT_EQ(ReasonOf(RevokeKey(options_, Hex(first_), absl::Now()).status()), kUsage);
}

TEST_F(KeyChange, RefusalsChangeNothing) {
  const Bytes before = *ReadWholeFile(paths().identity, kMaxIdentityFileBytes);
  const auto revoke = [&](const std::string& key, absl::Time since = absl::Now()) {
    return ReasonOf(RevokeKey(options_, key, since).status());
  };
  EXPECT_EQ(revoke("00000000"), kNotFound);
  EXPECT_EQ(revoke(Hex(first_).substr(0, 7)), kNotFound);
  EXPECT_EQ(revoke(""), kNotFound);
  EXPECT_EQ(revoke(Hex(*KeyId::From(History().newest().document().root_keys(0).key_id()))), kUsage);
  EXPECT_EQ(revoke(Hex(first_), absl::Now() + absl::Hours(1)), kUsage);
  const InitFacts other = Init("other");
  KeyChangeOptions options = options_;
  options.root_keystore = NodePaths(other.folder).root_keystore;
  options.root_passphrase_file = NodePaths(other.folder).passphrase;
  EXPECT_EQ(ReasonOf(RotateKey(options).status()), kKeystore);  // another organisation's
  options.root_keystore = base_ + "/none";
  EXPECT_EQ(ReasonOf(RotateKey(options).status()), kKeystore);
  options = options_;
  options.root_passphrase_file = NodePaths(other.folder).passphrase;
  EXPECT_EQ(ReasonOf(RotateKey(options).status()), kKeystore);
  options = options_;
  options.folder = base_;
  EXPECT_NE(ReasonOf(RotateKey(options).status()), kNone);
  EXPECT_EQ(*ReadWholeFile(paths().identity, kMaxIdentityFileBytes), before);
  EXPECT_EQ(Signs(), first_);
}

TEST_F(KeyChange, NobodyElseMayHaveTheFolder) {
  {
    const auto node = OpenOffline(options_.folder, "");
    ASSERT_TRUE(node.ok());
    EXPECT_EQ(ReasonOf(RotateKey(options_).status()), kStoreLocked);
    EXPECT_EQ(ReasonOf(RevokeKey(options_, Hex(first_), absl::Now()).status()), kStoreLocked);
    EXPECT_EQ(ListKeys(options_.folder, absl::Now())->version, 1u);
    EXPECT_EQ(*RenewCard(options_.folder), card_);
  }
  const FolderLock lock(options_.folder);
  EXPECT_EQ(ReasonOf(OpenOffline(options_.folder, "").status()), kStoreLocked);
}

// What a kill can leave behind: the new seed without the new document, or both without the card.
TEST_F(KeyChange, WhateverAKillLeavesTheNodeIsOfOneVersion) {
  const Bytes identity = *ReadWholeFile(paths().identity, kMaxIdentityFileBytes);
  const Bytes card = *ReadWholeFile(card_, trust::kMaxCardBytes);
  const KeyId lost = Rotate().signs;
  ASSERT_TRUE(ReplaceFile(paths().identity, identity).ok());
  ASSERT_TRUE(ReplaceFile(card_, card).ok());
  ASSERT_TRUE(WriteNewFile(paths().identity + ".new", "half of it").ok());
  EXPECT_EQ(Signs(), first_);
  const KeyId second = Rotate().signs;
  EXPECT_EQ(Signs(), second);
  EXPECT_FALSE(Holds(lost));  // nobody ever heard of it
  ASSERT_TRUE(ReplaceFile(card_, card).ok());
  EXPECT_EQ(Signs(), second);
  EXPECT_EQ(*RenewCard(options_.folder), card_);
  EXPECT_EQ(VersionOfCard(), 2u);
}

TEST_F(KeyChange, DamagedDocumentsAreRefused) {
  Rotate();
  const Bytes good = *ReadWholeFile(paths().identity, kMaxIdentityFileBytes);
  const auto reason = [&](const Bytes& bytes) {
    EXPECT_TRUE(ReplaceFile(paths().identity, bytes).ok());
    return ReasonOf(ReadOwnHistory(paths()).status());
  };
  for (size_t size = 0; size < good.size(); ++size) {
    // Cut behind version 1 it is an older, whole file.
    EXPECT_TRUE(reason(good.substr(0, size)) != kNone || History().versions().size() == 1) << size;
  }
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    EXPECT_NE(reason(bad), kNone) << i;
  }
  EXPECT_EQ(reason(Bytes(kMaxIdentityFileBytes + 1, '\0')), kLimit);
  v1::IdentityChain chain;
  ASSERT_TRUE(chain.ParseFromString(good));
  chain.mutable_documents()->SwapElements(0, 1);
  EXPECT_EQ(reason(chain.SerializeAsString()), kIdentity);
  EXPECT_EQ(reason(good), kNone);
}

// Over time: who signs when, of a key that is replaced, one that ended, and a document that expired.
TEST_F(KeyChange, TheLatestKeyThatIsNotRevokedSigns) {
  const KeyId second = Rotate().signs;
  const trust::IdentityHistory history = History();
  const absl::Time now = absl::Now();
  const auto signs = [&](absl::Time at, std::vector<KeyId> held) {
    return SigningKeyOf(history, at, [&](const KeyId& id) { return std::find(held.begin(), held.end(), id) != held.end(); });
  };
  EXPECT_EQ(*signs(now, {first_, second}), second);
  EXPECT_EQ(*signs(now, {first_}), first_);
  EXPECT_EQ(ReasonOf(signs(now, {}).status()), kKeystore);
  EXPECT_EQ(ReasonOf(signs(now + trust::kKeyOverlap, {first_}).status()), kRevoked);
  EXPECT_EQ(*signs(now + trust::kKeyOverlap, {first_, second}), second);
  EXPECT_EQ(ReasonOf(signs(now + absl::Hours(24 * 91), {second}).status()), kTime);
}

}  // namespace
}  // namespace entente::node
