#include <memory>

#include "services/entente/commands.h"
#include "services/entente/federation.h"
#include "services/entente/json_writer.h"
#include "services/entente/play.h"

namespace entente::cli {
namespace {

std::string_view StateOf(const Federation::NodeState& node) {
  if (node.pid == 0) return "stopped";
  return node.answers ? "running" : "not responding";
}

std::string StatesJson(const Federation& federation) {
  JsonWriter json;
  json.BeginObject().Key("nodes").BeginArray();
  for (const Federation::NodeState& node : federation.States()) {
    json.BeginObject().Field("name", node.name).Field("dir", node.folder).Key("pid");
    if (node.pid == 0) {
      json.Null();
    } else {
      json.Value(node.pid);
    }
    json.Field("peer_port", node.peer_port).Field("metrics_port", node.metrics_port);
    json.Field("state", StateOf(node)).EndObject();
  }
  return json.EndArray().EndObject().text();
}

void PrintStates(const Terminal& terminal, const Federation& federation) {
  std::vector<std::vector<std::string>> rows = {{"node", "state", "pid", "peer port", "metrics port", "folder"}};
  for (const Federation::NodeState& node : federation.States()) {
    const bool runs = node.pid != 0;
    rows.push_back({node.name, node.answers ? terminal.Good(StateOf(node)) : terminal.Warn(StateOf(node)),
                    runs ? std::to_string(node.pid) : "-", std::to_string(node.peer_port),
                    std::to_string(node.metrics_port), Shown(node.folder)});
  }
  Print(Columns(rows, 0));
}

Exit ShowStates(const Invocation& invocation, const Federation& federation) {
  if (invocation.json) {
    Print(StatesJson(federation));
  } else {
    PrintStates(invocation.terminal, federation);
  }
  return Exit::kOk;
}

Exit Up(const Invocation& invocation, const Federation& federation) {
  const bool talk = !invocation.json && invocation.terminal.err_tty;
  const absl::Status status = federation.Up([talk](const std::string& step) {
    if (talk) Say(step);
  });
  if (!status.ok()) return Fail(status);
  const Exit exit = ShowStates(invocation, federation);
  Next(invocation.terminal, "entente demo play --dir " + federation.folder());
  return exit;
}

Exit Status(const Invocation& invocation, const Federation& federation) {
  const Exit exit = ShowStates(invocation, federation);
  Next(invocation.terminal, "entente demo up --dir " + federation.folder() + " starts what is stopped");
  return exit;
}

Exit Down(const Invocation& invocation, const Federation& federation) {
  const auto ended = federation.Down();
  if (!ended.ok()) return Fail(ended.status());
  if (invocation.json) {
    Print(JsonWriter().BeginObject().Field("ended", *ended).EndObject().text());
  } else {
    Print(std::to_string(*ended) + " nodes ended; keys and stores stay in " + Shown(federation.folder()));
  }
  Next(invocation.terminal, "entente demo up --dir " + federation.folder());
  return Exit::kOk;
}

Exit RunOn(const Invocation& invocation, const std::string& folder, bool must_exist,
           Exit (*act)(const Invocation&, const Federation&)) {
  const auto federation = Federation::In(folder);
  if (!federation.ok()) return Fail(federation.status());
  if (must_exist && !federation->exists()) {
    return Fail(RejectReason::kNotFound, "there is no demonstration in '" + federation->folder() + "'",
                "make one with `entente demo up --dir D`");
  }
  return act(invocation, *federation);
}

}  // namespace

void AddDemo(Command app, Invocation& invocation) {
  Command family = app.AddCommand("demo", "A federation of three nodes on this machine");
  const auto folder = std::make_shared<std::string>();
  const auto add = [&](const char* name, const char* help, bool must_exist,
                       Exit (*act)(const Invocation&, const Federation&)) {
    Command command = family.AddCommand(name, help);
    command.AddOption("--dir", *folder, "Where it lives (default: ~/.local/state/entente-demo)").Kind("DIR");
    command.OnChosen([&invocation, folder, must_exist, act] {
      invocation.command = [&invocation, folder, must_exist, act] {
        return RunOn(invocation, *folder, must_exist, act);
      };
    });
  };
  add("up", "Make and start what is missing; returns when all sessions are up", false, Up);
  add("status", "Nodes, processes and ports", true, Status);
  add("play", "The story: publish, who got what and why, a kill and a recovery", true, Play);
  add("down", "End all its nodes; everything they hold stays", true, Down);
}

}  // namespace entente::cli
