#include <memory>

#include "services/entente/checks.h"
#include "services/entente/commands.h"
#include "services/entente/json_writer.h"
#include "services/entente/support_bundle.h"

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

struct DoctorFlags {
  std::string passphrase_file, bundle;
  std::vector<std::string> dial;
  bool pre = false;
};

Exit WriteBundle(const Invocation& invocation, const DoctorFlags& flags, const std::vector<Finding>& findings,
                 bool ok) {
  const auto members =
      WriteSupportBundle(invocation.node, flags.bundle, {FindingsJson(findings, ok), "entente " ENTENTE_VERSION});
  if (!members.ok()) {
    return Fail(members.status(), "name a new file with --bundle, in a folder that takes one");
  }
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("bundle", flags.bundle).Key("members").BeginArray();
    for (const std::string& member : *members) json.Value(member);
    Print(json.EndArray().Field("ok", ok).EndObject().text());
  } else {
    for (const std::string& member : *members) Print(member);
    Say(Shown(flags.bundle) + " is written; look through it before you send it");
  }
  return Exit::kOk;
}

Exit RunDoctor(const Invocation& invocation, const DoctorFlags& flags) {
  if (invocation.node.empty() && !flags.pre) {
    return Fail(RejectReason::kUsage, "no node is named",
                "give --node DIR or set ENTENTE_NODE, or --pre before `init`");
  }
  const std::vector<Finding> findings =
      flags.pre ? ExamineBefore(invocation.node, flags.dial) : Examine(invocation.node, flags.passphrase_file);
  size_t failures = 0, warnings = 0;
  for (const Finding& finding : findings) {
    if (finding.result == Finding::Result::kFailure) ++failures;
    if (finding.result == Finding::Result::kWarning) ++warnings;
  }
  if (!flags.bundle.empty()) return WriteBundle(invocation, flags, findings, failures == 0);
  if (invocation.json) {
    Print(FindingsJson(findings, failures == 0));
  } else {
    PrintFindings(invocation.terminal, findings);
    Print(std::to_string(findings.size()) + " checks, " + std::to_string(failures) + " failures, " +
          std::to_string(warnings) + " warnings");
    Next(invocation.terminal, failures > 0 ? "follow the first hint, then entente doctor"
                              : flags.pre  ? "entente init --node DIR --name N --nation XX"
                                           : "entente status");
  }
  return failures == 0 ? Exit::kOk : Exit::kFailed;
}

}  // namespace

void AddDoctor(Command app, Invocation& invocation) {
  Command command =
      app.AddCommand("doctor", "Check configuration, files, keys, ports, machine and peers; make a support bundle");
  const auto flags = std::make_shared<DoctorFlags>();
  Option pre = command.AddFlag("--pre", flags->pre, "Before `init`: is this machine fit for a node?");
  command.AddOption("--dial", flags->dial, "With --pre: can this host:port be reached? Repeat for more")
      .OneEach()
      .OnlyWith(pre);
  command.AddOption("--bundle", flags->bundle, "Write all that helps a supporter into this new tar file; no secrets")
      .Kind("FILE")
      .NeverWith(pre);
  command.AddOption("--passphrase-file", flags->passphrase_file, "File with the passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunDoctor(invocation, *flags); }; });
}

}  // namespace entente::cli
