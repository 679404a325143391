#include "services/entente/command_tree.h"

#include <CLI/CLI.hpp>

#include "model/marking.h"
#include "model/party.h"

namespace entente::cli {
namespace {

// "TEXT:{sensitive,daemon}" is a kind and a closed list; other kinds of the project have lists of their own.
std::vector<std::string> ChoicesOf(const std::string& type) {
  std::vector<std::string> choices;
  const size_t open = type.find('{'), close = type.find('}');
  if (open != std::string::npos && close != std::string::npos) {
    return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
  }
  if (type == "LABEL") {
    for (const model::Label label : {model::Label::kClear, model::Label::kGreen, model::Label::kAmber,
                                     model::Label::kAmberStrict, model::Label::kRed}) {
      choices.emplace_back(model::Name(label));
    }
  }
  for (int kind = 0; type == "KIND" && kind <= static_cast<int>(model::PartyKind::kRelay); ++kind) {
    choices.emplace_back(model::Name(static_cast<model::PartyKind>(kind)));
  }
  return choices;
}

OptionEntry EntryOf(const CLI::Option& option) {
  OptionEntry entry;
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  if (!option.nonpositional()) entry.argument = option.get_name(true);
  const std::string type = option.get_type_name();
  if (option.get_items_expected_max() > 0) {
    entry.value = type.empty() ? "TEXT" : type.substr(0, type.find(':'));
  }
  entry.choices = ChoicesOf(type);
  entry.help = option.get_description();
  entry.standard = option.get_default_str();
  entry.required = option.get_required();
  entry.repeats = option.get_items_expected_max() > 1;
  return entry;
}

CommandEntry Walk(const CLI::App& app, const std::string& path) {
  CommandEntry entry;
  entry.path = path;
  entry.about = app.get_description();
  for (const CLI::Option* option : app.get_options()) {
    (option->nonpositional() ? entry.options : entry.arguments).push_back(EntryOf(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    entry.commands.push_back(Walk(*command, path + " " + command->get_name()));
  }
  return entry;
}

void Collect(const CommandEntry& entry, std::vector<const CommandEntry*>& into) {
  into.push_back(&entry);
  for (const CommandEntry& command : entry.commands) Collect(command, into);
}

}  // namespace

CommandEntry TreeOf(const CLI::App& app) {
  return Walk(app, app.get_name());
}

std::vector<const CommandEntry*> Flat(const CommandEntry& root) {
  std::vector<const CommandEntry*> all;
  Collect(root, all);
  return all;
}

}  // namespace entente::cli
