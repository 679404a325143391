#include "services/entente/commands.h"

int main(int argc, char** argv) { return entente::cli::RunProgram(argc, argv); }
