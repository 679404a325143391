#include "services/entented/peer_options.h"

#include <gtest/gtest.h>

namespace entente::node {
namespace {

TEST(PeerOptions, TheStandardConfigurationIsTheStandardBudget) {
  const peer::BudgetLimits limits = PeerOptions(Config{}).budget, standard;
  for (const auto& [a, b] : {std::pair{limits.frames, standard.frames},
                             {limits.bytes, standard.bytes},
                             {limits.cpu_seconds, standard.cpu_seconds}}) {
    EXPECT_DOUBLE_EQ(a.per_second, b.per_second);
    EXPECT_DOUBLE_EQ(a.burst, b.burst);
  }
}

TEST(PeerOptions, WhatMayComeAtOnceFollows) {
  Config config;
  config.peer_frames = 100;
  config.peer_mib = 1;
  config.peer_cpu_percent = 200;
  const peer::BudgetLimits limits = PeerOptions(config).budget;
  EXPECT_DOUBLE_EQ(limits.frames.burst, 300);
  EXPECT_DOUBLE_EQ(limits.bytes.burst, 4.0 * (1 << 20));
  EXPECT_DOUBLE_EQ(limits.cpu_seconds.burst, 120);
}

}  // namespace
}  // namespace entente::node
