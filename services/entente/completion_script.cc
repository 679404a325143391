#include "services/entente/completion_script.h"

#include <functional>

namespace entente::cli {
namespace {

std::string Joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::vector<std::string> NamesBelow(const CommandEntry& command) {
  std::vector<std::string> names;
  for (const CommandEntry& below : command.commands) names.push_back(below.name());
  return names;
}

// How a value is completed: "words A B", "files", "folders", "peers", or "any" for what only its owner knows.
std::string KindOf(const OptionEntry& entry, const CommandEntry& root) {
  if (!entry.choices.empty()) return "words " + Joined(entry.choices);
  if (entry.value == "FILE") return "files";
  if (entry.value == "DIR") return "folders";
  if (entry.value == "PEER") return "peers";
  if (entry.value == "COMMAND") return "words " + Joined(NamesBelow(root));
  return entry.value.empty() ? "" : "any";
}

using Arms = std::function<std::string(const CommandEntry&)>;

// A shell function that prints what `arms` has for each command: cases over "$1" or "$1 $2".
std::string Table(const CommandEntry& root, const std::string& name, const std::string& subject, const Arms& arms) {
  std::string out = name + "() {\n  case \"" + subject + "\" in\n";
  for (const CommandEntry* command : Flat(root)) out += arms(*command);
  return out + "  esac\n}\n";
}
std::string Arm(const std::string& pattern, const std::string& text) {
  return text.empty() ? "" : "    '" + pattern + "') echo '" + text + "' ;;\n";
}

// The tree as functions that bash and zsh read alike.
std::string Tables(const CommandEntry& root) {
  std::string out =
      Table(root, "_entente_commands", "$1", [](const CommandEntry& c) { return Arm(c.path, Joined(NamesBelow(c))); });
  out += Table(root, "_entente_options", "$1", [](const CommandEntry& c) {
    std::string names;
    for (const OptionEntry& option : c.options) names += (names.empty() ? "" : " ") + Joined(option.names);
    return Arm(c.path, names);
  });
  out += Table(root, "_entente_takes", "$1 $2", [&root](const CommandEntry& c) {
    std::string arms;
    for (const OptionEntry& option : c.options) {
      for (const std::string& name : option.names) arms += Arm(c.path + " " + name, KindOf(option, root));
    }
    return arms;
  });
  out += Table(root, "_entente_arguments", "$1", [&root](const CommandEntry& c) {
    return c.arguments.empty() ? "" : Arm(c.path, KindOf(c.arguments.front(), root));
  });
  // What `cur` is: the value of `prev`, an option, a command, or an argument of the command.
  return out + R"sh(_entente_kind() {
  local at=$1 prev=$2 cur=$3 kind
  kind=$(_entente_takes "$at" "$prev")
  if [ -z "$kind" ]; then
    case $cur in
      -*) kind="words $(_entente_options "$at")" ;;
      *) kind=$(_entente_commands "$at")
         if [ -n "$kind" ]; then kind="words $kind"; else kind=$(_entente_arguments "$at"); fi ;;
    esac
  fi
  echo "$kind"
}
_entente_step() {
  case " $(_entente_commands "$1") " in
    *" $2 "*) echo "$1 $2" ;;
    *) echo "$1" ;;
  esac
}
)sh";
}

constexpr auto kBash = R"sh(_entente() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=entente node=${ENTENTE_NODE-} kind word i
  if [ "$cur" = = ]; then
    cur=
  elif [ "$prev" = = ]; then
    prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      -*)
        if [ -n "$(_entente_takes "$at" "$word")" ]; then
          if [ "${COMP_WORDS[i + 1]-}" = = ]; then ((i++)); fi
          ((i++))
          if [ "$word" = --node ] && ((i < COMP_CWORD)); then node=${COMP_WORDS[i]/#\~/$HOME}; fi
        fi ;;
      *) at=$(_entente_step "$at" "$word") ;;
    esac
  done
  COMPREPLY=()
  kind=$(_entente_kind "$at" "$prev" "$cur")
  case $kind in
    words*) mapfile -t COMPREPLY < <(compgen -W "${kind#words }" -- "$cur") ;;
    peers) mapfile -t COMPREPLY < <(compgen -W "$(ENTENTE_NODE=$node entente completion peers 2>/dev/null)" -- "$cur") ;;
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
}
complete -F _entente entente
)sh";

