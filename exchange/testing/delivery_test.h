#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "exchange/delivery.h"
#include "exchange/testing/test_node.h"

// Norlandia delivers to Estovia, which refuses what a test says.
namespace entente::exchange::testing {

using model::Label;

class DeliveryTest : public ::testing::Test {
 protected:
  DeliveryTest() {
    norlandia_.Accept(estovia_);
    estovia_.Accept(norlandia_);
  }
  void Publish(int first, int count, const PublishTerms& terms = {}) {
    std::vector<std::string> objects;
    for (int n = first; n < first + count; ++n) {
      objects.push_back(Indicator(std::to_string(n), "a.example", Label::kGreen));
    }
    ASSERT_EQ(norlandia_.Publish(objects, terms).published(), static_cast<uint64_t>(count));
  }
  // Sends all there is to send now; estovia takes what `poison` does not touch. Returns how many it refused.
  int Run(Delivery& delivery, const std::set<std::string>& poison) {
    int refused = 0;
    for (;;) {
      const auto next = delivery.Next(estovia_.OfferedPrekey());
      EXPECT_TRUE(next.ok()) << next.status();
      if (!next.ok() || !next->has_value()) break;
      const bool refuse = Touches(**next, poison);
      if (!refuse) {
        const absl::Status taken = estovia_.Admit(norlandia_.org(), (*next)->envelope);
        EXPECT_TRUE(taken.ok()) << taken;
      }
      delivery.Acknowledge((*next)->position, refuse, std::nullopt);
      refused += refuse ? 1 : 0;
    }
    Settle();
    return refused;
  }
  int RunRefusingAll(Delivery& delivery) { return Run(delivery, {"*"}); }
  // Looked up with estovia's keys, and without telling estovia.
  bool Touches(const Outgoing& outgoing, const std::set<std::string>& poison) {
    if (poison.contains("*")) return true;
    if (poison.empty()) return false;
    const auto opened = envelope::Open(outgoing.envelope, estovia_.org(), *estovia_.prekeys, estovia_.clock.now,
                                       [](const EnvelopeId&) { return false; }, nullptr);
    EXPECT_TRUE(opened.ok()) << opened.status();
    const auto verified = envelope::Verify(*opened, *estovia_.directory, norlandia_.org(), estovia_.clock.now, nullptr);
    EXPECT_TRUE(verified.ok()) << verified.status();
    for (const envelope::Statement& statement : verified->batch->statements()) {
      for (const std::string& id : poison) {
        if (statement.content().find(id) != Bytes::npos) return true;
      }
    }
    return false;
  }
  void Settle() {
    ASSERT_TRUE(norlandia_.journal->CommitAndWait([](storage::Transaction&) { return absl::OkStatus(); }).ok());
  }
  void Forward(absl::Duration by) {
    norlandia_.clock.now += by;
    estovia_.clock.now += by;
    ASSERT_TRUE(estovia_.prekeys->Rotate(estovia_.clock.now).ok());
  }
  storage::PeerCursor Cursor() { return *norlandia_.journal->Cursor(estovia_.org()); }
  uint64_t Lag() { return norlandia_.journal->Lag(estovia_.org()); }
  v1::ExplainReply Explain(int n) { return *norlandia_.reading->Explain(IdOf(std::to_string(n)), "cert.estovia"); }
  void ExpectClean() { EXPECT_EQ(norlandia_.journal->Fsck(false)->problems, std::vector<std::string>()); }

  TestNode norlandia_{"cert.norlandia", "XN"};
  TestNode estovia_{"cert.estovia", "XE"};
};

}  // namespace entente::exchange::testing
