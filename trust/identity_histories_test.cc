// Organisations that live through random years: what the honest owner makes is taken in by whoever follows, and each bent
// variant of it is refused with its reason and changes nothing.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <random>

#include "base/testing/damage_table.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::Outcome;

class Owner {
 public:
  explicit Owner(uint32_t seed) : random_(seed), history_(Founded()) {}

  const IdentityHistory& history() const { return history_; }
  absl::Time now() const { return now_; }
  size_t Below(size_t n) { return random_() % n; }

  // The next version after some days, with a random change and just enough signatures of the old roots.
  v1::SignedIdentity Live() {
    now_ += static_cast<int>(1 + Below(25)) * absl::Hours(24);
    IdentityChange change = Rotation(history_, NewKeyOf(v1::KEY_USAGE_STATEMENT), now_);
    const std::vector<KeyId> roots = Living(v1::KEY_USAGE_ROOT), statements = Living(v1::KEY_USAGE_STATEMENT);
    uint32_t threshold = history_.newest().document().root_threshold();
    switch (Below(6)) {
      case 0: change.revoke.clear(); break;  // another key beside
      case 1:
        change.revoke = {Compromise(statements[Below(statements.size())], now_ - absl::Hours(Below(200)))};
        break;
      case 2: change.add.push_back({v1::KEY_USAGE_ROOT, &NewKeyOf(v1::KEY_USAGE_ROOT)}); break;
      case 3:
        change.add.push_back({v1::KEY_USAGE_ROOT, &NewKeyOf(v1::KEY_USAGE_ROOT)});
        change.revoke.push_back(Supersede(roots[Below(roots.size())], now_));
        break;
      case 4: change.root_threshold = threshold == 1 && roots.size() > 1 ? 2 : 1; break;
      default: change.add.push_back({v1::KEY_USAGE_LOG, &NewKeyOf(v1::KEY_USAGE_LOG)}); break;
    }
    const size_t needed = std::max(threshold, change.root_threshold.value_or(0));
    std::vector<const crypto::SigningKey*> signers;
    for (size_t i = 0; i < needed; ++i) signers.push_back(&keys_.at(roots[roots.size() - 1 - i]));
    // The new set's threshold needs those who stay, or the new ones.
    for (size_t i = needed; i < roots.size() && !change.revoke.empty(); ++i) signers.push_back(&keys_.at(roots[roots.size() - 1 - i]));
    absl::StatusOr<v1::SignedIdentity> made = MakeNext(history_, change, signers, now_);
    EXPECT_TRUE(made.ok()) << made.status();
    EXPECT_TRUE(history_.Extend(*made, now_).ok());
    return *made;
  }
  // Signs `document` with the keys that signed `like`.
  v1::SignedIdentity Resign(const v1::IdentityDocument& document, const v1::SignedIdentity& like) const {
    v1::SignedIdentity out;
    out.set_document(document.SerializeAsString());
    for (const v1::KeySignature& old : like.signatures()) {
      v1::KeySignature& signature = *out.add_signatures();
      signature.set_key_id(old.key_id());
      signature.set_signature(*keys_.at(*KeyId::From(old.key_id())).Sign(kIdentityType, out.document()));
    }
    return out;
  }

 private:
  const crypto::SigningKey& NewKeyOf(v1::KeyUsage usage) {
    Bytes seed(crypto::kKeySize, 's');
    for (char& c : seed) c = static_cast<char>(random_());
    crypto::SigningKey key = *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(seed));
    const KeyId id = MakeKeyId(usage, key.public_key());
    return keys_.emplace(id, std::move(key)).first->second;
  }
  IdentityHistory Founded() {
    SampleKey('A');  // the library is ready
    const crypto::SigningKey& root = NewKeyOf(v1::KEY_USAGE_ROOT);
    return *IdentityHistory::Begin(*MakeIdentity("norlandia", root, NewKeyOf(v1::KEY_USAGE_STATEMENT), now_));
  }
  // Of the newest document, those that are not revoked and have not ended.
  std::vector<KeyId> Living(v1::KeyUsage usage) const {
    std::vector<KeyId> out;
    for (const v1::PublicKey& key : history_.newest().keys()) {
      const bool lives = absl::FromUnixMicros(key.not_after_us()) > now_ && !history_.keys().Find(key.key_id())->revocation;
      if (key.usage() == usage && lives) out.push_back(*KeyId::From(key.key_id()));
    }
    return out;
  }

  std::mt19937 random_;
  std::map<KeyId, crypto::SigningKey> keys_;
  absl::Time now_ = SampleNow();
  IdentityHistory history_;
};

