#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "exchange/testing/group_nodes.h"
#include "services/peer/testing/two_rooms.h"

namespace entente::peer::testing {

// Three nodes that can be in one group, with sessions between them that a test opens and closes; no file is carried.
class ThreeRooms {
 public:
  exchange::testing::GroupNodes nodes;
  TestNode& norlandia = nodes.norlandia;
  TestNode& estovia = nodes.estovia;
  TestNode& volt = nodes.volt;

  void Open(TestNode& one, TestNode& other) {
    const auto pipe = Pipe::Make();
    sides_.push_back(std::make_unique<Side>(one, other, pipe, 0));
    sides_.push_back(std::make_unique<Side>(other, one, pipe, 1));
  }
  void OpenAll() {
    Open(norlandia, estovia);
    Open(norlandia, volt);
    Open(estovia, volt);
  }
  void CloseAll() { sides_.clear(); }
  bool AnyOver() const {
    for (const auto& side : sides_) {
      if (side->over()) return true;
    }
    return false;
  }
  // Every node does what it owes its groups, as housekeeping would, until `holds`.
  bool Settles(const std::function<bool()>& holds) {
    return Eventually([&] {
      for (TestNode* node : nodes.all) {
        if (node->groups->DutiesWait()) node->groups->DoDuties().IgnoreError();
      }
      for (const auto& side : sides_) (**side).Wake();
      return holds();
    });
  }
  bool AllAt(uint64_t version, uint64_t epoch) {
    return Settles([&] {
      for (const TestNode* node : nodes.all) {
        if (nodes.Version(*node) != version || nodes.Epoch(*node) != epoch) return false;
      }
      return true;
    });
  }
  uint64_t Rejected(RejectReason reason) {
    uint64_t sum = 0;
    for (TestNode* node : nodes.all) sum += node->counters.Rejects(exchange::Door::kPeer, reason);
    return sum;
  }
  // At any node, for any reason: one name for each.
  std::vector<std::string> Rejections() {
    std::vector<std::string> out;
    for (const RejectEntry& entry : AllRejectReasons()) {
      for (uint64_t n = Rejected(entry.reason); n > 0; --n) out.emplace_back(entry.name);
    }
    return out;
  }

 private:
  std::vector<std::unique_ptr<Side>> sides_;
};

}  // namespace entente::peer::testing
