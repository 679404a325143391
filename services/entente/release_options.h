#pragma once

#include "services/command_line/command_line.h"
#include "services/entente/publish_terms.h"

namespace entente::cli {

// Every option that says how an object is released, into `flags`, which outlives the parsing. Of publish and can-share.
void AddReleaseOptions(Command command, PublishFlags& flags);

}  // namespace entente::cli
