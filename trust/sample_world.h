#pragma once

#include <deque>
#include <memory>
#include <stdexcept>
#include <vector>

#include "trust/directory.h"
#include "trust/sample_node.h"

// Several nodes in one group, for the trust tests.
namespace entente::trust {

// A group of all founders, and what was issued and logged in it, as a carrier would hold it. Everybody has everything
// unless a test says otherwise.
class SampleWorld {
 public:
  explicit SampleWorld(size_t count) : founders(count) {
    for (const SampleOrg& org : founders.orgs) nodes.push_back(std::make_unique<SampleNode>(org, founders.parties));
  }
  // The group's first document and its entry, at every node that is in it.
  void Found(const GroupTerms& terms, absl::Time now = SampleNow()) {
    MembershipHistory history = *MembershipHistory::Begin(founders.First(terms, now), founders.parties, {now});
    group = history.group();
    documents.push_back(founders.First(terms, now));
    entries.push_back(founders.EntryOf(history, *Membership::Read(documents.back()), now));
    for (const auto& node : nodes) {
      if (!terms.members.contains(node->org.org()) && !terms.admins.contains(node->org.org())) continue;
      Must(node->TakeDocuments(group, {&documents.back(), &entries.back()}, {now}));
    }
  }
  void Found() { Found(founders.Terms()); }
  // The next version, logged by organisation 0, at the nodes that are in it or were in the one before.
  void Change(const GroupTerms& terms, absl::Time now) {
    const std::shared_ptr<const Membership> before = nodes[0]->groups->Newest(group);
    documents.push_back(founders.Sign(*MakeMembership(terms, before.get(), now)));
    MembershipHistory history = *nodes[0]->groups->History(group);
    entries.push_back(founders.EntryOf(history, *Membership::Read(documents.back()), now));
    for (const auto& node : nodes) {
      if (node->groups->Newest(group) != nullptr)
        Must(node->TakeDocuments(group, {&documents.back(), &entries.back()}, {now}));
    }
  }
  GroupTerms Terms() const { return TermsOf(*nodes[0]->groups->Newest(group)); }
  std::vector<Prekey> Prekeys(absl::Time now) const {
    std::vector<Prekey> out;
    for (const auto& node : nodes) out.push_back(node->FreshPrekey(now));
    return out;
  }
  v1::EpochSlots Issue(size_t issuer, v1::EpochReason reason, absl::Time now) const {
    return *nodes[issuer]->groups->Issue(nodes[issuer]->org.self, group, Prekeys(now), reason, now);
  }
  // The delivery for one node; without a slot for who is no member of the newest version.
  v1::EpochDelivery For(size_t node, const v1::EpochSlots& issued) const {
    const Epoch epoch = *ReadEpoch(issued.epoch());
    const std::optional<size_t> place = nodes[0]->groups->Version(epoch.membership)->PlaceOf(founders.orgs[node].org());
    if (place.has_value()) return *DeliveryFor(issued, *place);
    v1::EpochDelivery out;
    *out.mutable_epoch() = issued.epoch();
    return out;
  }
  // Logs an epoch at every node that follows the group.
  void Log(const v1::EpochSlots& issued, absl::Time now) {
    const Epoch epoch = *ReadEpoch(issued.epoch());
    const MembershipHistory history = *nodes[0]->groups->History(group);
    entries.push_back(*MakeLogEntry(founders.orgs[0].self, group, history.log(), v1::GROUP_LOG_KIND_EPOCH, epoch.number,
                                    *Digest::From(epoch.id.view()), now));
    for (const auto& node : nodes) {
      if (node->groups->History(group).has_value()) Must(node->TakeDocuments(group, {&entries.back()}, {now}));
    }
  }
  // Issues, hands out and logs the next epoch; members that cannot open their slot are left at that.
  v1::EpochSlots Rekey(size_t issuer, v1::EpochReason reason, absl::Time now) {
    const v1::EpochSlots issued = Issue(issuer, reason, now);
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (!nodes[i]->groups->History(group).has_value()) continue;
      const RejectReason taken = ReasonOf(nodes[i]->TakeEpoch(For(i, issued), {now}));
      if (taken != RejectReason::kNone && taken != RejectReason::kNoSlot) std::abort();
    }
    Log(issued, now);
    return issued;
  }
  // What node `i` has on file of the others, for who asks more than keys.
  std::unique_ptr<Directory> DirectoryOf(size_t i) const {
    const auto party = [](const SampleOrg& org) {
      model::Party out;
      out.org = org.org();
      out.name = org.history.newest().name();
      out.nation = "XA";
      out.kind = model::PartyKind::kCert;
      out.ceiling = model::Label::kAmberStrict;
      return out;
    };
    const auto history = [](const SampleOrg& org) { return std::make_shared<const IdentityHistory>(org.history); };
    auto directory = std::make_unique<Directory>(party(founders.orgs[i]), history(founders.orgs[i]));
    for (const SampleOrg& org : founders.orgs) {
      if (org.org() != founders.orgs[i].org())
        Must(directory->Accept({party(org), org.history.newest(), history(org)}));
    }
    return directory;
  }
  static void Must(const absl::Status& status) {
    if (!status.ok()) throw std::runtime_error(status.ToString());
  }

  SampleFounders founders;
  std::vector<std::unique_ptr<SampleNode>> nodes;
  GroupId group;
  std::deque<v1::SignedMembership> documents;  // runs borrow them
  std::deque<v1::SignedBody> entries;
};

}  // namespace entente::trust
