#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>

#include "model/text.h"
#include "services/entente/commands.h"

namespace entente::cli {
namespace {

constexpr auto kAbout =
    "Entente exchanges signed, TLP-labelled threat intelligence with other organisations' nodes.\n"
    "First steps: entente demo up, entente demo play; or entente init --node DIR --name N --nation XX.";
constexpr auto kExitCodes =
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 refused by policy, 4 verification failed, 5 peer unreachable, 6 partly "
    "done.\n"
    "Every error names a code; `entente help ENT-1234` explains it. docs/cli.md is the whole reference.";

void Build(CLI::App& app, Invocation& invocation) {
  app.name("entente");
  app.fallthrough();  // --node and --json may stand before or behind the command
  app.set_help_flag("-h,--help", "Explain this command");
  app.add_option("--node", invocation.node, "Folder of the node (or ENTENTE_NODE)")->envname("ENTENTE_NODE");
  app.add_flag("--json", invocation.json, "One line of JSON on stdout instead of text");
  app.set_version_flag("--version", "entente " ENTENTE_VERSION, "Print the version");
  app.footer(kExitCodes);
  AddInit(app, invocation);
  AddRun(app, invocation);
  AddStatus(app, invocation);
  AddDoctor(app, invocation);
  AddPeer(app, invocation);
  AddPublish(app, invocation);
  AddGet(app, invocation);
  AddSearch(app, invocation);
  AddTail(app, invocation);
  AddExplain(app, invocation);
  AddFsck(app, invocation);
  AddDemo(app, invocation);
  AddVersion(app, invocation);
  AddHelp(app, invocation);
}

// The innermost command that was recognised.
const CLI::App* Innermost(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

std::vector<std::string> OptionNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

std::vector<std::string> CommandNames(const CLI::App* app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::string PathOf(const CLI::App* app) {
  return app->get_parent() == nullptr ? "entente" : PathOf(app->get_parent()) + " " + app->get_name();
}

// The word that was not understood, and what may have been meant.
Exit Misunderstood(const CLI::App& app) {
  const CLI::App* innermost = Innermost(&app);
  const std::vector<std::string> words = app.remaining(true);
  std::string word = words.empty() ? "" : words.front();
  for (const std::string& candidate : words) {
    if (candidate.size() > 1 && candidate.front() == '-') {
      word = candidate.substr(0, candidate.find('='));
      break;
    }
  }
  const bool option = !word.empty() && word.front() == '-';
  const std::vector<std::string> known = option ? OptionNames(innermost) : CommandNames(innermost);
  std::string what = "'" + word + "' is no " +
                     (option          ? "option"
                      : known.empty() ? "argument"
                                      : "command") +
                     " of `" + PathOf(innermost) + "`";
  const std::string meant = model::DidYouMean(word, known);
  if (!meant.empty()) what += "; did you mean '" + meant + "'?";
  return Fail(RejectReason::kUsage, what, "see `" + PathOf(innermost) + " --help`");
}

// `--wait 30` as well as `--wait=30`; the parser itself takes an optional value only behind '='.
std::vector<std::string> Words(int argc, char** argv) {
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool number = !word.empty() && word.find_first_not_of("0123456789") == std::string::npos;
    if (number && !words.empty() && words.back() == "--wait") {
      words.back() += "=" + word;
    } else {
      words.push_back(word);
    }
  }
  return {words.rbegin(), words.rend()};  // CLI11 takes them from the back
}

Exit RunCommand(CLI::App& app, Invocation& invocation, std::vector<std::string> words) {
  try {
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    Print(Innermost(&app)->help());
    return Exit::kOk;
  } catch (const CLI::CallForVersion& version) {
    Print(version.what());
    return Exit::kOk;
  } catch (const CLI::ParseError& error) {
    const CLI::App* innermost = Innermost(&app);
    // An unknown word explains a missing argument better than the argument that is missing.
    if (!app.remaining(true).empty()) return Misunderstood(app);
    return Fail(RejectReason::kUsage, error.what(), "see `" + PathOf(innermost) + " --help`");
  }
  if (!app.remaining(true).empty()) return Misunderstood(app);
  if (!invocation.command) {
    Say(Innermost(&app)->help());
    return Exit::kUsage;
  }
  return invocation.command();
}

}  // namespace

int RunProgram(int argc, char** argv) {
  Exit exit = Exit::kFailed;
  try {
    Invocation invocation;
    invocation.terminal = Terminal::Detect();
    CLI::App app(kAbout);
    Build(app, invocation);
    exit = RunCommand(app, invocation, Words(argc, argv));
  } catch (const std::exception& error) {
    exit = Fail(RejectReason::kInternal, std::string("the program failed: ") + error.what());
  }
  if (!FlushResults()) {
    Say("error: the result could not be written to stdout");
    if (exit == Exit::kOk) exit = Exit::kFailed;
  }
  return static_cast<int>(exit);
}

}  // namespace entente::cli
