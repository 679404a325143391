#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "services/entented/node.h"
#include "services/entented/streams.h"

namespace {

constexpr int kUsageError = 2;

}  // namespace

int main(int argc, char** argv) {
  entente::node::GuardStreams();
  CLI::App app("The Entente daemon: exchanges signed, labelled, sealed threat intelligence with accepted peers.",
               "entented");
  std::string folder, passphrase_file;
  app.add_option("--node", folder, "folder of the node, made by `entente init`")
      ->envname("ENTENTE_NODE")
      ->type_name("DIR")
      ->required();
  app.add_option("--passphrase-file", passphrase_file, "file with the passphrase, mode 0600 (default: DIR/passphrase)")
      ->type_name("FILE");
  app.set_version_flag("--version", entente::node::VersionLine());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsageError;
  }
  return entente::node::RunDaemon(folder, passphrase_file);
}
