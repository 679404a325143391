// A group of four as this implementation makes it, in the format of tests/vectors, for
// tests/functional/test_oracle_groups.py: its reader, who issues nothing, with its prekeys; the parties; then what
// comes to the reader and envelopes that others sealed, one behind the other. Of an envelope `answer` is what this
// implementation answers; one that is admitted has its statements' contents.
//
//   group_seals
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/reject.h"
#include "bench/costs.h"
#include "crypto/encoding.h"
#include "envelope/notice.h"
#include "trust/sample_world.h"

namespace entente {
namespace {

constexpr size_t kReader = 2;

void Print(std::initializer_list<std::pair<const char*, Bytes>> fields) {
  std::printf("\n");
  for (const auto& [name, value] : fields) std::printf("%s = %s\n", name, crypto::ToHex(value).c_str());
}
Bytes Text(absl::Time at) {
  return std::to_string(absl::ToUnixMicros(at));
}

// What the members do, told as it comes to the reader.
class Story {
 public:
  void Tell() {
    Begin();
    Envelope("statements", 1, Statements(1));
    Envelope("a-forward-into-the-group", 1, Forwarded(3, 1));
    Envelope("a-recall", 0, Recalled(0));
    const Bytes late = Statements(0);
    Leave(3);
    Envelope("by-who-left", 3, Statements(3));
    now_ += absl::Hours(1);
    Remove(3);
    Rekey(1);  // whose slot for the reader is empty
    const Bytes next = Statements(0);
    Envelope("unopened", 0, next);
    Rewrap(0);
    Envelope("behind-a-re-wrap", 0, next);
    Envelope("under-the-epoch-before", 0, late);
    now_ += trust::kEpochGrace;
    Envelope("behind-the-grace-of-the-epoch-before", 0, late);
  }

 private:
  const trust::SampleOrg& Org(size_t i) const { return world_.founders.orgs[i]; }
  trust::GroupDirectory& Groups(size_t i) { return *world_.nodes[i]->groups; }

  void Comes(const char* form, const google::protobuf::MessageLite& message) {
    Print({{"at_us", Text(now_)}, {form, message.SerializeAsString()}});
  }
  void Begin() {
    world_.Found(world_.founders.Terms(), now_);
    Print({{"org_id", Org(kReader).org().str()}, {"now_us", Text(now_)}});
    for (const trust::SampleOrg& org : world_.founders.orgs) {
      v1::IdentityChain chain;
      for (const auto& version : org.history.versions()) *chain.add_documents() = version->wire();
      Print({{"party", org.history.newest().name()},
             {"org_id", org.org().str()},
             {"identity_chain", chain.SerializeAsString()}});
    }
    world_.nodes[kReader]->FreshPrekey(now_);
    for (const auto& [name, secret] : world_.nodes[kReader]->keystore->keystore->secrets()) {
      if (!name.starts_with("prekey/")) continue;
      const auto bytes = secret.ExposeSecret();
      Print({{"prekey_id", *crypto::FromHex(name.substr(7))},
             {"prekey_seed", Bytes(bytes.begin(), bytes.begin() + crypto::kKeySize)}});
    }
    Comes("membership", world_.documents.back());
    Comes("entry", world_.entries.back());
    const v1::EpochSlots issued = world_.Rekey(0, v1::EPOCH_REASON_FOUNDED, now_);
    Comes("epoch", world_.For(kReader, issued));
    Comes("entry", world_.entries.back());
    now_ += absl::Minutes(30);
  }
  void Leave(size_t who) {
    const v1::SignedBody leave = *trust::MakeLeave(Org(who).self, Groups(who).Newest(world_.group)->ref(), now_);
    for (const size_t at : {size_t{0}, size_t{1}, kReader})
      trust::SampleWorld::Must(Groups(at).TakeLeave(leave, {now_}, trust::Kept));
    Comes("leave", leave);
  }
  void Remove(size_t who) {
    trust::GroupTerms terms = world_.Terms();
    terms.members.erase(Org(who).org());
    world_.Change(terms, now_);
    Comes("membership", world_.documents.back());
    Comes("entry", world_.entries.back());
  }
  void Rekey(size_t issuer) {
    const std::vector<trust::Prekey> prekeys = {world_.nodes[0]->FreshPrekey(now_), world_.nodes[1]->FreshPrekey(now_)};
    const v1::EpochSlots issued =
        *Groups(issuer).Issue(Org(issuer).self, world_.group, prekeys, v1::EPOCH_REASON_REMOVAL, now_);
    for (const size_t at : {size_t{0}, size_t{1}})
      trust::SampleWorld::Must(world_.nodes[at]->TakeEpoch(world_.For(at, issued), {now_}));
    if (ReasonOf(world_.nodes[kReader]->TakeEpoch(world_.For(kReader, issued), {now_})) != RejectReason::kNoSlot)
      std::abort();
    Comes("epoch", world_.For(kReader, issued));
    world_.Log(issued, now_);
    Comes("entry", world_.entries.back());
    epoch_ = trust::ReadEpoch(issued.epoch())->id;
  }
  void Rewrap(size_t issuer) {
    const trust::Prekey prekey = world_.nodes[kReader]->FreshPrekey(now_);
    const v1::SignedBody rewrap = *Groups(issuer).RewrapFor(Org(issuer).self, world_.group, epoch_, prekey, now_);
    trust::SampleWorld::Must(Groups(kReader).TakeRewrap(rewrap, {now_}));
    Comes("rewrap", rewrap);
  }

