#include "tests/hostile/forgeries.h"

#include <algorithm>
#include <map>

#include "absl/time/clock.h"
#include "envelope/header.h"
#include "envelope/testing/hostile.h"

namespace entente::hostile {
namespace {

using envelope::testing::HostileBatch;
using envelope::testing::HostileSeal;
using Maker = std::vector<Bytes> (*)(const Forger&);

constexpr size_t kSuiteAt = 4;  // behind the magic

HostileSeal Sealer(const Forger& forger) {
  return {forger.self, {forger.prekey}, absl::Now()};
}

template <typename Bend>
std::vector<Bytes> WithPlaintext(const Forger& forger, Bend bend) {
  HostileSeal sealer = Sealer(forger);
  sealer.plaintext = bend;
  return {sealer.Make(forger.honest)};
}
template <typename Bend>
std::vector<Bytes> WithPayload(const Forger& forger, Bend bend) {
  HostileSeal sealer = Sealer(forger);
  sealer.payload = bend;
  return {sealer.Make(forger.honest)};
}
template <typename Bend>
std::vector<Bytes> WithSeal(const Forger& forger, Bend bend) {
  HostileSeal sealer = Sealer(forger);
  sealer.seal = bend;
  return {sealer.Make(forger.honest)};
}
template <typename Bend>
std::vector<Bytes> WithStatement(const Forger& forger, Bend bend) {
  const HostileBatch batch{.origin = forger.self, .statement = [bend](v1::StatementBody& body, int) { bend(body); }};
  return {Sealer(forger).Make(batch.Sign(forger.honest))};
}

// In group mode, under the tag of an epoch that nobody here has. The tag of an envelope in direct mode is random.
std::vector<Bytes> OfNoEpoch(const Forger& forger) {
  const Bytes honest = Sealer(forger).Make(forger.honest);
  const auto frame = envelope::ParseFrame(honest);
  if (!frame.ok()) return {};
  envelope::Header header = frame->header;
  header.mode = envelope::kGroupMode;
  header.slots = 0;
  return {envelope::EncodeHeader(header) + Bytes(frame->commitment) + Bytes(frame->chunks)};
}

std::string RootKey(const trust::Self& self) {
  v1::IdentityDocument document;
  document.ParseFromString(self.identity.wire().document());
  return document.root_keys(0).key_id();
}

// Two statements for the first place of one stream.
std::vector<Bytes> Equivocate(const Forger& forger) {
  const auto first = [&](v1::StatementBody& body) { body.set_stream_id(forger.stream); };
  std::vector<Bytes> both = WithStatement(forger, first);
  Forger again = forger;
  again.honest = envelope::testing::HonestPayload(forger.self, envelope::testing::Green(), {forger.target},
                                                  {forger.second}, absl::Now());
  both.push_back(WithStatement(again, first).front());
  return both;
}

// What the forger wrote, with a forward of its own in front of it.
std::vector<Bytes> Forwarded(const Forger& forger, model::Label label, const envelope::Hop* before) {
  v1::Payload payload = forger.honest;
  const StatementId id = envelope::IdOf(payload.statements(0).body(), false);
  const envelope::ForwardTerms terms{{id}, {forger.target}, v1::FORWARD_BASIS_ORIGIN, {}, label};
  *payload.add_forwards() = *envelope::MakeForward(forger.self, terms, before, false, absl::Now());
  return {Sealer(forger).Make(payload)};
}
std::vector<Bytes> BehindAnotherHop(const Forger& forger) {
  envelope::Hop before;
  before.id = *envelope::ForwardId::From(Bytes(32, 'h'));
  return Forwarded(forger, model::Label::kGreen, &before);
}

// For which the target should have vouched, too.
std::vector<Bytes> TooFewCosigners(const Forger& forger) {
  envelope::BatchTerms terms;
  terms.joint = envelope::JointTerms{{forger.self.org(), forger.target}, 2};
  std::sort(terms.joint->organisations.begin(), terms.joint->organisations.end());
  return {Sealer(forger).Make(envelope::testing::HonestPayload(forger.self, envelope::testing::Green(), {forger.target},
                                                               {forger.second}, absl::Now(), terms))};
}

std::vector<Bytes> RecallOf(const Forger& forger, const OrgId& origin) {
  envelope::RecallTerms terms;
  terms.origin = origin;
  terms.targets = {*StatementId::From(Bytes(32, 't'))};
  v1::Payload payload;
  *payload.add_recalls() = envelope::MakeRecall(terms, absl::Now());
  envelope::SignRecall(forger.self, *payload.mutable_recalls(0)).IgnoreError();
  return {Sealer(forger).Make(payload)};
}

const std::map<std::string_view, Maker>& Makers() {
  static const auto& makers = *new std::map<std::string_view, Maker>{
      {"other-suite",
       [](const Forger& f) {
         std::vector<Bytes> wire = {Sealer(f).Make(f.honest)};
         wire[0][kSuiteAt] ^= 0x40;
         return wire;
       }},
      {"truncated", [](const Forger& f) { return WithPlaintext(f, [](Bytes& p) { p[0] = 1; }); }},
      {"trailing", [](const Forger& f) { return WithPlaintext(f, [](Bytes& p) { p.back() = 1; }); }},
      {"no-seal", [](const Forger& f) { return WithPayload(f, [](v1::Payload& p) { p.clear_seal(); }); }},
      {"no-statements", [](const Forger& f) { return WithPayload(f, [](v1::Payload& p) { p.clear_statements(); }); }},
      {"content-changed",
       [](const Forger& f) {
         return WithPayload(f, [](v1::Payload& p) { (*p.mutable_statements(0)->mutable_content())[3] ^= 1; });
       }},
      {"seal-unsigned",
       [](const Forger& f) { return WithPayload(f, [](v1::Payload& p) { p.mutable_seal()->clear_signature(); }); }},
      {"seal-by-unknown-key",
       [](const Forger& f) { return WithSeal(f, [](v1::SealBody& s) { s.set_key_id(Bytes(32, 'k')); }); }},
      {"seal-by-root-key",
       [](const Forger& f) { return WithSeal(f, [root = RootKey(f.self)](v1::SealBody& s) { s.set_key_id(root); }); }},
      {"sequence-zero",
       [](const Forger& f) { return WithStatement(f, [](v1::StatementBody& b) { b.set_sequence(0); }); }},
      {"equivocate", Equivocate},
      {"broken-chain", BehindAnotherHop},
      {"unknown-epoch", OfNoEpoch},
      {"opened-label", [](const Forger& f) { return Forwarded(f, model::Label::kClear, nullptr); }},
      {"too-few-cosigners", TooFewCosigners},
      {"recall-of-anothers", [](const Forger& f) { return RecallOf(f, f.target); }},
      {"recall-of-its-own", [](const Forger& f) { return RecallOf(f, f.self.org()); }},
  };
  return makers;
}

}  // namespace

std::vector<Bytes> Forge(const Forger& forger, std::string_view name) {
  const auto found = Makers().find(name);
  return found == Makers().end() ? std::vector<Bytes>() : found->second(forger);
}

}  // namespace entente::hostile
