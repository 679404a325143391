#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <exception>

#include "model/text.h"
#include "services/entente/commands.h"
#include "services/entente/words.h"

namespace entente::cli {
namespace {

constexpr auto kAbout =
    "Entente exchanges signed, TLP-labelled threat intelligence with other organisations' nodes.\n"
    "First steps: entente demo up, entente demo play; or entente init --node DIR --name N --nation XX.";
std::string NotEmpty(const std::string& value) {
  return value.empty() ? "its value is empty; give one, or leave the option away" : "";
}

// What every command has. Each gets its own copy: were unknown words looked up in the parent instead, a value that
// happens to be a command's name would be taken for that command.
void AddToAll(CLI::App& app, Invocation& invocation) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) AddToAll(*command, invocation);
  app.require_subcommand(0, 1);
  app.add_option("--node", invocation.node, "Folder of the node (or ENTENTE_NODE)")->type_name("DIR");
  app.add_flag("--json", invocation.json, "One line of JSON on stdout instead of text");
  for (CLI::Option* option : app.get_options()) {
    if (option->get_items_expected_min() > 0) option->check(CLI::Validator(NotEmpty, ""));
  }
}

void Build(CLI::App& app, Invocation& invocation) {
  app.name("entente");
  app.set_help_flag("-h,--help", "Explain this command");
  app.footer(kExitCodes);
  AddInit(app, invocation);
  AddRun(app, invocation);
  AddStatus(app, invocation);
  AddDoctor(app, invocation);
  AddPeer(app, invocation);
  AddKey(app, invocation);
  AddPublish(app, invocation);
  AddGet(app, invocation);
  AddSearch(app, invocation);
  AddTail(app, invocation);
  AddExplain(app, invocation);
  AddExport(app, invocation);
  AddImport(app, invocation);
  AddVerify(app, invocation);
  AddFsck(app, invocation);
  AddDemo(app, invocation);
  AddCompletion(app, invocation);
  AddMan(app, invocation);
  AddVersion(app, invocation);
  AddHelp(app, invocation);
  AddToAll(app, invocation);
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
  const auto is_word = [](const std::string& text) { return text != kEndOfOptions; };
  const auto is_option = [](const std::string& text) { return text.size() > 1 && text.front() == '-'; };
  const auto end = std::find(words.begin(), words.end(), kEndOfOptions);
  auto found = std::find_if(words.begin(), end, is_option);
  const bool option = found != end;
  if (!option) found = std::find_if(words.begin(), words.end(), is_word);
  const std::string word = option ? found->substr(0, found->find('=')) : *found;
  const std::vector<std::string> known = option ? OptionNames(innermost) : CommandNames(innermost);
  std::string what = "'" + word + "' is no " +
                     (option          ? "option"
                      : known.empty() ? "argument"
                                      : "command") +
                     " of `" + PathOf(innermost) + "`";
  const std::string meant = model::DidYouMean(word, known);
  if (!meant.empty()) what += "; did you mean '" + meant + "'?";
  std::string fix = "see `" + PathOf(innermost) + " --help`";
  if (option) fix += "; a value that begins with '-' goes behind `--`";
  return Fail(RejectReason::kUsage, what, fix);
}

Exit RunCommand(CLI::App& app, Invocation& invocation, std::vector<std::string> words) {
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app.parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    if (app.remaining_size(true) > 0) return Misunderstood(app);
    Print(app.help());
    return Exit::kOk;
  } catch (const CLI::ParseError& error) {
    const CLI::App* innermost = Innermost(&app);
    // An unknown word explains a missing argument better than the argument that is missing.
    if (app.remaining_size(true) > 0) return Misunderstood(app);
    return Fail(RejectReason::kUsage, error.what(), "see `" + PathOf(innermost) + " --help`");
  }
  if (app.remaining_size(true) > 0) return Misunderstood(app);
  const char* node = std::getenv("ENTENTE_NODE");
  if (invocation.node.empty() && node != nullptr) invocation.node = node;
  if (!invocation.command) {
    Say(app.help());
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
    std::vector<std::string> words = PlainWords({argv + 1, argv + argc});
    if (words == std::vector<std::string>{"--version"}) words = {"version"};
    exit = RunCommand(app, invocation, HelpAsOption(std::move(words), CommandNames(&app)));
  } catch (const std::exception& error) {
    exit = Fail(RejectReason::kInternal, std::string("the program failed: ") + error.what());
  }
  if (!FlushResults() && !ReaderLeft()) {
    Say("error: the result could not be written to stdout");
    if (exit == Exit::kOk) exit = Exit::kFailed;
  }
  return static_cast<int>(exit);
}

}  // namespace entente::cli
