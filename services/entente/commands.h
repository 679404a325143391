#pragma once

#include <functional>
#include <string>

#include "services/entente/output.h"

namespace CLI {
class App;
}

namespace entente::cli {

// One run of the program: the options that every command has, and what the chosen command does once all are parsed.
struct Invocation {
  std::string node;  // the node's folder; empty when neither --node nor ENTENTE_NODE is given
  bool json = false;
  Terminal terminal;
  std::function<Exit()> command;
};

// Each adds its command (or family of commands) to `app`; parsing then sets invocation.command. `invocation` outlives
// `app`.
void AddInit(CLI::App& app, Invocation& invocation);
void AddRun(CLI::App& app, Invocation& invocation);
void AddStatus(CLI::App& app, Invocation& invocation);
void AddDoctor(CLI::App& app, Invocation& invocation);
void AddPeer(CLI::App& app, Invocation& invocation);
void AddPublish(CLI::App& app, Invocation& invocation);
void AddGet(CLI::App& app, Invocation& invocation);
void AddSearch(CLI::App& app, Invocation& invocation);
void AddTail(CLI::App& app, Invocation& invocation);
void AddExplain(CLI::App& app, Invocation& invocation);
void AddFsck(CLI::App& app, Invocation& invocation);
void AddDemo(CLI::App& app, Invocation& invocation);
void AddVersion(CLI::App& app, Invocation& invocation);
void AddHelp(CLI::App& app, Invocation& invocation);

// Parses and runs; never throws. What main returns.
int RunProgram(int argc, char** argv);

}  // namespace entente::cli
