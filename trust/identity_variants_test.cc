// Every row of docs/formats/identity.md that a version above 1 can breach, each by one change to a good version 3 that is
// signed again by all who must sign: exactly one reason, and the history is as it was.
#include <gtest/gtest.h>

#include <functional>

#include "tests/vectors/vector_file.h"
#include "trust/sample_document.h"

namespace entente::trust {
namespace {

using enum RejectReason;

constexpr v1::KeyUsage kRoot = v1::KEY_USAGE_ROOT, kStatement = v1::KEY_USAGE_STATEMENT, kAdmin = v1::KEY_USAGE_GROUP_ADMIN,
                       kLog = v1::KEY_USAGE_LOG, kWitness = v1::KEY_USAGE_WITNESS;
constexpr auto kCompromised = v1::REVOCATION_REASON_COMPROMISED;
constexpr absl::Duration kTick = absl::Microseconds(1);

int64_t Us(absl::Time time) { return absl::ToUnixMicros(time); }

struct Variant {
  const char* name;
  std::function<void(Draft&)> bend;
  RejectReason expected;
};
void PrintTo(const Variant& variant, std::ostream* out) { *out << variant.name; }

class Variants : public ::testing::TestWithParam<Variant> {
 protected:
  static Draft Good() { return NextDraft(history(), Day(2), "AB"); }
  static const IdentityHistory& history() {
    static const IdentityHistory made = SampleHistory();
    return made;
  }
};

TEST_P(Variants, HasItsOneReason) {
  Draft draft = Good();
  GetParam().bend(draft);
  IdentityHistory extended = history();
  EXPECT_EQ(ReasonOf(extended.Extend(draft.Signed(), Day(2))), GetParam().expected);
  const bool taken = GetParam().expected == kNone;
  EXPECT_EQ(extended.newest().version(), taken ? 3u : 2u);
  EXPECT_FALSE(extended.contradiction().has_value());
  if (taken) return;
  EXPECT_EQ(ReasonOf(extended.Extend(Good().Signed(), Day(2))), kNone);
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

const Variant kFields[] = {
    {"Good", [](Draft&) {}, kNone},
    {"NoVersion", [](Draft& d) { d.document.set_version(0); }, kIdentity},
    {"AnotherVersionOne", [](Draft& d) { d.document.set_version(1); }, kRollback},
    {"AVersionLeftOut", [](Draft& d) { d.document.set_version(4); }, kIdentityChain},
    {"TheLastVersionThereIs", [](Draft& d) { d.document.set_version(UINT64_MAX); }, kIdentityChain},
    {"AnotherOrganisation", [](Draft& d) { d.document.set_org_id(Bytes(32, 'o')); }, kIdentityChain},
    {"NoOrganisation", [](Draft& d) { d.document.clear_org_id(); }, kIdentityChain},
    {"AnotherPreviousHash", [](Draft& d) { d.document.set_previous_hash(Bytes(32, 'p')); }, kIdentityChain},
    {"NoPreviousHash", [](Draft& d) { d.document.clear_previous_hash(); }, kIdentityChain},
    {"IssuedWithItsPredecessor", [](Draft& d) { d.document.set_issued_us(Us(Day(1))); }, kIdentityChain},
    {"NotIssued", [](Draft& d) { d.document.clear_issued_us(); }, kIdentityChain},
    {"IssuedAsFarAheadAsClocksDiffer", [](Draft& d) { d.document.set_issued_us(Us(Day(2) + kClockSkew)); }, kNone},
    {"IssuedInTheFuture", [](Draft& d) { d.document.set_issued_us(Us(Day(2) + kClockSkew + kTick)); }, kTime},
    {"EndsWhenIssued", [](Draft& d) { d.document.set_expires_us(Us(Day(2))); }, kIdentity},
    {"EndsAfterTheYear9999", [](Draft& d) { d.document.set_expires_us(kMaxTimeUs + 1); }, kIdentity},
    {"NoName", [](Draft& d) { d.document.clear_name(); }, kIdentity},
    {"ANameThatActsOnATerminal", [](Draft& d) { d.document.set_name("\x1b[2J"); }, kIdentity},
    {"AnotherName", [](Draft& d) { d.document.set_name("north"); }, kNone},
    {"SuitesDescending", [](Draft& d) { Suites(d, {7, 1}); }, kIdentity},
    {"SuitesWithoutOurs", [](Draft& d) { Suites(d, {7}); }, kIdentity},
    {"SeventeenSuites", [](Draft& d) { for (uint32_t i = 2; i < 18; ++i) d.document.add_suites(i); }, kLimit},
    {"FloorThatIsNoSuite", [](Draft& d) { d.document.set_min_suite(2); }, kIdentity},
    {"AHigherFloor", [](Draft& d) { Suites(d, {1, 7}), d.document.set_min_suite(7); }, kNone},
    {"NoRootKey", [](Draft& d) { d.document.clear_root_keys(); }, kIdentity},
    {"NoStatementKey", [](Draft& d) { d.Drop(kStatement, 'a'), d.Drop(kStatement, 'b'); }, kIdentity},
    {"ThresholdOfNone", [](Draft& d) { d.document.set_root_threshold(0); }, kIdentity},
    {"ThresholdAboveTheRoots", [](Draft& d) { d.document.set_root_threshold(4); }, kIdentity},
    {"ARootAmongTheOthers", [](Draft& d) { *d.document.add_keys() = d.Add(kRoot, 'n'), d.document.mutable_root_keys()->RemoveLast(); }, kIdentity},
    {"AStatementKeyAmongTheRoots", [](Draft& d) { *d.document.add_root_keys() = d.Add(kStatement, 'n'), d.document.mutable_keys()->RemoveLast(); }, kIdentity},
    {"AKeyWithoutUsage", [](Draft& d) { *d.document.add_keys() = d.Add(v1::KEY_USAGE_UNSPECIFIED, 'n'), d.document.mutable_keys()->RemoveLast(); }, kIdentity},
    {"AKeyForLinks", [](Draft& d) { d.document.mutable_keys(0)->set_usage(static_cast<v1::KeyUsage>(6)); }, kParse},
    {"AnotherKeysId", [](Draft& d) { d.document.mutable_keys(1)->set_key_id(Bytes(32, 'k')); }, kIdentity},
    {"AKeyThatEndsBeforeItBegins", [](Draft& d) { d.Add(kStatement, 'n').set_not_after_us(Us(SampleNow())); }, kIdentity},
    {"AKeyFromBefore1970", [](Draft& d) { d.Add(kRoot, 'n').set_not_before_us(-1); }, kIdentity},
    {"AKeyThatEndsAfterTheYear9999", [](Draft& d) { d.Add(kRoot, 'n').set_not_after_us(kMaxTimeUs + 1); }, kIdentity},
    {"AKeyTwice", [](Draft& d) { *d.document.add_keys() = d.document.keys(1); }, kIdentity},
    {"AKeyInTwoUsages", [](Draft& d) { d.Add(kAdmin, 'b'); }, kIdentity},
    {"ThirtyTwoKeys", [](Draft& d) { while (KeysOf(d.document).size() < 32) d.Add(kWitness, static_cast<char>(d.signers.size() + 200)); }, kNone},
    {"ThirtyThreeKeys", [](Draft& d) { while (KeysOf(d.document).size() < 33) d.Add(kWitness, static_cast<char>(d.signers.size() + 200)); }, kLimit},
    {"Offline", [](Draft& d) { d.document.mutable_offline()->set_ceiling(v1::LABEL_AMBER); }, kNone},
    {"OfflineWithoutACeiling", [](Draft& d) { d.document.mutable_offline(); }, kIdentity},
    {"ItsOwnLog", [](Draft& d) { d.document.set_log_origin(LogOrigin(*OrgId::From(d.document.org_id()))); }, kNone},
    {"AnothersLog", [](Draft& d) { d.document.set_log_origin(LogOrigin(OrgId())); }, kIdentity},
    {"RevokedWithoutAReason", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).clear_reason(); }, kIdentity},
    {"RevokedWithoutAKey", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).set_key_id("short"); }, kIdentity},
    {"RevokedWithoutACutoff", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)).clear_cutoff_us(); }, kIdentity},
    {"RevokedTwiceAtOnce", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)), d.Revoke(kAdmin, 'g', Day(3)); }, kIdentity},
    {"ThirtyThreeRevocations", [](Draft& d) { for (int i = 0; i < 33; ++i) d.Revoke(kAdmin, static_cast<char>(i), Day(2)); }, kLimit},
    {"ALogStateOfNoLog", [](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).set_origin("log"); }, kIdentity},
    {"ALogStateWithoutARoot", [](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).clear_root(); }, kIdentity},
    {"ALogStateOfNoSize", [](Draft& d) { Log(d.Revoke(kAdmin, 'g', Day(2), kCompromised)).set_size(1ull << 63); }, kIdentity},
    {"AsLargeAsItMayBe", [](Draft& d) { Pad(d, kMaxIdentityBytes); }, kNone},
    {"TooLarge", [](Draft& d) { Pad(d, kMaxIdentityBytes + 1); }, kLimit},
    {"ACriticalFieldThatIsNotKnown", [](Draft& d) { d.document.GetReflection()->MutableUnknownFields(&d.document)->AddVarint(99, 1); }, kParse},
};
INSTANTIATE_TEST_SUITE_P(Fields, Variants, ::testing::ValuesIn(kFields), [](const auto& test) { return test.param.name; });

