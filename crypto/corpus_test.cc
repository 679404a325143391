#include "crypto/testing/corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "crypto/crypto.h"
#include "crypto/note.h"
#include "crypto/primitives.h"

namespace entente::crypto {
namespace {

namespace fs = std::filesystem;
using simdjson::dom::element;
using Corpus = testing::CorpusTest;

TEST_F(Corpus, WycheproofEd25519) {
  const size_t count = Wycheproof("ed25519_test.json", [](const element& group, const element& test) {
    const Bytes public_key = Hex(group["publicKey"], "pk");
    EXPECT_EQ(VerifyMessage(public_key, Hex(test, "msg"), Hex(test, "sig")), Valid(test));
    EXPECT_TRUE(IsValidPoint(public_key));
  });
  EXPECT_EQ(count, 151u);
}

TEST_F(Corpus, WycheproofXChaCha20Poly1305) {
  size_t usable = 0;
  Wycheproof("xchacha20_poly1305_test.json", [&](const element&, const element& test) {
    const Bytes nonce = Hex(test, "iv"), sealed = Hex(test, "ct") + Hex(test, "tag"), text = Hex(test, "msg");
    if (nonce.size() != kXChaChaNonceSize) return;  // our nonces have one size, by construction
    ++usable;
    Bytes opened(text.size(), '\0'), again(sealed.size(), '\0');
    EXPECT_EQ(XChaChaOpen(Hex(test, "key"), nonce, Hex(test, "aad"), sealed, Octets(opened)), Valid(test));
    XChaChaSeal(Hex(test, "key"), nonce, Hex(test, "aad"), text, Octets(again));
    EXPECT_EQ(opened == text && again == sealed, Valid(test));
  });
  EXPECT_EQ(usable, 306u);
}

TEST_F(Corpus, WycheproofHkdfSha256) {
  const size_t count = Wycheproof("hkdf_sha256_test.json", [](const element&, const element& test) {
    Bytes okm(test["size"].get_uint64().value(), '\0');
    const Wiped<kKeySize> prk = HkdfExtract(Hex(test, "salt"), {Hex(test, "ikm")});
    EXPECT_EQ(HkdfExpand(prk.view(), Hex(test, "info"), {Octets(okm), okm.size()}), Valid(test));
    if (!Valid(test)) return;
    EXPECT_EQ(okm, Hex(test, "okm"));
  });
  EXPECT_EQ(count, 86u);
}

// The point check and the verification together accept one of the 914 edge cases: the one without a flaw.
TEST_F(Corpus, CctvEd25519) {
  size_t verified = 0, accepted = 0, count = 0;
  for (const element test : Load("cctv/ed25519vectors.json").get_array()) {
    const Bytes public_key = Hex(test, "key");
    const bool verifies = VerifyMessage(public_key, test["msg"].get_string().value(), Hex(test, "sig"));
    const bool accepts = verifies && IsValidPoint(public_key);
    ++count;
    verified += verifies ? 1 : 0;
    accepted += accepts ? 1 : 0;
    EXPECT_EQ(accepts, test["flags"].is_null());
  }
  EXPECT_EQ(count, 914u);
  EXPECT_EQ(verified, 43u);
  EXPECT_EQ(accepted, 1u);
}

// The proof of a case of the corpus; nothing when a hash in it is not 32 bytes long.
std::optional<std::vector<Digest>> ProofOf(const element& test) {
  std::vector<Digest> path;
  simdjson::dom::array proof;
  if (test["proof"].get_array().get(proof) != simdjson::SUCCESS) return path;
  for (const element entry : proof) {
    const std::optional<Digest> hash = Digest::From(FromBase64(entry.get_string().value()).value());
    if (!hash) return std::nullopt;
    path.push_back(*hash);
  }
  return path;
}

// What a proof of the corpus leads to.
std::optional<Digest> ProvenRoot(const element& test, const std::optional<Digest>& leaf_hash) {
  const auto path = ProofOf(test);
  if (!path || !leaf_hash) return std::nullopt;
  return RootFromLeafHash(*leaf_hash, test["leafIdx"].get_uint64().value(), test["treeSize"].get_uint64().value(),
                          *path);
}

TEST_F(Corpus, MerkleInclusion) {
  size_t count = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Root() / "merkle/testdata/inclusion")) {
    if (entry.path().extension() != ".json") continue;
    const element test = Load(fs::relative(entry.path(), Root()));
    const std::optional<Digest> root = ProvenRoot(test, Digest::From(Base64(test["leafHash"])));
    const bool included = root && root->view() == Base64(test["root"]);
    EXPECT_EQ(included, !test["wantErr"].get_bool().value()) << entry.path();
    ++count;
  }
  EXPECT_EQ(count, 98u);
}

