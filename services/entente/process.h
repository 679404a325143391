#pragma once

#include <sys/types.h>

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace entente::cli {

// The daemon beside this program. Refuses with kNotFound when there is none.
absl::StatusOr<std::string> DaemonProgram();
// Becomes the daemon: returns only on failure.
absl::Status ExecDaemon(const std::string& folder, const std::string& passphrase_file);
// Starts a daemon in a session of its own, stdin empty, output appended to `log`. It outlives this program.
absl::StatusOr<pid_t> SpawnDaemon(const std::string& folder, const std::string& log);
// True while the process runs; a zombie does not run. A child that ended is reaped.
bool Runs(pid_t pid);
// SIGTERM, and SIGKILL when it still runs after `patience`. Answers whether it ended by itself.
// Refuses with kUnavailable when it could not be ended at all.
absl::StatusOr<bool> EndProcess(pid_t pid, absl::Duration patience);
// Whether somebody could listen on 127.0.0.1:`port` right now.
bool PortIsFree(uint16_t port);
// Asks `done` every 20 ms until it answers true; false when `patience` is over.
bool WaitUntil(absl::Duration patience, const std::function<bool()>& done);

}  // namespace entente::cli
