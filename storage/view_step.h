#pragma once

#include "storage/reader.h"
#include "storage/view_rows.h"
#include "storage/views.h"

// Private to views.cc and peer_views.cc.
namespace entente::storage {

struct Views::Step {
  const v1::Record& record;
  uint64_t seq;
  const Rows& rows;
  RowWriter& out;

  // The decoded row under `key`, or `absent`.
  template <typename Row>
  absl::StatusOr<Row> Read(Family family, ByteView key, Row absent, absl::StatusOr<Row> (*decode)(ByteView)) const {
    absl::StatusOr<std::optional<Bytes>> row = rows.Get(family, key);
    if (!row.ok()) return row.status();
    if (!row->has_value()) return absent;
    return decode(**row);
  }
  template <typename Change>
  absl::Status Count(Change change) {
    absl::StatusOr<Counters> counters = Read(Family::kMeta, kCountersKey, Counters{}, DecodeCounters);
    if (!counters.ok()) return counters.status();
    change(*counters);
    out.Put(Family::kMeta, Bytes(kCountersKey), Encode(*counters));
    return absl::OkStatus();
  }
};

}  // namespace entente::storage
