#include <sys/stat.h>

#include "services/entente/commands.h"
#include "services/entented/streams.h"

int main(int argc, char** argv) {
  entente::node::GuardStreams();
  umask(077);  // init and an offline fsck write into the node's folder
  return entente::cli::RunProgram(argc, argv);
}
