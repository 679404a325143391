#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "services/command_line/option.h"

namespace CLI {
class App;
}

namespace entente::cli {

// A command, or the program itself. A handle: copies mean the same command, and none outlives the CommandLine. Each Add
// takes the names as "-n,--name", or the name of an argument; `into` is written while words are parsed and lives until
// then.
class Command {
 public:
  explicit Command(CLI::App* app) : app_(app) {}

  Command AddCommand(const std::string& name, const std::string& about);
  Option AddFlag(const std::string& names, bool& into, const std::string& help);
  Option AddOption(const std::string& names, std::string& into, const std::string& help);
  Option AddOption(const std::string& names, std::vector<std::string>& into, const std::string& help);
  Option AddOption(const std::string& names, uint32_t& into, const std::string& help);
  Option AddOption(const std::string& names, uint64_t& into, const std::string& help);
  Option AddOption(const std::string& names, std::optional<uint32_t>& into, const std::string& help);

  // Called by Parse when this command was chosen and its words keep all rules.
  void OnChosen(std::function<void()> call);
  void AtMostOneCommand();
  void Footer(const std::string& text);

  std::string name() const;
  std::string path() const;  // "entente peer add"
  std::string about() const;
  std::string Help() const;
  std::vector<Command> commands() const;
  std::vector<Option> options() const;
  // Names with their dashes that are understood here: its own and those above.
  std::vector<std::string> option_names() const;

 private:
  CLI::App* app_;
};

// How the words were understood.
struct Parsed {
  enum class Result { kChosen, kHelp, kVersion, kWrong };
  Result result;
  std::string error;                 // with kWrong: what is wrong, for a person
  std::vector<std::string> unknown;  // words that no command, option or argument took
  Command innermost;                 // the last command that was recognised
};

// The words of one program. Not for several threads. The only place that knows the library behind it (CLI11), which is
// headers alone and costs seconds in each file that includes it.
class CommandLine {
 public:
  CommandLine(const std::string& name, const std::string& about);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  Command root();
  // `--version` is then answered with kVersion, whatever else is missing.
  void AddVersionFlag();
  // Never throws. `words` without the program's name. Words that are not known are no error here but stand in
  // `unknown`.
  Parsed Parse(std::vector<std::string> words);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace entente::cli
