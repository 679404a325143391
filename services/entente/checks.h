#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "entente/v1/admin.pb.h"

namespace entente::cli {

// Where a node listens unless it is told otherwise or they are taken.
inline constexpr uint16_t kPeerPort = 7443, kMetricsPort = 9464;

// One thing that `entente doctor` looked at. A warning needs eyes, a failure needs hands.
struct Finding {
  enum class Result { kOk, kWarning, kFailure };
  std::string group;
  Result result;
  std::string what, hint;
};

// Everything about the node in `folder`, running or not. Changes nothing and needs no network but the admin socket.
std::vector<Finding> Examine(const std::string& folder, const std::string& passphrase_file);

// Whether this machine is fit for a node that is not there yet: programs, kernel, memory, limits, clock, disk, the
// folder and the ports that `entente init` would take, and whether each of `addresses` (host:port) can be reached.
std::vector<Finding> ExamineBefore(const std::string& folder, const std::vector<std::string>& addresses);

// The part that needs no daemon: files, keys, clock, disk.
void ExamineFiles(const std::string& folder, const std::string& passphrase_file, std::vector<Finding>& findings);
void ExamineMachine(const std::string& folder, std::vector<Finding>& findings);
// The part that only the daemon knows.
void ExamineDaemon(const v1::StatusReply& status, std::vector<Finding>& findings);

}  // namespace entente::cli
