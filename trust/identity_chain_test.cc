#include "trust/identity_chain.h"

#include <gtest/gtest.h>

#include "proto/strict_parse.h"
#include "tests/vectors/vector_file.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

absl::Status Keep(const v1::SignedIdentity&) { return absl::OkStatus(); }

template <typename Message>
Message Parsed(const Bytes& bytes) {
  Message out;
  EXPECT_TRUE(StrictParse(bytes, out).ok());
  return out;
}

// A good version after history's newest with another name, by the roots A and B.
v1::SignedIdentity Renamed(const IdentityHistory& history, const std::string& name, absl::Time issued) {
  Draft draft = NextDraft(history, issued, "AB");
  draft.document.set_name(name);
  return draft.Signed();
}

// docs/formats/examples: two versions that were computed from the grammars alone, not by this code.
class Example : public ::testing::Test {
 protected:
  Example() : records_(test::ReadVectors("../../docs/formats/examples/derive.txt")) {}
  v1::SignedIdentity Signed(size_t version) const { return Parsed<v1::SignedIdentity>(records_.at(version - 1).at("signed_identity")); }
  const absl::Time now_ = absl::FromUnixSeconds(1'767'225'600) + absl::Hours(24);
  const std::vector<test::VectorRecord> records_;
};

TEST_F(Example, ItsTwoVersionsAreAChain) {
  absl::StatusOr<IdentityHistory> history = IdentityHistory::Begin(Signed(1));
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_EQ(history->org().view(), records_[0].at("org_id"));
  EXPECT_EQ(history->newest().hash().view(), records_[0].at("identity_hash"));
  ASSERT_TRUE(history->Extend(Signed(2), now_).ok());
  EXPECT_EQ(history->org().view(), records_[0].at("org_id"));
  EXPECT_EQ(history->newest().hash().view(), records_[1].at("identity_hash"));
  EXPECT_EQ(history->newest().wire().document(), records_[1].at("document"));
  const Digest first = *Digest::From(records_[0].at("identity_hash"));
  ASSERT_NE(history->Version(1, first), nullptr);
  EXPECT_EQ(history->Version(1, first)->version(), 1u);
  EXPECT_EQ(history->Version(2, first), nullptr);
  EXPECT_EQ(history->Version(0, first), nullptr);
  EXPECT_EQ(history->Version(3, first), nullptr);
}

TEST_F(Example, P15EveryFlippedBitRefusesAndChangesNothing) {
  const IdentityHistory history = *IdentityHistory::Begin(Signed(1));
  const Bytes good = records_[1].at("signed_identity");
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes damaged = good;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    v1::SignedIdentity wire;
    if (!StrictParse(damaged, wire).ok()) continue;
    IdentityHistory extended = history;
    EXPECT_FALSE(extended.Extend(wire, now_).ok()) << "bit " << bit;
    EXPECT_EQ(extended.newest().hash(), history.newest().hash()) << "bit " << bit;
  }
}

// A signature's own bits: nothing but the signature is wrong then.
TEST_F(Example, ABitOfASignatureIsABrokenChain) {
  IdentityHistory history = *IdentityHistory::Begin(Signed(1));
  for (int signature = 0; signature < Signed(2).signatures_size(); ++signature) {
    for (size_t bit = 0; bit < 512; bit += 7) {
      v1::SignedIdentity wire = Signed(2);
      Bytes& bytes = *wire.mutable_signatures(signature)->mutable_signature();
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_EQ(ReasonOf(history.Extend(wire, now_)), kIdentityChain) << signature << " " << bit;
    }
  }
}

TEST(IdentityHistory, BeginsWithVersionOneAlone) {
  const IdentityHistory history = SampleHistory();
  EXPECT_EQ(ReasonOf(IdentityHistory::Begin(history.newest().wire()).status()), kIdentity);
  v1::SignedIdentity unsigned_first = FirstDraft().Signed();
  unsigned_first.clear_signatures();
  EXPECT_EQ(ReasonOf(IdentityHistory::Begin(unsigned_first).status()), kIdentity);
}

TEST(IdentityHistory, WhatIsOnFileIsPassedOver) {
  IdentityHistory history = SampleHistory();
  EXPECT_EQ(ReasonOf(history.Extend(FirstDraft().Signed(), Day(2))), kNone);
  EXPECT_EQ(ReasonOf(history.Extend(history.newest().wire(), Day(2))), kNone);
  EXPECT_EQ(history.newest().version(), 2u);
}

