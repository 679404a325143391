#include <gtest/gtest.h>

#include "envelope/proof.h"
#include "envelope/testing/federation.h"
#include "tests/vectors/damage.h"
#include "trust/golden_reader.h"

// Statements on their way, proofs and notices that another implementation made from docs/formats
// (tests/oracle/golden_passing.py, golden_notices.py), and each of its damages.
namespace entente::envelope {
namespace {

using test::VectorRecord;
using enum RejectReason;

using test::AnswerOf;

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

absl::StatusOr<VerifiedEnvelope> Take(const trust::GoldenReader& reader, const VectorRecord& v) {
  auto opened = Open(v.at("envelope"), reader.org(), reader.ring(), reader.now(), testing::NeverSeen, nullptr);
  if (!opened.ok()) return opened.status();
  return Verify(*std::move(opened), reader.directory(), Organisation(v.at("peer")), reader.now(), nullptr);
}
Bytes HopsOf(const std::vector<Hop>& hops) {
  Bytes joined;
  for (const Hop& hop : hops) joined.append(hop.id.view());
  return joined;
}

TEST(GoldenPassing, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  const trust::GoldenReader reader("passing.txt");
  int seen = 0;
  for (const VectorRecord& v : reader.records()) {
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = Take(reader, v);
    EXPECT_EQ(AnswerOf(verified.status()), v.at("answer")) << v.at("name") << ": " << verified.status();
    if (!verified.ok() || v.at("answer") != "ADMITTED") continue;
    EXPECT_EQ(HopsOf(verified->hops), v.at("hops")) << v.at("name");
    EXPECT_EQ(Joined(verified->cosigners), v.at("cosigners")) << v.at("name");
  }
  EXPECT_GT(seen, 50);
}

TEST(GoldenProof, EveryProofIsAnsweredAsTheOtherImplementationAnswersIt) {
  const trust::GoldenReader reader("statement_proof.txt");
  int seen = 0;
  VerifiedBatches remembered;  // of all of them: no answer may hang on it
  for (const VectorRecord& v : reader.records()) {
    if (!v.contains("proof")) continue;
    ++seen;
    for (VerifiedBatches* verified : {static_cast<VerifiedBatches*>(nullptr), &remembered}) {
      const auto proof = ReadProof(v.at("proof"));
      const auto proven = proof.ok() ? CheckProof(*proof, reader.directory(), reader.now(), verified, nullptr) : proof.status();
      EXPECT_EQ(AnswerOf(proven.status()), v.at("answer")) << v.at("name") << ": " << proven.status();
      if (!proven.ok() || v.at("answer") != "ADMITTED") continue;
      EXPECT_EQ(HopsOf(proven->hops), v.at("hops")) << v.at("name");
      EXPECT_EQ(Joined(proven->cosigners), v.at("cosigners")) << v.at("name");
      EXPECT_EQ(proven->content_shown, v.at("content_shown") == "1") << v.at("name");
    }
  }
  EXPECT_GT(seen, 200);
}

TEST(GoldenNotices, EveryEnvelopeIsAnsweredAsTheOtherImplementationAnswersIt) {
  const trust::GoldenReader reader("notices.txt");
  std::map<std::string, Recall> recalls;
  int seen = 0, reached = 0;
  for (const VectorRecord& v : reader.records()) {
    if (v.contains("target_origin")) {
      ++reached;
      const auto& recall = recalls.at(v.at("recall"));
      RecallTarget target{Organisation(v.at("target_origin")), std::nullopt, v.at("target_exercise")};
      if (!v.at("target_joint").empty()) {
        target.joint = JointTerms{Ids<OrgId>(v.at("target_joint")),
                                  static_cast<uint32_t>(test::NumberOf(v.at("target_threshold")))};
      }
      const absl::Status status = CheckAuthority(recall, target);
      EXPECT_EQ(AnswerOf(status), v.at("answer")) << v.at("recall") << ": " << status;
    }
    if (!v.contains("envelope")) continue;
    ++seen;
    const auto verified = Take(reader, v);
    EXPECT_EQ(AnswerOf(verified.status()), v.at("answer")) << v.at("name") << ": " << verified.status();
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

// On the way nobody can change an envelope without being seen before anything in it is believed.
TEST(GoldenDamage, EnvelopesWithWhatGoesBesideStatementsAndNotices) {
  int replayed = 0;
  for (const char* file : {"passing.txt", "notices.txt"}) {
    const trust::GoldenReader reader(file);
    int admitted = 0;
    for (const VectorRecord& v : reader.records()) {
      if (!v.contains("envelope") || v.at("answer") != "ADMITTED" || ++admitted > 8) continue;
      test::ForEachDamage(v.at("envelope"), [&](const Bytes& bent, const std::string& what) {
        VectorRecord damaged = v;
        damaged["envelope"] = bent;
        const absl::Status status = Take(reader, damaged).status();
        EXPECT_TRUE(test::IsRefusedFor(
            status, {kHeader, kSuite, kTime, kNoSlot, kKem, kUnwrap, kCommit, kAead, kTruncated, kTrailing}))
            << v.at("name") << ", " << what << ": " << status;
        ++replayed;
      });
    }
  }
  EXPECT_GT(replayed, 1000);
}

// A proof is in nobody's hands but those of who shows it: whatever is changed in it, it never shows anything else.
TEST(GoldenDamage, ProofsOfOneStatement) {
  const trust::GoldenReader reader("statement_proof.txt");
  int admitted = 0;
  for (const VectorRecord& v : reader.records()) {
    if (!v.contains("proof") || v.at("answer") != "ADMITTED") continue;
    // A co-signature of who is not on file is nobody's word, whole or not.
    if (v.at("name").find("of-who-is-not-on-file") != Bytes::npos || ++admitted > 16) continue;
    test::ForEachDamage(v.at("proof"), [&](const Bytes& bent, const std::string& what) {
      const auto proof = ReadProof(bent);
      const absl::Status status =
          proof.ok() ? CheckProof(*proof, reader.directory(), reader.now(), nullptr, nullptr).status() : proof.status();
      EXPECT_TRUE(test::IsRefusedFor(status, {kParse, kLimit, kUnknownParty, kNoKey, kKeyUse, kTime, kSignature,
                                              kContent, kThreshold, kChain, kChainLabel, kAudience, kRevoked}))
          << v.at("name") << ", " << what << ": " << status;
    });
  }
  EXPECT_GT(admitted, 16);
}

}  // namespace
}  // namespace entente::envelope
