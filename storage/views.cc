#include "storage/views.h"

#include <algorithm>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "storage/view_reader.h"
#include "storage/view_rows.h"
#include "storage/view_step.h"
#include "trust/payload_types.h"

namespace entente::storage {
namespace {

absl::Status Unfitting(uint64_t seq, std::string_view why) {
  return Reject(RejectReason::kStoreCorrupt,
                "journal record " + std::to_string(seq) + " does not fit: " + std::string(why) + "; run entente fsck");
}

BatchFacts FactsOf(const v1::BatchAccepted& batch, const Keys& keys) {
  BatchFacts facts;
  facts.origin = OrgId::From(batch.origin()).value_or(OrgId());
  facts.stream = StreamId::From(batch.stream_id()).value_or(StreamId());
  facts.own = batch.own();
  facts.statement_ids = batch.statement_ids();
  for (const v1::RecordedDecision& decision : batch.decisions()) {
    if (!batch.own()) break;
    if (decision.permitted()) {
      facts.outboxes.push_back(keys.Peer(decision.org_id()));
    } else if (decision.withheld_until_us() != 0) {
      facts.embargoed.push_back(
          {keys.Peer(decision.org_id()), keys.Embargoed(decision.org_id()), decision.withheld_until_us()});
    }
  }
  return facts;
}

}  // namespace

absl::Status Views::Apply(const v1::Record& record, uint64_t seq, const Rows& rows, RowWriter& out) {
  Step step{record, seq, rows, out};
  switch (record.kind_case()) {
    case v1::Record::kParty:
      return Party(record.party(), step);
    case v1::Record::kBatch:
      return OwnOrReceived(record.batch(), step);
    case v1::Record::kObject:
      return Object(record.object(), step);
    case v1::Record::kQuarantine:
      return Quarantine(record.quarantine(), step);
    case v1::Record::kDelivered:
      return Delivery(record.delivered(), step);
    case v1::Record::kRepeatedStatement:
      return Repeat(record.repeated_statement(), step);
    case v1::Record::kEnvelope:
      return Envelope(record.envelope(), step);
    case v1::Record::kIdentity:
      return Document(record.identity(), step);
    case v1::Record::kAgreement:
      return Agreement(record.agreement(), step);
    case v1::Record::kGroup:
      return Group(record.group(), step);
    case v1::Record::kRules:
      return Rules(step);
    case v1::Record::kDraft:
      step.out.Put(Family::kParties, keys_.DraftRow(seq), {});
      return absl::OkStatus();
    case v1::Record::kOpened:
      step.out.Put(Family::kParties, keys_.OpenedRow(seq), {});
      return absl::OkStatus();
    case v1::Record::kHeldRejected:
      return HeldRejected(record.held_rejected(), step);
    case v1::Record::KIND_NOT_SET:
      break;
  }
  return Unfitting(seq, "its kind is not known to this version");
}

absl::StatusOr<const BatchFacts*> Views::Batch(uint64_t seq, const Rows& rows) {
  if (seq == 0) return nullptr;
  if (seq == batch_seq_) return &batch_;
  absl::StatusOr<std::optional<v1::Record>> record = ViewReader(rows, keys_).FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_batch()) return nullptr;
  batch_ = FactsOf((*record)->batch(), keys_);
  batch_seq_ = seq;
  return &batch_;
}

absl::Status Views::Party(const v1::PartyAccepted& party, Step& step) {
  step.out.Put(Family::kParties, keys_.Party(party.org_id()), SeqBytes(step.seq));
  return absl::OkStatus();
}

absl::Status Views::Document(const v1::IdentityTaken& taken, Step& step) {
  const absl::StatusOr<std::optional<Bytes>> party = step.rows.Get(Family::kParties, keys_.Party(taken.org_id()));
  if (!party.ok()) return party.status();
  if (!party->has_value()) return Unfitting(step.seq, "a document of an organisation that is not on file");
  step.out.Put(Family::kParties, keys_.PartyDocument(taken.org_id(), step.seq), {});
  return absl::OkStatus();
}

