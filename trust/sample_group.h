#pragma once

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "trust/group_log.h"
#include "trust/membership_history.h"
#include "trust/membership_maker.h"
#include "trust/sample_organisation.h"

// Groups of organisations with real keys, for the trust tests.
namespace entente::trust {

inline constexpr absl::Duration kSampleDay = absl::Hours(24);

inline crypto::SigningKey NamedKey(const std::string& name) {
  static const bool ready = crypto::Initialise().ok();
  if (!ready) std::abort();
  return *crypto::SigningKey::FromSeed(crypto::SecretBytes::CopyOf(crypto::Sha256(name).view()));
}

// An organisation at version 2, which has a group admin key.
struct SampleOrg {
  IdentityHistory history;
  Self self;
  std::shared_ptr<const crypto::SigningKey> admin_key;
  const OrgId& org() const { return self.org(); }
  const crypto::SigningKey& admin() const { return *admin_key; }
};
inline SampleOrg MakeSampleOrg(const std::string& name) {
  const crypto::SigningKey root = NamedKey(name + " root");
  auto statement = std::make_shared<const crypto::SigningKey>(NamedKey(name + " statement"));
  auto admin = std::make_shared<const crypto::SigningKey>(NamedKey(name + " admin"));
  IdentityHistory history = *IdentityHistory::Begin(*MakeIdentity(name, root, *statement, SampleNow() - kSampleDay));
  IdentityChange change;
  change.add.push_back({v1::KEY_USAGE_GROUP_ADMIN, admin.get()});
  const std::vector<const crypto::SigningKey*> roots = {&root};
  if (!history.Extend(*MakeNext(history, change, roots, SampleNow() - kSampleDay), SampleNow()).ok()) std::abort();
  const KeyId key_id = MakeKeyId(v1::KEY_USAGE_STATEMENT, statement->public_key());
  return {history, Self{history.newest(), key_id, std::move(statement)}, std::move(admin)};
}

// Who is on file at a node.
class SampleParties : public Parties {
 public:
  void Accept(const IdentityHistory& history, absl::Time taken = absl::InfinitePast()) {
    accepted_[history.org()] =
        std::make_shared<const Accepted>(Accepted{{}, history.newest(), std::make_shared<const IdentityHistory>(history), taken});
  }
  void Forget(const OrgId& org) { accepted_.erase(org); }
  std::shared_ptr<const Accepted> Find(const OrgId& org) const override {
    const auto found = accepted_.find(org);
    return found == accepted_.end() ? nullptr : found->second;
  }

 private:
  std::map<OrgId, std::shared_ptr<const Accepted>> accepted_;
};

inline absl::Status Kept() { return absl::OkStatus(); }  // persists nothing

// `count` organisations in ascending order of their ids, all on file. Of a group of all of them 0 to 2 are admins, of whom two
// sign, 0 and 1 issue, 0 keeps the log.
struct SampleFounders {
  explicit SampleFounders(size_t count) {
    for (size_t i = 0; i < count; ++i) orgs.push_back(MakeSampleOrg("org-" + std::to_string(i)));
    std::sort(orgs.begin(), orgs.end(), [](const SampleOrg& a, const SampleOrg& b) { return a.org() < b.org(); });
    for (const SampleOrg& org : orgs) parties.Accept(org.history);
  }
  // The next version of an organisation's document, which takes suite 7 alone; nobody has it yet.
  IdentityHistory RaiseFloor(size_t org) const {
    IdentityHistory history = orgs[org].history;
    v1::IdentityDocument document = history.newest().document();
    document.set_version(document.version() + 1);
    document.set_previous_hash(history.newest().hash().str());
    document.set_issued_us(absl::ToUnixMicros(SampleNow()));
    document.add_suites(7);
    document.set_min_suite(7);
    v1::SignedIdentity wire;
    wire.set_document(document.SerializeAsString());
    const crypto::SigningKey root = NamedKey(history.newest().name() + " root");
    wire.add_signatures()->set_key_id(MakeKeyId(v1::KEY_USAGE_ROOT, root.public_key()).str());
    wire.mutable_signatures(0)->set_signature(*root.Sign(kIdentityType, wire.document()));
    if (!history.Extend(wire, SampleNow()).ok()) std::abort();
    return history;
  }
  GroupTerms Terms() const {
    GroupTerms terms;
    terms.name = "energy";
    terms.admins = {orgs[0].org(), orgs[1].org(), orgs[2].org()};
    terms.threshold = 2;
    terms.issuers = {orgs[0].org(), orgs[1].org()};
    for (const SampleOrg& org : orgs) terms.members[org.org()] = 1;
    terms.log_org = orgs[0].org();
    return terms;
  }
  // Signed by the admin keys of the organisations named.
  v1::SignedMembership Sign(v1::SignedMembership membership, std::initializer_list<size_t> signers = {0, 1}) const {
    for (const size_t i : signers) {
      if (!SignMembership(orgs[i].org(), orgs[i].admin(), membership).ok()) std::abort();
    }
    return membership;
  }
  v1::SignedMembership First(const GroupTerms& terms, absl::Time now = SampleNow()) const {
    return Sign(*MakeMembership(terms, nullptr, now));
  }
  v1::SignedMembership First() const { return First(Terms()); }
  v1::SignedBody EntryOf(const MembershipHistory& history, const Membership& membership, absl::Time now,
                         size_t logger = 0) const {
    return *MakeLogEntry(orgs[logger].self, history.group(), history.LogWithoutAwaited(), v1::GROUP_LOG_KIND_MEMBERSHIP,
                         membership.version(), membership.hash(), now);
  }
  // `wire` and its entry; the document counts from here on.
  void Count(MembershipHistory& history, const v1::SignedMembership& wire, absl::Time now, size_t logger = 0) const {
    const Membership document = *Membership::Read(wire);
    if (!history.Extend(wire, parties, {now}, Kept).ok()) std::abort();
    if (!history.TakeLogEntry(EntryOf(history, document, now, logger), parties, {now}, Kept).ok()) std::abort();
  }
  // Version 1, which counts.
  MembershipHistory Founded() const {
    MembershipHistory history = *MembershipHistory::Begin(First(), parties, {SampleNow()});
    const Membership first = *Membership::Read(First());
    if (!history.TakeLogEntry(EntryOf(history, first, SampleNow()), parties, {SampleNow()}, Kept).ok()) std::abort();
    return history;
  }

  std::vector<SampleOrg> orgs;
  SampleParties parties;
};

}  // namespace entente::trust
