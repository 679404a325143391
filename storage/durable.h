#pragma once

#include "absl/container/flat_hash_map.h"
#include "storage/journal.h"
#include "storage/view_rows.h"

namespace entente::storage {

// What readers ask for without touching the store: the state behind the last durable group.
struct Durable {
  JournalHead head;
  Counters counters;
  absl::flat_hash_map<Bytes, TallyRow> tallies;  // by peer key
  CommitStats stats;
};

}  // namespace entente::storage
