#pragma once

namespace entente::node {

// For a process that will hold keys, first thing in main: no core file, no debugger of another process of the same
// user, new files closed to everybody else. Lasts until the process ends or executes another program.
void HardenProcess();

}  // namespace entente::node
