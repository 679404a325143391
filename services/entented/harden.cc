#include "services/entented/harden.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

namespace entente::node {

void HardenProcess() {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  prctl(PR_SET_DUMPABLE, 0);  // also where core files go to a program, which heeds no limit
  umask(077);
}

}  // namespace entente::node
