#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "crypto/at_rest.h"

namespace entente::storage {

// The column families of a store; docs/formats/journal.md has the rows of each.
enum class Family : uint8_t {
  kStore,  // RocksDB's "default": what the store is; no view
  kJournal,
  kObjects,
  kVersions,
  kQuarantine,
  kValues,
  kStatements,
  kStreams,
  kReplay,
  kOutbox,
  kCursors,
  kParties,
  kMarkings,
  kMeta,
};
inline constexpr size_t kFamilies = 14;
inline constexpr size_t kSeqSize = 8;
// Newest statements of an inbound stream whose place is remembered.
inline constexpr uint64_t kStreamSlots = 4096;

std::string_view Name(Family family);
// Every family that is made from the journal.
std::span<const Family> ViewFamilies();

Bytes SeqBytes(uint64_t value);
// The number at the end of a row key. `key` must hold at least eight bytes.
inline uint64_t SeqAtEnd(ByteView key) {
  return ReadBigEndian<uint64_t>(key.substr(key.size() - kSeqSize));
}
// Signed numbers whose bytes sort as they do.
uint64_t Biased(int64_t value);
int64_t Unbiased(uint64_t value);

// Row keys: keyed hashes of what a row is found by, followed by numbers. Nothing of an id or a value stands in a key.
class Keys {
 public:
  // The last object id asked for, which a commit asks for many times. One thread at a time.
  struct Memory {
    Bytes id, key;
  };
  // Both borrowed. Safe from any thread without `memory`.
  explicit Keys(const crypto::AtRest& at_rest, Memory* memory = nullptr) : at_rest_(&at_rest), memory_(memory) {}

  Bytes Object(std::string_view id) const;  // versions: the row of the newest version; prefix of the others
  Bytes Version(std::string_view id, int64_t version_ns) const;
  Bytes Quarantined(std::string_view id, int64_t version_ns, ByteView content_digest) const;
  Bytes Value(std::string_view value) const;  // what a record keeps of a value; prefix in values
  Bytes ValueRow(ByteView value_key, uint64_t seq) const;
  Bytes Statement(ByteView statement_id) const;
  Bytes OutboundStream(ByteView sorted_audience, ByteView group) const;
  Bytes InboundStream(ByteView origin, ByteView stream) const;
  Bytes StreamSlot(ByteView origin, ByteView stream, uint64_t sequence) const;
  Bytes Envelope(ByteView envelope_id) const;
  Bytes Peer(ByteView org) const;  // prefix in outbox and cursors
  Bytes OutboxRow(ByteView peer_key, uint64_t seq) const;
  Bytes Refused(ByteView org) const;    // prefix in outbox: entries that the peer refused
  Bytes Embargoed(ByteView org) const;  // prefix in outbox: entries that wait for their embargo's end
  Bytes EmbargoedRow(ByteView embargoed_key, int64_t until_us, uint64_t seq) const;
  Bytes CursorProgress(ByteView peer_key) const;
  Bytes CursorTally(ByteView peer_key) const;
  Bytes Party(ByteView org) const;  // parties: the party's row; prefix of those of its documents
  Bytes PartyDocument(ByteView org, uint64_t seq) const;
  Bytes Agreements(ByteView org) const;  // parties: prefix of the rows of what was agreed with it
  Bytes AgreementRow(ByteView org, uint64_t seq) const;
  Bytes Groups() const;  // parties: prefix of the rows of what was taken in of all groups
  Bytes GroupRow(uint64_t seq) const;
  Bytes Rules() const;  // parties: prefix of the rows of what the operator put in force
  Bytes RulesRow(uint64_t seq) const;
  Bytes Drafts() const;  // parties: prefix of the rows of the steps of drafts
  Bytes DraftRow(uint64_t seq) const;
  Bytes Opened() const;  // parties: prefix of the rows of who opened what
  Bytes OpenedRow(uint64_t seq) const;
  Bytes Slots(ByteView epoch_id) const;  // parties: prefix of the rows of an epoch's slots
  Bytes SlotsRow(ByteView epoch_id, uint64_t seq) const;
  Bytes Marking(ByteView origin, std::string_view marking_id) const;
  // markings: prefix of the rows of what was derived from one version of an object
  Bytes Derived(std::string_view source_id, int64_t source_version_ns) const;
  Bytes DerivedRow(const Bytes& derived, uint64_t seq) const;
  Bytes DerivedSpace() const;  // 16 bytes that nobody else has, to compute ids of derived objects in

 private:
  const crypto::AtRest* at_rest_;
  Memory* memory_;
};

// Replay window: envelope ids by hash, and by the hour they expire.
inline constexpr char kReplayById = 0, kReplayByHour = 1;
Bytes ReplayHourRow(uint32_t hour, ByteView envelope_row);
inline constexpr char kCursorProgress = 0, kCursorTally = 1;
inline constexpr std::string_view kCountersKey = "counters", kReplayFloorKey = "replay";

}  // namespace entente::storage
