#pragma once

#include <chrono>

#include "entente/v1/admin.pb.h"
#include "services/entente/json_writer.h"
#include "services/entente/output.h"

// How local rules, and what they would change, look in JSON and on a terminal.
namespace entente::cli {

std::string PolicyJson(const v1::PolicyReply& reply);
void PrintRules(const Terminal& terminal, const v1::PolicyReply& reply);
void PrintDifference(const Terminal& terminal, const v1::PolicyDifference& difference);

// How far a comparison came: a bar on a terminal, a line each few seconds elsewhere. Nothing for what takes no time.
class ComparisonMeter {
 public:
  explicit ComparisonMeter(const Terminal& terminal) : terminal_(terminal) {}
  ~ComparisonMeter();  // clears the line
  void Show(uint64_t done, uint64_t about);

 private:
  using Steady = std::chrono::steady_clock;
  const Terminal terminal_;
  Steady::time_point next_ = Steady::now() + std::chrono::milliseconds(400);
  bool on_line_ = false;
};

}  // namespace entente::cli
