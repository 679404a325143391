
#include "absl/time/clock.h"
#include "services/entente/client.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"

namespace entente::cli {

std::string StatusJson(const v1::StatusReply& status) {
  JsonWriter json;
  json.BeginObject().Field("name", status.name()).Field("org_id", status.org_id()).Field("objects", status.objects());
  json.Field("versions", status.versions()).Field("quarantined", status.quarantined());
  json.Field("journal_seq", status.journal_seq()).Key("peers").BeginArray();
  for (const v1::PeerStatus& peer : status.peers()) {
    json.BeginObject();
    WritePeerStatus(json, peer);
    json.EndObject();
  }
  json.EndArray().Field("pid", status.pid()).Field("state", status.state()).Field("detail", status.detail());
  json.Field("version", status.version()).Field("fingerprint", status.fingerprint());
  json.Field("peer_address", status.peer_address()).Field("metrics_address", status.metrics_address());
  return json.Field("started", Timestamp(status.started_us())).EndObject().text();
}

namespace {

void PrintStatus(const Terminal& terminal, const v1::StatusReply& status) {
  const absl::Time now = absl::Now();
  const std::string state = status.state() == "ready" ? terminal.Good("ready") : terminal.Bad(Shown(status.state()));
  Print(terminal.Bold(Shown(status.name())) + "  " + state + "  pid " + std::to_string(status.pid()) + "  started " +
        When(status.started_us(), now));
  if (!status.detail().empty()) Print("  " + Shown(status.detail()));
  Print("  objects " + Grouped(status.objects()) + "  versions " + Grouped(status.versions()) + "  quarantined " +
        Grouped(status.quarantined()) + "  journal " + Grouped(status.journal_seq()));
  if (status.peers().empty()) {
    Print("  no peers yet");
    return;
  }
  std::vector<std::vector<std::string>> rows = {{"peer", "state", "lag", "refused", "last contact", ""}};
  for (const v1::PeerStatus& peer : status.peers()) {
    rows.push_back({Shown(peer.name()), PaintedState(terminal, peer.state()), Grouped(peer.lag_objects()),
                    Grouped(peer.refused_objects()), When(peer.last_contact_us(), now), Shown(peer.detail())});
  }
  Print(Columns(rows));
}

Exit RunStatus(const Invocation& invocation) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  const auto status = (*client)->Status();
  if (!status.ok()) return Fail(status.status());
  if (invocation.json) {
    Print(StatusJson(*status));
    return Exit::kOk;
  }
  PrintStatus(invocation.terminal, *status);
  Next(invocation.terminal, status->peers().empty() ? "entente peer add CARD --fingerprint F --nation XX --kind K"
                                                    : "entente publish FILE --tlp LABEL");
  return Exit::kOk;
}

}  // namespace

void AddStatus(Command app, Invocation& invocation) {
  Command command = app.AddCommand("status", "What the node holds and how its peers are doing");
  command.OnChosen([&invocation] { invocation.command = [&invocation] { return RunStatus(invocation); }; });
}

}  // namespace entente::cli
