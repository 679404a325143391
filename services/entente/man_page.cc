#include "services/entente/man_page.h"

#include <algorithm>

#include "services/entente/commands.h"

namespace entente::cli {
namespace {

// Text as roff shows it: a backslash is one, a hyphen can be copied, no line begins a request.
std::string Roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    line_start = c == '\n';
  }
  return out;
}
std::string Bold(std::string_view text) {
  return "\\fB" + Roff(text) + "\\fR";
}
std::string Italic(std::string_view text) {
  return "\\fI" + Roff(text) + "\\fR";
}

std::string Synopsis(const CommandEntry& command) {
  std::string out = Bold(command.path);
  if (!command.commands.empty()) return out + " " + Italic("COMMAND") + " ...\n";
  for (const OptionEntry& option : command.options) {
    if (option.required) out += " " + Bold(option.names.back()) + " " + Italic(option.value);
  }
  out += " [" + Italic("OPTION") + "]...";
  for (const OptionEntry& argument : command.arguments) {
    const std::string name = Italic(argument.argument) + (argument.repeats ? "..." : "");
    out += argument.required ? " " + name : " [" + name + "]";
  }
  return out + "\n";
}

std::string Paragraph(const OptionEntry& option) {
  std::string out = ".TP\n";
  for (const std::string& name : option.names) out += (out == ".TP\n" ? "" : ", ") + Bold(name);
  if (option.names.empty()) out += Italic(option.argument);
  if (!option.names.empty() && !option.value.empty()) out += " " + Italic(option.value);
  out += "\n" + Roff(option.help) + ".";
  if (option.required && !option.names.empty()) out += " Required.";
  if (!option.choices.empty()) {
    out += " One of";
    for (const std::string& choice : option.choices)
      out += (choice == option.choices.front() ? " " : ", ") + Bold(choice);
    out += ".";
  }
  if (!option.standard.empty()) out += " Default: " + Bold(option.standard) + ".";
  return out + "\n";
}

std::string Section(const std::string& title, const std::vector<OptionEntry>& entries) {
  if (entries.empty()) return "";
  std::string out = ".SH " + title + "\n";
  for (const OptionEntry& entry : entries) out += Paragraph(entry);
  return out;
}

std::string Commands(const CommandEntry& command) {
  if (command.commands.empty()) return "";
  std::string out = ".SH COMMANDS\n";
  for (const CommandEntry& below : command.commands) {
    out += ".TP\n.BR " + Roff(PageName(below)) + " (1)\n" + Roff(below.about) + ".\n";
  }
  return out;
}

std::string SeeAlso(const CommandEntry& command, const CommandEntry& root) {
  std::vector<std::string> pages;
  for (const CommandEntry* other : Flat(root)) {
    const bool parent = command.path.starts_with(other->path + " "),
               child = other->path.starts_with(command.path + " ");
    if (parent || child) pages.push_back(".BR " + Roff(PageName(*other)) + " (1)");
  }
  std::string out = ".SH SEE ALSO\n";
  for (const std::string& page : pages) out += page + (page == pages.back() ? "\n" : " ,\n");
  return out;
}

}  // namespace

std::string PageName(const CommandEntry& command) {
  std::string name = command.path;
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string ManPage(const CommandEntry& command, const CommandEntry& root) {
  std::string title = PageName(command);
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const std::string about = command.about.substr(0, command.about.find('\n'));
  return ".TH " + Roff(title) + " 1 \"\" \"entente " ENTENTE_VERSION "\" \"Entente\"\n.SH NAME\n" +
         Roff(PageName(command)) + " \\- " + Roff(about) + "\n.SH SYNOPSIS\n" + Synopsis(command) +
         ".SH DESCRIPTION\n" + Roff(command.about) + ".\n" + Commands(command) +
         Section("ARGUMENTS", command.arguments) + Section("OPTIONS", command.options) + ".SH EXIT STATUS\n" +
         Roff(kExitCodes) + "\n.SH ENVIRONMENT\n.TP\n.B ENTENTE_NODE\nThe node where " + Bold("--node") +
         " is not given.\n.TP\n.B NO_COLOR\nNo colour when it is set and not empty.\n" + SeeAlso(command, root);
}

}  // namespace entente::cli
