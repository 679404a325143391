#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "exchange/testing/group_nodes.h"
#include "services/peer/testing/by_hand.h"

namespace entente::peer::testing {

// Three nodes that may be in groups: Norlandia is real, the test speaks for Estovia, and Volt is a third party.
class DocumentsByHand : public ByHand {
 protected:
  void SetUp() override {
    for (exchange::testing::TestNode* node : {&norlandia_, &estovia_, &volt_}) node->BecomeAdmin();
    for (exchange::testing::TestNode* one : {&norlandia_, &estovia_, &volt_}) {
      for (exchange::testing::TestNode* other : {&norlandia_, &estovia_, &volt_}) {
        if (one != other) one->Accept(*other);
      }
    }
    budget_ = std::make_shared<PeerBudget>(BudgetLimits{}, norlandia_.counters.Peer(estovia_.org()),
                                           std::chrono::steady_clock::now());
  }
  static v1::Frame WantOf(v1::DocumentKind kind, ByteView id, uint64_t first = 1, uint32_t count = kMaxWantCount) {
    v1::Frame frame;
    frame.mutable_want()->set_kind(kind);
    frame.mutable_want()->set_id(id.data(), id.size());
    frame.mutable_want()->set_first(first);
    frame.mutable_want()->set_count(count);
    return frame;
  }
  static v1::Frame DocumentOf(v1::DocumentKind kind, ByteView id, uint64_t number, const Bytes& bytes,
                              bool end = false) {
    v1::Frame frame;
    frame.mutable_document()->set_kind(kind);
    frame.mutable_document()->set_id(id.data(), id.size());
    frame.mutable_document()->set_number(number);
    frame.mutable_document()->set_document(bytes);
    frame.mutable_document()->set_end(end);
    return frame;
  }
  // What Norlandia answers, up to the end, each document once.
  std::vector<v1::Document> AnswerTo(const v1::Frame& want) {
    Say(want);
    std::vector<v1::Document> out;
    while (std::optional<v1::Frame> frame = Next(v1::Frame::kDocument)) {
      if (frame->document().kind() != want.want().kind() || frame->document().id() != want.want().id()) continue;
      const auto same = [&](const v1::Document& one) { return one.document() == frame->document().document(); };
      if (out.empty() || std::none_of(out.begin(), out.end(), same)) out.push_back(frame->document());  // told as well
      if (!frame->document().end()) continue;
      out.back().set_end(true);
      return out;
    }
    return {};
  }
  bool Lives() { return AnswerTo(WantOf(v1::DOCUMENT_KIND_IDENTITY, norlandia_.org().view())).size() == 2; }
  bool IsEndAlone(const v1::Frame& want) {
    const std::vector<v1::Document> answer = AnswerTo(want);
    return answer.size() == 1 && answer[0].end() && answer[0].document().empty();
  }
  // A group of these, founded by `by`, all of which count at once.
  GroupId Found(exchange::testing::TestNode& by, const std::vector<const exchange::testing::TestNode*>& members) {
    trust::GroupTerms terms;
    terms.name = "energy";
    terms.admins = {by.org()};
    terms.issuers = {by.org()};
    terms.log_org = by.org();
    for (const exchange::testing::TestNode* one : members) terms.members[one->org()] = 1;
    const auto change = by.groups->Propose(std::nullopt, terms);
    EXPECT_TRUE(change.ok()) << change.status();
    EXPECT_TRUE(by.groups->DoDuties().ok());
    return change->group;
  }
  std::string BudgetOver() {
    const auto out = budget_->KeptOut(std::chrono::steady_clock::now());
    return out ? out->why : "";
  }
  v1::Frame Hint(const exchange::testing::TestNode& of, const GroupId& group) {
    const auto newest = of.group_directory->Newest(group);
    return DocumentOf(v1::DOCUMENT_KIND_MEMBERSHIP, group.view(), newest->version(),
                      newest->wire().SerializeAsString());
  }
  exchange::testing::TestNode volt_{"volt", "XN", model::PartyKind::kPrivate};
};

}  // namespace entente::peer::testing
