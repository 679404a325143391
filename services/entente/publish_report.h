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

// Waits until every peer that had something to get has acknowledged it. Refuses with kPeerDown and names who has not.
absl::Status AwaitDelivery(AdminClient& client, const PublishTotals& totals, absl::Duration patience);

}  // namespace entente::cli
