#include "services/metrics/collect.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>

#include "services/metrics/test_node.h"

namespace entente::metrics {
namespace {

using prometheus::MetricType;

class Collected : public TestNode {
 protected:
  std::vector<prometheus::MetricFamily> All() { return Collect(Sources()); }
  // Values of the family `name` by its labels, joined as "a=b,c=d"; empty when there is no such family.
  std::map<std::string, double> Series(const std::string& name) {
    std::map<std::string, double> out;
    for (const auto& family : All()) {
      for (const auto& metric : family.metric) {
        std::string labels;
        for (const auto& label : metric.label) labels += (labels.empty() ? "" : ",") + label.name + "=" + label.value;
        if (family.name == name)
          out[labels] = family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value;
      }
    }
    return out;
  }
};

bool IsName(const std::string& name) {
  return !name.empty() && name.front() >= 'a' && name.front() <= 'z' && name.find("__") == std::string::npos &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

TEST_F(Collected, NamesFollowTheRules) {
  std::set<std::string> seen;
  for (const auto& family : All()) {
    EXPECT_TRUE(IsName(family.name)) << family.name;
    EXPECT_TRUE(family.name.starts_with("entente_") || family.name.starts_with("process_")) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.type == MetricType::Counter) << family.name;
    EXPECT_FALSE(family.help.empty() || family.help.back() != '.') << family.name;
    EXPECT_FALSE(family.metric.empty()) << family.name;
    EXPECT_TRUE(seen.insert(family.name).second) << family.name << " twice";
  }
}

TEST_F(Collected, UnitsAreBaseUnits) {
  for (const auto& family : All()) {
    for (const std::string unit :
         {"_ms", "_millis", "_micro", "_us", "_minutes", "_hours", "_days", "_kb", "_mb", "_kilobytes"}) {
      EXPECT_EQ(family.name.find(unit + "_"), std::string::npos) << family.name;
      EXPECT_FALSE(family.name.ends_with(unit)) << family.name;
    }
  }
}

TEST_F(Collected, LabelsAreTheBoundedOnes) {
  const std::set<std::string> allowed = {"version",  "check", "role",      "reason", "kind",
                                         "decision", "peer",  "direction", "outcome", "budget",
                                         "difference"};
  for (const auto& family : All()) {
    std::set<std::string> series;
    for (const auto& metric : family.metric) {
      std::string key;
      for (const auto& label : metric.label) {
        EXPECT_TRUE(allowed.contains(label.name)) << family.name << " " << label.name;
        key += label.name + "=" + label.value + ",";
      }
      EXPECT_TRUE(series.insert(key).second) << family.name << " has " << key << " twice";
    }
  }
}

TEST_F(Collected, EveryRejectReasonStandsAtZeroAndCounts) {
  node_->counters.CountReject(exchange::Door::kPeer, RejectReason::kSignature, 3);
  node_->counters.CountReject(exchange::Door::kPeer, RejectReason::kJson, 2);
  const auto rejects = Series("entente_rejections_total"), failures = Series("entente_verification_failures_total");
  for (const RejectEntry& info : AllRejectReasons()) {
    const std::string name(info.name);
    const double expected = info.reason == RejectReason::kSignature ? 3 : info.reason == RejectReason::kJson ? 2 : 0;
    if (info.reason == RejectReason::kNone) continue;
    ASSERT_TRUE(rejects.contains("reason=" + name)) << name;
    EXPECT_EQ(rejects.at("reason=" + name), expected) << name;
  }
  EXPECT_EQ(failures.at("kind=E_SIG"), 3);
  EXPECT_EQ(Series("entente_publish_refusals_total").at("reason=E_SIG"), 0);
  EXPECT_FALSE(failures.contains("kind=E_JSON"));
}

TEST_F(Collected, OnlyWhatAPeerSentFailsVerification) {
  node_->counters.CountReject(exchange::Door::kPublish, RejectReason::kLimit, 2);
  node_->counters.CountReject(exchange::Door::kConnection, RejectReason::kLimit, 4);
  node_->counters.CountReject(exchange::Door::kPeer, RejectReason::kLimit, 8);
  EXPECT_EQ(Series("entente_rejections_total").at("reason=E_LIMIT"), 14);
  EXPECT_EQ(Series("entente_publish_refusals_total").at("reason=E_LIMIT"), 2);
  EXPECT_EQ(Series("entente_verification_failures_total").at("kind=E_LIMIT"), 8);
}

TEST_F(Collected, EveryHandshakeRefusalHasItsSeries) {
  node_->counters.CountHandshake(exchange::HandshakeRefusal::kTls);
  const auto refusals = Series("entente_handshake_refusals_total");
  EXPECT_EQ(refusals.size(), static_cast<size_t>(exchange::HandshakeRefusal::kCount));
  EXPECT_EQ(refusals.at("reason=tls"), 1);
  EXPECT_EQ(refusals.at("reason=timeout"), 0);
}

TEST_F(Collected, EveryOutcomeHasItsSeries) {
  for (int i = 0; i < exchange::Counters::kOutcomes; ++i) {
    const auto outcome = static_cast<exchange::Counters::Outcome>(i);
    const std::string series = "outcome=" + std::string(exchange::Counters::Name(outcome));
    ASSERT_TRUE(Series("entente_objects_total").contains(series)) << series;
    EXPECT_EQ(Series("entente_objects_total").at(series), 0) << series;
    node_->counters.Count(outcome, 4);
    EXPECT_EQ(Series("entente_objects_total").at(series), 4) << series;
  }
}

TEST_F(Collected, DecisionsCountPermitsAndDenialsByReason) {
  node_->counters.CountDecision(true, RejectReason::kNone, 5);
  node_->counters.CountDecision(false, RejectReason::kPolicyTlp, 2);
  const auto decisions = Series("entente_share_decisions_total");
  EXPECT_EQ(decisions.at("decision=permit,reason=NONE"), 5);
  EXPECT_EQ(decisions.at("decision=deny,reason=TLP"), 2);
  EXPECT_EQ(decisions.at("decision=deny,reason=AGR_SCOPE"), 0);
}

TEST_F(Collected, TheShadowIsCountedByItsDifference) {
  node_->counters.CountShadow(true, true);
  node_->counters.CountShadow(false, true);
  node_->counters.CountShadow(false, true);
  node_->counters.CountShadow(true, false);
  EXPECT_EQ(Series("entente_shadow_decisions_total"),
            (std::map<std::string, double>{
                {"difference=same", 1}, {"difference=opens", 2}, {"difference=closes", 1}}));
}

TEST_F(Collected, EveryPartyHasItsSeriesBeforeAnythingHappens) {
  EXPECT_EQ(Series("entente_peer_up"), (std::map<std::string, double>{{"peer=cert.estovia", 0}}));
  EXPECT_EQ(Series("entente_outbox_objects").at("peer=cert.estovia"), 0);
  node_->counters.Peer(peer_).bytes_sent = 1536;
  const auto bytes = Series("entente_peer_bytes_total");
  EXPECT_EQ(bytes.at("peer=cert.estovia,direction=out"), 1536);
  EXPECT_EQ(bytes.at("peer=cert.estovia,direction=in"), 0);
}

TEST_F(Collected, ProcessAndStoreAreMeasured) {
  EXPECT_GT(Series("process_resident_memory_bytes").at(""), 1 << 20);
  EXPECT_GT(Series("process_open_fds").at(""), 3);
  EXPECT_NEAR(Series("process_start_time_seconds").at(""), absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch()), 600);
  EXPECT_EQ(Series("entente_store_accepting").at(""), 1);
  EXPECT_GT(Series("entente_key_expiry_timestamp_seconds").at("role=statement"), 1.7e9);
}

// One row of the page's table: name, type, label names, and the example's label names and value.
struct Documented {
  std::string name, type;
  std::set<std::string> labels, example_labels;
  std::string example_value;
};

std::vector<Documented> ReadPage() {
  std::ifstream file(ENTENTE_SOURCE_DIR "/docs/metrics.md");
  const std::regex row(R"(\| `((?:entente|process)_\w+)` \| (\w+) \| ([^|]*)\| `(?:\{([^}]*)\} )?([^`]*)` \| .+ \|)");
  const auto names = [](const std::string& text, const std::regex& name) {
    std::set<std::string> out;
    for (std::sregex_iterator at(text.begin(), text.end(), name), end; at != end; ++at) out.insert((*at)[1]);
    return out;
  };
  std::vector<Documented> rows;
  for (std::string line; std::getline(file, line);) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    rows.push_back({cells[1], cells[2], names(cells[3], std::regex("`(\\w+)`")),
                    names(cells[4], std::regex("(\\w+)=\"[^\"]+\"")), cells[5]});
  }
  return rows;
}

