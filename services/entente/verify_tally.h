#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "absl/status/status.h"
#include "services/entente/verify_report.h"

namespace entente::cli {

// What became of the entries of files, as counts of each kind. One thread.
class Tally {
 public:
  // `prefix` stands in front of each kind.
  explicit Tally(std::string prefix = "") : prefix_(std::move(prefix)) {}
  // Holds or fails.
  void Count(const std::string& kind, const absl::Status& outcome);
  // `why` is one of a few.
  void CountUnchecked(const std::string& kind, const std::string& why) { ++counts_[{kind, kNotChecked, why}]; }
  // One row for each kind and outcome. The first that failed is the report's status, unless it has one.
  void Tell(Report& report) const;

 private:
  std::string prefix_;
  std::map<std::tuple<std::string, std::string, std::string>, uint64_t> counts_;  // kind, result, why
  absl::Status first_;
};

}  // namespace entente::cli
