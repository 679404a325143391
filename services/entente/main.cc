#include "services/entente/commands.h"
#include "services/entented/harden.h"
#include "services/entented/streams.h"

int main(int argc, char** argv) {
  entente::node::GuardStreams();
  entente::node::HardenProcess();  // init, doctor and an offline fsck open keys and write into the node's folder
  return entente::cli::RunProgram(argc, argv);
}
