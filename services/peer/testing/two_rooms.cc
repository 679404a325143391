#include "services/peer/testing/two_rooms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "services/peer/testing/network.h"

namespace entente::peer::testing {
namespace {

using ::testing::AssertionFailure;
using ::testing::AssertionResult;
using ::testing::AssertionSuccess;

// These tests are about the line, not about the disk: their stores are in memory where it has room for them.
constexpr const char* kMemory = "/dev/shm";
constexpr uintmax_t kRoom = 512u << 20;
void PreferMemory() {
  std::error_code none;
  const auto space = std::filesystem::space(kMemory, none);
  if (!none && space.available > kRoom) setenv("TMPDIR", kMemory, /*overwrite=*/0);
}

constexpr int kReconnects = 20;  // of Converge; each one goes as far as it can
constexpr const char* kNames[2] = {"cert.norlandia", "cert.estovia"};

}  // namespace

Side::Side(TestNode& node, const TestNode& peer, const std::shared_ptr<FrameLine>& line, int end, uint64_t credit) {
  session_ = Session::Open(node.room(), {*node.admission, *node.groups}, peer.org(), credit, line->End(end),
                           {[](Session&) { return absl::OkStatus(); },
                            [this](absl::Status why) { rolled_back = ReasonOf(why) == RejectReason::kRolledBack; },
                            [this](Session&, const SessionEnd& end_of_it) {
                              over_ = true;
                              ended_.set_value(end_of_it);
                            }});
}

SessionEnd Side::Finish() {
  session_->Stop();
  return Ended();
}

SessionEnd Side::Ended() {
  if (end_) return *end_;
  end_ = ended_.get_future().get();
  session_->Join();
  return *end_;
}

TwoRooms::TwoRooms() {
  PreferMemory();
  nodes_[0] = std::make_unique<TestNode>(kNames[0], "XN");
  nodes_[1] = std::make_unique<TestNode>(kNames[1], "XE");
  node(0).Accept(node(1));
  node(1).Accept(node(0));
}

void TwoRooms::Publish(int side, int count, bool large) {
  std::vector<std::string> objects;
  for (int i = 0; i < count; ++i) {
    const std::string tail = std::to_string(1 + side) + std::to_string(100000000 + ++named_[side]);
    const std::string pad = large ? ",\"description\":\"" + std::string(kMaxPieceBytes + 1000, 'x') + "\"" : "";
    objects.push_back(exchange::testing::Indicator(tail, tail + ".example", model::Label::kGreen,
                                                   "2026-01-02T03:04:05.678Z", pad));
  }
  const v1::PublishProgress progress = node(side).Publish(objects);
  if (progress.published() != objects.size()) abort();  // the fixture's own fault
  published_[side].insert(published_[side].end(), objects.begin(), objects.end());
}

bool TwoRooms::Drained() const {
  return nodes_[0]->journal->Lag(nodes_[1]->org()) == 0 && nodes_[1]->journal->Lag(nodes_[0]->org()) == 0;
}

AssertionResult TwoRooms::Converge() {
  for (int i = 0; i < kReconnects && !Drained(); ++i) {
    if (i > 0) {
      for (const auto& node : nodes_) {
        node->clock.now += absl::Minutes(2);
        if (!node->prekeys->Rotate(node->clock.now).ok()) return AssertionFailure() << "no prekey";
      }
    }
    const auto line = Connection::Make();
    Side n(node(0), node(1), line, 0), e(node(1), node(0), line, 1);
    const auto moved_on = [&] { return Drained() || n.over() || e.over(); };
    // What was refused waits for its time, which does not come within a session here.
    Eventually([&] { return moved_on() || node(0).journal->Cursor(node(1).org())->held > 0 ||
                            node(1).journal->Cursor(node(0).org())->held > 0; });
    if (n.rolled_back || e.rolled_back) return AssertionFailure() << "a node was told that its history was set back";
  }
  if (Drained()) return AssertionSuccess();
  return AssertionFailure() << "outboxes hold " << nodes_[0]->journal->Lag(nodes_[1]->org()) << " and "
                            << nodes_[1]->journal->Lag(nodes_[0]->org());
}

std::vector<std::string> TwoRooms::Came(int side, const std::string& origin) {
  std::vector<std::string> contents;
  const auto seqs = *node(side).journal->Objects(seen_[side], 1'000'000);
  for (const uint64_t seq : seqs) {
    auto object = *node(side).reading->At(seq);
    if (object && object->row.origin() == origin) contents.push_back(std::move(object->content));
  }
  return contents;
}

AssertionResult TwoRooms::Exact(bool in_order) {
  for (int from : {0, 1}) {
    const int to = 1 - from;
    exchange::PeerCounters& counters = node(to).counters.Peer(node(from).org());
    std::vector<std::string> came = Came(to, kNames[from]), want = published_[from];
    const uint64_t gaps = counters.sequence_gaps - std::exchange(gaps_[to], counters.sequence_gaps);
    if (in_order && gaps != 0) return AssertionFailure() << gaps << " gaps at " << kNames[to];
    if (!in_order) {
      std::sort(came.begin(), came.end());
      std::sort(want.begin(), want.end());
    }
    if (came != want) {
      return AssertionFailure() << kNames[to] << " has " << came.size() << " of " << want.size()
                                << " objects, or others, or in another order";
    }
    if (node(to).journal->Count().quarantined != 0) return AssertionFailure() << "quarantined at " << kNames[to];
  }
  for (int side : {0, 1}) {
    published_[side].clear();
    seen_[side] = node(side).journal->Head().sequence;
  }
  return AssertionSuccess();
}

AssertionResult TwoRooms::Sound() {
  for (int side : {0, 1}) {
    const auto report = node(side).journal->Fsck(false);
    if (!report.ok()) return AssertionFailure() << report.status();
    if (!report->problems.empty()) return AssertionFailure() << kNames[side] << ": " << report->problems[0];
    const uint64_t all = named_[0] + named_[1];
    if (node(side).journal->Count().versions != all) return AssertionFailure() << "not " << all << " versions";
  }
  return AssertionSuccess();
}

}  // namespace entente::peer::testing
