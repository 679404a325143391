#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

#include "services/metrics/metrics_server.h"

namespace entente::metrics {

// Everything that /metrics shows, read at this moment. Every series exists from the start, at 0 where nothing happened.
// docs/metrics.md lists the families.
std::vector<prometheus::MetricFamily> Collect(const MetricsSources& sources);
// Text exposition format 0.0.4.
std::string Exposition(const std::vector<prometheus::MetricFamily>& families);

// CPU, memory, descriptors and start time of this process, from /proc/self; what cannot be read is left out.
std::vector<prometheus::MetricFamily> CollectProcess();

// Building blocks of a family.
prometheus::MetricFamily Counter(std::string name, std::string help);
prometheus::MetricFamily Gauge(std::string name, std::string help);
void Add(prometheus::MetricFamily& family, std::vector<prometheus::ClientMetric::Label> labels, double value);

}  // namespace entente::metrics
