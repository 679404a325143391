#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>

#include "services/entente/verify_contents.h"
#include "services/entente/verify_sealed.h"
#include "services/entented/config.h"
#include "trust/armour.h"
#include "trust/golden_reader.h"

// What `entente verify` says of envelopes that another implementation made (tests/oracle/golden_*.py), with the keys of
// the node that they are for.
namespace entente::cli {
namespace {

namespace fs = std::filesystem;
using test::NumberOf;
using test::VectorRecord;

// The folder of the node that a golden file names as its reader, and a card of each party.
class GoldenFolder {
 public:
  explicit GoldenFolder(const std::string& file) : records_(test::ReadVectors(file)) {
    EXPECT_TRUE(crypto::Initialise().ok());
    std::string pattern = testing::TempDir() + "entente-verify-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    const VectorRecord& reader = records_.at(0);
    now_ = test::MomentOf(reader.at("now_us"));
    Write("/passphrase", "golden\n");
    for (const VectorRecord& v : records_) {
      if (!v.contains("party")) continue;
      if (v.at("org_id") == reader.at("org_id")) Write("/identity", v.at("identity_chain"));
      Write("/card", trust::Armour(trust::kIdentityArmour, v.at("identity_chain")));
      // Who has expired has no card that counts.
      if (cards_.Add(folder_ + "/card", now_).ok()) known_.insert(v.at("org_id"));
    }
    MakeKeystore(reader);
    auto opened = NodeKeys::Open(folder_, "", cards_, now_);
    EXPECT_TRUE(opened.ok()) << opened.status();
    keys_ = *std::move(opened);
  }
  ~GoldenFolder() { fs::remove_all(folder_); }
  GoldenFolder(const GoldenFolder&) = delete;
  GoldenFolder& operator=(const GoldenFolder&) = delete;

  const std::vector<VectorRecord>& records() const { return records_; }
  absl::Time now() const { return now_; }
  const Cards& cards() const { return cards_; }
  NodeKeys& keys() const { return *keys_; }
  bool Knows(const VectorRecord& v) const { return known_.contains(v.at("peer")); }
  Bytes Keystore() const {
    std::ifstream file(folder_ + "/keystore", std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(file), {});
  }

 private:
  void Write(const std::string& name, const Bytes& content) const {
    std::ofstream(folder_ + name, std::ios::binary) << content;
    chmod((folder_ + name).c_str(), 0600);
  }
  void MakeKeystore(const VectorRecord& v) const {
    Bytes entry = v.at("prekey_seed") + v.at("prekey_public");
    for (const char* end : {"prekey_not_before_us", "prekey_not_after_us"}) {
      AppendBigEndian(entry, static_cast<uint64_t>(NumberOf(v.at(end))));
    }
    std::map<std::string, crypto::SecretBytes> secrets;
    secrets.emplace("prekey/" + crypto::ToHex(v.at("prekey_id")), crypto::SecretBytes::CopyOf(entry));
    secrets.emplace("statement", crypto::SecretBytes::CopyOf(v.at("statement_seed")));
    secrets.emplace("storage", crypto::SecretBytes::Random(crypto::kKeySize));
    const auto made = crypto::Keystore::Create(folder_ + "/keystore", crypto::SecretBytes::CopyOf("golden"),
                                               crypto::kDaemon, std::move(secrets));
    EXPECT_TRUE(made.ok()) << made.status();
  }

  const std::vector<VectorRecord> records_;
  std::string folder_;
  absl::Time now_;
  Cards cards_;
  std::set<Bytes> known_;
  std::unique_ptr<NodeKeys> keys_;
};

const Row* RowOf(const Report& report, std::string_view check) {
  for (const Row& row : report.rows) {
    if (row.check == check) return &row;
  }
  return nullptr;
}

// The documents of the golden group file, as many as a row is behind.
class Behind {
 public:
  explicit Behind(const GoldenFolder& node) : node_(node) {
    using enum envelope::ExportKind;
    const std::pair<const char*, envelope::ExportKind> forms[] = {
        {"membership", kMembership}, {"entry", kGroupLog}, {"epoch", kEpoch}, {"leave", kLeave}};
    for (const VectorRecord& v : node.records()) {
      for (const auto& [form, kind] : forms) {
        if (v.contains("place") && v.contains(form)) documents_.push_back({kind, v.at(form)});
      }
    }
  }
  GivenGroups& operator()(const VectorRecord& v) {
    const auto count = static_cast<size_t>(NumberOf(v.at("behind")));
    auto& groups = behind_[count];
    if (groups != nullptr) return *groups;
    groups = std::make_unique<GivenGroups>(node_.cards(), &node_.keys());
    for (size_t i = 0; i < count; ++i) {
      const absl::Status taken = groups->Take(documents_.at(i), node_.now());
      EXPECT_TRUE(taken.ok()) << i << ": " << taken;
    }
    return *groups;
  }