absl::Status Views::Agreement(const v1::AgreementTaken& taken, Step& step) {
  const absl::StatusOr<std::optional<Bytes>> party = step.rows.Get(Family::kParties, keys_.Party(taken.org_id()));
  if (!party.ok()) return party.status();
  if (!party->has_value()) return Unfitting(step.seq, "an agreement with an organisation that is not on file");
  step.out.Put(Family::kParties, keys_.AgreementRow(taken.org_id(), step.seq), {});
  return absl::OkStatus();
}

absl::Status Views::Group(const v1::GroupTaken& taken, Step& step) {
  if (!GroupId::From(taken.group_id())) return Unfitting(step.seq, "something of a group without its id");
  if (taken.kind_case() == v1::GroupTaken::KIND_NOT_SET) return Unfitting(step.seq, "nothing is said of its group");
  if (taken.has_slots()) {
    const Digest id = crypto::Sha256(crypto::Pae(trust::kEpochType, taken.slots().epoch().body()));
    step.out.Put(Family::kParties, keys_.SlotsRow(id.view(), step.seq), {});
  } else {
    step.out.Put(Family::kParties, keys_.GroupRow(step.seq), {});
  }
  return absl::OkStatus();
}

absl::Status Views::Rules(Step& step) {
  step.out.Put(Family::kParties, keys_.RulesRow(step.seq), {});
  return absl::OkStatus();
}

absl::Status Views::OwnOrReceived(const v1::BatchAccepted& batch, Step& step) {
  batch_ = FactsOf(batch, keys_);
  batch_seq_ = step.seq;
  if (!batch.own()) return absl::OkStatus();
  const ByteView ids = batch.statement_ids();
  if (ids.size() < StatementId::kSize) return Unfitting(step.seq, "a batch without statements");
  const auto last = StatementId::From(ids.substr(ids.size() - StatementId::kSize));
  step.out.Put(Family::kStreams, keys_.OutboundStream(batch.audience(), batch.group().group_id()),
               Encode(envelope::StreamPosition{batch_.stream, batch.last_sequence(), *last}));
  return absl::OkStatus();
}

// What every statement does, whatever becomes of its object.
absl::Status Views::Statement(uint64_t batch_seq, ByteView statement_id, uint64_t sequence, Step& step) {
  absl::StatusOr<const BatchFacts*> batch = Batch(batch_seq, step.rows);
  if (!batch.ok()) return batch.status();
  const auto id = StatementId::From(statement_id);
  if (*batch == nullptr || !id) return Unfitting(step.seq, "its batch or statement id is missing");
  step.out.Put(Family::kStatements, keys_.Statement(statement_id), {});
  const BatchFacts& facts = **batch;
  if (!facts.own) {
    const Bytes key = keys_.StreamSlot(facts.origin.view(), facts.stream.view(), sequence);
    absl::StatusOr<SlotRow> slot = step.Read(Family::kStreams, key, SlotRow{}, DecodeSlot);
    if (!slot.ok()) return slot.status();
    if (slot->sequence < sequence) step.out.Put(Family::kStreams, key, Encode(SlotRow{sequence, *id}));
    return absl::OkStatus();
  }
  return Queued(facts, step);
}

absl::Status Views::Object(const v1::ObjectAccepted& object, Step& step) {
  if (absl::Status status = Statement(object.batch_seq(), object.statement_id(), object.sequence(), step);
      !status.ok()) {
    return status;
  }
  v1::VersionRow row;
  row.set_seq(step.seq);
  row.set_version(object.version());
  row.set_origin(batch_.origin.str());
  row.set_label(object.label());
  row.set_content_digest(object.content_digest());
  step.out.Put(Family::kVersions, keys_.Version(object.id(), object.version_ns()), row.SerializeAsString());
  step.out.Put(Family::kObjects, SeqBytes(step.seq), {});
  if (object.defines_statement_marking()) {
    step.out.Put(Family::kMarkings, keys_.Marking(batch_.origin.view(), object.id()), {});
  }
  if (absl::Status status = Derived(object, step); !status.ok()) return status;
  if (absl::Status status = Findable(object, step); !status.ok()) return status;
  return Unhold(object.id(), object.version_ns(), object.content_digest(), step);
}

