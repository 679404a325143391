#include "services/entente/play.h"

#include <map>

#include "model/bundle_reader.h"
#include "model/stix_object.h"
#include "services/entente/examples.h"
#include "services/entente/explain.h"
#include "services/entente/json_writer.h"
#include "services/entente/process.h"

namespace entente::cli {
namespace {

constexpr auto kAmberFile = "amber-estovia.json";

struct Performance {
  std::string file;
  std::vector<PlayedObject> objects;
  PublishTotals totals;
  std::map<std::string, uint64_t> held;  // per peer: how many it has, byte for byte
};

absl::StatusOr<std::vector<PlayedObject>> ObjectsOf(const Example& example) {
  std::string_view rest = example.content;
  model::BundleReader reader([&rest](char* buffer, size_t size) -> absl::StatusOr<size_t> {
    const size_t taken = rest.copy(buffer, size);
    rest.remove_prefix(taken);
    return taken;
  });
  std::vector<PlayedObject> objects;
  while (true) {
    auto next = reader.Next();
    if (!next.ok()) return next.status();
    if (!next->has_value()) return objects;
    const auto object = model::StixObject::Parse((*next)->content);
    if (!object.ok()) return object.status();
    objects.emplace_back(std::string(object->id()), (*next)->content);
  }
}

absl::StatusOr<Performance> PublishExample(const Stage& stage, const Example& example) {
  auto objects = ObjectsOf(example);
  if (!objects.ok()) return objects.status();
  const auto client = stage.federation.Client(kNorlandia);
  if (!client.ok()) return client.status();
  v1::PublishOptions options;
  if (example.file == kAmberFile) options.add_to(kEstovia);
  Performance performance{std::string(example.file), *std::move(objects), {}, {}};
  PublishStream stream(**client, options, nullptr);
  for (const auto& [id, content] : performance.objects) {
    if (!stream.Add(content).ok()) break;  // Finish knows why
  }
  if (const absl::Status status = stream.Finish(); !status.ok()) return status;
  performance.totals = stream.totals();
  return performance;
}

// Counts at the peers what really arrived; what was new here must be there exactly as often as it was permitted.
absl::Status CheckArrival(const Stage& stage, Performance& performance) {
  for (const char* peer : {kEstovia, kVolt}) {
    const auto held = CountHeld(stage, peer, performance.objects);
    if (!held.ok()) return held.status();
    performance.held[peer] = *held;
    const auto permitted = performance.totals.permitted.find(peer);
    const uint64_t expected = permitted == performance.totals.permitted.end() ? 0 : permitted->second;
    if (performance.totals.unchanged == 0 && *held != expected) {
      return Reject(RejectReason::kInternal, performance.file + ": " + std::to_string(expected) + " permitted to " +
                                                 peer + ", " + std::to_string(*held) + " arrived");
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<Performance>> PlayExamples(const Stage& stage) {
  stage.Title("1. " + std::string(kNorlandia) + " publishes examples/ : who got what");
  std::vector<Performance> performances;
  for (const Example& example : Examples()) {
    auto performance = PublishExample(stage, example);
    if (!performance.ok()) return performance.status();
    performances.push_back(*std::move(performance));
  }
  if (const absl::Status status = AwaitDrained(stage); !status.ok()) return status;
  std::vector<std::vector<std::string>> rows = {{"file", "objects", "published", "unchanged", "quarantined",
                                                 std::string("at ") + kEstovia, std::string("at ") + kVolt}};
  for (Performance& performance : performances) {
    if (const absl::Status status = CheckArrival(stage, performance); !status.ok()) return status;
    const PublishTotals& totals = performance.totals;
    rows.push_back({performance.file, Grouped(totals.objects), Grouped(totals.published), Grouped(totals.unchanged),
                    Grouped(totals.quarantined), Grouped(performance.held[kEstovia]),
                    Grouped(performance.held[kVolt])});
  }
  stage.Line(Columns(rows));
  stage.Line("  Delivered objects were read back at the peers and compared byte for byte with the files.");
  return performances;
}

absl::Status PlayExplain(const Stage& stage, const std::vector<Performance>& performances) {
  stage.Title("2. Why " + std::string(kVolt) + " did not get one of them");
  const auto client = stage.federation.Client(kNorlandia);
  if (!client.ok()) return client.status();
  for (const Performance& performance : performances) {
    if (performance.file != kAmberFile) continue;
    v1::ExplainRequest request;
    request.set_id(performance.objects.back().first);
    request.set_peer(kVolt);
    const auto reply = (*client)->Explain(request);
    if (!reply.ok()) return reply.status();
    stage.Line("$ entente explain " + request.id() + " --peer " + kVolt);
    if (!stage.quiet) PrintExplanation(stage.terminal, request.id(), kVolt, *reply);
    if (reply->decision() != "deny") return Reject(RejectReason::kInternal, "an AMBER object was not withheld");
  }
  return absl::OkStatus();
}

absl::Status PlayFsck(const Stage& stage) {
  stage.Title("4. Every record, signature and view checked again");
  std::vector<std::vector<std::string>> rows = {{"node", "fsck", "records", "objects", "quarantined"}};
  for (const DemoNode& node : DemoNodes()) {
    const auto client = stage.federation.Client(node.name);
    if (!client.ok()) return client.status();
    const auto reply = (*client)->Fsck(v1::FsckRequest());
    if (!reply.ok()) return reply.status();
    if (!reply->ok()) {
      return Reject(RejectReason::kStoreCorrupt,
                    node.name + ": " + (reply->problems().empty() ? "" : reply->problems(0)));
    }
    const auto status = (*client)->Status();
    if (!status.ok()) return status.status();
    rows.push_back({node.name, stage.terminal.Good("ok"), Grouped(reply->records()), Grouped(status->objects()),
                    Grouped(status->quarantined())});
  }
  stage.Line(Columns(rows));
  return absl::OkStatus();
}

std::string Summary(const std::vector<Performance>& performances, const KillFacts& kill) {
  JsonWriter json;
  json.BeginObject().Field("ok", true).Key("files").BeginArray();
  for (const Performance& performance : performances) {
    const PublishTotals& totals = performance.totals;
    json.BeginObject().Field("file", performance.file).Field("objects", totals.objects);
    json.Field("published", totals.published).Field("unchanged", totals.unchanged);
    json.Field("quarantined", totals.quarantined).Field("rejected", totals.rejected).Key("permitted").BeginObject();
    for (const auto& [peer, count] : totals.permitted) json.Field(peer, count);
    json.EndObject().Key("withheld").BeginObject();
    for (const auto& [peer, count] : totals.withheld) json.Field(peer, count);
    json.EndObject().Key("held").BeginObject();
    for (const auto& [peer, count] : performance.held) json.Field(peer, count);
    json.EndObject().EndObject();
  }
  json.EndArray().Key("kill").BeginObject().Field("objects", kill.totals.objects);
  json.Field("published", kill.totals.published).Field("unchanged", kill.totals.unchanged);
  json.Field("killed", kill.killed).Field("durable_at_kill", kill.durable_at_kill);
  json.Field("lag_while_down", kill.lag_while_down);
  json.Field("held_after", kill.held_after).Field("catch_up_seconds", kill.catch_up_seconds);
  return json.EndObject().EndObject().text();
}

}  // namespace

void Stage::Line(std::string_view text) const {
  if (quiet) return;
  Print(text);
  FlushResults();
}

void Stage::Title(std::string_view text) const {
  Line("\n" + terminal.Bold(text));
}

absl::StatusOr<uint64_t> CountHeld(const Stage& stage, std::string_view name,
                                   const std::vector<PlayedObject>& objects) {
  const auto client = stage.federation.Client(name);
  if (!client.ok()) return client.status();
  uint64_t held = 0;
  for (const auto& [id, content] : objects) {
    v1::GetRequest request;
    request.set_id(id);
    Bytes found;
    const absl::Status status = (*client)->Get(request, [&found](const v1::ObjectPiece& piece) {
      found += piece.content();
      return true;
    });
    if (ReasonOf(status) == RejectReason::kNotFound) continue;
    if (!status.ok()) return status;
    if (found != content)
      return Reject(RejectReason::kContent, std::string(name) + " holds other bytes than were published");
    ++held;
  }
  return held;
}

absl::Status AwaitDrained(const Stage& stage) {
  absl::Status last;
  const bool drained = WaitUntil(Federation::kPatience, [&] {
    const auto client = stage.federation.Client(kNorlandia);
    const auto status = client.ok() ? (*client)->Status() : client.status();
    last = status.status();
    if (!last.ok()) return true;
    for (const v1::PeerStatus& peer : status->peers()) {
      if (peer.lag_objects() > 0) return false;
    }
    return true;
  });
  if (!last.ok() || drained) return last;
  return Reject(RejectReason::kPeerDown,
                "not everything was delivered within " + absl::FormatDuration(Federation::kPatience));
}

Exit Play(const Invocation& invocation, const Federation& federation) {
  const Stage stage{federation, invocation.terminal, invocation.json};
  const auto performances = PlayExamples(stage);
  if (!performances.ok()) return Fail(performances.status());
  if (const absl::Status status = PlayExplain(stage, *performances); !status.ok()) return Fail(status);
  stage.Title("3. " + std::string(kEstovia) + " is killed with -9 while 4,000 generated indicators are published");
  const auto kill = PlayKill(stage);
  if (!kill.ok()) return Fail(kill.status());
  if (const absl::Status status = PlayFsck(stage); !status.ok()) return Fail(status);
  if (invocation.json) Print(Summary(*performances, *kill));
  stage.Line("\nTry next, with N=" + federation.folder());
  stage.Line("  entente status --node $N/" + std::string(kNorlandia));
  stage.Line("  entente tail -n 5 --node $N/" + std::string(kEstovia));
  stage.Line("  entente demo down --dir $N");
  return Exit::kOk;
}

}  // namespace entente::cli
