#pragma once

#include <functional>
#include <string>

#include "services/command_line/command_line.h"
#include "services/entente/output.h"

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
void AddInit(Command app, Invocation& invocation);
void AddRun(Command app, Invocation& invocation);
void AddStatus(Command app, Invocation& invocation);
void AddDoctor(Command app, Invocation& invocation);
void AddPeer(Command app, Invocation& invocation);
void AddGroup(Command app, Invocation& invocation);
void AddKey(Command app, Invocation& invocation);
void AddKeyBackup(Command family, Invocation& invocation);
void AddKeyOffline(Command family, Invocation& invocation);
void AddKeyHsm(Command family, Invocation& invocation);
void AddPublish(Command app, Invocation& invocation);
void AddGet(Command app, Invocation& invocation);
void AddSearch(Command app, Invocation& invocation);
void AddTail(Command app, Invocation& invocation);
void AddExplain(Command app, Invocation& invocation);
void AddCanShare(Command app, Invocation& invocation);
void AddAgreement(Command app, Invocation& invocation);
void AddPolicy(Command app, Invocation& invocation);
void AddQuarantine(Command app, Invocation& invocation);
void AddDraft(Command app, Invocation& invocation);
void AddOpened(Command app, Invocation& invocation);
void AddExport(Command app, Invocation& invocation);
void AddImport(Command app, Invocation& invocation);
void AddVerify(Command app, Invocation& invocation);
void AddFsck(Command app, Invocation& invocation);
void AddDemo(Command app, Invocation& invocation);
void AddCompletion(Command app, Invocation& invocation);
void AddMan(Command app, Invocation& invocation);
void AddVersion(Command app, Invocation& invocation);
void AddHelp(Command app, Invocation& invocation);

// Parses and runs; never throws. What main returns.
int RunProgram(int argc, char** argv);

}  // namespace entente::cli
