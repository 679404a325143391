#pragma once

#include <string>
#include <string_view>

#include "services/metrics/metrics_server.h"

namespace entente::metrics {

struct Page {
  unsigned status;
  std::string content_type;
  std::string body;
};
// What a GET of `target` (path and query) gets. Unknown paths get 404.
Page Answer(const MetricsSources& sources, std::string_view target);
Page WrongMethod();

}  // namespace entente::metrics
