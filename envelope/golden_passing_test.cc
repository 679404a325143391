#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/numbers.h"
#include "crypto/encoding.h"
#include "envelope/proof.h"
#include "envelope/testing/federation.h"
#include "tests/vectors/vector_file.h"

// Statements on their way, proofs and notices that another implementation made from docs/formats (tests/oracle/golden_passing.py,
// golden_notices.py), and each of its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;

int64_t Number(const Bytes& text) {
  int64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value)) << text;
  return value;
}
OrgId Organisation(const Bytes& bytes) {
  return *OrgId::From(bytes);
}
// The ids that stand behind one another in `joined`.
template <typename Id>
std::vector<Id> Ids(const Bytes& joined) {
  std::vector<Id> ids;
  for (size_t at = 0; at < joined.size(); at += Id::kSize) ids.push_back(*Id::From(joined.substr(at, Id::kSize)));
  return ids;
}
template <typename Ids>
Bytes Joined(const Ids& ids) {
  Bytes joined;
  for (const auto& id : ids) joined.append(id.view());
  return joined;
}

// The node that reads a file: whom it has on file, and the one prekey in its keystore.
class Reader {
 public:
  explicit Reader(const char* file) : ready_(crypto::Initialise().ok()), records_(test::ReadVectors(file)) {
    const VectorRecord& first = records_.at(0);
    now_ = absl::FromUnixMicros(Number(first.at("now_us")));
    org_ = Organisation(first.at("org_id"));
    std::vector<trust::Accepted> others;
    for (const VectorRecord& v : records_) {
      if (!v.contains("party")) continue;
      trust::Accepted accepted = Party(v);
      if (accepted.party.org == org_) {
        self_ = std::make_unique<trust::Self>(trust::Self{accepted.identity, {}, KeyOf(first)});
        directory_ = std::make_unique<trust::Directory>(accepted.party, accepted.history);
      } else {
        others.push_back(std::move(accepted));
      }
    }
    for (trust::Accepted& other : others) {
      const absl::Status status = directory_->Accept(std::move(other));
      EXPECT_TRUE(status.ok()) << status;
    }
    OpenRing(first, file);
  }
  ~Reader() { std::filesystem::remove_all(folder_); }

  const std::vector<VectorRecord>& records() const { return records_; }
  absl::Time now() const { return now_; }
  const trust::Directory& parties() const { return *directory_; }
  absl::StatusOr<VerifiedEnvelope> Take(const VectorRecord& v) const {
    auto opened = Open(v.at("envelope"), org_, *ring_, now_, testing::NeverSeen);
    if (!opened.ok()) return opened.status();
    return Verify(*std::move(opened), *directory_, Organisation(v.at("peer")), now_);
  }

 private:
  trust::Accepted Party(const VectorRecord& v) const {
    v1::IdentityChain chain;
    EXPECT_TRUE(chain.ParseFromString(v.at("identity_chain")));
    auto history = std::make_shared<trust::IdentityHistory>(*trust::IdentityHistory::Begin(chain.documents(0)));
    for (int i = 1; i < chain.documents_size(); ++i) {
      const absl::Status status = history->Extend(chain.documents(i), now_);
      EXPECT_TRUE(status.ok()) << v.at("party") << ": " << status;
    }
    model::Party party;
    party.org = Organisation(v.at("org_id"));
    EXPECT_EQ(party.org, history->org());
    party.name = v.at("party");
    return {party, history->newest(), history};
  }
  static std::shared_ptr<const crypto::SigningKey> KeyOf(const VectorRecord& v) {
    return std::make_shared<const crypto::SigningKey>(
        *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(v.at("statement_seed"))));
  }
  void OpenRing(const VectorRecord& v, const std::string& file) {
    self_->key_id = trust::MakeKeyId(v1::KEY_USAGE_STATEMENT, self_->statement_key->public_key());
    folder_ = ::testing::TempDir() + "entente-golden-" + file;
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    Bytes entry = v.at("prekey_seed") + v.at("prekey_public");
    for (const char* end : {"prekey_not_before_us", "prekey_not_after_us"}) {
      AppendBigEndian(entry, static_cast<uint64_t>(Number(v.at(end))));
    }
    std::map<std::string, crypto::SecretBytes> secrets;
    secrets.emplace("prekey/" + crypto::ToHex(v.at("prekey_id")), crypto::SecretBytes::CopyOf(entry));
    keystore_ = std::make_unique<crypto::Keystore>(*crypto::Keystore::Create(
        folder_ + "/keystore", crypto::SecretBytes::CopyOf("golden"), crypto::kDaemon, std::move(secrets)));
    ring_ = std::make_unique<trust::PrekeyRing>(*self_, *keystore_);
  }

  const bool ready_;  // before the first secret
  std::vector<VectorRecord> records_;
  absl::Time now_;
  OrgId org_;
  std::unique_ptr<trust::Self> self_;
  std::unique_ptr<trust::Directory> directory_;
  std::string folder_;
  std::unique_ptr<crypto::Keystore> keystore_;
  std::unique_ptr<trust::PrekeyRing> ring_;
};