// A key of `document` that it did not enrol itself. Every honest version here keeps one.
v1::PublicKey& KnownKey(v1::IdentityDocument& document, const IdentityHistory& before) {
  for (auto* list : {document.mutable_root_keys(), document.mutable_keys()}) {
    for (v1::PublicKey& key : *list) {
      if (before.keys().Find(key.key_id()) != nullptr) return key;
    }
  }
  ADD_FAILURE() << "every key is new";
  return *document.mutable_keys(0);
}
// Each version of twelve owners' lives: what was before it, and when it came.
struct Version {
  const Owner& owner;
  IdentityHistory before;
  v1::SignedIdentity wire;
  absl::Time now;
};
const std::vector<Version>& AllVersions() {
  static const std::vector<Version> made = [] {
    static std::deque<Owner> owners;
    std::vector<Version> out;
    for (uint32_t seed = 1; seed <= 12; ++seed) {
      Owner& owner = owners.emplace_back(seed);
      for (int step = 0; step < 16; ++step) {
        const IdentityHistory before = owner.history();
        const v1::SignedIdentity wire = owner.Live();
        out.push_back({owner, before, wire, owner.now()});
      }
    }
    return out;
  }();
  return made;
}
// Each of them bent, signed again by who signed it, and refused for one reason: the honest one follows.
using Bent = void (*)(v1::IdentityDocument&, const IdentityHistory& before);
std::function<Outcome()> EachVersion(Bent bend) {
  return [bend] {
    test::OneAnswer answer;
    for (const Version& version : AllVersions()) {
      v1::IdentityDocument document;
      EXPECT_TRUE(document.ParseFromString(version.wire.document()));
      bend(document, version.before);
      IdentityHistory follower = version.before;
      answer.Take(follower.Extend(version.owner.Resign(document, version.wire), version.now), document.version());
      EXPECT_EQ(follower.newest().hash(), version.before.newest().hash()) << document.version();
      EXPECT_EQ(ReasonOf(follower.Extend(version.wire, version.now)), kNone) << document.version();
    }
    return answer.Said();
  };
}
const Damage kRows[] = {
    {26, "AVersionLater", kIdentityChain, EachVersion([](auto& d, const auto&) { d.set_version(d.version() + 1); })},
    {26, "AnotherPredecessor", kIdentityChain, EachVersion([](auto& d, const auto&) { d.set_previous_hash(Bytes(32, 'p')); })},
    {0, "IssuedTooEarly", kIdentityChain, EachVersion([](auto& d, const auto& b) { d.set_issued_us(absl::ToUnixMicros(IssuedAt(b.newest().document()))); })},
    {26, "ALifeMadeShorter", kIdentityChain, EachVersion([](auto& d, const auto& b) { v1::PublicKey& key = KnownKey(d, b); key.set_not_after_us(key.not_after_us() - 1); })},
    {26, "RevocationsLeftOutOrMadeUp", kIdentityChain, EachVersion([](auto& d, const auto&) {
       if (d.revocations().empty()) d.add_revocations()->set_key_id(Bytes(32, 'k'));
       for (v1::Revocation& revocation : *d.mutable_revocations()) {
         revocation.set_key_id(Bytes(32, 'k'));
         revocation.set_reason(v1::REVOCATION_REASON_SUPERSEDED);
         revocation.set_cutoff_us(d.issued_us());
       }
       d.mutable_revocations()->DeleteSubrange(1, d.revocations_size() - 1);
     })},
    {0, "NoName", kIdentity, EachVersion([](auto& d, const auto&) { d.clear_name(); })},
    {0, "TooManyToSign", kIdentity, EachVersion([](auto& d, const auto&) { d.set_root_threshold(static_cast<uint32_t>(d.root_keys_size()) + 1); })},
};
const DamageTable kTable("IdentityYears", kRows);

class Histories : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Histories, HonestVersionsFollowAndBentOnesChangeNothing) {
  Owner owner(GetParam());
  IdentityHistory follower = owner.history();
  for (int step = 0; step < 16; ++step) {
    const IdentityHistory before = owner.history();
    const v1::SignedIdentity next = owner.Live();
    for (int flip = 0; flip < 16; ++flip) {
      v1::SignedIdentity damaged = next;
      Bytes& bytes = *damaged.mutable_document();
      const size_t bit = owner.Below(bytes.size() * 8);
      bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(follower.Extend(damaged, owner.now()).ok()) << "bit " << bit;
      EXPECT_EQ(follower.newest().hash(), before.newest().hash()) << "bit " << bit;
    }
    ASSERT_EQ(ReasonOf(follower.Extend(next, owner.now())), kNone) << "step " << step;
  }
  EXPECT_EQ(follower.newest().hash(), owner.history().newest().hash());
  EXPECT_EQ(follower.newest().version(), 17u);
  EXPECT_FALSE(follower.contradiction().has_value());
}

// Whatever way the documents come: one by one, in one run, in runs that overlap.
TEST_P(Histories, EveryWayOfCatchingUpLeadsToOneHistory) {
  Owner owner(GetParam());
  const IdentityHistory founded = owner.history();
  v1::IdentityChain all;
  *all.add_documents() = founded.newest().wire();
  for (int step = 0; step < 8; ++step) *all.add_documents() = owner.Live();
  const auto keep = [](const v1::SignedIdentity&) { return absl::OkStatus(); };
  for (int overlap = 0; overlap < 3; ++overlap) {
    IdentityHistory follower = founded;
    for (int at = 0; at < all.documents_size(); at += 3) {
      v1::IdentityChain part;
      for (int i = std::max(0, at - overlap); i < std::min(at + 3, all.documents_size()); ++i) *part.add_documents() = all.documents(i);
      ASSERT_EQ(ReasonOf(follower.TakeIn(part, owner.now(), keep)), kNone) << at;
    }
    EXPECT_EQ(follower.newest().hash(), owner.history().newest().hash());
  }
}

INSTANTIATE_TEST_SUITE_P(Years, Histories, ::testing::Range(1u, 13u));

}  // namespace
}  // namespace entente::trust
