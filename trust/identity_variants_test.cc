// Every row of docs/formats/identity.md that a version above 1 can breach, each by one change to a good version 3 that is
// signed again by all who must sign: exactly one reason, and the history is as it was.
#include <gtest/gtest.h>

#include <functional>

#include "base/testing/damage_table.h"
#include "tests/vectors/vector_file.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;
using test::Damage;
using test::DamageTable;
using test::Outcome;

constexpr v1::KeyUsage kRoot = v1::KEY_USAGE_ROOT, kStatement = v1::KEY_USAGE_STATEMENT, kAdmin = v1::KEY_USAGE_GROUP_ADMIN,
                       kLog = v1::KEY_USAGE_LOG, kWitness = v1::KEY_USAGE_WITNESS;
constexpr auto kCompromised = v1::REVOCATION_REASON_COMPROMISED;
constexpr absl::Duration kTick = absl::Microseconds(1);

int64_t Us(absl::Time time) { return absl::ToUnixMicros(time); }

const IdentityHistory& OnFile() {
  static const IdentityHistory made = SampleHistory();
  return made;
}
Draft Good() { return NextDraft(OnFile(), Day(2), "AB"); }
Bytes HeldBy(const IdentityHistory& history) { return Bytes(history.newest().hash().view()) + (history.contradiction() ? "!" : ""); }
// A good version 3 with one change, signed again, offered to who has version 2 on file. What was refused has changed
// nothing: the good one follows.
std::function<Outcome()> With(std::function<void(Draft&)> bend) {
  return [bend = std::move(bend)] {
    Draft draft = Good();
    bend(draft);
    IdentityHistory extended = OnFile();
    const absl::Status status = extended.Extend(draft.Signed(), Day(2));
    EXPECT_EQ(extended.newest().version(), status.ok() ? 3u : 2u);
    const Outcome outcome = Outcome(status).Holding(HeldBy(OnFile()), HeldBy(extended));
    if (!status.ok()) extended.Extend(Good().Signed(), Day(2)).IgnoreError();
    EXPECT_EQ(extended.newest().version(), 3u);
    EXPECT_FALSE(extended.contradiction().has_value());
    return outcome;
  };
}

void Pad(Draft& d, size_t size) {
  d.document.GetReflection()->MutableUnknownFields(&d.document)->AddLengthDelimited(100, Bytes(size - d.document.ByteSizeLong() - 5, 'p'));
}
void Suites(Draft& d, std::initializer_list<uint32_t> suites) {
  d.document.clear_suites();
  for (const uint32_t suite : suites) d.document.add_suites(suite);
}
void SetPublicKey(v1::PublicKey& key, const Bytes& bytes) {
  key.set_public_key(bytes);
  key.set_key_id(MakeKeyId(key.usage(), bytes).str());
}
v1::LogCutoff& Log(v1::Revocation& revocation) {
  revocation.mutable_cutoff()->set_origin(LogOrigin(OrgId()));
  revocation.mutable_cutoff()->set_root(Bytes(32, 'r'));
  return *revocation.mutable_cutoff();
}

