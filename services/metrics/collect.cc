#include "services/metrics/collect.h"

#include <prometheus/text_serializer.h>

#include <map>
#include <utility>

#include "entente/v1/identity.pb.h"
#include "trust/agreement_history.h"

namespace entente::metrics {
namespace {

using exchange::PeerCounters;
using prometheus::MetricFamily;

double Seconds(int64_t unix_us) {
  return static_cast<double>(unix_us) / 1e6;
}

std::string RoleOf(v1::KeyUsage usage) {
  switch (usage) {
    case v1::KEY_USAGE_ROOT:
      return "root";
    case v1::KEY_USAGE_STATEMENT:
      return "statement";
    case v1::KEY_USAGE_GROUP_ADMIN:
      return "group_admin";
    case v1::KEY_USAGE_LOG:
      return "log";
    case v1::KEY_USAGE_WITNESS:
      return "witness";
    default:
      return "unknown";
  }
}

MetricFamily One(MetricFamily family, double value) {
  Add(family, {}, value);
  return family;
}

void CollectNode(const MetricsSources& sources, std::vector<MetricFamily>& out) {
  MetricFamily build = Gauge("entente_build_info", "Always 1; the label says which version runs.");
  Add(build, {{"version", sources.software}}, 1);
  out.push_back(std::move(build));
  MetricFamily ready = Gauge("entente_ready", "1 while the named condition of readiness holds.");
  for (const Check& check : sources.checks()) Add(ready, {{"check", check.name}}, check.status.ok() ? 1 : 0);
  out.push_back(std::move(ready));
  MetricFamily expiry = Gauge("entente_key_expiry_timestamp_seconds", "When this node's keys end, since 1970.");
  const trust::Identity& identity = sources.directory.self().identity;
  v1::IdentityDocument document;
  if (document.ParseFromString(identity.wire().document())) {
    for (const auto* list : {&document.root_keys(), &document.keys()}) {
      for (const auto& key : *list) Add(expiry, {{"role", RoleOf(key.usage())}}, Seconds(key.not_after_us()));
    }
  }
  Add(expiry, {{"role", "identity"}}, Seconds(absl::ToUnixMicros(identity.expires())));
  out.push_back(std::move(expiry));
}

void CollectOutcomes(const exchange::Counters& counters, std::vector<MetricFamily>& out) {
  MetricFamily objects = Counter("entente_objects_total", "Objects by what became of them, own and received.");
  for (int i = 0; i < exchange::Counters::kOutcomes; ++i) {
    const auto outcome = static_cast<exchange::Counters::Outcome>(i);
    Add(objects, {{"outcome", std::string(exchange::Counters::Name(outcome))}},
        static_cast<double>(counters.Of(outcome)));
  }
  MetricFamily rejects = Counter("entente_rejections_total", "What was refused at any door, by reason.");
  MetricFamily publish = Counter("entente_publish_refusals_total",
                                 "The refusals among them of what this node's own operator published.");
  MetricFamily failures = Counter("entente_verification_failures_total",
                                  "The refusals among them that concern a peer's bytes, signatures or credit.");
  MetricFamily decisions = Counter("entente_share_decisions_total", "Answers of the policy, by reason of the denial.");
  Add(decisions, {{"decision", "permit"}, {"reason", "NONE"}}, static_cast<double>(counters.Permits()));
  for (const RejectEntry& info : AllRejectReasons()) {
    if (info.reason == RejectReason::kNone) continue;
    const std::string name(info.name);
    Add(rejects, {{"reason", name}}, static_cast<double>(counters.Rejects(info.reason)));
    Add(publish, {{"reason", name}}, static_cast<double>(counters.Rejects(exchange::Door::kPublish, info.reason)));
    if (info.code.starts_with("ENT-1")) {
      Add(failures, {{"kind", name}}, static_cast<double>(counters.Rejects(exchange::Door::kPeer, info.reason)));
    }
    const uint64_t denials = counters.Denials(info.reason);
    if (denials > 0 || info.code.starts_with("ENT-2") || info.code.starts_with("ENT-3")) {
      Add(decisions, {{"decision", "deny"}, {"reason", name}}, static_cast<double>(denials));
    }
  }
  MetricFamily handshakes = Counter("entente_handshake_refusals_total",
                                    "Connections to the peer port that never carried a call, by why.");
  for (size_t i = 0; i < static_cast<size_t>(exchange::HandshakeRefusal::kCount); ++i) {
    const auto why = static_cast<exchange::HandshakeRefusal>(i);
    Add(handshakes, {{"reason", std::string(exchange::Counters::Name(why))}},
        static_cast<double>(counters.Handshakes(why)));
  }
  out.insert(out.end(), {std::move(objects), std::move(rejects), std::move(publish), std::move(failures),
                         std::move(handshakes), std::move(decisions)});
  MetricFamily shadow = Counter("entente_shadow_decisions_total",
                                "Answers of the policy, by how local rules in the shadow would have answered.");
  Add(shadow, {{"difference", "same"}}, static_cast<double>(counters.ShadowSame()));
  Add(shadow, {{"difference", "opens"}}, static_cast<double>(counters.ShadowOpens()));
  Add(shadow, {{"difference", "closes"}}, static_cast<double>(counters.ShadowCloses()));
  out.push_back(std::move(shadow));
  out.push_back(One(Counter("entente_listener_restarts_total", "Times the peer port was opened again by itself."),
                    static_cast<double>(counters.ListenerRestarts())));
  out.push_back(One(Gauge("entente_memory_limit_bytes", "Memory this node keeps within; 0 without a limit."),
                    static_cast<double>(counters.memory_limit())));
  out.push_back(One(Gauge("entente_memory_used_bytes", "Anonymous memory, which counts against the limit."),
                    static_cast<double>(counters.memory_used())));
}

// The end of the agreement that is in force with the party; 0 when none is.
double AgreementEnd(const trust::Accepted& party) {
  const auto counts = party.agreements == nullptr ? nullptr : party.agreements->counts();
  const bool in_force = counts != nullptr && counts->body().state() == v1::AGREEMENT_STATE_IN_FORCE;
  return in_force ? Seconds(counts->body().until_us()) : 0;
}

// Publication time of the oldest statement that `peer` has not acknowledged; 0 when there is none or it cannot be read.
double OldestWaiting(const storage::Journal& journal, const OrgId& peer) {
  const auto cursor = journal.Cursor(peer);
  if (!cursor.ok()) return 0;
  const auto waiting = journal.Outbox(peer, cursor->delivered, 1);
  if (!waiting.ok() || waiting->empty()) return 0;
  const auto record = journal.FindRecord(waiting->front());
  return record.ok() && record->has_value() ? Seconds((*record)->time_us()) : 0;
}

struct PeerFamily {
  MetricFamily family;
  double (*read)(const PeerCounters&);
};

void CollectPeers(const MetricsSources& sources, std::vector<MetricFamily>& out) {
  std::vector<PeerFamily> families = {
      {Gauge("entente_peer_up", "1 while a session with this party is up."),
       [](const PeerCounters& c) { return c.up ? 1.0 : 0.0; }},
      {Gauge("entente_peer_last_contact_timestamp_seconds", "When this party was last heard; 0 before the first time."),
       [](const PeerCounters& c) { return Seconds(c.last_contact_us); }},
      {Counter("entente_peer_sessions_total", "Sessions that came up."),
       [](const PeerCounters& c) { return static_cast<double>(c.sessions); }},
      {Counter("entente_peer_cpu_seconds_total", "CPU time spent on what this party sent, as far as it is told apart."),
       [](const PeerCounters& c) { return static_cast<double>(c.cpu_ns) / 1e9; }},
      {Counter("entente_peer_sequence_gaps_total", "Statements missing from this party's streams on arrival."),
       [](const PeerCounters& c) { return static_cast<double>(c.sequence_gaps); }},
      {Counter("entente_peer_cuts_total", "Connections cut off for what the party sent below the session."),
       [](const PeerCounters& c) { return static_cast<double>(c.cuts); }},
  };
  struct TwoWay {
    MetricFamily family;
    double (*in)(const PeerCounters&);
    double (*out)(const PeerCounters&);
  };
  std::vector<TwoWay> two_way = {
      {Counter("entente_peer_objects_total", "Objects in envelopes that were accepted."),
       [](const PeerCounters& c) { return static_cast<double>(c.objects_received); },
       [](const PeerCounters& c) { return static_cast<double>(c.objects_sent); }},
      {Counter("entente_peer_envelopes_total", "Envelopes."),
       [](const PeerCounters& c) { return static_cast<double>(c.envelopes_received); },
       [](const PeerCounters& c) { return static_cast<double>(c.envelopes_sent); }},
      {Counter("entente_peer_refusals_total", "Envelopes refused: received ones by this node, sent ones by the party."),
       [](const PeerCounters& c) { return static_cast<double>(c.envelopes_refused); },
       [](const PeerCounters& c) { return static_cast<double>(c.refusals_received); }},
      {Counter("entente_peer_bytes_total", "Bytes of sealed envelopes."),
       [](const PeerCounters& c) { return static_cast<double>(c.bytes_received); },
       [](const PeerCounters& c) { return static_cast<double>(c.bytes_sent); }},
  };
  MetricFamily over = Counter("entente_peer_over_budget_total", "Times this party was cut and kept out, by which budget.");
  MetricFamily outbox = Gauge("entente_outbox_objects", "Permitted to the party and not acknowledged by it.");
  MetricFamily oldest =
      Gauge("entente_outbox_oldest_timestamp_seconds", "When the oldest of them was stored; 0 when none waits.");
  MetricFamily held = Gauge("entente_outbox_held_objects", "Refused by the party and tried again from time to time.");
  MetricFamily embargoed = Gauge("entente_outbox_embargoed_objects", "Sent to the party when their embargo ends.");
  MetricFamily agreed = Gauge("entente_peer_agreement_end_timestamp_seconds",
                              "When the agreement in force with the party ends; 0 when none is in force.");
  for (const auto& accepted : sources.directory.All()) {
    const std::string& peer = accepted->party.name;
    const OrgId& org = accepted->party.org;
    const PeerCounters& counters = sources.counters.Peer(org);
    for (PeerFamily& entry : families) Add(entry.family, {{"peer", peer}}, entry.read(counters));
    for (TwoWay& entry : two_way) {
      Add(entry.family, {{"peer", peer}, {"direction", "in"}}, entry.in(counters));
      Add(entry.family, {{"peer", peer}, {"direction", "out"}}, entry.out(counters));
    }
    for (size_t i = 0; i < counters.over_budget.size(); ++i) {
      const std::string budget(exchange::Counters::Name(static_cast<exchange::Budget>(i)));
      Add(over, {{"peer", peer}, {"budget", budget}}, static_cast<double>(counters.over_budget[i]));
    }
    Add(outbox, {{"peer", peer}}, static_cast<double>(sources.journal.Lag(org)));
    Add(oldest, {{"peer", peer}}, OldestWaiting(sources.journal, org));
    const storage::PeerCursor cursor = sources.journal.Cursor(org).value_or(storage::PeerCursor());
    Add(held, {{"peer", peer}}, static_cast<double>(cursor.held));
    Add(embargoed, {{"peer", peer}}, static_cast<double>(cursor.embargoed));
    Add(agreed, {{"peer", peer}}, AgreementEnd(*accepted));
  }
  for (PeerFamily& entry : families) out.push_back(std::move(entry.family));
  for (TwoWay& entry : two_way) out.push_back(std::move(entry.family));
  out.insert(out.end(), {std::move(over), std::move(outbox), std::move(oldest), std::move(held), std::move(embargoed), std::move(agreed)});
}

void CollectStore(const storage::Journal& journal, std::vector<MetricFamily>& out) {
  const storage::Counters count = journal.Count();
  const storage::CommitStats stats = journal.Stats();
  const auto number = [](uint64_t value) { return static_cast<double>(value); };
  out.push_back(One(Gauge("entente_log_entries", "Records in the journal."), number(journal.Head().sequence)));
  out.push_back(One(Gauge("entente_store_objects", "Distinct ids that are not quarantined."), number(count.objects)));
  out.push_back(One(Gauge("entente_store_versions", "Stored versions of objects."), number(count.versions)));
  out.push_back(One(Gauge("entente_store_quarantined_objects", "Objects in quarantine."), number(count.quarantined)));
  out.push_back(
      One(Gauge("entente_store_accepting", "1 while the store takes in new records."), journal.Health().ok() ? 1 : 0));
  out.push_back(One(Counter("entente_store_commits_total", "Commits made durable."), number(stats.commits)));
  out.push_back(
      One(Counter("entente_store_syncs_total", "Groups of commits that shared one sync."), number(stats.groups)));
  out.push_back(One(Counter("entente_store_records_total", "Journal records made durable since the start."),
                    number(stats.records)));
  out.push_back(
      One(Counter("entente_store_sync_seconds_total", "Time spent waiting for the disk to sync."), stats.sync_seconds));
}

}  // namespace

MetricFamily Counter(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Counter, {}};
}

MetricFamily Gauge(std::string name, std::string help) {
  return {std::move(name), std::move(help), prometheus::MetricType::Gauge, {}};
}

void Add(MetricFamily& family, std::vector<prometheus::ClientMetric::Label> labels, double value) {
  prometheus::ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == prometheus::MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  family.metric.push_back(std::move(metric));
}

std::vector<MetricFamily> Collect(const MetricsSources& sources) {
  std::vector<MetricFamily> out;
  CollectNode(sources, out);
  CollectOutcomes(sources.counters, out);
  CollectPeers(sources, out);
  CollectStore(sources.journal, out);
  for (MetricFamily& family : CollectProcess()) out.push_back(std::move(family));
  return out;
}

std::string Exposition(const std::vector<MetricFamily>& families) {
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace entente::metrics