template <v1::KeyUsage kUsage>
void Living(Draft& d, absl::Duration life) {
  d.Add(kUsage, 'n').set_not_after_us(Us(SampleNow() + life));
}
const Variant kLives[] = {
    {"Statement", [](Draft& d) { Living<kStatement>(d, kOnlineKeyLifetime); }, kNone},
    {"StatementTooLong", [](Draft& d) { Living<kStatement>(d, kOnlineKeyLifetime + kTick); }, kIdentity},
    {"Admin", [](Draft& d) { Living<kAdmin>(d, kOnlineKeyLifetime); }, kNone},
    {"AdminTooLong", [](Draft& d) { Living<kAdmin>(d, kOnlineKeyLifetime + kTick); }, kIdentity},
    {"Log", [](Draft& d) { Living<kLog>(d, kNoteKeyLifetime); }, kNone},
    {"LogTooLong", [](Draft& d) { Living<kLog>(d, kNoteKeyLifetime + kTick); }, kIdentity},
    {"Witness", [](Draft& d) { Living<kWitness>(d, kNoteKeyLifetime); }, kNone},
    {"WitnessTooLong", [](Draft& d) { Living<kWitness>(d, kNoteKeyLifetime + kTick); }, kIdentity},
    {"RootAsLongAsItsDocuments", [](Draft& d) { Living<kRoot>(d, 9 * kIdentityLifetime); }, kNone},
};
INSTANTIATE_TEST_SUITE_P(Lives, Variants, ::testing::ValuesIn(kLives), [](const auto& test) { return test.param.name; });