const Damage kFieldsRows[] = {
    {0, "Good", kNone, With([](Draft&) {})},
    {0, "NoVersion", kIdentity, With([](Draft& d) { d.document.set_version(0); })},
    {27, "AnotherVersionOne", kRollback, With([](Draft& d) { d.document.set_version(1); })},
    {26, "AVersionLeftOut", kIdentityChain, With([](Draft& d) { d.document.set_version(4); })},
    {26, "TheLastVersionThereIs", kIdentityChain, With([](Draft& d) { d.document.set_version(UINT64_MAX); })},
    {0, "AnotherOrganisation", kIdentityChain, With([](Draft& d) { d.document.set_org_id(Bytes(32, 'o')); })},
    {0, "NoOrganisation", kIdentityChain, With([](Draft& d) { d.document.clear_org_id(); })},
    {26, "AnotherPreviousHash", kIdentityChain, With([](Draft& d) { d.document.set_previous_hash(Bytes(32, 'p')); })},
    {26, "NoPreviousHash", kIdentityChain, With([](Draft& d) { d.document.clear_previous_hash(); })},
    {0, "IssuedWithItsPredecessor", kIdentityChain, With([](Draft& d) { d.document.set_issued_us(Us(Day(1))); })},
    {0, "NotIssued", kIdentityChain, With([](Draft& d) { d.document.clear_issued_us(); })},
    {0, "IssuedAsFarAheadAsClocksDiffer", kNone, With([](Draft& d) { d.document.set_issued_us(Us(Day(2) + kClockSkew)); })},
    {0, "IssuedInTheFuture", kTime, With([](Draft& d) { d.document.set_issued_us(Us(Day(2) + kClockSkew + kTick)); })},
    {0, "EndsWhenIssued", kIdentity, With([](Draft& d) { d.document.set_expires_us(Us(Day(2))); })},
    {0, "EndsAfterTheYear9999", kIdentity, With([](Draft& d) { d.document.set_expires_us(kMaxTimeUs + 1); })},
    {0, "NoName", kIdentity, With([](Draft& d) { d.document.clear_name(); })},
    {0, "ANameThatActsOnATerminal", kIdentity, With([](Draft& d) { d.document.set_name("\x1b[2J"); })},
    {0, "AnotherName", kNone, With([](Draft& d) { d.document.set_name("north"); })},
    {0, "SuitesDescending", kIdentity, With([](Draft& d) { Suites(d, {7, 1}); })},
    {0, "SuitesWithoutOurs", kIdentity, With([](Draft& d) { Suites(d, {7}); })},
    {0, "SeventeenSuites", kLimit, With([](Draft& d) { for (uint32_t i = 2; i < 18; ++i) d.document.add_suites(i); })},
    {0, "FloorThatIsNoSuite", kIdentity, With([](Draft& d) { d.document.set_min_suite(2); })},
    {0, "AHigherFloor", kNone, With([](Draft& d) { Suites(d, {1, 7}), d.document.set_min_suite(7); })},
    {0, "NoRootKey", kIdentity, With([](Draft& d) { d.document.clear_root_keys(); })},
    {0, "NoStatementKey", kIdentity, With([](Draft& d) { d.Drop(kStatement, 'a'), d.Drop(kStatement, 'b'); })},
    {0, "ThresholdOfNone", kIdentity, With([](Draft& d) { d.document.set_root_threshold(0); })},
    {0, "ThresholdAboveTheRoots", kIdentity, With([](Draft& d) { d.document.set_root_threshold(4); })},
    {0, "ARootAmongTheOthers", kIdentity, With([](Draft& d) { *d.document.add_keys() = d.Add(kRoot, 'n'), d.document.mutable_root_keys()->RemoveLast(); })},
    {0, "AStatementKeyAmongTheRoots", kIdentity, With([](Draft& d) { *d.document.add_root_keys() = d.Add(kStatement, 'n'), d.document.mutable_keys()->RemoveLast(); })},
    {0, "AKeyWithoutUsage", kIdentity, With([](Draft& d) { *d.document.add_keys() = d.Add(v1::KEY_USAGE_UNSPECIFIED, 'n'), d.document.mutable_keys()->RemoveLast(); })},
    {0, "AKeyForLinks", kParse, With([](Draft& d) { d.document.mutable_keys(0)->set_usage(static_cast<v1::KeyUsage>(6)); })},
    {0, "AnotherKeysId", kIdentity, With([](Draft& d) { d.document.mutable_keys(1)->set_key_id(Bytes(32, 'k')); })},
    {0, "AKeyThatEndsBeforeItBegins", kIdentity, With([](Draft& d) { d.Add(kStatement, 'n').set_not_after_us(Us(SampleNow())); })},
    {0, "AKeyFromBefore1970", kIdentity, With([](Draft& d) { d.Add(kRoot, 'n').set_not_before_us(-1); })},
    {0, "AKeyThatEndsAfterTheYear9999", kIdentity, With([](Draft& d) { d.Add(kRoot, 'n').set_not_after_us(kMaxTimeUs + 1); })},
    {0, "AKeyTwice", kIdentity, With([](Draft& d) { *d.document.add_keys() = d.document.keys(1); })},
    {0, "AKeyInTwoUsages", kIdentity, With([](Draft& d) { d.Add(kAdmin, 'b'); })},
    {0, "ThirtyTwoKeys", kNone, With([](Draft& d) { while (KeysOf(d.document).size() < 32) d.Add(kWitness, static_cast<char>(d.signers.size() + 200)); })},
    {0, "ThirtyThreeKeys", kLimit, With([](Draft& d) { while (KeysOf(d.document).size() < 33) d.Add(kWitness, static_cast<char>(d.signers.size() + 200)); })},
    {0, "Offline", kNone, With([](Draft& d) { d.document.mutable_offline()->set_ceiling(v1::LABEL_AMBER); })},
    {0, "OfflineWithoutACeiling", kIdentity, With([](Draft& d) { d.document.mutable_offline(); })},
    {0, "ItsOwnLog", kNone, With([](Draft& d) { d.document.set_log_origin(LogOrigin(*OrgId::From(d.document.org_id()))); })},
    {0, "AnothersLog", kIdentity, With([](Draft& d) { d.document.set_log_origin(LogOrigin(OrgId())); })},
    {0, "RevokedWithoutAReason", kIdentity, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).clear_reason(); })},
    {0, "RevokedWithoutAKey", kIdentity, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).set_key_id("short"); })},
    {0, "RevokedWithoutACutoff", kIdentity, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).clear_cutoff_us(); })},
    {0, "RevokedTwiceAtOnce", kIdentity, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)), d.Revoke(kAdmin, 'g', Day(3)); })},
    {0, "ThirtyThreeRevocations", kLimit, With([](Draft& d) { for (int i = 0; i < 33; ++i) d.Revoke(kAdmin, static_cast<char>(i), Day(2)); })},
    {0, "ALogStateOfNoLog", kIdentity, With([](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).set_origin("log"); })},
    {0, "ALogStateWithoutARoot", kIdentity, With([](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).clear_root(); })},
    {0, "ALogStateOfNoSize", kIdentity, With([](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).set_size(1ull << 63); })},
    {0, "AsLargeAsItMayBe", kNone, With([](Draft& d) { Pad(d, kMaxIdentityBytes); })},
    {0, "TooLarge", kLimit, With([](Draft& d) { Pad(d, kMaxIdentityBytes + 1); })},
    {17, "ACriticalFieldThatIsNotKnown", kParse, With([](Draft& d) { d.document.GetReflection()->MutableUnknownFields(&d.document)->AddVarint(99, 1); })},
};
const DamageTable kFieldsTable("IdentityFields", kFieldsRows);

