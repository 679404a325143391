#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/reject.h"
#include "crypto/encoding.h"
#include "tests/vectors/vector_file.h"
#include "trust/group_directory.h"
#include "trust/sample_group.h"

// Membership documents, log entries, epochs and re-wraps that another implementation made from docs/formats/membership.md and epoch.md
// (tests/oracle/golden_membership.py, golden_epoch.py), and bad variants of each.
namespace entente::trust {
namespace {

using test::VectorRecord;

int64_t Number(const Bytes& text) {
  int64_t value = 0;
  EXPECT_TRUE(absl::SimpleAtoi(text, &value)) << text;
  return value;
}
template <typename Message>
Message Parsed(const Bytes& bytes) {
  Message message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}
std::string Answer(const absl::Status& status) {
  return status.ok() ? "ADMITTED" : std::string(Describe(ReasonOf(status)).name);
}

// The parties of a file, at its moment.
struct GoldenParties {
  explicit GoldenParties(const std::vector<VectorRecord>& records) {
    EXPECT_TRUE(crypto::Initialise().ok());
    now = absl::FromUnixMicros(Number(records.at(0).at("now_us")));
    for (const VectorRecord& v : records) {
      if (!v.contains("party")) continue;
      const auto chain = Parsed<v1::IdentityChain>(v.at("identity_chain"));
      IdentityHistory history = *IdentityHistory::Begin(chain.documents(0));
      for (int i = 1; i < chain.documents_size(); ++i) {
        const absl::Status status = history.Extend(chain.documents(i), now);
        EXPECT_TRUE(status.ok()) << v.at("party") << ": " << status;
      }
      parties.Accept(history);
    }
  }
  // `history` is made by version 1.
  absl::Status Take(std::optional<MembershipHistory>& history, const VectorRecord& v) const {
    if (v.contains("entry")) {
      return history.value().TakeLogEntry(Parsed<v1::SignedBody>(v.at("entry")), parties, {now}, Kept);
    }
    const auto wire = Parsed<v1::SignedMembership>(v.at("membership"));
    if (history.has_value()) return history->Extend(wire, parties, {now}, Kept);
    auto begun = MembershipHistory::Begin(wire, parties, {now});
    if (!begun.ok()) return begun.status();
    history = *std::move(begun);
    return absl::OkStatus();
  }

  absl::Time now;
  SampleParties parties;
};

TEST(GoldenMembership, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  const auto records = test::ReadVectors("membership.txt");
  const GoldenParties golden(records);
  std::vector<std::optional<MembershipHistory>> good(1);  // behind 0, 1, 2 ... of what is taken in
  int variants = 0;
  for (const VectorRecord& v : records) {
    if (v.contains("place")) {
      good.push_back(good.back());
      const absl::Status status = golden.Take(good.back(), v);
      ASSERT_TRUE(status.ok()) << v.at("place") << ": " << status;
      EXPECT_EQ(good.back()->group().view(), records[0].at("group_id"));
      const Membership* newest = good.back()->newest();
      EXPECT_EQ(newest == nullptr ? Bytes() : newest->hash().str(), v.at("newest")) << v.at("place");
    } else if (v.contains("behind")) {
      ++variants;
      auto history = good.at(static_cast<size_t>(Number(v.at("behind"))));
      const absl::Status status = golden.Take(history, v);
      EXPECT_EQ(Answer(status), v.at("answer")) << v.at("name") << ": " << status;
    }
  }
  EXPECT_GT(variants, 150);
}

// The member that reads epoch.txt, its one prekey in a keystore; its group begins anew with each question.
class GoldenMember {
 public:
  explicit GoldenMember(const std::vector<VectorRecord>& records) : golden_(records), org_(*OrgId::From(records[0].at("org_id"))) {
    const VectorRecord& v = records[0];
    group_ = *GroupId::From(v.at("group_id"));
    auto key = std::make_shared<const crypto::SigningKey>(
        *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(v.at("statement_seed"))));
    const auto accepted = golden_.parties.Find(org_);
    const KeyId key_id = MakeKeyId(v1::KEY_USAGE_STATEMENT, key->public_key());
    self_ = std::make_unique<Self>(Self{accepted->identity, key_id, std::move(key), accepted->history});
    static int made = 0;
    folder_ = absl::StrCat(::testing::TempDir(), "entente-golden-epoch-", ++made);
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
    ring_ = std::make_unique<PrekeyRing>(*self_, *keystore_);
    for (const VectorRecord& record : records) {
      if (record.contains("place")) good_.push_back(record);
      if (record.contains("membership")) documents_.push_back(Parsed<v1::SignedMembership>(record.at("membership")));
      if (record.contains("entry")) entries_.push_back(Parsed<v1::SignedBody>(record.at("entry")));
    }
  }
  ~GoldenMember() { std::filesystem::remove_all(folder_); }
  GoldenMember(const GoldenMember&) = delete;

