#pragma once

#include <string>
#include <vector>

#include "exchange/testing/test_node.h"

// Nodes in one group, who hand each other what each may have.
namespace entente::exchange::testing {

// Two admins, the first of whom keeps the log and issues first, and a member.
struct GroupNodes {
  GroupNodes() {
    for (TestNode* one : all) one->BecomeAdmin();
    for (TestNode* one : all) {
      for (TestNode* other : all) {
        if (one != other) one->Accept(*other);
      }
    }
    Greet();
  }
  // Each hears the others' prekeys, as by a session's Hello.
  void Greet() {
    for (TestNode* one : all) {
      for (const TestNode* other : all) Hear(*one, *other);
    }
  }
  static void Hear(TestNode& one, const TestNode& other) {
    if (&one == &other || !one.directory->Find(other.org())) return;
    const v1::SignedBody offer = other.prekeys->Offer();
    const auto checked = trust::CheckPrekey(trust::HistoryOf(*other.self), offer, one.clock.now);
    if (checked.ok()) one.directory->heard_prekeys().Keep(other.org(), v1::PREKEY_CLASS_ONLINE, offer, checked->not_after);
  }
  trust::GroupTerms Terms(uint32_t threshold = 1) const {
    trust::GroupTerms terms;
    terms.name = "energy";
    terms.admins = {norlandia.org(), estovia.org()};
    terms.threshold = threshold;
    terms.issuers = {norlandia.org(), estovia.org()};
    for (const TestNode* one : all) terms.members[one->org()] = 1;
    terms.log_org = norlandia.org();
    return terms;
  }
  // What `to` may have of `from`, in the order of the answer. The first refusal.
  absl::Status Pass(const TestNode& from, TestNode& to, const Groups::From& behind = {}) const {
    const auto answer = from.groups->AnswerFor(group, to.org(), behind);
    if (!answer.ok()) return answer.status();
    std::vector<trust::GroupDocument> run;
    for (const auto& document : answer->documents) {
      std::visit([&](const auto& one) { run.emplace_back(&one); }, document);
    }
    absl::Status first = run.empty() ? absl::OkStatus() : to.groups->TakeDocuments(group, run, /*asked=*/true);
    const auto note = [&](const absl::Status& status) {
      if (first.ok()) first = status;
    };
    for (const v1::SignedBody& leave : answer->leaves) note(to.groups->TakeLeave(leave, true));
    for (const v1::EpochDelivery& epoch : answer->epochs) note(to.groups->TakeEpoch(epoch, true));
    for (const v1::SignedBody& rewrap : answer->rewraps) note(to.groups->TakeRewrap(rewrap, true));
    return first;
  }
  void Forward(absl::Duration by) {
    for (TestNode* one : all) {
      one->clock.now += by;
      if (!one->prekeys->Rotate(one->clock.now).ok()) abort();
    }
    Greet();
  }
  // Norlandia founds the group; everybody has it and its first epoch.
  absl::Status Found(uint32_t threshold = 1) {
    const auto change = norlandia.groups->Propose(std::nullopt, Terms(threshold));
    if (!change.ok()) return change.status();
    group = change->group;
    if (!change->counts) return absl::OkStatus();
    if (absl::Status status = norlandia.groups->DoDuties(); !status.ok()) return status;
    for (TestNode* other : {&estovia, &volt}) {
      if (absl::Status status = Pass(norlandia, *other); !status.ok()) return status;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<trust::EpochUse> Seals(const TestNode& node) const { return node.group_directory->ToSealUnder(group, node.clock.now); }
  RejectReason SealsWhy(const TestNode& node) const { return ReasonOf(Seals(node).status()); }
  uint64_t Epoch(const TestNode& node) const {
    const auto use = Seals(node);
    return use.ok() ? use->number : 0;
  }
  uint64_t Version(const TestNode& node) const {
    const auto newest = node.group_directory->Newest(group);
    return newest == nullptr ? 0 : newest->version();
  }

  TestNode norlandia{"cert.norlandia", "XN"};
  TestNode estovia{"cert.estovia", "XE"};
  TestNode volt{"volt", "XN", model::PartyKind::kPrivate};
  const std::vector<TestNode*> all = {&norlandia, &estovia, &volt};
  GroupId group;
};

}  // namespace entente::exchange::testing
