#include <map>
#include <set>

#include "proto/strict_parse.h"
#include "tests/fuzz/fuzz.h"
#include "trust/sample_document.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using trust::IdentityHistory;

constexpr std::initializer_list<RejectReason> kRefusals = {kParse,    kLimit, kIdentity, kKeyPoint, kIdentityChain,
                                                           kRollback, kTime,  kFloor,    kFreeze,   kEquivocation};

absl::Time Now() { return trust::Day(2); }

const IdentityHistory& Sample() {
  static const IdentityHistory history = trust::SampleHistory();
  return history;
}

// What every history holds to, whatever was offered to it.
void CheckHistory(const IdentityHistory& before, const IdentityHistory& after) {
  FUZZ_CHECK(after.org() == before.org() && after.newest().version() >= before.newest().version());
  FUZZ_CHECK(after.Version(before.newest().version(), before.newest().hash()) != nullptr);
  FUZZ_CHECK(after.newest().document().min_suite() >= before.newest().document().min_suite());
  for (const v1::PublicKey& key : after.newest().keys()) {
    const trust::KeyStanding* standing = after.keys().Find(key.key_id());
    FUZZ_CHECK(standing != nullptr && standing->MayStandIn(trust::IssuedAt(after.newest().document())));
  }
}

// A chain as it arrives. It is taken in one run and, again, document by document: the same history.
bool TakesChain(ByteView input) {
  v1::IdentityChain chain;
  if (!StrictParse(input, chain).ok()) return false;
  const IdentityHistory first = *IdentityHistory::Begin(trust::FirstDraft().Signed());
  IdentityHistory history = first, again = first;
  std::vector<Bytes> kept;
  const absl::Status taken = history.TakeIn(chain, Now(), [&](const v1::SignedIdentity& wire) {
    kept.push_back(wire.document());
    return absl::OkStatus();
  });
  CheckHistory(first, history);
  const size_t news = history.newest().version() - first.newest().version() + (history.contradiction() ? 1 : 0);
  FUZZ_CHECK(kept.size() == news);
  for (const v1::SignedIdentity& wire : chain.documents()) {
    if (!again.Extend(wire, Now()).ok()) break;
  }
  // A run stops at a gap, which single documents do not see.
  FUZZ_CHECK(again.newest().version() >= history.newest().version());
  if (!taken.ok()) CheckRefused(taken, kRefusals);
  return taken.ok();
}

// Every key that the sample organisation could list, by its id.
const std::map<Bytes, std::pair<v1::KeyUsage, char>>& SampleKeys() {
  static const auto keys = [] {
    std::map<Bytes, std::pair<v1::KeyUsage, char>> out;
    for (int usage = v1::KEY_USAGE_ROOT; usage <= v1::KEY_USAGE_WITNESS; ++usage) {
      for (const char seed : {'A', 'B', 'C', 'a', 'b', 'g', 'l', 'n'}) {
        const auto of = static_cast<v1::KeyUsage>(usage);
        out.emplace(trust::SampleKeyId(of, seed).str(), std::pair(of, seed));
      }
    }
    return out;
  }();
  return keys;
}

// Version 3 of the sample organisation, whatever it says, signed by the roots and by each key in it that can.
bool TakesDocument(ByteView document) {
  std::set<std::pair<v1::KeyUsage, char>> signers;
  for (const char root : {'A', 'B', 'C'}) signers.emplace(v1::KEY_USAGE_ROOT, root);
  v1::IdentityDocument body;
  if (body.ParseFromArray(document.data(), static_cast<int>(document.size()))) {
    for (const v1::PublicKey* key : trust::KeysOf(body)) {
      const auto known = SampleKeys().find(key->key_id());
      if (known != SampleKeys().end()) signers.insert(known->second);
    }
  }
  const trust::Draft draft{{}, {signers.begin(), signers.end()}};
  IdentityHistory history = Sample();
  const absl::Status taken = history.Extend(draft.Sign(Bytes(document)), Now());
  CheckHistory(Sample(), history);
  if (!taken.ok()) CheckRefused(taken, kRefusals);
  return history.newest().version() > Sample().newest().version();
}

}  // namespace

// The first byte says what the rest is: a chain, or the body of the next document.
bool FuzzIdentityChain(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  return input[0] % 2 == 0 ? TakesChain(rest) : TakesDocument(rest);
}

}  // namespace entente::fuzz
