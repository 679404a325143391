#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "exchange/exchange.h"

namespace entente::node {

// One quiet thread: rotates prekeys every hour, and writes to the log what changed since it last looked: sessions up or
// down, intake stopped or resumed, refusals by reason, those of handshakes too, peers that were cut off: at most twelve lines a minute for each.
// So a flood of bad input costs a few lines, not a full disk.
class Housekeeping {
 public:
  static constexpr absl::Duration kLook = absl::Seconds(5), kRotate = absl::Hours(1);

  // `room` and `peers` outlive this. The thread starts with Start.
  Housekeeping(exchange::Room room, std::function<std::vector<v1::PeerStatus>()> peers);
  void Start();
  ~Housekeeping();  // stops at once
  // Writes down what changed since the last look. The thread's own step; not beside it.
  void Look();

 private:
  void Run();
  void Rotate();
  void LookAtStore();
  void LookAtPeers();
  void LookAtRefusals();
  void LookAtHandshakes();
  void LookAtCuts();

  exchange::Room room_;
  std::function<std::vector<v1::PeerStatus>()> peers_;
  bool store_ok_ = true;
  std::map<std::string, std::string> states_;
  std::map<std::string, uint64_t> cuts_;
  std::array<uint64_t, static_cast<size_t>(RejectReason::kCount)> refusals_{};
  std::array<uint64_t, static_cast<size_t>(exchange::HandshakeRefusal::kCount)> handshakes_{};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace entente::node
