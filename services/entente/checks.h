#pragma once

#include <string>
#include <vector>

#include "entente/v1/admin.pb.h"

namespace entente::cli {

// One thing that `entente doctor` looked at. A warning needs eyes, a failure needs hands.
struct Finding {
  enum class Result { kOk, kWarning, kFailure };
  std::string group;
  Result result;
  std::string what, hint;
};

// Everything about the node in `folder`, running or not. Changes nothing and needs no network but the admin socket.
std::vector<Finding> Examine(const std::string& folder, const std::string& passphrase_file);

// The part that needs no daemon: files, keys, clock, disk.
void ExamineFiles(const std::string& folder, const std::string& passphrase_file, std::vector<Finding>& findings);
void ExamineMachine(const std::string& folder, std::vector<Finding>& findings);
// The part that only the daemon knows.
void ExamineDaemon(const v1::StatusReply& status, std::vector<Finding>& findings);

}  // namespace entente::cli
