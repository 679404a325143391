#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "exchange/testing/test_node.h"
#include "services/metrics/metrics_server.h"

namespace entente::metrics {

// What a metrics surface needs of a node, for tests: a node with real keys and a real store, and one accepted party.
class TestNode : public testing::Test {
 protected:
  void SetUp() override {
    const exchange::testing::TestNode peer("cert.estovia", "XE");
    node_ = std::make_unique<exchange::testing::TestNode>("cert.norlandia");
    node_->Accept(peer);
    peer_ = peer.org();
  }

  MetricsSources Sources() {
    return {node_->counters,   *node_->journal,
            *node_->directory, [this] { return std::vector<Check>{{"store", store_}, {"serving", absl::OkStatus()}}; },
            "9.8.7",           node_->clock.Now()};
  }

  std::unique_ptr<exchange::testing::TestNode> node_;
  OrgId peer_;
  absl::Status store_;
};

}  // namespace entente::metrics
