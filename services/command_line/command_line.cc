#include "services/command_line/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

namespace entente::cli {
namespace {

std::vector<CLI::App*> Below(CLI::App* app) {
  return app->get_subcommands([](CLI::App*) { return true; });
}

CLI::App* Innermost(CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  return app;
}

// "TEXT:{sensitive,daemon}" is a kind and a closed list.
std::vector<std::string> ChoicesOf(const std::string& type) {
  const size_t open = type.find('{'), close = type.find('}');
  if (open == std::string::npos || close == std::string::npos) return {};
  return CLI::detail::split(type.substr(open + 1, close - open - 1), ',');
}

}  // namespace

Option Option::Required() {
  option_->required();
  return *this;
}

Option Option::Kind(const std::string& kind) {
  option_->type_name(kind);
  return *this;
}

Option Option::Group(const std::string& heading) {
  option_->group(heading);
  return *this;
}

Option Option::OneEach() {
  option_->allow_extra_args(false);
  return *this;
}

Option Option::ShowStandard() {
  option_->capture_default_str();
  return *this;
}

Option Option::FromEnvironment(const std::string& variable) {
  option_->envname(variable);
  return *this;
}

Option Option::OneOf(std::vector<std::string> values) {
  option_->check(CLI::IsMember(std::move(values)));
  return *this;
}

Option Option::Between(uint32_t low, uint32_t high) {
  option_->check(CLI::Range(low, high));
  return *this;
}

Option Option::Check(std::function<std::string(const std::string&)> wrong) {
  option_->check(CLI::Validator([wrong = std::move(wrong)](std::string& value) { return wrong(value); }, ""));
  return *this;
}

Option Option::OnlyWith(Option other) {
  option_->needs(other.option_);
  return *this;
}

Option Option::NeverWith(Option other) {
  option_->excludes(other.option_);
  return *this;
}

bool Option::given() const {
  return option_->count() > 0;
}

bool Option::takes_value() const {
  return option_->get_items_expected_min() > 0;
}

bool Option::is_argument() const {
  return !option_->nonpositional();
}

OptionEntry Option::Entry() const {
  OptionEntry entry;
  for (const std::string& name : option_->get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option_->get_lnames()) entry.names.push_back("--" + name);
  if (is_argument()) entry.argument = option_->get_name(true);
  const std::string type = option_->get_type_name();
  if (option_->get_items_expected_max() > 0) {
    entry.value = type.empty() ? "TEXT" : type.substr(0, type.find(':'));
  }
  entry.choices = ChoicesOf(type);
  entry.help = option_->get_description();
  entry.standard = option_->get_default_str();
  entry.required = option_->get_required();
  entry.repeats = option_->get_items_expected_max() > 1;
  return entry;
}

Command Command::AddCommand(const std::string& name, const std::string& about) {
  return Command(app_->add_subcommand(name, about));
}

Option Command::AddFlag(const std::string& names, bool& into, const std::string& help) {
  return Option(app_->add_flag(names, into, help));
}

Option Command::AddOption(const std::string& names, std::string& into, const std::string& help) {
  return Option(app_->add_option(names, into, help));
}

Option Command::AddOption(const std::string& names, std::vector<std::string>& into, const std::string& help) {
  return Option(app_->add_option(names, into, help));
}

Option Command::AddOption(const std::string& names, uint32_t& into, const std::string& help) {
  return Option(app_->add_option(names, into, help));
}

Option Command::AddOption(const std::string& names, uint64_t& into, const std::string& help) {
  return Option(app_->add_option(names, into, help));
}

Option Command::AddOption(const std::string& names, std::optional<uint32_t>& into, const std::string& help) {
  return Option(app_->add_option(names, into, help));
}

void Command::OnChosen(std::function<void()> call) {
  app_->callback(std::move(call));
}

void Command::AtMostOneCommand() {
  app_->require_subcommand(0, 1);
}

void Command::Footer(const std::string& text) {
  app_->footer(text);
}

std::string Command::name() const {
  return app_->get_name();
}

std::string Command::path() const {
  return app_->get_parent() == nullptr ? name() : Command(app_->get_parent()).path() + " " + name();
}

std::string Command::about() const {
  return app_->get_description();
}

std::string Command::Help() const {
  return app_->get_formatter()->make_help(app_, path(), CLI::AppFormatMode::Normal);
}

std::vector<Command> Command::commands() const {
  std::vector<Command> below;
  for (CLI::App* app : Below(app_)) below.emplace_back(app);
  return below;
}

std::vector<Option> Command::options() const {
  std::vector<Option> all;
  for (CLI::Option* option : app_->get_options()) all.emplace_back(option);
  return all;
}

std::vector<std::string> Command::option_names() const {
  std::vector<std::string> names;
  for (const CLI::App* app = app_; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

CommandLine::CommandLine(const std::string& name, const std::string& about)
    : app_(std::make_unique<CLI::App>(about, name)) {
  app_->set_help_flag("-h,--help", "Explain this command");
}

CommandLine::~CommandLine() = default;

Command CommandLine::root() {
  return Command(app_.get());
}

void CommandLine::AddVersionFlag() {
  app_->set_version_flag("--version", "");
}

Parsed CommandLine::Parse(std::vector<std::string> words) {
  Parsed parsed{Parsed::Result::kChosen, {}, {}, root()};
  try {
    std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
    app_->parse(std::move(words));
  } catch (const CLI::CallForHelp&) {
    parsed.result = Parsed::Result::kHelp;
  } catch (const CLI::CallForVersion&) {
    parsed.result = Parsed::Result::kVersion;
  } catch (const CLI::ParseError& error) {
    parsed.result = Parsed::Result::kWrong;
    parsed.error = error.what();
  }
  if (app_->remaining_size(true) > 0) parsed.unknown = app_->remaining(true);  // a mere "--" remains, but is understood
  parsed.innermost = Command(Innermost(app_.get()));
  return parsed;
}

}  // namespace entente::cli