TEST_F(Collected, ThePageListsEveryFamilyWithItsTypeAndNoOther) {
  std::multiset<std::string> documented, expected;
  for (const Documented& row : ReadPage()) documented.insert(row.name + " " + row.type);
  for (const auto& family : All()) {
    expected.insert(family.name + (family.type == MetricType::Counter ? " counter" : " gauge"));
  }
  EXPECT_EQ(documented, expected);
}

TEST_F(Collected, ThePageGivesEveryFamilyItsLabelsAndAnExample) {
  std::map<std::string, std::set<std::string>> labels;
  for (const auto& family : All()) {
    for (const auto& label : family.metric.at(0).label) labels[family.name].insert(label.name);
  }
  for (const Documented& row : ReadPage()) {
    EXPECT_EQ(row.labels, labels[row.name]) << row.name;
    EXPECT_EQ(row.example_labels, labels[row.name]) << row.name;
    EXPECT_GE(std::stod(row.example_value), 0) << row.name;
  }
}

TEST_F(Collected, ThePageExplainsEveryHandshakeRefusal) {
  std::ifstream file(ENTENTE_SOURCE_DIR "/docs/metrics.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const auto& [series, count] : Series("entente_handshake_refusals_total")) {
    EXPECT_NE(page.find("\n| `" + series.substr(series.find('=') + 1) + "` | "), std::string::npos) << series;
  }
}

}  // namespace
}  // namespace entente::metrics