const Variant kKeys[] = {
    {"ALifeMadeLonger", [](Draft& d) { d.document.mutable_keys(1)->set_not_after_us(Us(Day(80))); }, kIdentityChain},
    {"ALifeBegunEarlier", [](Draft& d) { d.document.mutable_keys(1)->set_not_before_us(Us(Day(0))); }, kIdentityChain},
    {"AUsageChanged", [](Draft& d) { d.Drop(kLog, 'l'), d.Revoke(kLog, 'l', Day(2)), d.Add(kWitness, 'l', Day(1)); }, kIdentityChain},
    {"AKeyVanished", [](Draft& d) { d.Drop(kAdmin, 'g'); }, kIdentityChain},
    {"ARootVanished", [](Draft& d) { d.Drop(kRoot, 'C'); }, kIdentityChain},
    {"AKeyReplaced", [](Draft& d) { d.Drop(kAdmin, 'g'), d.Revoke(kAdmin, 'g', Day(2)); }, kNone},
    {"AKeyStolen", [](Draft& d) { d.Drop(kAdmin, 'g'), d.Revoke(kAdmin, 'g', Day(1), kCompromised); }, kNone},
    {"AKeyStolenWithALogState", [](Draft& d) { d.Drop(kAdmin, 'g'), Log(d.Revoke(kAdmin, 'g', Day(1), kCompromised)); }, kNone},
    {"ARootReplaced", [](Draft& d) { d.Drop(kRoot, 'C'), d.Revoke(kRoot, 'C', Day(2)); }, kNone},
    {"ALogStateForAReplacedKey", [](Draft& d) { d.Drop(kAdmin, 'g'), Log(d.Revoke(kAdmin, 'g', Day(2))); }, kIdentityChain},
    {"AStolenKeyThatStays", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(9), kCompromised); }, kIdentityChain},
    {"AReplacedKeyThatStaysAWhile", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2) + kTick); }, kNone},
    {"AReplacedKeyThatStaysTooLong", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(2)); }, kIdentityChain},
    {"AReplacedKeyThatLeavesEarly", [](Draft& d) { d.Drop(kStatement, 'a'); }, kNone},
    {"ACutoffAtTheKeysEnd", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(91)); }, kNone},
    {"ACutoffBehindTheKeysEnd", [](Draft& d) { d.Revoke(kAdmin, 'g', Day(91) + kTick); }, kIdentityChain},
    {"AKeyThatNeverWasRevoked", [](Draft& d) { d.Revoke(kAdmin, 'x', Day(2)); }, kIdentityChain},
    {"ANewKeyRevoked", [](Draft& d) { d.Add(kAdmin, 'n'), d.Revoke(kAdmin, 'n', Day(9)); }, kIdentityChain},
    {"AKeyReplacedAgain", [](Draft& d) { d.Revoke(kStatement, 'a', Day(9)); }, kIdentityChain},
    {"AReplacedKeyStolen", [](Draft& d) { d.Drop(kStatement, 'a'), d.Revoke(kStatement, 'a', Day(15), kCompromised); }, kNone},
    {"AReplacedKeyStolenLaterThanReplaced", [](Draft& d) { d.Drop(kStatement, 'a'), d.Revoke(kStatement, 'a', Day(15) + kTick, kCompromised); }, kIdentityChain},
};
INSTANTIATE_TEST_SUITE_P(Keys, Variants, ::testing::ValuesIn(kKeys), [](const auto& test) { return test.param.name; });