TEST(IdentityHistory, ASignatureUnderAnotherTypeDoesNotCount) {
  IdentityHistory history = SampleHistory();
  v1::SignedIdentity wire = Renamed(history, "north", Day(2));
  wire.mutable_signatures(0)->set_signature(*SampleKey('A').Sign(kHeadType, wire.document()));
  EXPECT_EQ(ReasonOf(history.Extend(wire, Day(2))), kIdentityChain);
}

TEST(IdentityHistory, SignaturesAreBounded) {
  IdentityHistory history = SampleHistory();
  v1::SignedIdentity wire = Renamed(history, "north", Day(2));
  while (static_cast<size_t>(wire.signatures_size()) < kMaxIdentitySignatures) *wire.add_signatures() = wire.signatures(0);
  EXPECT_EQ(ReasonOf(history.Extend(wire, Day(2))), kIdentityChain);  // the same key again
  *wire.add_signatures() = wire.signatures(0);
  EXPECT_EQ(ReasonOf(history.Extend(wire, Day(2))), kLimit);
  v1::SignedIdentity first = FirstDraft().Signed();
  while (static_cast<size_t>(first.signatures_size()) <= kMaxIdentityKeys) *first.add_signatures() = first.signatures(0);
  EXPECT_EQ(ReasonOf(history.Extend(first, Day(2))), kLimit);
}

TEST(IdentityHistory, P25TheFloorOnlyRises) {
  IdentityHistory history = SampleHistory();
  const auto with_floor = [&](uint32_t floor, int day) {
    Draft draft = NextDraft(history, Day(day), "AB");
    if (draft.document.suites_size() == 1) draft.document.add_suites(7);
    draft.document.set_min_suite(floor);
    return ReasonOf(history.Extend(draft.Signed(), Day(day)));
  };
  EXPECT_EQ(with_floor(7, 2), kNone);
  EXPECT_EQ(with_floor(1, 3), kFloor);
  EXPECT_EQ(with_floor(7, 3), kNone);
}

TEST(IdentityHistory, P27AnOlderDocumentIsARollback) {
  IdentityHistory history = SampleHistory();
  const v1::SignedIdentity other_second = Renamed(*IdentityHistory::Begin(FirstDraft().Signed()), "north", Day(1));
  ASSERT_TRUE(history.Extend(Renamed(history, "north", Day(2)), Day(2)).ok());
  EXPECT_EQ(ReasonOf(history.Extend(other_second, Day(2))), kRollback);
  EXPECT_FALSE(history.contradiction().has_value());
  v1::IdentityChain old;  // good and on file, and not the newest
  *old.add_documents() = FirstDraft().Signed();
  *old.add_documents() = SampleHistory().newest().wire();
  EXPECT_EQ(ReasonOf(history.TakeIn(old, Day(2), Keep)), kRollback);
}

TEST(IdentityHistory, P27TwoDocumentsForOneVersionAreEvidence) {
  IdentityHistory history = SampleHistory();
  IdentityHistory twin = history;
  ASSERT_TRUE(history.Extend(Renamed(history, "north", Day(2)), Day(2)).ok());
  const v1::SignedIdentity other = Renamed(twin, "south", Day(2));
  v1::SignedIdentity unsigned_other = other;
  unsigned_other.mutable_signatures()->RemoveLast();
  EXPECT_EQ(ReasonOf(history.Extend(unsigned_other, Day(2))), kIdentityChain);  // anybody could have made it
  EXPECT_FALSE(history.contradiction().has_value());

  EXPECT_EQ(ReasonOf(history.Extend(other, Day(2))), kEquivocation);
  ASSERT_TRUE(history.contradiction().has_value());
  EXPECT_EQ(history.contradiction()->document(), other.document());
  EXPECT_EQ(history.newest().name(), "north");
  EXPECT_EQ(ReasonOf(history.Extend(Renamed(history, "east", Day(3)), Day(3))), kEquivocation);
  EXPECT_EQ(ReasonOf(history.Extend(Renamed(twin, "west", Day(2)), Day(2))), kEquivocation);
  EXPECT_EQ(history.contradiction()->document(), other.document());
  EXPECT_EQ(ReasonOf(history.Extend(history.newest().wire(), Day(3))), kNone);
  EXPECT_EQ(history.newest().version(), 3u);
}