template <v1::KeyUsage kUsage>
void Living(Draft& d, absl::Duration life) {
  d.Add(kUsage, 'n').set_not_after_us(Us(SampleNow() + life));
}
const Damage kLivesRows[] = {
    {0, "Statement", kNone, With([](Draft& d) { Living<kStatement>(d, kOnlineKeyLifetime); })},
    {0, "StatementTooLong", kIdentity, With([](Draft& d) { Living<kStatement>(d, kOnlineKeyLifetime + kTick); })},
    {0, "Admin", kNone, With([](Draft& d) { Living<kAdmin>(d, kOnlineKeyLifetime); })},
    {0, "AdminTooLong", kIdentity, With([](Draft& d) { Living<kAdmin>(d, kOnlineKeyLifetime + kTick); })},
    {0, "Log", kNone, With([](Draft& d) { Living<kLog>(d, kNoteKeyLifetime); })},
    {0, "LogTooLong", kIdentity, With([](Draft& d) { Living<kLog>(d, kNoteKeyLifetime + kTick); })},
    {0, "Witness", kNone, With([](Draft& d) { Living<kWitness>(d, kNoteKeyLifetime); })},
    {0, "WitnessTooLong", kIdentity, With([](Draft& d) { Living<kWitness>(d, kNoteKeyLifetime + kTick); })},
    {0, "RootAsLongAsItsDocuments", kNone, With([](Draft& d) { Living<kRoot>(d, 9 * kIdentityLifetime); })},
};
const DamageTable kLivesTable("IdentityLives", kLivesRows);

