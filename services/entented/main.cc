#include <cstdio>
#include <string>

#include "services/command_line/command_line.h"
#include "services/entented/node.h"
#include "services/entented/streams.h"

namespace {

constexpr int kUsageError = 2;

}  // namespace

int main(int argc, char** argv) {
  using entente::cli::Parsed;
  entente::node::GuardStreams();
  entente::cli::CommandLine line(
      "entented", "The Entente daemon: exchanges signed, labelled, sealed threat intelligence with accepted peers.");
  std::string folder, passphrase_file;
  line.root()
      .AddOption("--node", folder, "folder of the node, made by `entente init`")
      .FromEnvironment("ENTENTE_NODE")
      .Kind("DIR")
      .Required();
  line.root()
      .AddOption("--passphrase-file", passphrase_file, "file with the passphrase, mode 0600 (default: DIR/passphrase)")
      .Kind("FILE");
  line.AddVersionFlag();
  const Parsed parsed = line.Parse({argv + 1, argv + argc});
  switch (parsed.result) {
    case Parsed::Result::kHelp:
      std::fputs(line.root().Help().c_str(), stdout);
      return 0;
    case Parsed::Result::kVersion:
      std::printf("%s\n", entente::node::VersionLine().c_str());
      return 0;
    case Parsed::Result::kWrong:
      std::fprintf(stderr, "%s\nRun with --help for more information.\n", parsed.error.c_str());
      return kUsageError;
    case Parsed::Result::kChosen:
      break;
  }
  return entente::node::RunDaemon(folder, passphrase_file);
}
