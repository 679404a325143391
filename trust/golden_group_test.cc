#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "crypto/encoding.h"
#include "trust/golden_reader.h"
#include "trust/group_directory.h"
#include "trust/sample_group.h"

// Membership documents, log entries, epochs and re-wraps that another implementation made from
// docs/formats/membership.md and epoch.md (tests/oracle/golden_membership.py, golden_epoch.py), and bad variants of
// each.
namespace entente::trust {
namespace {

using test::VectorRecord;

using test::AnswerOf;
using test::MessageOf;
using test::NumberOf;

// The parties of a file, at its moment.
struct GoldenParties {
  explicit GoldenParties(const std::vector<VectorRecord>& records) {
    EXPECT_TRUE(crypto::Initialise().ok());
    now = test::MomentOf(records.at(0).at("now_us"));
    for (const VectorRecord& v : records) {
      if (v.contains("party")) parties.Accept(GoldenHistory(v, now));
    }
  }
  // `history` is made by version 1.
  absl::Status Take(std::optional<MembershipHistory>& history, const VectorRecord& v) const {
    if (v.contains("entry")) {
      return history.value().TakeLogEntry(MessageOf<v1::SignedBody>(v.at("entry")), parties, {now}, Kept);
    }
    const auto wire = MessageOf<v1::SignedMembership>(v.at("membership"));
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
      auto history = good.at(static_cast<size_t>(NumberOf(v.at("behind"))));
      const absl::Status status = golden.Take(history, v);
      EXPECT_EQ(AnswerOf(status), v.at("answer")) << v.at("name") << ": " << status;
    }
  }
  EXPECT_GT(variants, 150);
}

// The member that reads epoch.txt; its group begins anew with each question.
class GoldenMember {
 public:
  GoldenMember() : group_(*GroupId::From(reader_.records()[0].at("group_id"))) {
    for (const VectorRecord& record : reader_.records()) {
      if (record.contains("place")) good_.push_back(record);
      if (record.contains("membership")) documents_.push_back(MessageOf<v1::SignedMembership>(record.at("membership")));
      if (record.contains("entry")) entries_.push_back(MessageOf<v1::SignedBody>(record.at("entry")));
    }
  }

  // A group whose documents are on file, and as many of the good epochs.
  std::unique_ptr<GroupDirectory> Behind(size_t count) const {
    auto groups =
        std::make_unique<GroupDirectory>(reader_.directory(), reader_.org(), reader_.ring(), reader_.keystore());
    std::vector<GroupDocument> run;
    for (size_t i = 0; i < documents_.size(); ++i) {
      run.push_back(&documents_[i]);
      run.push_back(&entries_[i]);
    }
    TakeDocuments(*groups, run);
    for (size_t i = 0; i < count; ++i) {
      const absl::Status status = Take(*groups, good_[i]);
      EXPECT_EQ(AnswerOf(status), good_[i].at("answer")) << good_[i].at("place") << ": " << status;
    }
    return groups;
  }
  absl::Status Take(GroupDirectory& groups, const VectorRecord& v) const {
    if (v.contains("rewrap")) return groups.TakeRewrap(MessageOf<v1::SignedBody>(v.at("rewrap")), {now()});
    return groups.TakeEpoch(MessageOf<v1::EpochDelivery>(v.at("epoch")), {now()}, Kept);
  }
  void TakeDocuments(GroupDirectory& groups, const std::vector<GroupDocument>& run) const {
    const auto kept = [](const GroupDocument&) { return absl::OkStatus(); };
    const absl::Status status = groups.TakeDocuments(group_, run, {now()}, kept);
    EXPECT_TRUE(status.ok()) << status;
  }
  const std::vector<VectorRecord>& good() const { return good_; }
  const GroupId& group() const { return group_; }
  const std::vector<VectorRecord>& records() const { return reader_.records(); }
  absl::Time now() const { return reader_.now(); }

 private:
  const GoldenReader reader_{"epoch.txt"};
  const GroupId group_;
  std::vector<VectorRecord> good_;
  std::vector<v1::SignedMembership> documents_;
  std::vector<v1::SignedBody> entries_;  // of the documents, in their order
};

TEST(GoldenEpoch, BothEpochsOpenToTheSecretThatTheOtherImplementationGaveThem) {
  const GoldenMember member;
  std::vector<v1::SignedBody> entries;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("log_entry")) continue;
    entries.push_back(MessageOf<v1::SignedBody>(v.at("log_entry")));
    const auto groups = member.Behind(entries.size() == 1 ? 1 : member.good().size());
    for (const v1::SignedBody& entry : entries) member.TakeDocuments(*groups, {&entry});
    const auto use = groups->ToSealUnder(member.group(), member.now());
    ASSERT_TRUE(use.ok()) << v.at("number") << ": " << use.status();
    EXPECT_EQ(absl::StrCat(use->number), v.at("number"));
    const crypto::SecretBytes key =
        use->secret->ContentKey(member.group(), use->number, *Digest::From(v.at("msg_salt")));
    const auto bytes = key.ExposeSecret();
    EXPECT_EQ(crypto::ToHex(Bytes(bytes.begin(), bytes.end())), crypto::ToHex(v.at("content_key")));
  }
  EXPECT_EQ(entries.size(), 2U);
}

TEST(GoldenEpoch, EachVariantIsAnsweredAsTheOtherImplementationAnswersIt) {
  const GoldenMember member;
  int variants = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("behind")) continue;
    ++variants;
    // A re-wrap that is admitted leaves its secret in the keystore, where the others must not find it.
    const bool leaves_a_secret = v.contains("rewrap") && v.at("answer") == "ADMITTED";
    const auto own = leaves_a_secret ? std::make_unique<GoldenMember>() : nullptr;
    const GoldenMember& reader = own ? *own : member;
    const auto groups = reader.Behind(static_cast<size_t>(NumberOf(v.at("behind"))));
    const absl::Status status = reader.Take(*groups, v);
    EXPECT_EQ(AnswerOf(status), v.at("answer")) << v.at("name") << ": " << status;
  }
  EXPECT_GT(variants, 100);
}

}  // namespace
}  // namespace entente::trust