const Damage kKeysRows[] = {
    {26, "ALifeMadeLonger", kIdentityChain, With([](Draft& d) { d.document.mutable_keys(1)->set_not_after_us(Us(Day(80))); })},
    {26, "ALifeBegunEarlier", kIdentityChain, With([](Draft& d) { d.document.mutable_keys(1)->set_not_before_us(Us(Day(0))); })},
    {0, "AUsageChanged", kIdentityChain, With([](Draft& d) { d.Drop(kLog, 'l'), d.Revoke(kLog, 'l', Day(2)), d.Add(kWitness, 'l', Day(1)); })},
    {26, "AKeyVanished", kIdentityChain, With([](Draft& d) { d.Drop(kAdmin, 'g'); })},
    {26, "ARootVanished", kIdentityChain, With([](Draft& d) { d.Drop(kRoot, 'C'); })},
    {0, "AKeyReplaced", kNone, With([](Draft& d) { d.Drop(kAdmin, 'g'), d.Revoke(kAdmin, 'g', Day(2)); })},
    {0, "AKeyStolen", kNone, With([](Draft& d) { d.Drop(kAdmin, 'g'), d.Revoke(kAdmin, 'g', Day(1), kCompromised); })},
    {0, "AKeyStolenWithALogState", kNone, With([](Draft& d) { d.Drop(kAdmin, 'g'), Log(d.Revoke(kAdmin, 'g', Day(1), kCompromised)); })},
    {0, "ARootReplaced", kNone, With([](Draft& d) { d.Drop(kRoot, 'C'), d.Revoke(kRoot, 'C', Day(2)); })},
    {0, "ALogStateForAReplacedKey", kIdentityChain, With([](Draft& d) { d.Drop(kAdmin, 'g'), Log(d.Revoke(kAdmin, 'g', Day(2))); })},
    {0, "AStolenKeyThatStays", kIdentityChain, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(9), kCompromised); })},
    {0, "AReplacedKeyThatStaysAWhile", kNone, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2) + kTick); })},
    {0, "AReplacedKeyThatStaysTooLong", kIdentityChain, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)); })},
    {0, "AReplacedKeyThatLeavesEarly", kNone, With([](Draft& d) { d.Drop(kStatement, 'a'); })},
    {0, "ACutoffAtTheKeysEnd", kNone, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(91)); })},
    {0, "ACutoffBehindTheKeysEnd", kIdentityChain, With([](Draft& d) { d.Revoke(kAdmin, 'g', Day(91) + kTick); })},
    {0, "AKeyThatNeverWasRevoked", kIdentityChain, With([](Draft& d) { d.Revoke(kAdmin, 'x', Day(2)); })},
    {0, "ANewKeyRevoked", kIdentityChain, With([](Draft& d) { d.Add(kAdmin, 'n'), d.Revoke(kAdmin, 'n', Day(9)); })},
    {0, "AKeyReplacedAgain", kIdentityChain, With([](Draft& d) { d.Revoke(kStatement, 'a', Day(9)); })},
    {0, "AReplacedKeyStolen", kNone, With([](Draft& d) { d.Drop(kStatement, 'a'), d.Revoke(kStatement, 'a', Day(15), kCompromised); })},
    {0, "AReplacedKeyStolenLaterThanReplaced", kIdentityChain, With([](Draft& d) { d.Drop(kStatement, 'a'), d.Revoke(kStatement, 'a', Day(15) + kTick, kCompromised); })},
};
const DamageTable kKeysTable("IdentityKeys", kKeysRows);