template <typename T>
std::string Answer(const absl::StatusOr<T>& checked) {
  return checked.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(checked.status())).name);
}
Bytes HopsOf(const std::vector<Hop>& hops) {
  Bytes joined;
  for (const Hop& hop : hops) joined.append(hop.id.view());
  return joined;
}

TEST(GoldenPassing, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  const Reader reader("passing.txt");
  int seen = 0;
  for (const VectorRecord& v : reader.records()) {
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = reader.Take(v);
    EXPECT_EQ(Answer(verified), v.at("answer")) << v.at("name") << ": " << verified.status();
    if (!verified.ok() || v.at("answer") != "ADMITTED") continue;
    EXPECT_EQ(HopsOf(verified->hops), v.at("hops")) << v.at("name");
    EXPECT_EQ(Joined(verified->cosigners), v.at("cosigners")) << v.at("name");
  }
  EXPECT_GT(seen, 50);
}

TEST(GoldenProof, EveryProofIsAnsweredAsTheOtherImplementationAnswersIt) {
  const Reader reader("statement_proof.txt");
  int seen = 0;
  VerifiedBatches remembered;  // of all of them: no answer may hang on it
  for (const VectorRecord& v : reader.records()) {
    if (!v.contains("proof")) continue;
    ++seen;
    for (VerifiedBatches* verified : {static_cast<VerifiedBatches*>(nullptr), &remembered}) {
      const auto proof = ReadProof(v.at("proof"));
      const auto proven = proof.ok() ? CheckProof(*proof, reader.parties(), reader.now(), verified) : proof.status();
      EXPECT_EQ(Answer(proven), v.at("answer")) << v.at("name") << ": " << proven.status();
      if (!proven.ok() || v.at("answer") != "ADMITTED") continue;
      EXPECT_EQ(HopsOf(proven->hops), v.at("hops")) << v.at("name");
      EXPECT_EQ(Joined(proven->cosigners), v.at("cosigners")) << v.at("name");
      EXPECT_EQ(proven->content_shown, v.at("content_shown") == "1") << v.at("name");
    }
  }
  EXPECT_GT(seen, 200);
}

TEST(GoldenNotices, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  const Reader reader("notices.txt");
  std::map<std::string, Recall> recalls;
  int seen = 0, reached = 0;
  for (const VectorRecord& v : reader.records()) {
    if (v.contains("target_origin")) {
      ++reached;
      const auto& recall = recalls.at(v.at("recall"));
      RecallTarget target{Organisation(v.at("target_origin")), std::nullopt, v.at("target_exercise")};
      if (!v.at("target_joint").empty()) {
        target.joint = JointTerms{Ids<OrgId>(v.at("target_joint")), static_cast<uint32_t>(Number(v.at("target_threshold")))};
      }
      const absl::Status status = CheckAuthority(recall, target);
      EXPECT_EQ(status.ok() ? "ADMITTED" : Describe(ReasonOf(status)).name, v.at("answer")) << v.at("recall") << ": " << status;
    }
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = reader.Take(v);
    EXPECT_EQ(Answer(verified), v.at("answer")) << v.at("name") << ": " << verified.status();
    if (!verified.ok() || v.at("answer") != "ADMITTED") continue;
    Bytes recall_ids, receipt_ids;
    for (const Recall& recall : verified->recalls) recall_ids.append(recall.id.view());
    for (const Receipt& receipt : verified->receipts) receipt_ids.append(receipt.id.view());
    EXPECT_EQ(recall_ids, v.at("recalls")) << v.at("name");
    EXPECT_EQ(receipt_ids, v.at("receipts")) << v.at("name");
    if (!verified->recalls.empty()) recalls.emplace(v.at("name"), verified->recalls.front());
  }
  EXPECT_GT(seen, 90);
  EXPECT_EQ(reached, 15);
}

}  // namespace
}  // namespace entente::envelope