// The second document is judged by what stood before both, not by what the first one says.
TEST(IdentityHistory, TheContradictingDocumentMayRevokeTheSameKey) {
  IdentityHistory history = SampleHistory();
  const auto without_admin = [twin = history](absl::Time cutoff) {
    Draft draft = NextDraft(twin, Day(2), "AB");
    draft.Drop(v1::KEY_USAGE_GROUP_ADMIN, 'g');
    draft.Revoke(v1::KEY_USAGE_GROUP_ADMIN, 'g', cutoff);
    return draft.Signed();
  };
  ASSERT_EQ(ReasonOf(history.Extend(without_admin(Day(1)), Day(2))), kNone);
  EXPECT_EQ(ReasonOf(history.Extend(without_admin(Day(2)), Day(2))), kEquivocation);
}

TEST(IdentityHistory, AnotherFirstVersionIsAnotherOrganisation) {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed());
  EXPECT_EQ(ReasonOf(history.Extend(FirstDraft(2).Signed(), SampleNow())), kIdentityChain);
  EXPECT_FALSE(history.contradiction().has_value());
}

TEST(IdentityHistory, P27AnExpiredNewestDocumentIsAFreezeAndTheNextEndsIt) {
  IdentityHistory history = SampleHistory();
  const absl::Time end = history.newest().expires();
  EXPECT_EQ(ReasonOf(history.CheckFresh(end - absl::Microseconds(1))), kNone);
  EXPECT_EQ(ReasonOf(history.CheckFresh(end)), kFreeze);
  v1::IdentityChain chain;
  *chain.add_documents() = history.newest().wire();
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, end, Keep)), kFreeze);

  IdentityHistory root = *IdentityHistory::Begin(FirstDraft().Signed());
  Draft brief = NextDraft(root, Day(1), "A");
  brief.document.set_expires_us(absl::ToUnixMicros(Day(2)));
  *chain.mutable_documents(0) = brief.Signed();
  EXPECT_EQ(ReasonOf(root.TakeIn(chain, Day(9), Keep)), kFreeze);  // it is kept
  EXPECT_EQ(root.newest().version(), 2u);
  Draft back = NextDraft(root, Day(9), "A");
  back.document.set_expires_us(absl::ToUnixMicros(Day(99)));
  *chain.mutable_documents(0) = back.Signed();
  EXPECT_EQ(ReasonOf(root.TakeIn(chain, Day(9), Keep)), kNone);
  EXPECT_EQ(root.newest().version(), 3u);
}

// "Once the root keys have ended the organisation must be created anew."
TEST(IdentityHistory, ARootKeyThatHasEndedOrNotBegunDoesNotCount) {
  Draft first = FirstDraft();
  first.document.mutable_root_keys(0)->set_not_after_us(absl::ToUnixMicros(Day(5)));
  const IdentityHistory history = *IdentityHistory::Begin(first.Signed());
  const auto at = [&](absl::Time issued) {
    IdentityHistory extended = history;
    return ReasonOf(extended.Extend(NextDraft(history, issued, "A").Signed(), Day(30)));
  };
  EXPECT_EQ(at(Day(5) - absl::Microseconds(1)), kNone);
  EXPECT_EQ(at(Day(5)), kIdentityChain);
  IdentityHistory extended = history;
  Draft early = NextDraft(history, Day(1), "A");
  early.Add(v1::KEY_USAGE_ROOT, 'B', Day(1) + kClockSkew);
  early.document.set_root_threshold(2);
  EXPECT_EQ(ReasonOf(extended.Extend(early.Signed(), Day(1))), kNone);
  extended = history;
  early = NextDraft(history, Day(1), "A");
  early.Add(v1::KEY_USAGE_ROOT, 'B', Day(1) + kClockSkew + absl::Microseconds(1));
  early.document.set_root_threshold(2);
  EXPECT_EQ(ReasonOf(extended.Extend(early.Signed(), Day(1))), kIdentityChain);
}

TEST(IdentityRun, EachDocumentIsStoredBeforeTheNextCounts) {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed()), owner = history;
  v1::IdentityChain chain;
  *chain.add_documents() = FirstDraft().Signed();
  for (int day = 1; day <= 3; ++day) {
    *chain.add_documents() = NextDraft(owner, Day(day), "A").Signed();
    ASSERT_TRUE(owner.Extend(chain.documents(day), Day(day)).ok());
  }
  std::vector<Bytes> stored;
  const absl::Status full = Reject(kDiskFull, "no room");
  const auto two = [&](const v1::SignedIdentity& wire) { return stored.size() == 2 ? full : (stored.push_back(wire.document()), absl::OkStatus()); };
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(3), two)), kDiskFull);
  EXPECT_EQ(history.newest().version(), 3u);
  EXPECT_EQ(stored, std::vector<Bytes>({chain.documents(1).document(), chain.documents(2).document()}));
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(3), Keep)), kNone);
  EXPECT_EQ(history.newest().hash(), owner.newest().hash());
}