const Variant kSigners[] = {
    {"P26OneRootOfTwo", [](Draft& d) { d.SignedNoLongerBy(kRoot, 'B'); }, kIdentityChain},
    {"P26OneRootTwice", [](Draft& d) { d.signers = {{kRoot, 'A'}, {kRoot, 'A'}}; }, kIdentityChain},
    {"P26EnoughRootsOneOfThemTwice", [](Draft& d) { d.signers.push_back(d.signers.front()); }, kIdentityChain},
    {"ThreeRootsWhereTwoMust", [](Draft& d) { d.signers.emplace_back(kRoot, 'C'); }, kNone},
    {"AnyTwoRoots", [](Draft& d) { d.signers = {{kRoot, 'C'}, {kRoot, 'B'}}; }, kNone},
    {"NobodySigned", [](Draft& d) { d.signers.clear(); }, kIdentityChain},
    {"OthersInsteadOfRoots", [](Draft& d) { d.signers = {{kRoot, 'A'}, {kStatement, 'b'}}; }, kIdentityChain},
    {"AStranger", [](Draft& d) { d.signers.emplace_back(kRoot, 'Z'); }, kIdentityChain},
    {"NewKeyWithPossession", [](Draft& d) { d.Add(kStatement, 'n'); }, kNone},
    {"NewKeyWithoutPossession", [](Draft& d) { d.Add(kStatement, 'n'), d.SignedNoLongerBy(kStatement, 'n'); }, kIdentityChain},
    {"NewRootWithoutPossession", [](Draft& d) { d.Add(kRoot, 'N'), d.SignedNoLongerBy(kRoot, 'N'); }, kIdentityChain},
    {"OldKeysNeedNotSign", [](Draft& d) { d.document.set_name("north"); }, kNone},
    {"RaisedThresholdWithTooFew", [](Draft& d) { d.document.set_root_threshold(3); }, kIdentityChain},
    {"RaisedThreshold", [](Draft& d) { d.document.set_root_threshold(3), d.signers.emplace_back(kRoot, 'C'); }, kNone},
    {"LoweredThresholdWithTooFewOfTheOld", [](Draft& d) { d.document.set_root_threshold(1), d.SignedNoLongerBy(kRoot, 'B'); }, kIdentityChain},
    {"LoweredThreshold", [](Draft& d) { d.document.set_root_threshold(1); }, kNone},
};
INSTANTIATE_TEST_SUITE_P(Signers, Variants, ::testing::ValuesIn(kSigners), [](const auto& test) { return test.param.name; });

