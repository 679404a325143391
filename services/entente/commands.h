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

// Stands below every --help and in every manual page.
inline constexpr auto kExitCodes =
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 refused by policy, 4 verification failed, 5 peer unreachable, 6 partly "
    "done.\n"
    "Every error names a code; `entente help ENT-1234` explains it. docs/cli.md is the whole reference.";

// Each adds its command (or family of commands) to `app`; parsing then sets invocation.command. `invocation` outlives
// `app`.
void AddInit(CLI::App& app, Invocation& invocation);
void AddRun(CLI::App& app, Invocation& invocation);
void AddStatus(CLI::App& app, Invocation& invocation);
void AddDoctor(CLI::App& app, Invocation& invocation);
void AddPeer(CLI::App& app, Invocation& invocation);
void AddKey(CLI::App& app, Invocation& invocation);
void AddPublish(CLI::App& app, Invocation& invocation);
void AddGet(CLI::App& app, Invocation& invocation);
void AddSearch(CLI::App& app, Invocation& invocation);
void AddTail(CLI::App& app, Invocation& invocation);
void AddExplain(CLI::App& app, Invocation& invocation);
void AddExport(CLI::App& app, Invocation& invocation);
void AddImport(CLI::App& app, Invocation& invocation);
void AddVerify(CLI::App& app, Invocation& invocation);
void AddFsck(CLI::App& app, Invocation& invocation);
void AddDemo(CLI::App& app, Invocation& invocation);
void AddCompletion(CLI::App& app, Invocation& invocation);
void AddMan(CLI::App& app, Invocation& invocation);
void AddVersion(CLI::App& app, Invocation& invocation);
void AddHelp(CLI::App& app, Invocation& invocation);

// Parses and runs; never throws. What main returns.
int RunProgram(int argc, char** argv);

}  // namespace entente::cli
