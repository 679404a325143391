#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "exchange/groups.h"

namespace entente::node {

// One quiet thread: rotates prekeys every hour, does what the node owes its groups every minute and when something of
// one came in, and writes to the log what changed since it last looked: sessions up or down, intake stopped or resumed,
// refusals by reason, those of handshakes too, peers over a budget or cut off: at most twelve lines a minute for each.
// So a flood of bad input costs a few lines, not a full disk. Every second it watches the memory.
class Housekeeping {
 public:
  static constexpr absl::Duration kWatch = absl::Seconds(1), kLook = absl::Seconds(5), kRotate = absl::Hours(1);
  static constexpr absl::Duration kGroups = absl::Minutes(1);

  // What can be asked and told; outlives this.
  struct Neighbours {
    std::function<std::vector<v1::PeerStatus>()> peers;
    std::function<uint64_t()> memory_used;
    std::function<void(uint64_t used, uint64_t limit)> on_memory;
    uint64_t memory_limit = 0;  // bytes; 0: none
  };
  // All outlive this. The thread starts with Start.
  Housekeeping(exchange::Room room, exchange::Groups& groups, Neighbours neighbours);
  void Start();
  ~Housekeeping();  // stops at once
  // Writes down what changed since the last look. The thread's own step; not beside it.
  void Look();
  // Tells how much memory is used. Near the limit it first gives back what is free. A step of the thread, as Look.
  void WatchMemory();

 private:
  void Run();
  void Rotate();
  void LookAfterGroups();
  void LookAtStore();
  void LookAtPeers();
  void LookAtRefusals();
  void LookAtHandshakes();
  void LookAtBudgets();
  void LookAtListener();
  void LookAtCuts();

  exchange::Room room_;
  exchange::Groups& groups_;
  const Neighbours neighbours_;
  bool store_ok_ = true;
  std::map<std::string, std::string> states_;
  std::map<std::string, uint64_t> cuts_;
  std::array<uint64_t, static_cast<size_t>(RejectReason::kCount)> refusals_{};
  std::array<uint64_t, static_cast<size_t>(exchange::HandshakeRefusal::kCount)> handshakes_{};
  std::map<std::string, std::array<uint64_t, static_cast<size_t>(exchange::Budget::kCount)>> breaches_;
  uint64_t restarts_ = 0;
  RejectReason group_problem_ = RejectReason::kNone;  // told already
  bool short_of_memory_ = false;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace entente::node