// A whole new set of roots; `old_roots` and `new_roots` of them sign.
void Succession(Draft& d, size_t old_roots, size_t new_roots) {
  d.signers.clear();
  for (const char seed : {'A', 'B', 'C'}) d.Drop(kRoot, seed), d.Revoke(kRoot, seed, Day(2));
  for (const char seed : {'D', 'E', 'F'}) d.Add(kRoot, seed);
  std::vector<std::pair<v1::KeyUsage, char>> signers(d.signers.begin(), d.signers.begin() + static_cast<ptrdiff_t>(new_roots));
  for (size_t i = 0; i < old_roots; ++i) signers.emplace_back(kRoot, static_cast<char>('A' + i));
  d.signers = std::move(signers);
}
const Variant kSuccessions[] = {
    {"BothThresholds", [](Draft& d) { Succession(d, 2, 3); }, kNone},
    {"P26OnlyTheOldRoots", [](Draft& d) { Succession(d, 3, 0); }, kIdentityChain},
    {"P26OnlyTheNewRoots", [](Draft& d) { Succession(d, 0, 3); }, kIdentityChain},
    {"TooFewOldRoots", [](Draft& d) { Succession(d, 1, 3); }, kIdentityChain},
    {"TooFewNewRoots", [](Draft& d) { Succession(d, 3, 1); }, kIdentityChain},
    {"ANewRootThatDidNotSign", [](Draft& d) { Succession(d, 3, 2); }, kIdentityChain},
};
INSTANTIATE_TEST_SUITE_P(Successions, Variants, ::testing::ValuesIn(kSuccessions), [](const auto& test) { return test.param.name; });

TEST(IdentityVariants, NoKeyThatIsNoValidPointIsEnrolled) {
  IdentityHistory history = SampleHistory();
  for (const auto& vector : test::ReadVectors("ed25519_keys.txt")) {
    if (vector.at("kind") == "good") continue;
    Draft draft = NextDraft(history, Day(2), "AB");
    SetPublicKey(draft.Add(kStatement, 'n'), vector.at("public_key"));
    EXPECT_EQ(ReasonOf(history.Extend(draft.Signed(), Day(2))), kKeyPoint);
  }
}

}  // namespace
}  // namespace entente::trust
