#include "services/metrics/pages.h"

#include "services/metrics/collect.h"

namespace entente::metrics {
namespace {

constexpr char kText[] = "text/plain; charset=utf-8";
constexpr char kExpositionText[] = "text/plain; version=0.0.4; charset=utf-8";

unsigned HttpOf(RejectReason reason) {
  return static_cast<unsigned>(Describe(reason).http);
}

// 200 "ready", or what the table has for kUnavailable, whichever condition fails: one line for each that does. Verbose
// lists those that hold, too.
Page Readiness(const std::vector<Check>& checks, bool verbose) {
  std::string lines;
  bool ready = true;
  for (const Check& check : checks) {
    ready = ready && check.status.ok();
    if (!check.status.ok()) {
      const RejectEntry& info = Describe(ReasonOf(check.status));
      lines += "FAIL " + check.name + ": " + std::string(check.status.message()) + " [" + std::string(info.name) + " " +
               std::string(info.code) + "]\n";
    } else if (verbose) {
      lines += "ok   " + check.name + "\n";
    }
  }
  const RejectReason reason = ready ? RejectReason::kNone : RejectReason::kUnavailable;
  return {HttpOf(reason), kText, lines + (ready ? "ready\n" : "not ready\n")};
}

}  // namespace

Page Answer(const MetricsSources& sources, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : "";
  if (path == "/metrics") return {200, kExpositionText, Exposition(Collect(sources))};
  if (path == "/livez") return {200, kText, "live\n"};
  if (path == "/readyz") return Readiness(sources.checks(), query == "verbose" || query.starts_with("verbose="));
  if (path == "/")
    return {
        200, kText,
        "/metrics  Prometheus text format\n/livez    is the process alive\n/readyz   does the node serve (?verbose)\n"};
  return {HttpOf(RejectReason::kNotFound), kText, "not found; try /\n"};
}

Page WrongMethod() {
  return {405, kText, "only GET and HEAD\n"};
}

}  // namespace entente::metrics