// A root of the corpus. Those of 9 or 12 bytes stand for any other root: here they are filled up.
Digest RootOf(const Bytes& bytes) {
  Bytes whole = bytes;
  whole.resize(Digest::kSize);
  return *Digest::From(whole);
}

// RFC 9162's algorithm compares the roots of equal sizes and no more. One file wants to be refused for a root of size 0 that is
// not SHA-256 of nothing: that is refused where a checkpoint is read, before anybody compares.
TEST_F(Corpus, MerkleConsistency) {
  size_t count = 0;
  std::vector<std::string> deviating;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Root() / "merkle/testdata/consistency")) {
    if (entry.path().extension() != ".json") continue;
    const element test = Load(fs::relative(entry.path(), Root()));
    const auto proof = ProofOf(test);
    const uint64_t old_size = test["size1"].get_uint64().value(), size = test["size2"].get_uint64().value();
    const bool holds = proof && IsConsistent(old_size, RootOf(Base64(test["root1"])), size, RootOf(Base64(test["root2"])), *proof);
    if (holds == test["wantErr"].get_bool().value()) deviating.push_back(entry.path().filename().string());
    ++count;
  }
  EXPECT_EQ(count, 98u);
  EXPECT_EQ(deviating, std::vector<std::string>{"sizes-are-equal-zero-and-proof-is-empty.json"});
}

// Sixteen checkpoints of a small log: signed notes, and the tree hash of its entries; each continues those before it.
TEST_F(Corpus, TesseraCheckpoints) {
  // From the log's build_log.sh: key type 1, then the public key.
  const NoteKey key{"example.com/log/testdata", NoteKeyType::kLog, FromBase64("AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")->substr(1)};
  const auto read = [](const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(Root() / "tessera/testdata/log" / path, std::ios::binary).rdbuf();
    return out.str();
  };
  std::vector<Digest> roots;
  for (size_t size = 0; size < 16; ++size) {
    const absl::StatusOr<Note> note = ReadNote(read("checkpoint." + std::to_string(size)));
    ASSERT_TRUE(note.ok()) << note.status();
    EXPECT_TRUE(VerifyNote(*note, {key}).ok()) << size;
    EXPECT_FALSE(VerifyNote({note->text + '\n', note->lines}, {key}).ok()) << size;
    const absl::StatusOr<Checkpoint> checkpoint = ReadCheckpoint(*note, key.name);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    EXPECT_EQ(checkpoint->size, size);
    roots.push_back(checkpoint->root);

    const Bytes bundle = size == 0 ? "" : read("tile/entries/000.p/" + std::to_string(size));
    std::vector<ByteView> leaves;
    for (ByteView rest = bundle; !rest.empty();) {
      leaves.push_back(rest.substr(2, ReadBigEndian<uint16_t>(rest)));
      rest.remove_prefix(2 + leaves.back().size());
    }
    ASSERT_EQ(leaves.size(), size);
    EXPECT_EQ(TreeHash(leaves), checkpoint->root) << size;
    for (size_t old = 1; old <= size; ++old) {
      EXPECT_TRUE(IsConsistent(old, roots[old], size, roots[size], ConsistencyProof(leaves, old))) << old << " " << size;
    }
  }
}

}  // namespace
}  // namespace entente::crypto