  // Two statements, for the group where `to` names nobody.
  envelope::Batch Signed(size_t by, std::vector<OrgId> to = {}) {
    policy::Constraints constraints;
    constraints.label = model::Label::kGreen;
    envelope::BatchTerms terms;
    if (to.empty()) {
      constraints.sg_id = world_.group.str();
      terms.group = Groups(by).Newest(world_.group);
    }
    return *envelope::SignBatch(Org(by).self, constraints, std::move(to), {R"({"n":1})", R"({"n":2})"},
                                {crypto::RandomId<StreamId>(), 0, {}}, now_, terms);
  }
  static std::vector<envelope::Sealable> All(const envelope::Batch& batch) {
    std::vector<envelope::Sealable> out;
    for (const envelope::Statement& s : batch.statements())
      out.push_back({s.body(), s.salt(), s.content(), s.index(), {}});
    return out;
  }
  Bytes Seal(size_t by, const envelope::Cargo& cargo) {
    const auto permit = [&](const OrgId& member, size_t) -> const policy::Permit* {
      return &permits_.try_emplace(member, bench::PermitFor(member)).first->second;
    };
    auto sealed = envelope::SealGroup(Org(by).self, cargo, world_.group, permit, Groups(by), now_);
    trust::SampleWorld::Must(sealed.status());
    return *std::move(sealed);
  }
  Bytes Statements(size_t by) {
    const envelope::Batch batch = Signed(by);
    const std::vector<envelope::Sealable> all = All(batch);
    return Seal(by, {batch.signed_body(), all});
  }
  // `origin` addressed `by` alone, who passes it on.
  Bytes Forwarded(size_t origin, size_t by) {
    const envelope::Batch batch = Signed(origin, {Org(by).org()});
    const std::vector<envelope::Sealable> all = All(batch);
    envelope::ForwardTerms terms;
    for (const envelope::Statement& s : batch.statements()) terms.statements.push_back(s.id());
    std::sort(terms.statements.begin(), terms.statements.end());
    terms.label = model::Label::kGreen;
    terms.group = Groups(by).Newest(world_.group)->ref();
    envelope::Cargo cargo{batch.signed_body(), all};
    *cargo.forwards.Add() = *envelope::MakeForward(Org(by).self, terms, nullptr, false, now_);
    return Seal(by, cargo);
  }
  Bytes Recalled(size_t by) {
    envelope::RecallTerms terms;
    terms.origin = Org(by).org();
    terms.targets = {*StatementId::From(crypto::Sha256("target").view())};
    envelope::SignedRecalls recalls;
    *recalls.Add() = envelope::MakeRecall(terms, now_);
    trust::SampleWorld::Must(envelope::SignRecall(Org(by).self, recalls[0]));
    return *envelope::SealGroup(Org(by).self, recalls, world_.group, Groups(by), now_);
  }
  // As the reader answers it.
  void Envelope(const char* name, size_t from, const Bytes& wire) {
    const auto never = [](const EnvelopeId&) { return false; };
    auto opened =
        envelope::Open(wire, Org(kReader).org(), *world_.nodes[kReader]->prekeys, now_, never, &Groups(kReader));
    absl::Status status = opened.status();
    Bytes contents;
    if (opened.ok()) {
      const auto verified =
          envelope::Verify(*std::move(opened), *world_.DirectoryOf(kReader), Org(from).org(), now_, &Groups(kReader));
      status = verified.status();
      if (verified.ok() && verified->batch.has_value()) {
        for (const envelope::Statement& s : verified->batch->statements()) contents += s.content() + "\n";
      }
    }
    Print({{"name", name},
           {"at_us", Text(now_)},
           {"peer", Org(from).org().str()},
           {"envelope", wire},
           {"answer", Bytes(status.ok() ? "ADMITTED" : Describe(ReasonOf(status)).name)},
           {"contents", contents}});
  }

  absl::Time now_ = trust::SampleNow();
  trust::SampleWorld world_{4};
  trust::EpochId epoch_;
  std::map<OrgId, policy::Permit> permits_;
};

}  // namespace
}  // namespace entente

int main() {
  if (!entente::crypto::Initialise().ok()) return 2;
  std::printf("# Source: this project, group_seals\n# Licence: Apache-2.0\n");
  entente::Story().Tell();
}
