#include "storage/layout.h"

namespace entente::storage {
namespace {

constexpr std::array<std::string_view, kFamilies> kNames = {
    "default", "journal", "objects", "versions", "quarantine", "values",   "statements",
    "streams", "replay",  "outbox",  "cursors",  "parties",    "markings", "meta"};
constexpr std::array<Family, kFamilies - 2> kViews = {
    Family::kObjects, Family::kVersions, Family::kQuarantine, Family::kValues,  Family::kStatements, Family::kStreams,
    Family::kReplay,  Family::kOutbox,   Family::kCursors,    Family::kParties, Family::kMarkings,   Family::kMeta};
constexpr char kOutbound = 0, kInbound = 1, kSlot = 2;

Bytes Joined(ByteView a, ByteView b) {
  Bytes out;
  out.reserve(a.size() + b.size());
  out.append(a).append(b);
  return out;
}

}  // namespace

std::string_view Name(Family family) {
  return kNames[static_cast<size_t>(family)];
}
std::span<const Family> ViewFamilies() {
  return kViews;
}

Bytes SeqBytes(uint64_t value) {
  Bytes out;
  AppendBigEndian(out, value);
  return out;
}

uint64_t Biased(int64_t value) {
  return static_cast<uint64_t>(value) ^ (1ull << 63);
}
int64_t Unbiased(uint64_t value) {
  return static_cast<int64_t>(value ^ (1ull << 63));
}

Bytes Keys::Object(std::string_view id) const {
  if (memory_ == nullptr) return at_rest_->IndexKey("id", id);
  if (memory_->key.empty() || memory_->id != id) *memory_ = {Bytes(id), at_rest_->IndexKey("id", id)};
  return memory_->key;
}

Bytes Keys::Version(std::string_view id, int64_t version_ns) const {
  Bytes key = Object(id);
  AppendBigEndian(key, Biased(version_ns));
  return key;
}

Bytes Keys::Quarantined(std::string_view id, int64_t version_ns, ByteView content_digest) const {
  return Version(id, version_ns) + at_rest_->IndexKey("content", content_digest);
}

Bytes Keys::Value(std::string_view value) const {
  return at_rest_->IndexKey("value", value);
}
Bytes Keys::ValueRow(ByteView value_key, uint64_t seq) const {
  return Joined(value_key, SeqBytes(seq));
}
Bytes Keys::Statement(ByteView statement_id) const {
  return at_rest_->IndexKey("statement", statement_id);
}

Bytes Keys::OutboundStream(ByteView sorted_audience, ByteView group) const {
  if (group.empty()) return kOutbound + at_rest_->IndexKey("outbound", sorted_audience);
  return kOutbound + at_rest_->IndexKey("outbound-group", Joined(group, sorted_audience));
}

Bytes Keys::InboundStream(ByteView origin, ByteView stream) const {
  return kInbound + at_rest_->IndexKey("inbound", Joined(origin, stream));
}

Bytes Keys::StreamSlot(ByteView origin, ByteView stream, uint64_t sequence) const {
  Bytes key = kSlot + at_rest_->IndexKey("inbound", Joined(origin, stream));
  AppendBigEndian(key, static_cast<uint16_t>(sequence % kStreamSlots));
  return key;
}

Bytes Keys::Envelope(ByteView envelope_id) const {
  return kReplayById + at_rest_->IndexKey("envelope", envelope_id);
}
Bytes Keys::Peer(ByteView org) const {
  return at_rest_->IndexKey("peer", org);
}
Bytes Keys::OutboxRow(ByteView peer_key, uint64_t seq) const {
  return Joined(peer_key, SeqBytes(seq));
}
Bytes Keys::Refused(ByteView org) const {
  return at_rest_->IndexKey("refused", org);
}
Bytes Keys::Embargoed(ByteView org) const {
  return at_rest_->IndexKey("embargoed", org);
}
Bytes Keys::EmbargoedRow(ByteView embargoed_key, int64_t until_us, uint64_t seq) const {
  return Joined(embargoed_key, SeqBytes(Biased(until_us))) + SeqBytes(seq);
}
Bytes Keys::CursorProgress(ByteView peer_key) const {
  return Bytes(peer_key) + kCursorProgress;
}
Bytes Keys::CursorTally(ByteView peer_key) const {
  return Bytes(peer_key) + kCursorTally;
}
Bytes Keys::Party(ByteView org) const {
  return at_rest_->IndexKey("party", org);
}

Bytes Keys::PartyDocument(ByteView org, uint64_t seq) const {
  return Joined(Party(org), SeqBytes(seq));
}

Bytes Keys::Agreements(ByteView org) const {
  return at_rest_->IndexKey("agreements", org);
}
Bytes Keys::AgreementRow(ByteView org, uint64_t seq) const {
  return Joined(Agreements(org), SeqBytes(seq));
}
Bytes Keys::Groups() const {
  return at_rest_->IndexKey("group", {});
}
Bytes Keys::GroupRow(uint64_t seq) const {
  return Joined(Groups(), SeqBytes(seq));
}
Bytes Keys::Rules() const {
  return at_rest_->IndexKey("rules", {});
}
Bytes Keys::RulesRow(uint64_t seq) const {
  return Joined(Rules(), SeqBytes(seq));
}
Bytes Keys::Drafts() const {
  return at_rest_->IndexKey("drafts", {});
}
Bytes Keys::DraftRow(uint64_t seq) const {
  return Joined(Drafts(), SeqBytes(seq));
}
Bytes Keys::Opened() const {
  return at_rest_->IndexKey("opened", {});
}
Bytes Keys::OpenedRow(uint64_t seq) const {
  return Joined(Opened(), SeqBytes(seq));
}
Bytes Keys::Slots(ByteView epoch_id) const {
  return at_rest_->IndexKey("slots", epoch_id);
}
Bytes Keys::SlotsRow(ByteView epoch_id, uint64_t seq) const {
  return Joined(Slots(epoch_id), SeqBytes(seq));
}

Bytes Keys::Marking(ByteView origin, std::string_view marking_id) const {
  return at_rest_->IndexKey("marking", Joined(origin, marking_id));
}

Bytes Keys::Derived(std::string_view source_id, int64_t source_version_ns) const {
  return Joined(at_rest_->IndexKey("derived", source_id), SeqBytes(Biased(source_version_ns)));
}
Bytes Keys::DerivedRow(const Bytes& derived, uint64_t seq) const {
  return Joined(derived, SeqBytes(seq));
}
Bytes Keys::DerivedSpace() const {
  return at_rest_->IndexKey("derived-space", {});
}

Bytes ReplayHourRow(uint32_t hour, ByteView envelope_row) {
  Bytes key(1, kReplayByHour);
  AppendBigEndian(key, hour);
  key.append(envelope_row.substr(1));
  return key;
}

}  // namespace entente::storage
