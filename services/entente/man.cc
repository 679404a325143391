#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "services/entente/commands.h"
#include "services/entente/man_page.h"

namespace entente::cli {
namespace {

Exit WritePages(const CommandEntry& root, const std::string& folder) {
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return Fail(RejectReason::kUsage, "'" + folder + "': " + std::strerror(errno), "name a folder that can be made");
  }
  for (const CommandEntry* command : Flat(root)) {
    const std::string path = folder + "/" + PageName(*command) + ".1";
    std::ofstream out(path, std::ios::trunc | std::ios::binary);
    out << ManPage(*command, root);
    out.close();
    if (!out) return Fail(RejectReason::kUsage, "'" + path + "' could not be written", "name a folder with room");
  }
  return Exit::kOk;
}

Exit RunMan(Command app, const std::vector<std::string>& words, const std::string& folder) {
  const CommandEntry root = TreeOf(app);
  if (!folder.empty()) return WritePages(root, folder);
  std::string path = root.path;
  for (const std::string& word : words) path += " " + word;
  for (const CommandEntry* command : Flat(root)) {
    if (command->path != path) continue;
    PrintBytes(ManPage(*command, root));
    return Exit::kOk;
  }
  return Fail(RejectReason::kUsage, "there is no command `" + path + "`", "see `entente --help`");
}

}  // namespace

void AddMan(Command app, Invocation& invocation) {
  Command command = app.AddCommand("man", "Print a manual page: entente man peer add | man -l -");
  const auto words = std::make_shared<std::vector<std::string>>();
  const auto folder = std::make_shared<std::string>();
  command.AddOption("COMMAND", *words, "The command's words (default: the page of entente itself)").Kind("COMMAND");
  command.AddOption("--all-into", *folder, "Write the pages of all commands into this folder instead").Kind("DIR");
  command.OnChosen([app, &invocation, words, folder] {
    invocation.command = [app, words, folder] { return RunMan(app, *words, *folder); };
  });
}

}  // namespace entente::cli
