#include "services/entented/housekeeping.h"

#include <grpc/support/log.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "exchange/testing/test_node.h"
#include "services/entented/files.h"
#include "services/entented/log.h"

namespace entente::node {
namespace {

class Watched : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(StartLog(path_, "info").ok()); }
  // Lines written since the last call.
  std::string Said() {
    const std::string all = *ReadWholeFile(path_, 1 << 20);
    return all.substr(std::exchange(read_, all.size()));
  }
  exchange::testing::TestNode node_{"cert.norlandia"};
  const std::string path_ = node_.folder.string() + "/entented.log";
  size_t read_ = 0;
  std::vector<v1::PeerStatus> peers_;
  uint64_t used_ = 0, told_ = 0;
  const Housekeeping::Neighbours neighbours_{[this] { return peers_; }, [this] { return used_; },
                                             [this](uint64_t used, uint64_t) { told_ = used; }, /*memory_limit=*/1000};
  Housekeeping housekeeping_{node_.room(), *node_.groups, neighbours_};
};

TEST_F(Watched, RefusalsCostOneLineForEachReasonHoweverMany) {
  node_.counters.CountReject(exchange::Door::kPeer, RejectReason::kSignature, 100'000);
  housekeeping_.Look();
  const std::string said = Said();
  EXPECT_NE(said.find(R"("message":"refused","count":"100000","reason":"E_SIG","code":"ENT-1019")"), std::string::npos);
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  housekeeping_.Look();
  EXPECT_EQ(Said(), "");
}

TEST_F(Watched, HandshakesCostOneLineForEachReasonHoweverMany) {
  for (int i = 0; i < 1000; ++i) node_.counters.CountHandshake(exchange::HandshakeRefusal::kTls);
  housekeeping_.Look();
  const std::string said = Said();
  EXPECT_NE(said.find(R"("message":"handshake refused","count":"1000","why":"tls")"), std::string::npos) << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  housekeeping_.Look();
  EXPECT_EQ(Said(), "");
}

TEST_F(Watched, APeerThatWasCutOffIsNamedWithTheBudget) {
  exchange::testing::TestNode estovia("cert.estovia");
  node_.Accept(estovia);
  exchange::PeerCounters& peer = node_.counters.Peer(estovia.org());
  peer.cuts = 7;
  peer.last_cut = "PING frames";
  housekeeping_.Look();
  const std::string said = Said();
  EXPECT_NE(said.find(R"("message":"peer cut off","peer":"cert.estovia","count":"7","over":"PING frames")"),
            std::string::npos)
      << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  housekeeping_.Look();
  EXPECT_EQ(Said(), "");
}

TEST_F(Watched, SessionsAreToldWhenTheirStateChanges) {
  peers_.resize(1);
  peers_[0].set_name("cert.estovia");
  for (const std::string state : {"connecting", "up", "refused"}) {
    peers_[0].set_state(state);
    housekeeping_.Look();
    EXPECT_NE(Said().find("\"peer\":\"cert.estovia\",\"state\":\"" + state + "\""), std::string::npos);
    housekeeping_.Look();
    EXPECT_EQ(Said(), "");
  }
}

TEST_F(Watched, APeerOverABudgetCostsOneLineForEachHoweverOften) {
  const exchange::testing::TestNode peer("cert.estovia", "XE");
  node_.Accept(peer);
  node_.counters.Peer(peer.org()).over_budget[static_cast<size_t>(exchange::Budget::kFrames)] = 3;
  housekeeping_.Look();
  const std::string said = Said();
  EXPECT_NE(said.find(R"("message":"peer over budget","peer":"cert.estovia","budget":"frames","count":"3")"),
            std::string::npos)
      << said;
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1);
  housekeeping_.Look();
  EXPECT_EQ(Said(), "");
}

TEST_F(Watched, ARestartOfTheListenerIsTold) {
  node_.counters.CountListenerRestart();
  housekeeping_.Look();
  EXPECT_NE(Said().find("the peer port did not answer and was opened again"), std::string::npos);
  housekeeping_.Look();
  EXPECT_EQ(Said(), "");
}

TEST_F(Watched, MemoryIsToldEachTimeAndLoggedWhenItTurns) {
  for (const auto& [used, line] : {std::pair<uint64_t, std::string>{849, ""},
                                   {850, "memory is short"},
                                   {999, ""},
                                   {100, "memory is enough again"},
                                   {100, ""}}) {
    used_ = used;
    housekeeping_.WatchMemory();
    EXPECT_EQ(told_, used);
    EXPECT_EQ(node_.counters.memory_used(), used);
    const std::string said = Said();
    EXPECT_EQ(said.empty(), line.empty()) << said;
    EXPECT_NE(said.find(line), std::string::npos) << said;
  }
}

TEST_F(Watched, TheThreadStopsAtOnce) {
  const absl::Time started = absl::Now();
  {
    Housekeeping running(node_.room(), *node_.groups, neighbours_);
    running.Start();
  }
  EXPECT_LT(absl::Now() - started, Housekeeping::kLook);
}

TEST_F(Watched, LinesOfTheRpcLibraryAreLimited) {
  ASSERT_TRUE(StartLog(path_, "trace").ok());
  gpr_log_verbosity_init();
  for (int i = 0; i < 1000; ++i) gpr_log(GPR_ERROR, "a stranger's bytes: %s", "\x1b[2J\n");
  const std::string said = Said();
  const auto lines = std::count(said.begin(), said.end(), '\n');
  EXPECT_GE(lines, 1);
  EXPECT_LE(lines, 3 * kForeignLines);  // the window may turn meanwhile
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace entente::node
