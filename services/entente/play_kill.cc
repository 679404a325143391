#include <signal.h>

#include <chrono>
#include <cstdio>
#include <random>

#include "services/entente/play.h"
#include "services/entente/process.h"

namespace entente::cli {
namespace {

constexpr uint64_t kGenerated = 4000, kKillAfter = 1500;
constexpr uint64_t kSeed = 0x456e74656e7465;
constexpr absl::Duration kPatience = absl::Seconds(60), kUnderWayPatience = absl::Seconds(5);

// The same indicator for the same number on every machine: a second play finds everything unchanged. Names lie under
// .example, which nobody can register.
PlayedObject GeneratedIndicator(uint64_t number) {
  std::mt19937_64 random(kSeed + number);
  const uint64_t high = (random() & ~0xF000ull) | 0x4000, low = (random() >> 2) | (1ull << 63);
  char id[64], name[64], text[1024];
  std::snprintf(id, sizeof id, "indicator--%08llx-%04llx-%04llx-%04llx-%012llx",
                static_cast<unsigned long long>(high >> 32), static_cast<unsigned long long>(high >> 16 & 0xFFFF),
                static_cast<unsigned long long>(high & 0xFFFF), static_cast<unsigned long long>(low >> 48),
                static_cast<unsigned long long>(low & 0xFFFFFFFFFFFF));
  std::snprintf(name, sizeof name, "relay-%05llu.example", static_cast<unsigned long long>(number));
  std::snprintf(
      text, sizeof text,
      R"({"type":"indicator","spec_version":"2.1","id":"%s","created":"2026-01-02T03:04:05.000Z",)"
      R"("modified":"2026-01-02T03:04:05.000Z","name":"Generated: %s","indicator_types":["malicious-activity"],)"
      R"("pattern":"[domain-name:value = '%s']","pattern_type":"stix","valid_from":"2026-01-02T00:00:00Z",)"
      R"("object_marking_refs":["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"]})",
      id, name, name);
  return {id, text};
}

absl::StatusOr<uint64_t> LagOf(const Stage& stage, std::string_view peer) {
  const auto client = stage.federation.Client(kNorlandia);
  if (!client.ok()) return client.status();
  const auto status = (*client)->Status();
  if (!status.ok()) return status.status();
  for (const v1::PeerStatus& known : status->peers()) {
    if (known.name() == peer) return known.lag_objects();
  }
  return Reject(RejectReason::kNotFound, std::string(peer) + " is no peer of " + kNorlandia);
}

// Enough is on Norlandia's disk to know whether any of it is new.
bool Begun(const PublishTotals& totals) {
  return totals.objects >= kKillAfter / 2;
}

// Estovia has acknowledged some of it but not all.
bool UnderWay(const Stage& stage, const PublishTotals& totals) {
  const auto lag = LagOf(stage, kEstovia);
  return lag.ok() && *lag < totals.published;
}

// Kills Estovia once part of what was sent is on Norlandia's disk, so that the publish is under way on both sides.
absl::Status Kill(const Stage& stage, const PublishStream& stream, KillFacts& facts) {
  WaitUntil(kUnderWayPatience, [&] { return Begun(stream.totals()); });
  if (stream.totals().published == 0) return absl::OkStatus();
  const auto client = stage.federation.Client(kEstovia);
  if (!client.ok()) return client.status();
  const auto status = (*client)->Status();
  if (!status.ok()) return status.status();
  const auto pid = static_cast<pid_t>(status->pid());
  WaitUntil(kUnderWayPatience, [&] { return UnderWay(stage, stream.totals()); });
  kill(pid, SIGKILL);
  facts.killed = true;
  if (!WaitUntil(kPatience, [pid] { return !Runs(pid); })) {
    return Reject(RejectReason::kInternal, "process " + std::to_string(pid) + " still runs after SIGKILL");
  }
  facts.durable_at_kill = stream.totals().objects;
  stage.Line("  kill -9 " + std::to_string(pid) + ": " + kEstovia + " is dead; " + Grouped(facts.durable_at_kill) +
             " of " + Grouped(kGenerated) + " objects were on " + kNorlandia + "'s disk by then");
  return absl::OkStatus();
}

absl::Status PublishAndKill(const Stage& stage, KillFacts& facts, std::vector<PlayedObject>& objects) {
  const auto client = stage.federation.Client(kNorlandia);
  if (!client.ok()) return client.status();
  PublishStream stream(**client, v1::PublishOptions(), nullptr);
  for (uint64_t number = 1; number <= kGenerated; ++number) {
    objects.push_back(GeneratedIndicator(number));
    absl::Status status = stream.Add(objects.back().second);
    if (status.ok() && number == kKillAfter) status = Kill(stage, stream, facts);
    if (!status.ok()) {
      const absl::Status finished = stream.Finish();  // knows why, when the daemon ended the call
      return finished.ok() ? status : finished;
    }
  }
  const absl::Status finished = stream.Finish();
  facts.totals = stream.totals();
  return finished;
}

// Starts Estovia again and waits until it has everything.
absl::Status CatchUp(const Stage& stage, KillFacts& facts) {
  const auto lag = LagOf(stage, kEstovia);
  if (!lag.ok()) return lag.status();
  facts.lag_while_down = *lag;
  stage.Line("  the publish went on: " + Grouped(facts.totals.published) + " published, " +
             Grouped(facts.totals.unchanged) + " unchanged; " + Grouped(*lag) + " wait for " + kEstovia);
  const auto begin = std::chrono::steady_clock::now();
  if (const absl::Status status = stage.federation.Start(kEstovia); !status.ok()) return status;
  if (const absl::Status status = AwaitDrained(stage); !status.ok()) return status;
  facts.catch_up_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return absl::OkStatus();
}

std::string Outcome(const KillFacts& facts) {
  if (!facts.killed) return "played before: nothing was under way that a kill could interrupt, so nobody was killed";
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f", facts.catch_up_seconds);
  return "started again and caught up in " + std::string(seconds) + " s";
}

}  // namespace

absl::StatusOr<KillFacts> PlayKill(const Stage& stage) {
  KillFacts facts;
  std::vector<PlayedObject> objects;
  if (const absl::Status status = PublishAndKill(stage, facts, objects); !status.ok()) return status;
  const absl::Status drained = facts.killed ? CatchUp(stage, facts) : AwaitDrained(stage);
  if (!drained.ok()) return drained;
  const auto held = CountHeld(stage, kEstovia, objects);
  if (!held.ok()) return held.status();
  facts.held_after = *held;
  stage.Line("  " + Outcome(facts) + ": " + Grouped(*held) + " of " + Grouped(objects.size()) + " at " + kEstovia +
             ", every byte equal");
  if (*held != objects.size()) {
    return Reject(RejectReason::kInternal, std::to_string(objects.size() - *held) + " objects did not arrive");
  }
  return facts;
}

}  // namespace entente::cli