const Damage kSignersRows[] = {
    {26, "OneRootOfTwo", kIdentityChain, With([](Draft& d) { d.SignedNoLongerBy(kRoot, 'B'); })},
    {26, "OneRootTwice", kIdentityChain, With([](Draft& d) { d.signers = {{kRoot, 'A'}, {kRoot, 'A'}}; })},
    {26, "EnoughRootsOneOfThemTwice", kIdentityChain, With([](Draft& d) { d.signers.push_back(d.signers.front()); })},
    {0, "ThreeRootsWhereTwoMust", kNone, With([](Draft& d) { d.signers.emplace_back(kRoot, 'C'); })},
    {0, "AnyTwoRoots", kNone, With([](Draft& d) { d.signers = {{kRoot, 'C'}, {kRoot, 'B'}}; })},
    {0, "NobodySigned", kIdentityChain, With([](Draft& d) { d.signers.clear(); })},
    {0, "OthersInsteadOfRoots", kIdentityChain, With([](Draft& d) { d.signers = {{kRoot, 'A'}, {kStatement, 'b'}}; })},
    {0, "AStranger", kIdentityChain, With([](Draft& d) { d.signers.emplace_back(kRoot, 'Z'); })},
    {0, "NewKeyWithPossession", kNone, With([](Draft& d) { d.Add(kStatement, 'n'); })},
    {0, "NewKeyWithoutPossession", kIdentityChain, With([](Draft& d) { d.Add(kStatement, 'n'), d.SignedNoLongerBy(kStatement, 'n'); })},
    {0, "NewRootWithoutPossession", kIdentityChain, With([](Draft& d) { d.Add(kRoot, 'N'), d.SignedNoLongerBy(kRoot, 'N'); })},
    {0, "OldKeysNeedNotSign", kNone, With([](Draft& d) { d.document.set_name("north"); })},
    {0, "RaisedThresholdWithTooFew", kIdentityChain, With([](Draft& d) { d.document.set_root_threshold(3); })},
    {0, "RaisedThreshold", kNone, With([](Draft& d) { d.document.set_root_threshold(3), d.signers.emplace_back(kRoot, 'C'); })},
    {0, "LoweredThresholdWithTooFewOfTheOld", kIdentityChain, With([](Draft& d) { d.document.set_root_threshold(1), d.SignedNoLongerBy(kRoot, 'B'); })},
    {0, "LoweredThreshold", kNone, With([](Draft& d) { d.document.set_root_threshold(1); })},
};
const DamageTable kSignersTable("IdentitySigners", kSignersRows);

// A whole new set of roots; `old_roots` and `new_roots` of them sign.
void Succession(Draft& d, size_t old_roots, size_t new_roots) {
  d.signers.clear();
  for (const char seed : {'A', 'B', 'C'}) d.Drop(kRoot, seed), d.Revoke(kRoot, seed, Day(2));
  for (const char seed : {'D', 'E', 'F'}) d.Add(kRoot, seed);
  std::vector<std::pair<v1::KeyUsage, char>> signers(d.signers.begin(), d.signers.begin() + static_cast<ptrdiff_t>(new_roots));
  for (size_t i = 0; i < old_roots; ++i) signers.emplace_back(kRoot, static_cast<char>('A' + i));
  d.signers = std::move(signers);
}
const Damage kSuccessionsRows[] = {
    {0, "BothThresholds", kNone, With([](Draft& d) { Succession(d, 2, 3); })},
    {26, "OnlyTheOldRoots", kIdentityChain, With([](Draft& d) { Succession(d, 3, 0); })},
    {26, "OnlyTheNewRoots", kIdentityChain, With([](Draft& d) { Succession(d, 0, 3); })},
    {26, "TooFewOldRoots", kIdentityChain, With([](Draft& d) { Succession(d, 1, 3); })},
    {26, "TooFewNewRoots", kIdentityChain, With([](Draft& d) { Succession(d, 3, 1); })},
    {26, "ANewRootThatDidNotSign", kIdentityChain, With([](Draft& d) { Succession(d, 3, 2); })},
};
const DamageTable kSuccessionsTable("IdentitySuccessions", kSuccessionsRows);

// A key of each kind of point that is none, as published.
std::function<Outcome()> Enrolling(const char* kind) {
  return [kind] {
    test::OneAnswer answer;
    size_t number = 0;
    for (const auto& vector : test::ReadVectors("ed25519_keys.txt")) {
      ++number;
      if (!vector.at("kind").starts_with(kind)) continue;
      answer.Take(With([&](Draft& d) { SetPublicKey(d.Add(kStatement, 'n'), vector.at("public_key")); })(), number);
    }
    return answer.Said();
  };
}
const Damage kPointRows[] = {
    {14, "SmallOrder", kKeyPoint, Enrolling("small order")},
    {14, "MixedOrder", kKeyPoint, Enrolling("mixed order")},
};
const DamageTable kPointTable("EnrolledKey", kPointRows);

}  // namespace
}  // namespace entente::trust
