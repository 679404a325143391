#include <CLI/CLI.hpp>
#include <memory>

#include "services/entente/checks.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"

namespace entente::cli {
namespace {

std::string_view Name(Finding::Result result) {
  switch (result) {
    case Finding::Result::kOk:
      return "ok";
    case Finding::Result::kWarning:
      return "warning";
    case Finding::Result::kFailure:
      return "failure";
  }
  return "";
}

std::string Painted(const Terminal& terminal, Finding::Result result) {
  switch (result) {
    case Finding::Result::kOk:
      return terminal.Good("ok  ");
    case Finding::Result::kWarning:
      return terminal.Warn("warn");
    case Finding::Result::kFailure:
      return terminal.Bad("FAIL");
  }
  return "";
}

void PrintFindings(const Terminal& terminal, const std::vector<Finding>& findings) {
  std::string group;
  for (const Finding& finding : findings) {
    if (finding.group != group) Print(terminal.Bold(finding.group));
    group = finding.group;
    Print("  " + Painted(terminal, finding.result) + "  " + Shown(finding.what));
    if (finding.result != Finding::Result::kOk && !finding.hint.empty()) Print("        hint: " + Shown(finding.hint));
  }
}

std::string FindingsJson(const std::vector<Finding>& findings, bool ok) {
  JsonWriter json;
  json.BeginObject().Field("ok", ok).Key("checks").BeginArray();
  for (const Finding& finding : findings) {
    json.BeginObject().Field("group", finding.group).Field("result", Name(finding.result));
    json.Field("what", finding.what).Field("hint", finding.hint).EndObject();
  }
  return json.EndArray().EndObject().text();
}

Exit RunDoctor(const Invocation& invocation, const std::string& passphrase_file) {
  if (invocation.node.empty()) {
    return Fail(RejectReason::kUsage, "no node is named", "give --node DIR or set ENTENTE_NODE");
  }
  const std::vector<Finding> findings = Examine(invocation.node, passphrase_file);
  size_t failures = 0, warnings = 0;
  for (const Finding& finding : findings) {
    if (finding.result == Finding::Result::kFailure) ++failures;
    if (finding.result == Finding::Result::kWarning) ++warnings;
  }
  if (invocation.json) {
    Print(FindingsJson(findings, failures == 0));
  } else {
    PrintFindings(invocation.terminal, findings);
    Print(std::to_string(findings.size()) + " checks, " + std::to_string(failures) + " failures, " +
          std::to_string(warnings) + " warnings");
    Next(invocation.terminal, failures > 0 ? "follow the first hint, then entente doctor" : "entente status");
  }
  return failures == 0 ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void AddDoctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("doctor", "Check configuration, files, keys, ports, machine and peers");
  const auto passphrase_file = std::make_shared<std::string>();
  command->add_option("--passphrase-file", *passphrase_file, "File with the passphrase (default: DIR/passphrase)")
      ->type_name("FILE");
  command->callback([&invocation, passphrase_file] {
    invocation.command = [&invocation, passphrase_file] { return RunDoctor(invocation, *passphrase_file); };
  });
}

}  // namespace entente::cli