  // A group whose documents are on file, and as many of the good epochs.
  std::unique_ptr<GroupDirectory> Behind(size_t count) const {
    auto groups = std::make_unique<GroupDirectory>(golden_.parties, org_, *ring_, *keystore_);
    std::vector<GroupDocument> run;
    for (size_t i = 0; i < documents_.size(); ++i) {
      run.push_back(&documents_[i]);
      run.push_back(&entries_[i]);
    }
    TakeDocuments(*groups, run);
    for (size_t i = 0; i < count; ++i) {
      const absl::Status status = Take(*groups, good_[i]);
      EXPECT_EQ(Answer(status), good_[i].at("answer")) << good_[i].at("place") << ": " << status;
    }
    return groups;
  }
  absl::Status Take(GroupDirectory& groups, const VectorRecord& v) const {
    if (v.contains("rewrap")) return groups.TakeRewrap(Parsed<v1::SignedBody>(v.at("rewrap")), {golden_.now});
    return groups.TakeEpoch(Parsed<v1::EpochDelivery>(v.at("epoch")), {golden_.now}, Kept);
  }
  void TakeDocuments(GroupDirectory& groups, const std::vector<GroupDocument>& run) const {
    const auto kept = [](const GroupDocument&) { return absl::OkStatus(); };
    const absl::Status status = groups.TakeDocuments(group_, run, {golden_.now}, kept);
    EXPECT_TRUE(status.ok()) << status;
  }
  const std::vector<VectorRecord>& good() const { return good_; }
  const GroupId& group() const { return group_; }
  absl::Time now() const { return golden_.now; }

 private:
  GoldenParties golden_;
  OrgId org_;
  GroupId group_;
  std::unique_ptr<Self> self_;
  std::string folder_;
  std::unique_ptr<crypto::Keystore> keystore_;
  std::unique_ptr<PrekeyRing> ring_;
  std::vector<VectorRecord> good_;
  std::vector<v1::SignedMembership> documents_;
  std::vector<v1::SignedBody> entries_;  // of the documents, in their order
};

TEST(GoldenEpoch, BothEpochsOpenToTheSecretThatTheOtherImplementationGaveThem) {
  const auto records = test::ReadVectors("epoch.txt");
  const GoldenMember member(records);
  std::vector<v1::SignedBody> entries;
  for (const VectorRecord& v : records) {
    if (!v.contains("log_entry")) continue;
    entries.push_back(Parsed<v1::SignedBody>(v.at("log_entry")));
    const auto groups = member.Behind(entries.size() == 1 ? 1 : member.good().size());
    for (const v1::SignedBody& entry : entries) member.TakeDocuments(*groups, {&entry});
    const auto use = groups->ToSealUnder(member.group(), member.now());
    ASSERT_TRUE(use.ok()) << v.at("number") << ": " << use.status();
    EXPECT_EQ(absl::StrCat(use->number), v.at("number"));
    const crypto::SecretBytes key = use->secret->ContentKey(member.group(), use->number, *Digest::From(v.at("msg_salt")));
    const auto bytes = key.ExposeSecret();
    EXPECT_EQ(crypto::ToHex(Bytes(bytes.begin(), bytes.end())), crypto::ToHex(v.at("content_key")));
  }
  EXPECT_EQ(entries.size(), 2U);
}

TEST(GoldenEpoch, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  const auto records = test::ReadVectors("epoch.txt");
  const GoldenMember member(records);
  int variants = 0;
  for (const VectorRecord& v : records) {
    if (!v.contains("behind")) continue;
    ++variants;
    // A re-wrap that is admitted leaves its secret in the keystore, where the others must not find it.
    const bool leaves_a_secret = v.contains("rewrap") && v.at("answer") == "ADMITTED";
    const auto own = leaves_a_secret ? std::make_unique<GoldenMember>(records) : nullptr;
    const GoldenMember& reader = own ? *own : member;
    const auto groups = reader.Behind(static_cast<size_t>(Number(v.at("behind"))));
    const absl::Status status = reader.Take(*groups, v);
    EXPECT_EQ(Answer(status), v.at("answer")) << v.at("name") << ": " << status;
  }
  EXPECT_GT(variants, 100);
}

}  // namespace
}  // namespace entente::trust