constexpr auto kZsh = R"sh(_entente() {
  local cur=${words[CURRENT]} prev=${words[CURRENT-1]} at=entente node=${ENTENTE_NODE-} kind word i
  case $cur in
    --*=*) prev=${cur%%=*}; cur=${cur#*=}; compset -P '*=' ;;
  esac
  for ((i = 2; i < CURRENT; i++)); do
    word=${words[i]}
    case $word in
      --node=*) node=${word#*=} ;;
      -*=*) ;;
      -*)
        if [ -n "$(_entente_takes "$at" "$word")" ]; then
          ((i++))
          if [ "$word" = --node ] && ((i < CURRENT)); then node=${words[i]/#\~/$HOME}; fi
        fi ;;
      *) at=$(_entente_step "$at" "$word") ;;
    esac
  done
  kind=$(_entente_kind "$at" "$prev" "$cur")
  case $kind in
    words*) compadd -- ${=kind#words } ;;
    peers) compadd -- ${(f)"$(ENTENTE_NODE=$node entente completion peers 2>/dev/null)"} ;;
    files) _files ;;
    folders) _files -/ ;;
  esac
}
compdef _entente entente
)sh";

}  // namespace

std::string BashCompletion(const CommandEntry& root) {
  return "# bash completion of entente: source <(entente completion bash)\n" + Tables(root) + kBash;
}

std::string ZshCompletion(const CommandEntry& root) {
  return "#compdef entente\n# zsh completion of entente, behind compinit: source <(entente completion zsh)\n" +
         Tables(root) + kZsh;
}

std::string FishCompletion(const CommandEntry& root) {
  const auto quoted = [](std::string text) {
    for (size_t at = 0; (at = text.find_first_of("\\'", at)) != std::string::npos; at += 2) text.insert(at, "\\");
    return "'" + text + "'";
  };
  const auto values = [&root](const OptionEntry& entry) -> std::string {
    const std::string kind = KindOf(entry, root);
    if (kind.starts_with("words ")) return " -x -a '" + kind.substr(6) + "'";
    if (kind == "peers") return " -x -a '(__entente_peers)'";
    if (kind == "folders") return " -x -a '(__fish_complete_directories)'";
    return kind == "files" ? " -r -F" : kind == "any" ? " -x" : "";
  };
  std::string paths, takes, lines;
  for (const CommandEntry* command : Flat(root)) {
    paths += " " + quoted(command->path);
    const std::string at = "complete -c entente -n 'test (__entente_at) = \"" + command->path + "\"'";
    for (const CommandEntry& below : command->commands) {
      lines += at + " -a " + below.name() + " -d " + quoted(below.about) + "\n";
    }
    for (const OptionEntry& option : command->options) {
      lines += at;
      for (const std::string& name : option.names) {
        lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        if (!option.value.empty()) takes += " " + quoted(command->path + " " + name);
      }
      lines += values(option) + " -d " + quoted(option.help) + "\n";
    }
    if (!command->arguments.empty()) {
      const std::string kind = values(command->arguments.front());
      if (kind.size() > 3) lines += at + kind + "\n";
    }
  }
  return "# fish completion of entente: entente completion fish | source\n"
         "set -g __entente_paths" +
         paths + "\nset -g __entente_takes" + takes + R"sh(
function __entente_at
    set -l at entente
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        if contains -- "$at $word" $__entente_takes
            set skip 1
        else if contains -- "$at $word" $__entente_paths
            set at "$at $word"
        end
    end
    echo $at
end
function __entente_peers
    set -l words (commandline -opc)
    set -l at (contains -i -- --node $words)
    and set -lx ENTENTE_NODE $words[(math $at + 1)]
    entente completion peers 2>/dev/null
end
complete -c entente -f
)sh" + lines;
}

}  // namespace entente::cli
