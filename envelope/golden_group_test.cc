#include <gtest/gtest.h>

#include <deque>

#include "envelope/proof.h"
#include "envelope/testing/federation.h"
#include "tests/vectors/damage.h"
#include "trust/golden_reader.h"
#include "trust/group_directory.h"

// Envelopes of a group's epochs, what is addressed to groups, and proofs of it, that another implementation made from
// docs/formats (tests/oracle/golden_group.py), and each of its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;
using enum RejectReason;

using test::AnswerOf;
using test::MessageOf;
using test::MomentOf;
using test::NumberOf;

// The member that reads the file, its groups behind as many documents as a row says.
class Member {
 public:
  Member() {
    for (const VectorRecord& v : records()) {
      if (v.contains("place")) documents_.push_back(v);
    }
  }

  const std::vector<VectorRecord>& records() const { return reader_.records(); }
  absl::StatusOr<VerifiedEnvelope> Take(const VectorRecord& v, ByteView wire) {
    const trust::GroupDirectory& groups = Behind(PlaceOf(v));
    const absl::Time at = MomentOf(v.at("at_us"));
    auto opened = Open(wire, reader_.org(), reader_.ring(), at, testing::NeverSeen, &groups);
    if (!opened.ok()) return opened.status();
    return Verify(*std::move(opened), reader_.directory(), *OrgId::From(v.at("peer")), at, &groups);
  }
  absl::StatusOr<ProvenStatement> Prove(const VectorRecord& v, ByteView bytes) {
    const auto proof = ReadProof(bytes);
    if (!proof.ok()) return proof.status();
    return CheckProof(*proof, reader_.directory(), MomentOf(v.at("at_us")), nullptr, &Behind(PlaceOf(v)));
  }

 private:
  static size_t PlaceOf(const VectorRecord& v) { return static_cast<size_t>(NumberOf(v.at("behind"))); }
  // Runs of documents go in whole, as a peer hands them over: a group begins with the version that has its reader in
  // it.
  const trust::GroupDirectory& Behind(size_t count) {
    auto& groups = behind_[count];
    if (groups != nullptr) return *groups;
    groups =
        std::make_unique<trust::GroupDirectory>(reader_.directory(), reader_.org(), reader_.ring(), reader_.keystore());
    for (size_t i = 0; i < count;) {
      const auto& v = documents_.at(i);
      if (v.contains("epoch")) {
        const auto kept = [] { return absl::OkStatus(); };
        const absl::Status status =
            groups->TakeEpoch(MessageOf<v1::EpochDelivery>(v.at("epoch")), {reader_.now()}, kept);
        EXPECT_TRUE(status.ok()) << v.at("place") << ": " << status;
        ++i;
      } else if (v.contains("leave")) {
        const auto kept = [] { return absl::OkStatus(); };
        const absl::Status status = groups->TakeLeave(MessageOf<v1::SignedBody>(v.at("leave")), {reader_.now()}, kept);
        EXPECT_TRUE(status.ok()) << v.at("place") << ": " << status;
        ++i;
      } else {
        i = TakeRun(*groups, i, count);
      }
    }
    return *groups;
  }
  // Answers the place behind the run that begins at `begin`.
  size_t TakeRun(trust::GroupDirectory& groups, size_t begin, size_t count) const {
    std::deque<v1::SignedMembership> versions;
    std::deque<v1::SignedBody> entries;
    std::vector<trust::GroupDocument> run;
    size_t end = begin;
    for (; end < count && documents_[end].at("group_id") == documents_[begin].at("group_id"); ++end) {
      const VectorRecord& v = documents_[end];
      if (v.contains("epoch") || v.contains("leave")) break;
      if (v.contains("membership"))
        run.push_back(&versions.emplace_back(MessageOf<v1::SignedMembership>(v.at("membership"))));
      if (v.contains("entry")) run.push_back(&entries.emplace_back(MessageOf<v1::SignedBody>(v.at("entry"))));
    }
    const auto kept = [](const trust::GroupDocument&) { return absl::OkStatus(); };
    const absl::Status status =
        groups.TakeDocuments(*GroupId::From(documents_[begin].at("group_id")), run, {reader_.now()}, kept);
    EXPECT_TRUE(status.ok()) << documents_[begin].at("place") << ": " << status;
    return end;
  }

  const trust::GoldenReader reader_{"group_envelope.txt"};
  std::vector<VectorRecord> documents_;
  std::map<size_t, std::unique_ptr<trust::GroupDirectory>> behind_;
};

// What begins like an earlier record of the same kind.
class Whole {
 public:
  explicit Whole(const char* form) : form_(form) {}
  const Bytes& Of(const VectorRecord& v) {
    const auto common = static_cast<size_t>(NumberOf(v.at("common")));
    return before_[v.at("name")] = before_.at(v.at("like")).substr(0, common) + v.at(form_);
  }

 private:
  const char* form_;
  std::map<Bytes, Bytes> before_ = {{"", ""}};
};
Bytes HopsOf(const std::vector<Hop>& hops) {
  Bytes joined;
  for (const Hop& hop : hops) joined.append(hop.id.view());
  return joined;
}

TEST(GoldenGroup, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  Member member;
  Whole whole("envelope");
  int seen = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = member.Take(v, whole.Of(v));
    EXPECT_EQ(AnswerOf(verified.status()), v.at("answer")) << v.at("name") << ": " << verified.status();
    if (!verified.ok() || !v.contains("hops")) continue;
    EXPECT_EQ(HopsOf(verified->hops), v.at("hops")) << v.at("name");
  }
  EXPECT_GT(seen, 140);
}

TEST(GoldenGroup, EveryProofIsAnsweredAsTheOtherImplementationAnswersIt) {
  Member member;
  Whole whole("proof");
  int seen = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("proof")) continue;
    ++seen;
    const auto proven = member.Prove(v, whole.Of(v));
    EXPECT_EQ(AnswerOf(proven.status()), v.at("answer")) << v.at("name") << ": " << proven.status();
    if (!proven.ok() || !v.contains("hops")) continue;
    EXPECT_EQ(HopsOf(proven->hops), v.at("hops")) << v.at("name");
  }
  EXPECT_GE(seen, 30);
}

TEST(GoldenDamage, EnvelopesOfAGroup) {
  Member member;
  Whole whole("envelope");
  int admitted = 0;
  for (const VectorRecord& v : member.records()) {
    if (!v.contains("envelope")) continue;
    const Bytes wire = whole.Of(v);
    if (v.at("answer") != "ADMITTED" || ++admitted > 16) continue;
    test::ForEachDamage(wire, [&](const Bytes& bent, const std::string& what) {
      const absl::Status status = member.Take(v, bent).status();
      EXPECT_TRUE(test::IsRefusedFor(status, {kHeader, kSuite, kTime, kEpoch, kEpochStale, kNoSlot, kKem, kUnwrap,
                                              kCommit, kAead, kTruncated, kTrailing}))
          << v.at("name") << ", " << what << ": " << status;
    });
  }
  EXPECT_GT(admitted, 16);
}

}  // namespace
}  // namespace entente::envelope
