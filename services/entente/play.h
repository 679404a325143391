#pragma once

#include <string>
#include <utility>
#include <vector>

#include "services/entente/commands.h"
#include "services/entente/federation.h"
#include "services/entente/publish_stream.h"

namespace entente::cli {

// One object that the story published: its id and its exact bytes.
using PlayedObject = std::pair<std::string, Bytes>;

// What the acts of the story share.
struct Stage {
  const Federation& federation;
  const Terminal& terminal;
  bool quiet = false;  // with --json: only the summary is printed
  void Line(std::string_view text) const;
  void Title(std::string_view text) const;
};

// How many of `objects` the node named `name` holds with exactly these bytes. Refuses when one has other bytes.
absl::StatusOr<uint64_t> CountHeld(const Stage& stage, std::string_view name, const std::vector<PlayedObject>& objects);
// Waits until Norlandia's peers have acknowledged everything.
absl::Status AwaitDrained(const Stage& stage);

// Estovia is killed with -9 while Norlandia publishes, started again, and has to catch up completely. Where all that is
// published was there before, nothing is under way that a kill could interrupt: then nobody is killed.
struct KillFacts {
  PublishTotals totals;
  bool killed = false;
  uint64_t durable_at_kill = 0, lag_while_down = 0, held_after = 0;
  double catch_up_seconds = 0;
};
absl::StatusOr<KillFacts> PlayKill(const Stage& stage);

// The whole story on a running federation: the examples, who got what, why one did not, the kill, the final check.
Exit Play(const Invocation& invocation, const Federation& federation);

}  // namespace entente::cli
