#include <gtest/gtest.h>

#include <functional>

#include "proto/strict_parse.h"
#include "tests/vectors/damage.h"
#include "trust/golden_scene.h"
#include "trust/identity_chain.h"
#include "trust/prekey.h"

// Everything in tests/vectors and docs/formats/examples that trust/ takes in, damaged on its way: refused, and for a
// reason that its page of docs/formats names. Bytes come as a door reads them: strictly.
namespace entente::trust {
namespace {

using enum RejectReason;
using test::MessageOf;
using test::VectorRecord;

// What becomes of the bytes.
using Reader = std::function<absl::Status(const Bytes&)>;
template <typename Message>
Reader Strictly(std::function<absl::Status(const Message&)> take) {
  return [take](const Bytes& bytes) {
    Message message;
    const absl::Status parsed = StrictParse(bytes, message);
    return parsed.ok() ? take(message) : parsed;
  };
}
void ExpectEachRefused(const std::string& name, const Bytes& whole, const Reader& read,
                       std::initializer_list<RejectReason> reasons) {
  const absl::Status good = read(whole);
  EXPECT_TRUE(good.ok()) << name << ": " << good;
  test::ForEachDamage(whole, [&](const Bytes& bent, const std::string& what) {
    const absl::Status status = read(bent);
    EXPECT_TRUE(test::IsRefusedFor(status, reasons)) << name << ", " << what << ": " << status;
  });
}

TEST(GoldenDamage, IdentityDocumentsAndChains) {
  ASSERT_TRUE(crypto::Initialise().ok());
  int documents = 0;
  for (const VectorRecord& v : test::ReadVectors("identity_document.txt")) {
    if (v.at("answer") != "ADMITTED") continue;
    ++documents;
    const absl::Time now = test::MomentOf(v.at("now_us"));
    ExpectEachRefused(v.at("variant"), v.at("signed_identity"), Strictly<v1::SignedIdentity>([now](const auto& wire) {
                        return Identity::Check(wire, now).status();
                      }),
                      {kParse, kIdentity, kKeyPoint, kLimit});
  }
  EXPECT_GT(documents, 0);
  for (const char* file : {"identity_chain.txt", "../../docs/formats/examples/derive.txt"}) {
    std::optional<IdentityHistory> before;
    absl::Time now = absl::FromUnixSeconds(1'767'225'600) + absl::Hours(24);  // of the examples
    for (const VectorRecord& v : test::ReadVectors(file)) {
      if (!v.contains("signed_identity") || !v.contains("identity_hash")) continue;
      const auto wire = MessageOf<v1::SignedIdentity>(v.at("signed_identity"));
      if (v.contains("now_us")) now = test::MomentOf(v.at("now_us"));
      if (!before.has_value()) {
        before = *IdentityHistory::Begin(wire);
        continue;
      }
      ExpectEachRefused(file, v.at("signed_identity"), Strictly<v1::SignedIdentity>([&](const auto& bent) {
                          IdentityHistory history = *before;
                          return history.Extend(bent, now);
                        }),
                        {kParse, kIdentityChain, kIdentity, kLimit, kTime, kKeyPoint, kFloor, kEquivocation});
      ASSERT_TRUE(before->Extend(wire, now).ok());
    }
  }
}

TEST(GoldenDamage, Prekeys) {
  ASSERT_TRUE(crypto::Initialise().ok());
  const auto vectors = test::ReadVectors("prekey.txt");
  const absl::Time now = test::MomentOf(vectors[0].at("now_us"));
  const IdentityHistory owner(*Identity::Check(MessageOf<v1::SignedIdentity>(vectors[0].at("signed_identity")), now));
  int seen = 0;
  for (const VectorRecord& v : vectors) {
    if (!v.contains("answer") || v.at("answer") != "ADMITTED") continue;
    ++seen;
    ExpectEachRefused(v.at("variant"), v.at("signed_prekey"), Strictly<v1::SignedBody>([&](const auto& wire) {
                        return CheckPrekey(owner, wire, now).status();
                      }),
                      {kParse, kPrekey});
  }
  EXPECT_GT(seen, 0);
}

// The first of the good documents, entries, epochs, re-wraps and leaves of the scenes, each at its place there. What
// was refused has changed nothing, so that the whole one is taken behind all its damages.
TEST(GoldenDamage, WhatComesToAMemberOfAGroup) {
  const GoldenReader reader("group_scenes.txt");
  std::optional<GoldenScene> scene;
  std::map<std::string, int> seen;
  for (const VectorRecord& v : reader.records()) {
    if (v.contains("scene")) scene.emplace(reader, *GroupId::From(v.at("group_id")));
    if (v.contains("sweep")) {
      EXPECT_TRUE(scene->Sweep(test::MomentOf(v.at("at_us"))).ok());
    }
    const auto comes = ComesIn(v, reader.records());
    if (!comes.has_value()) continue;
    const Reader take = [&](const Bytes& bytes) { return scene->Take(comes->first, bytes, ArrivalOf(v)); };
    if (v.at("answer") == "ADMITTED" && v.contains(comes->first) && ++seen[comes->first] <= 4) {
      test::ForEachDamage(comes->second, [&](const Bytes& bent, const std::string& what) {
        const absl::Status status = take(bent);
        EXPECT_TRUE(test::IsRefusedFor(
            status, {kParse, kLimit, kUnknownParty, kNoKey, kKeyUse, kTime, kSignature, kIdentityChain, kIssuer,
                     kMemberHash, kThreshold, kFloor, kRollback, kSlotProof, kNotMember}))
            << comes->first << ", " << what << ": " << status;
      });
    }
    EXPECT_EQ(test::AnswerOf(take(comes->second)), v.at("answer")) << comes->first;
  }
  EXPECT_EQ(seen.size(), 5U);
}

}  // namespace
}  // namespace entente::trust
