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
void AddToAll(Command command, Invocation& invocation) {
  for (const Command& below : command.commands()) AddToAll(below, invocation);
  command.AtMostOneCommand();
  command.AddOption("--node", invocation.node, "Folder of the node (or ENTENTE_NODE)").Kind("DIR");
  command.AddFlag("--json", invocation.json, "One line of JSON on stdout instead of text");
  for (Option option : command.options()) {
    if (option.takes_value()) option.Check(NotEmpty);
  }
}

void Build(Command app, Invocation& invocation) {
  app.Footer(kExitCodes);
  AddInit(app, invocation);
  AddRun(app, invocation);
  AddStatus(app, invocation);
  AddDoctor(app, invocation);
  AddPeer(app, invocation);
  AddKey(app, invocation);
  AddGroup(app, invocation);
  AddPublish(app, invocation);
  AddGet(app, invocation);
  AddSearch(app, invocation);
  AddTail(app, invocation);
  AddExplain(app, invocation);
  AddCanShare(app, invocation);
  AddAgreement(app, invocation);
  AddPolicy(app, invocation);
  AddQuarantine(app, invocation);
  AddDraft(app, invocation);
  AddOpened(app, invocation);
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

std::vector<std::string> CommandNames(const Command& command) {
  std::vector<std::string> names;
  for (const Command& below : command.commands()) names.push_back(below.name());
  return names;
}

// The word that was not understood, and what may have been meant.
Exit Misunderstood(const Parsed& parsed) {
  const Command& innermost = parsed.innermost;
  const std::vector<std::string>& words = parsed.unknown;
  const auto is_word = [](const std::string& text) { return text != kEndOfOptions; };
  const auto is_option = [](const std::string& text) { return text.size() > 1 && text.front() == '-'; };
  const auto end = std::find(words.begin(), words.end(), kEndOfOptions);
  auto found = std::find_if(words.begin(), end, is_option);
  const bool option = found != end;
  if (!option) found = std::find_if(words.begin(), words.end(), is_word);
  const std::string word = option ? found->substr(0, found->find('=')) : *found;
  const std::vector<std::string> known = option ? innermost.option_names() : CommandNames(innermost);
  std::string what = "'" + word + "' is no " +
                     (option          ? "option"
                      : known.empty() ? "argument"
                                      : "command") +
                     " of `" + innermost.path() + "`";
  const std::string meant = model::DidYouMean(word, known);
  if (!meant.empty()) what += "; did you mean '" + meant + "'?";
  std::string fix = "see `" + innermost.path() + " --help`";
  if (option) fix += "; a value that begins with '-' goes behind `--`";
  return Fail(RejectReason::kUsage, what, fix);
}

Exit RunCommand(CommandLine& line, Invocation& invocation, std::vector<std::string> words) {
  const Parsed parsed = line.Parse(std::move(words));
  // An unknown word explains a missing argument better than the argument that is missing.
  if (!parsed.unknown.empty()) return Misunderstood(parsed);
  if (parsed.result == Parsed::Result::kHelp) {
    Print(parsed.innermost.Help());
    return Exit::kOk;
  }
  if (parsed.result == Parsed::Result::kWrong) {
    return Fail(RejectReason::kUsage, parsed.error, "see `" + parsed.innermost.path() + " --help`");
  }
  const char* node = std::getenv("ENTENTE_NODE");
  if (invocation.node.empty() && node != nullptr) invocation.node = node;
  if (!invocation.command) {
    Say(parsed.innermost.Help());
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
    CommandLine line("entente", kAbout);
    Build(line.root(), invocation);
    std::vector<std::string> words = PlainWords({argv + 1, argv + argc});
    if (words == std::vector<std::string>{"--version"}) words = {"version"};
    exit = RunCommand(line, invocation, HelpAsOption(std::move(words), CommandNames(line.root())));
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
