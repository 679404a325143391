#include "base/reject.h"
#include "crypto/crypto.h"
#include "storage/open_transaction.h"
#include "storage/statement_fields.h"

namespace entente::storage {
namespace {

void SetBatch(const envelope::Batch& batch, const OrgId& from, bool own, v1::BatchAccepted& out) {
  *out.mutable_batch() = batch.signed_body();
  for (const envelope::Statement& statement : batch.statements())
    out.mutable_statement_ids()->append(statement.id().view());
  out.set_origin(batch.origin().str());
  out.set_from(from.str());
  for (const OrgId& org : batch.audience()) out.mutable_audience()->append(org.view());
  out.set_stream_id(batch.stream().str());
  out.set_own(own);
  out.set_last_sequence(batch.After().sequence);
  if (!batch.group()) return;
  out.mutable_group()->set_group_id(batch.group()->group.str());
  out.mutable_group()->set_membership_version(batch.group()->version);
  out.mutable_group()->set_membership_hash(batch.group()->hash.str());
}

bool Holds(ByteView ids, const envelope::Statement& statement) {
  const ByteView id = statement.id().view();
  const size_t at = statement.index() * StatementId::kSize;
  if (at + id.size() <= ids.size() && ids.substr(at, id.size()) == id) return true;
  for (size_t i = 0; i + id.size() <= ids.size(); i += id.size()) {
    if (ids.substr(i, id.size()) == id) return true;
  }
  return false;
}

}  // namespace

absl::StatusOr<uint64_t> OpenTransaction::Refuse(std::string_view why) {
  failure_ = Reject(RejectReason::kInternal, "not stored: " + std::string(why) + "; this is a fault of this program");
  return failure_;
}

absl::StatusOr<uint64_t> OpenTransaction::Append(v1::Record record) {
  if (!failure_.ok()) return failure_;
  record.set_time_us(time_us_);
  record.set_by(by_);
  const uint64_t seq = next_seq_;
  failure_ = views_.Apply(record, seq, overlay_, overlay_);
  if (!failure_.ok()) return failure_;
  overlay_.Put(Family::kJournal, SeqBytes(seq), record.SerializeAsString());
  ++next_seq_;
  return seq;
}

absl::Status OpenTransaction::CheckStatement(uint64_t batch_seq, const envelope::Statement& statement,
                                             const policy::Permit* local) {
  if (!failure_.ok()) return failure_;
  absl::StatusOr<const BatchFacts*> batch = views_.Batch(batch_seq, overlay_);
  if (!batch.ok()) return failure_ = batch.status();
  if (*batch == nullptr || !Holds((*batch)->statement_ids, statement)) {
    return Refuse("a statement without its batch").status();
  }
  if (local != nullptr && local->recipient() != self_) return Refuse("the permit is another organisation's").status();
  absl::StatusOr<bool> known = HasStatement(statement.id());
  if (!known.ok()) return failure_ = known.status();
  return *known ? Refuse("the statement is stored already").status() : absl::OkStatus();
}

absl::StatusOr<uint64_t> OpenTransaction::AppendParty(const v1::PartyAccepted& party) {
  if (!OrgId::From(party.org_id())) return Refuse("a party without an organisation id");
  v1::Record record;
  *record.mutable_party() = party;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendIdentity(const OrgId& org, const v1::SignedIdentity& identity) {
  if (!failure_.ok()) return failure_;
  const absl::StatusOr<std::optional<Bytes>> party = overlay_.Get(Family::kParties, keys_.Party(org.view()));
  if (!party.ok()) return failure_ = party.status();
  if (!party->has_value()) return Refuse("a document of an organisation that is not on file");
  v1::Record record;
  record.mutable_identity()->set_org_id(org.str());
  *record.mutable_identity()->mutable_identity() = identity;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendAgreement(const OrgId& org, const v1::AgreementTaken& taken) {
  if (!failure_.ok()) return failure_;
  const absl::StatusOr<std::optional<Bytes>> party = overlay_.Get(Family::kParties, keys_.Party(org.view()));
  if (!party.ok()) return failure_ = party.status();
  if (!party->has_value() || taken.org_id() != org.view()) return Refuse("an agreement with nobody who is on file");
  v1::Record record;
  *record.mutable_agreement() = taken;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendGroup(const v1::GroupTaken& taken) {
  if (!GroupId::From(taken.group_id()) || taken.kind_case() == v1::GroupTaken::KIND_NOT_SET) {
    return Refuse("nothing of a group");
  }
  v1::Record record;
  *record.mutable_group() = taken;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendRules(const v1::RulesChanged& rules) {
  v1::Record record;
  *record.mutable_rules() = rules;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendDraft(const v1::DraftStep& step) {
  if (step.number() == 0 || step.step_case() == v1::DraftStep::STEP_NOT_SET) return Refuse("no step of a draft");
  v1::Record record;
  *record.mutable_draft() = step;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendOpened(const v1::ContentOpened& opened) {
  if (by_.empty()) return Refuse("nobody opened it");
  v1::Record record;
  *record.mutable_opened() = opened;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendOwnBatch(const envelope::Batch& batch,
                                                         const std::vector<PartyDecision>& decisions, uint64_t rules) {
  if (batch.origin() != self_ || batch.statements().size() != batch.size())
    return Refuse("no whole batch of this node");
  v1::Record record;
  SetBatch(batch, self_, true, *record.mutable_batch());
  record.mutable_batch()->set_rules(rules);
  for (const PartyDecision& decision : decisions) {
    v1::RecordedDecision& out = *record.mutable_batch()->add_decisions();
    out.set_org_id(decision.org.str());
    out.set_rule(decision.rule);
    out.set_shadow(decision.shadow);
    if (const auto* permit = std::get_if<policy::Permit>(&decision.outcome)) {
      if (permit->recipient() != decision.org) return Refuse("the permit is another organisation's");
      out.set_permitted(true);
      out.set_reason(permit->relationship());
    } else {
      out.set_reason(std::string(Describe(std::get<RejectReason>(decision.outcome)).name));
      if (decision.withheld_until) out.set_withheld_until_us(absl::ToUnixMicros(*decision.withheld_until));
    }
  }
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendReceivedBatch(const envelope::Batch& batch, const OrgId& from,
                                                              bool by_file) {
  if (batch.statements().empty()) return Refuse("a batch without statements");
  v1::Record record;
  SetBatch(batch, from, false, *record.mutable_batch());
  record.mutable_batch()->set_by_file(by_file);
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendObject(uint64_t batch_seq, const envelope::Statement& statement,
                                                       const ObjectFacts& facts, const policy::Permit& local) {
  if (absl::Status status = CheckStatement(batch_seq, statement, &local); !status.ok()) return status;
  absl::StatusOr<std::optional<VersionEntry>> version = FindVersion(facts.id, facts.version_ns);
  if (!version.ok()) return failure_ = version.status();
  if (version->has_value()) return Refuse("this version of the object is stored already");
  v1::Record record;
  v1::ObjectAccepted& object = *record.mutable_object();
  SetStatement(batch_seq, statement, object);
  SetObject(facts, local, statement.content(), object);
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendRepeat(uint64_t batch_seq, const envelope::Statement& statement,
                                                       const ObjectFacts& facts, const VersionEntry& of,
                                                       const policy::Permit& local) {
  if (absl::Status status = CheckStatement(batch_seq, statement, &local); !status.ok()) return status;
  absl::StatusOr<std::optional<VersionEntry>> version = FindVersion(facts.id, facts.version_ns);
  if (!version.ok()) return failure_ = version.status();
  if (!version->has_value() || (*version)->seq != of.seq || of.content_digest != crypto::Sha256(statement.content())) {
    return Refuse("it repeats other bytes than the stored version");
  }
  v1::Record record;
  v1::StatementRepeated& repeat = *record.mutable_repeated_statement();
  SetStatement(batch_seq, statement, repeat);
  repeat.set_content_digest(of.content_digest.str());
  repeat.set_object_seq(of.seq);
  repeat.set_id(facts.id);
  repeat.set_version_ns(facts.version_ns);
  repeat.set_label(ToWire(local.label()));
  if (facts.imputed) *repeat.mutable_imputed() = *facts.imputed;
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendDelivered(const OrgId& peer, const DeliveryStep& step) {
  // Entries get the sequence of their record: a cursor beyond the end would swallow entries that are yet to come.
  if (step.position >= next_seq_) return Refuse("a cursor beyond the end of the journal");
  v1::Record record;
  v1::Delivered& delivered = *record.mutable_delivered();
  delivered.set_peer(peer.str());
  delivered.set_position(step.position);
  delivered.set_refused(step.given_up);
  if (step.head) *delivered.mutable_head() = *step.head;
  for (const uint64_t seq : step.held) delivered.add_held(seq);
  for (const uint64_t seq : step.settled) delivered.add_settled()->set_seq(seq);
  for (const EmbargoedEntry& entry : step.released) {
    v1::EntrySettled& settled = *delivered.add_settled();
    settled.set_seq(entry.seq);
    settled.set_embargo_until_us(absl::ToUnixMicros(entry.until));
  }
  return Append(std::move(record));
}

absl::StatusOr<uint64_t> OpenTransaction::AppendEnvelope(const envelope::VerifiedEnvelope& envelope, const OrgId& peer,
                                                         const v1::SignedBody* head, uint64_t gaps) {
  if (!failure_.ok()) return failure_;
  absl::StatusOr<bool> seen = HasEnvelope(envelope.id);
  if (!seen.ok()) return failure_ = seen.status();
  if (*seen) {
    return failure_ = Reject(RejectReason::kReplay, "this envelope was accepted before; the copy changes nothing");
  }
  if (!envelope.batch || envelope.batch->statements().empty()) return Refuse("an envelope without statements");
  const envelope::StreamPosition after = envelope.batch->After();
  v1::Record record;
  v1::EnvelopeSeen& out = *record.mutable_envelope();
  out.set_env_id(envelope.id.str());
  out.set_expires_hour(envelope.expires_hour);
  out.set_peer(peer.str());
  if (head != nullptr) *out.mutable_head() = *head;
  out.set_stream_origin(envelope.batch->origin().str());
  out.set_stream_id(after.stream.str());
  out.set_last_sequence(after.sequence);
  out.set_last_statement(after.last.str());
  out.set_gaps(gaps);
  return Append(std::move(record));
}

}  // namespace entente::storage
