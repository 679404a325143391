#include <memory>

#include "model/text.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/remedies.h"

namespace entente::cli {
namespace {

constexpr std::string_view kVersion = ENTENTE_VERSION;
constexpr int kProtocol = 1;

Exit RunVersion(const Invocation& invocation) {
  if (invocation.json) {
    Print(JsonWriter().BeginObject().Field("version", kVersion).Field("protocol", kProtocol).EndObject().text());
  } else {
    Print("entente " + std::string(kVersion) + " (protocol " + std::to_string(kProtocol) + ")");
  }
  return Exit::kOk;
}

Exit ExplainCode(const Invocation& invocation, const RejectEntry& row) {
  const std::string_view remedy = RemedyFor(row.reason);
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("code", row.code).Field("name", row.name).Field("meaning", row.meaning);
    Print(json.Field("remedy", remedy).Field("http", row.http).EndObject().text());
  } else {
    Print(std::string(row.code) + " " + std::string(row.name));
    Print("  meaning  " + std::string(row.meaning));
    Print("  remedy   " + std::string(remedy));
    Print("  metrics  label reason=\"" + std::string(row.name) + "\"");
  }
  return Exit::kOk;
}

Exit ListCodes(const Invocation& invocation) {
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Key("codes").BeginArray();
    for (const RejectEntry& row : AllRejectReasons()) {
      json.BeginObject().Field("code", row.code).Field("name", row.name).Field("meaning", row.meaning).EndObject();
    }
    Print(json.EndArray().EndObject().text());
    return Exit::kOk;
  }
  std::vector<std::vector<std::string>> rows;
  for (const RejectEntry& row : AllRejectReasons()) {
    rows.push_back({std::string(row.code), std::string(row.name), std::string(row.meaning)});
  }
  Print(Columns(rows, 0));
  return Exit::kOk;
}

// A code ("ENT-2004"), its name ("NO_LABEL"), or "codes". A command's name has become its --help before.
Exit RunHelp(Command app, const Invocation& invocation, const std::string& topic) {
  if (topic.empty()) {
    Print(app.Help());
    return Exit::kOk;
  }
  if (topic == "codes") return ListCodes(invocation);
  std::vector<std::string> known = {"codes"};
  std::string upper = topic;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  for (const RejectEntry& row : AllRejectReasons()) {
    if (row.code == upper || row.name == upper) return ExplainCode(invocation, row);
    known.emplace_back(row.code);
    known.emplace_back(row.name);
  }
  for (const Command& command : app.commands()) known.push_back(command.name());
  std::string what = "there is no help on '" + topic + "'";
  const std::string meant = model::DidYouMean(topic, known);
  if (!meant.empty()) what += "; did you mean '" + meant + "'?";
  return Fail(RejectReason::kUsage, what, "`entente help codes` lists every code, `entente --help` every command");
}

}  // namespace

void AddVersion(Command app, Invocation& invocation) {
  Command command = app.AddCommand("version", "Print the version");
  command.OnChosen([&invocation] { invocation.command = [&invocation] { return RunVersion(invocation); }; });
}

void AddHelp(Command app, Invocation& invocation) {
  Command command = app.AddCommand("help", "Explain a code, a command, or list all codes; needs no daemon");
  const auto topic = std::make_shared<std::string>();
  command.AddOption("TOPIC", *topic, "ENT-1234, a reason's name, a command, or `codes`");
  command.OnChosen([app, &invocation, topic] {
    invocation.command = [app, &invocation, topic] { return RunHelp(app, invocation, *topic); };
  });
}

}  // namespace entente::cli
