#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "services/entente/output.h"
#include "services/entente/publish_stream.h"

namespace entente::cli {

// How far a publish has come, on stderr: nothing in the first 400 ms; then one line that is rewritten on a terminal,
// and a new line each 5 s elsewhere. Safe from any thread.
class Meter {
 public:
  explicit Meter(const Terminal& terminal) : terminal_(terminal) {}
  ~Meter();  // clears the line
  // `percent` of the input read, or negative when unknown.
  void Show(const PublishTotals& totals, double percent);

 private:
  using Steady = std::chrono::steady_clock;
  const Terminal terminal_;
  const Steady::time_point start_ = Steady::now();
  std::mutex mutex_;
  Steady::time_point next_ = start_ + std::chrono::milliseconds(400);
  bool on_line_ = false;
};

std::string PublishJson(const PublishTotals& totals);
void PrintPublish(const Terminal& terminal, const PublishTotals& totals);

// Whether `peer` got something by this publish and has not answered for all of it. Others' backlogs do not count.
bool IsOwed(const PublishTotals& totals, const v1::PeerStatus& peer);
// Waits until nothing of this publish is owed to anybody. Refuses with kPeerDown and names who has not answered.
absl::Status AwaitDelivery(AdminClient& client, const PublishTotals& totals, absl::Duration patience);

}  // namespace entente::cli