TEST(IdentityRun, AscendsWithoutAGapAndHoldsSomething) {
  IdentityHistory history = SampleHistory();
  v1::IdentityChain chain;
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(2), Keep)), kParse);
  *chain.add_documents() = history.newest().wire();
  *chain.add_documents() = FirstDraft().Signed();
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(2), Keep)), kIdentityChain);
  *chain.mutable_documents(1) = chain.documents(0);
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(2), Keep)), kIdentityChain);
}

TEST(IdentityRun, EvidenceIsStoredToo) {
  IdentityHistory history = SampleHistory(), twin = history;
  ASSERT_TRUE(history.Extend(Renamed(history, "north", Day(2)), Day(2)).ok());
  v1::IdentityChain chain;
  *chain.add_documents() = Renamed(twin, "south", Day(2));
  std::vector<Bytes> stored;
  const auto store = [&](const v1::SignedIdentity& wire) { return stored.push_back(wire.document()), absl::OkStatus(); };
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(2), store)), kEquivocation);
  EXPECT_EQ(stored, std::vector<Bytes>({chain.documents(0).document()}));
}

TEST(IdentityRun, RunsAndHistoriesAreBounded) {
  IdentityHistory owner = *IdentityHistory::Begin(FirstDraft().Signed()), history = owner;
  v1::IdentityChain chain;
  while (owner.newest().version() < kMaxIdentityVersions) {
    *chain.add_documents() = NextDraft(owner, SampleNow() + owner.newest().version() * absl::Seconds(1), "A").Signed();
    ASSERT_TRUE(owner.Extend(*chain.documents().rbegin(), Day(1)).ok());
  }
  EXPECT_EQ(ReasonOf(owner.Extend(NextDraft(owner, Day(1), "A").Signed(), Day(1))), kLimit);
  chain.mutable_documents()->DeleteSubrange(kMaxCatchUp + 1, chain.documents_size() - static_cast<int>(kMaxCatchUp) - 1);
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(1), Keep)), kLimit);
  EXPECT_EQ(history.newest().version(), 1u);
  chain.mutable_documents()->RemoveLast();
  EXPECT_EQ(ReasonOf(history.TakeIn(chain, Day(1), Keep)), kNone);
  EXPECT_EQ(history.newest().version(), kMaxCatchUp + 1);
}

TEST(IdentityRun, DocumentsOfOneOrganisationAreBoundedInBytes) {
  IdentityHistory history = *IdentityHistory::Begin(FirstDraft().Signed());
  size_t bytes = history.newest().wire().ByteSizeLong();
  // What is signed may hold more than is read, up to 64 KiB a document.
  const auto next = [&](size_t fill) {
    const Draft draft = NextDraft(history, SampleNow() + history.newest().version() * absl::Seconds(1), "A");
    v1::IdentityDocument padded = draft.document;
    padded.DiscardUnknownFields();
    padded.GetReflection()->MutableUnknownFields(&padded)->AddLengthDelimited(100, Bytes(fill, 'p'));
    return draft.Sign(padded.SerializeAsString());
  };
  for (; kMaxIdentityChainBytes - bytes > 70'000; bytes += history.newest().wire().ByteSizeLong()) {
    ASSERT_EQ(ReasonOf(history.Extend(next(60'000), Day(1))), kNone);
  }
  size_t fill = kMaxIdentityChainBytes - bytes;
  while (next(fill).ByteSizeLong() > kMaxIdentityChainBytes - bytes) --fill;
  if (fill > 60'000) {
    ASSERT_EQ(ReasonOf(history.Extend(next(fill / 2), Day(1))), kNone);
    bytes += history.newest().wire().ByteSizeLong();
    for (fill = kMaxIdentityChainBytes - bytes; next(fill).ByteSizeLong() > kMaxIdentityChainBytes - bytes;) --fill;
  }
  EXPECT_EQ(ReasonOf(history.Extend(next(fill + 1), Day(1))), kLimit);
  EXPECT_EQ(ReasonOf(history.Extend(next(fill), Day(1))), kNone);
  EXPECT_EQ(ReasonOf(history.Extend(next(0), Day(1))), kLimit);
}

}  // namespace
}  // namespace entente::trust