// What this node made from another object of its own, found by that one.
absl::Status Views::Derived(const v1::ObjectAccepted& object, Step& step) {
  if (!object.has_lineage()) return absl::OkStatus();
  const v1::Lineage& lineage = object.lineage();
  if (!batch_.own) return Unfitting(step.seq, "it is said to be derived, and came from elsewhere");
  const absl::StatusOr<std::optional<v1::Record>> source = ViewReader(step.rows, keys_).FindRecord(lineage.source_seq());
  if (!source.ok()) return source.status();
  const bool there = source->has_value() && (*source)->object().id() == lineage.source_id() &&
                     (*source)->object().version_ns() == lineage.source_version_ns();
  if (!there) return Unfitting(step.seq, "what it is derived from is missing");
  const Bytes derived = keys_.Derived(lineage.source_id(), lineage.source_version_ns());
  step.out.Put(Family::kMarkings, keys_.DerivedRow(derived, step.seq), {});
  return absl::OkStatus();
}

// Counts the version, and makes the object found by its newest version's values alone.
absl::Status Views::Findable(const v1::ObjectAccepted& object, Step& step) {
  absl::StatusOr<std::optional<Bytes>> row = step.rows.Get(Family::kVersions, keys_.Object(object.id()));
  if (!row.ok()) return row.status();
  absl::Status counted = step.Count([&](Counters& counters) {
    ++counters.versions;
    if (!row->has_value()) ++counters.objects;
  });
  if (!counted.ok()) return counted;
  if (row->has_value()) {
    absl::StatusOr<NewestRow> newest = DecodeNewest(**row);
    if (!newest.ok()) return newest.status();
    if (newest->version_ns >= object.version_ns()) return absl::OkStatus();
    absl::StatusOr<std::optional<v1::Record>> before = ViewReader(step.rows, keys_).FindRecord(newest->seq);
    if (!before.ok()) return before.status();
    if (!before->has_value()) return Unfitting(step.seq, "the version before it is missing");
    for (const std::string& value : (*before)->object().values()) {
      step.out.Delete(Family::kValues, keys_.ValueRow(value, newest->seq));
    }
  }
  step.out.Put(Family::kVersions, keys_.Object(object.id()), Encode(NewestRow{object.version_ns(), step.seq}));
  for (const std::string& value : object.values()) step.out.Put(Family::kValues, keys_.ValueRow(value, step.seq), {});
  return absl::OkStatus();
}

absl::Status Views::Repeat(const v1::StatementRepeated& repeat, Step& step) {
  if (absl::Status status = Statement(repeat.batch_seq(), repeat.statement_id(), repeat.sequence(), step);
      !status.ok()) {
    return status;
  }
  absl::StatusOr<const BatchFacts*> batch = Batch(repeat.batch_seq(), step.rows);
  if (!batch.ok()) return batch.status();
  if (*batch == nullptr) return Unfitting(step.seq, "the batch of a repeat is missing");
  const Bytes key = keys_.Version(repeat.id(), repeat.version_ns());
  absl::StatusOr<std::optional<Bytes>> before = step.rows.Get(Family::kVersions, key);
  if (!before.ok()) return before.status();
  v1::VersionRow row;
  if (!before->has_value() || !row.ParseFromString(**before))
    return Unfitting(step.seq, "the version it repeats is missing");
  // Another origin's statement about the same bytes binds what that origin sent, not what this one released.
  if ((*batch)->origin.view() == row.origin()) row.set_label(std::max(row.label(), repeat.label()));
  row.add_repeats(step.seq);
  if (row.repeats_size() > static_cast<int>(kMaxRepeats)) row.mutable_repeats()->erase(row.repeats().begin());
  step.out.Put(Family::kVersions, key, row.SerializeAsString());
  return Unhold(repeat.id(), repeat.version_ns(), repeat.content_digest(), step);
}

}  // namespace entente::storage