 private:
  const GoldenFolder& node_;
  std::vector<envelope::ExportEntry> documents_;
  std::map<size_t, std::unique_ptr<GivenGroups>> behind_;
};

TEST(VerifyGolden, EveryEnvelopeForAGroupIsAnsweredAsANodeAnswersIt) {
  const GoldenFolder node("group_envelope.txt");
  const Bytes keystore = node.Keystore();
  Behind behind(node);
  std::map<Bytes, Bytes> before = {{"", ""}};
  std::map<std::string, int> said;
  for (const VectorRecord& v : node.records()) {
    if (!v.contains("envelope")) continue;
    const auto common = static_cast<size_t>(NumberOf(v.at("common")));
    const Bytes& wire = before[v.at("name")] = before.at(v.at("like")).substr(0, common) + v.at("envelope");
    GivenGroups& groups = behind(v);
    const absl::Time at = test::MomentOf(v.at("at_us"));
    const auto checked = CheckSealed(wire, node.keys(), *OrgId::From(v.at("peer")), at, groups);
    EXPECT_EQ(test::AnswerOf(checked.status()), v.at("answer")) << v.at("name") << ": " << checked.status();
    const auto missing = groups.WhatIsMissing(checked.status());
    const RejectReason reason = ReasonOf(checked.status());
    const bool may_miss = reason == RejectReason::kEpoch || reason == RejectReason::kMemberHash;
    EXPECT_LE(missing.has_value(), !checked.ok() && may_miss) << v.at("name");
    ++said[checked.ok() ? kHolds : missing ? kNotChecked : kFails];
    if (!checked.ok() && !missing) continue;
    // The same with every card, of which one is the sealer's.
    const Report report = CheckEnvelope(wire, node.cards(), &node.keys(), groups, at);
    ASSERT_NE(RowOf(report, "sealed"), nullptr) << v.at("name");
    EXPECT_EQ(RowOf(report, "sealed")->result, missing ? kNotChecked : kHolds) << v.at("name") << ": " << report.status;
  }
  EXPECT_GT(said[kHolds], 20);
  EXPECT_GT(said[kNotChecked], 2);
  EXPECT_GT(said[kFails], 60);
  EXPECT_EQ(node.Keystore(), keystore);
}

// Each admitted envelope of a file of direct ones, told; `rows` gets how often each check held.
void TellEach(const std::string& file, std::map<std::string, int>& rows) {
  const GoldenFolder node(file);
  for (const VectorRecord& v : node.records()) {
    if (!v.contains("envelope") || v.at("answer") != "ADMITTED" || !node.Knows(v)) continue;
    GivenGroups none(node.cards(), &node.keys());
    const Report report = CheckEnvelope(v.at("envelope"), node.cards(), &node.keys(), none, node.now());
    EXPECT_TRUE(report.status.ok()) << v.at("name") << ": " << report.status;
    for (const Row& row : report.rows) rows[row.check + " " + row.result] += 1;
    const Row* chain = RowOf(report, "forward chain");
    EXPECT_EQ(RowOf(report, "hop 1") != nullptr, v.contains("hops") && !v.at("hops").empty()) << v.at("name");
    EXPECT_EQ(chain == nullptr, RowOf(report, "statements") == nullptr);
    if (!v.contains("recalls") || v.at("recalls").empty()) continue;
    EXPECT_NE(RowOf(report, "recall 1")->detail.find(crypto::ToHex(v.at("recalls").substr(0, 32))), std::string::npos);
    EXPECT_EQ(RowOf(report, "authority over targets")->result, kNotChecked);
  }
}

TEST(VerifyGolden, WhoVouchedPassedOnAndRecalledIsTold) {
  std::map<std::string, int> rows;
  TellEach("passing.txt", rows);
  EXPECT_GT(rows["hop 1 holds"], 3);
  EXPECT_GT(rows["hop 2 holds"], 0);
  EXPECT_GT(rows["co-signatures holds"], 3);
  TellEach("notices.txt", rows);
  EXPECT_GT(rows["recall 1 holds"], 3);
  EXPECT_GT(rows["receipt 1 holds"], 1);
  EXPECT_EQ(rows["authority over targets holds"], 0);
}

TEST(VerifyGolden, ManyNoticesAreToldInABoundedNumberOfRows) {
  envelope::VerifiedEnvelope many{EnvelopeId(), 0, std::nullopt};
  many.recalls.resize(envelope::kMaxNotices);
  many.receipts.resize(kMaxNoticeRows);
  Report report;
  AddContents(many, Cards(), absl::UnixEpoch(), report);
  EXPECT_LT(report.rows.size(), 3 * kMaxNoticeRows);
  EXPECT_EQ(RowOf(report, "recalls")->detail, "240 more");
  EXPECT_EQ(RowOf(report, "receipts"), nullptr);
  EXPECT_EQ(RowOf(report, "receipt 16")->result, kHolds);
  EXPECT_EQ(RowOf(report, "recall 17"), nullptr);
}

}  // namespace
}  // namespace entente::cli
