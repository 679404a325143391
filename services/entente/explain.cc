#include "services/entente/explain.h"

#include <algorithm>
#include <memory>

#include "model/text.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"

namespace entente::cli {
namespace {

std::string ExplanationJson(const v1::ExplainReply& reply) {
  JsonWriter json;
  json.BeginObject().Field("decision", reply.decision()).Field("reason", reply.reason()).Key("trace").BeginArray();
  for (const v1::TraceStep& step : reply.trace()) {
    json.BeginObject().Field("check", step.check()).Field("result", step.result());
    json.Field("detail", step.detail()).EndObject();
  }
  json.EndArray();
  if (!reply.removes().empty()) {
    json.Key("removes").BeginArray();
    for (const std::string& name : reply.removes()) json.Value(name);
    json.EndArray();
  }
  if (!reply.derived().empty()) WriteDerived(json, reply.derived());
  json.Field("tlp", reply.tlp()).Field("delivered", reply.delivered());
  json.Field("version", reply.version()).Field("origin", reply.origin()).Field("source_role", reply.source_role());
  json.Field("imputed", reply.imputed());
  json.Field("by", reply.by());
  return json.Field("recorded", reply.recorded()).Field("remedy", reply.remedy()).EndObject().text();
}

std::string PaintedResult(const Terminal& terminal, const std::string& result) {
  if (result == "pass") return terminal.Good("pass");
  return result == "fail" ? terminal.Bad("FAIL") : "skip";
}

std::string Verdict(const Terminal& terminal, const std::string& peer, const v1::ExplainReply& reply) {
  if (reply.decision() == "permit") {
    return terminal.Good(reply.delivered() ? "SHARED" : "SHARED, NOT YET DELIVERED") + " with " + peer;
  }
  if (reply.decision() == "redact" && !reply.derived().empty()) {
    return terminal.Warn(reply.delivered() ? "SHARED REDACTED" : "SHARED REDACTED, NOT YET DELIVERED") + " with " + peer +
           ", without " + Listed(reply.removes());
  }
  if (reply.decision() == "redact") return terminal.Warn("TO BE REDACTED") + " for " + peer + ", and not sent yet";
  if (reply.decision() == "quarantine") return terminal.Warn("QUARANTINED") + ", shared with nobody";
  return terminal.Bad("NOT SHARED") + " with " + peer;
}

// The daemon's refusal; when the peer is what is not known, the one that may have been meant.
Exit Unexplained(AdminClient& client, const absl::Status& status, const std::string& peer) {
  const auto known = client.ListPeers();
  if (ReasonOf(status) != RejectReason::kNotFound || !known.ok()) return Fail(status);
  std::vector<std::string> names;
  for (const v1::PeerRecord& record : known->peers()) names.push_back(record.name());
  if (std::find(names.begin(), names.end(), peer) != names.end()) return Fail(status);
  const std::string meant = model::DidYouMean(peer, names);
  return Fail(RejectReason::kNotFound,
              "'" + peer + "' is no peer of this node" + (meant.empty() ? "" : "; did you mean '" + meant + "'?"));
}

Exit RunExplain(const Invocation& invocation, const std::string& id, const std::string& peer,
                const std::string& version) {
  const auto client = AdminClient::Connect(invocation.node);
  if (!client.ok()) return Fail(client.status());
  v1::ExplainRequest request;
  request.set_id(id);
  request.set_peer(peer);
  request.set_version(version);
  const auto reply = (*client)->Explain(request);
  if (!reply.ok()) return Unexplained(**client, reply.status(), peer);
  if (invocation.json) {
    Print(ExplanationJson(*reply));
  } else {
    PrintExplanation(invocation.terminal, id, peer, *reply);
    Next(invocation.terminal,
         "entente help " + std::string(reply->decision() == "permit" ? "codes" : Shown(reply->reason())));
  }
  return Exit::kOk;
}

}  // namespace

void PrintTrace(const Terminal& terminal, const google::protobuf::RepeatedPtrField<v1::TraceStep>& trace,
                const std::string& remedy) {
  std::vector<std::vector<std::string>> rows;
  int number = 0;
  for (const v1::TraceStep& step : trace) {
    rows.push_back(
        {std::to_string(++number), PaintedResult(terminal, step.result()), Shown(step.check()), Shown(step.detail())});
  }
  Print(Columns(rows));
  if (!remedy.empty()) Print("  would be shared if: " + Shown(remedy));
}

void PrintExplanation(const Terminal& terminal, const std::string& id, const std::string& peer,
                      const v1::ExplainReply& reply) {
  Print(Verdict(terminal, Shown(peer), reply) + ": " + Shown(reply.reason()));
  const bool passed_on = reply.source_role() == "custodian";
  Print("  " + Shown(id) + (reply.version().empty() ? "" : "  " + Shown(reply.version())) + "  " +
        PaintedLabel(terminal, reply.tlp()) +
        (passed_on ? "  from " + Origin(reply.origin(), reply.source_role()) : ""));
  if (!reply.imputed().empty()) Print("  " + Shown(reply.imputed()));
  PrintTrace(terminal, reply.trace(), reply.remedy());
  if (!reply.recorded().empty()) Print("  on record: " + Shown(reply.recorded()));
  if (!reply.by().empty()) Print("  asked for by: " + Shown(reply.by()));
}

void AddExplain(Command app, Invocation& invocation) {
  Command command = app.AddCommand("explain", "Why a peer gets an object, or does not");
  const auto id = std::make_shared<std::string>(), peer = std::make_shared<std::string>();
  const auto version = std::make_shared<std::string>();
  command.AddOption("ID", *id, "STIX id of the object").Required();
  command.AddOption("--peer", *peer, "Name of the peer").Required().Kind("PEER");
  command.AddOption("--version", *version, "The version with this `modified` (default: the newest)");
  command.OnChosen([&invocation, id, peer, version] {
    invocation.command = [&invocation, id, peer, version] { return RunExplain(invocation, *id, *peer, *version); };
  });
}

}  // namespace entente::cli
