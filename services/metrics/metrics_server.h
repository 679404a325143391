#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "exchange/counters.h"
#include "storage/journal.h"
#include "trust/directory.h"

namespace entente::metrics {

// One condition of readiness: what it is called and whether it holds.
struct Check {
  std::string name;
  absl::Status status;
};

// What is measured. Borrowed things and callbacks outlive the server and are safe from any thread.
struct MetricsSources {
  exchange::Counters& counters;
  const storage::Journal& journal;
  const trust::Directory& directory;
  std::function<std::vector<Check>()> checks;
  std::string software;  // "0.1.0"
  absl::Time started;
};

inline constexpr size_t kMaxRequestBytes = 8 * 1024, kMaxHttpConnections = 32;
inline constexpr absl::Duration kHttpPatience = absl::Seconds(5);  // for one request, and between two

// /metrics (Prometheus text 0.0.4), /livez, /readyz (503 with the reasons while a check fails; ?verbose lists all) and
// /, which names them. Plain HTTP/1.1, GET and HEAD, one thread. No label holds an address, object id or indicator
// value.
class MetricsServer {
 public:
  // `listen` as host:port, port 0 allowed. Refuses with kConfig when it cannot be bound.
  static absl::StatusOr<std::unique_ptr<MetricsServer>> Start(const std::string& listen, MetricsSources sources);
  virtual ~MetricsServer() = default;       // stops
  virtual std::string address() const = 0;  // as bound
  virtual void Stop() = 0;                  // closes everything at once; idempotent
};

}  // namespace entente::metrics
