#include "services/entente/command_tree.h"

#include "model/marking.h"
#include "model/party.h"

namespace entente::cli {
namespace {

// The closed lists behind the project's own kinds of value.
std::vector<std::string> ChoicesOf(const std::string& kind) {
  std::vector<std::string> choices;
  if (kind == "LABEL") {
    for (const model::Label label : {model::Label::kClear, model::Label::kGreen, model::Label::kAmber,
                                     model::Label::kAmberStrict, model::Label::kRed}) {
      choices.emplace_back(model::Name(label));
    }
  }
  for (int value = 0; kind == "KIND" && value <= static_cast<int>(model::PartyKind::kRelay); ++value) {
    choices.emplace_back(model::Name(static_cast<model::PartyKind>(value)));
  }
  return choices;
}

CommandEntry Walk(const Command& command) {
  CommandEntry entry;
  entry.path = command.path();
  entry.about = command.about();
  for (const Option& option : command.options()) {
    OptionEntry known = option.Entry();
    if (known.choices.empty()) known.choices = ChoicesOf(known.value);
    (option.is_argument() ? entry.arguments : entry.options).push_back(std::move(known));
  }
  for (const Command& below : command.commands()) entry.commands.push_back(Walk(below));
  return entry;
}

void Collect(const CommandEntry& entry, std::vector<const CommandEntry*>& into) {
  into.push_back(&entry);
  for (const CommandEntry& command : entry.commands) Collect(command, into);
}

}  // namespace

CommandEntry TreeOf(const Command& root) {
  return Walk(root);
}

std::vector<const CommandEntry*> Flat(const CommandEntry& root) {
  std::vector<const CommandEntry*> all;
  Collect(root, all);
  return all;
}

}  // namespace entente::cli
