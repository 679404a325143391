#include <algorithm>

#include "exchange/delivery.h"
#include "exchange/explain_fill.h"
#include "exchange/lineage.h"
#include "exchange/lookup.h"
#include "exchange/questions.h"
#include "exchange/reading.h"
#include "model/text.h"
#include "model/timestamp.h"

namespace entente::exchange {
namespace {

std::string At(absl::Time time) {
  return model::FormatTimestamp(time);
}

// Whether the statement at `seq` arrived at `org`, for which it is, or was from its embargo's end on.
absl::Status FillDelivered(const storage::Journal& journal, uint64_t seq, const v1::RecordedDecision& decision,
                           const OrgId& org, v1::ExplainReply& reply) {
  absl::StatusOr<storage::PeerCursor> cursor = journal.Cursor(org);
  if (!cursor.ok()) return cursor.status();
  const absl::StatusOr<std::optional<absl::Time>> refused = RefusedSince(journal, org, seq);
  if (!refused.ok()) return refused.status();
  if (refused->has_value()) {
    reply.set_recorded(reply.recorded() + "; not delivered: refused by the peer since " + At(**refused) +
                       ", which does not say why; it will be tried again until " +
                       At(**refused + kRefusedUntilGivenUp) + ", and when it is published again");
    return absl::OkStatus();
  }
  if (decision.permitted()) {
    reply.set_delivered(cursor->delivered >= seq && cursor->refused == 0);
    return absl::OkStatus();
  }
  const absl::Time until = absl::FromUnixMicros(decision.withheld_until_us());
  absl::StatusOr<std::vector<storage::EmbargoedEntry>> waiting = journal.Embargoed(org, {until, seq - 1}, 1);
  if (!waiting.ok()) return waiting.status();
  const bool waits = !waiting->empty() && waiting->front().seq == seq;
  if (waits) reply.set_recorded(reply.recorded() + "; it is sent by itself at " + At(until + kEmbargoMargin) +
                                 ", when its embargo is over by every clock");
  reply.set_delivered(!waits && cursor->refused == 0);
  return absl::OkStatus();
}

// What the journal says was decided about `org` when the statement at `seq` was published.
absl::Status FillRecorded(const storage::Journal& journal, uint64_t seq, uint64_t batch_seq, const OrgId& org,
                          bool derived, v1::ExplainReply& reply) {
  absl::StatusOr<std::optional<v1::Record>> batch = journal.FindRecord(batch_seq);
  if (!batch.ok()) return batch.status();
  if (!batch->has_value()) return absl::OkStatus();
  for (const v1::RecordedDecision& decision : (*batch)->batch().decisions()) {
    if (decision.org_id() != org.view()) continue;
    const std::string rule = decision.rule().empty() ? "" : " by local rule '" + model::Escaped(decision.rule(), 64) + "'";
    reply.set_recorded((decision.permitted() ? "permitted (" : "withheld (") + decision.reason() + rule +
                       ") at journal record " + std::to_string(batch_seq));
    if (!decision.permitted() && decision.withheld_until_us() == 0) return absl::OkStatus();
    return FillDelivered(journal, seq, decision, org, reply);
  }
  reply.set_recorded(derived ? "it was derived for other parties; publish its source again to reach this one"
                             : "the party was not on file when this was published; publish it again to reach it");
  return absl::OkStatus();
}

std::string Joined(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + model::Escaped(name, 64);
  return out;
}

// Whether the derived object whose record is `object_seq` arrived at `org`, by the newest statement that is for it.
absl::Status FillDerivedDelivery(const storage::Journal& journal, const v1::DerivedRow& row, const OrgId& org,
                                 v1::ExplainReply& reply) {
  const absl::StatusOr<std::optional<v1::Record>> first = journal.FindRecord(row.journal_seq());
  if (!first.ok()) return first.status();
  if (!first->has_value()) return absl::OkStatus();
  const auto entry = journal.FindVersion((*first)->object().id(), (*first)->object().version_ns());
  if (!entry.ok()) return entry.status();
  std::vector<uint64_t> seqs = {row.journal_seq()};
  if (entry->has_value()) seqs.insert(seqs.end(), (*entry)->repeats.begin(), (*entry)->repeats.end());
  for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
    const absl::StatusOr<std::optional<v1::Record>> record = journal.FindRecord(*seq);
    if (!record.ok()) return record.status();
    if (!record->has_value()) continue;
    const uint64_t at = (*record)->has_object() ? (*record)->object().batch_seq() : (*record)->repeated_statement().batch_seq();
    const absl::StatusOr<std::optional<v1::Record>> batch = journal.FindRecord(at);
    if (!batch.ok()) return batch.status();
    if (!batch->has_value()) continue;
    for (const v1::RecordedDecision& decision : (*batch)->batch().decisions()) {
      const bool goes = decision.permitted() || decision.withheld_until_us() != 0;
      if (goes && decision.org_id() == org.view()) return FillDelivered(journal, *seq, decision, org, reply);
    }
  }
  return absl::OkStatus();
}

// What of that version went to `party` redacted.
absl::Status FillDerived(const Room& room, std::string_view id, int64_t version_ns, const trust::Accepted& party,
                         v1::ExplainReply& reply) {
  const absl::StatusOr<std::vector<v1::DerivedRow>> rows = DerivedRows(room, id, version_ns);
  if (!rows.ok()) return rows.status();
  for (const v1::DerivedRow& row : *rows) {
    if (std::find(row.peers().begin(), row.peers().end(), party.party.name) == row.peers().end()) continue;
    *reply.add_derived() = row;
    reply.set_recorded(reply.recorded() + "; redacted: got derived object " + row.id() + " without " +
                       Joined(row.removed()) + ", journal record " + std::to_string(row.journal_seq()));
    if (reply.decision() == "permit") continue;
    if (absl::Status status = FillDerivedDelivery(room.journal, row, party.party.org, reply); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// A denial that a redaction would lift.
void FillRedaction(const RuleSet& rules, const policy::Question& question, v1::ExplainReply& reply) {
  const std::vector<std::string> remove = ToRemove(rules, question);
  if (remove.empty()) return;
  reply.set_decision("redact");
  reply.set_reason(std::string(Describe(RejectReason::kPolicyRule).name));
  reply.mutable_removes()->Add(remove.begin(), remove.end());
  reply.set_remedy("the whole goes where no local rule redacts it; what is left goes when it is published");
}

// Of several statements about the same bytes the one that lets most through speaks.
int Lets(const v1::ExplainReply& reply) {
  if (reply.decision() == "permit") return 2;
  return reply.decision() == "redact" ? 1 : 0;
}

}  // namespace

absl::StatusOr<v1::ExplainReply> Reading::ExplainHeld(const storage::QuarantineEntry& held,
                                                      const trust::Accepted& party) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(held.seq);
  if (!record.ok()) return record.status();
  policy::Constraints constraints;
  if (record->has_value()) constraints.label = static_cast<model::Label>((*record)->quarantine().label());
  const Subject subject = BareSubject(record->has_value() ? (*record)->quarantine().id() : "");
  policy::Question question = OutboundQuestion(room_, constraints, party, subject);
  question.quarantine = held.reason;
  v1::ExplainReply reply;
  if (record->has_value()) reply.set_by((*record)->by());
  Fill(policy::Evaluate(room_.rules.Now()->in_force, question), reply);
  reply.set_tlp(std::string(model::Name(constraints.label)));
  const bool received = held.origin != room_.self.org();
  const std::string origin = room_.directory.NameOf(held.origin);
  reply.set_origin(origin);
  if (received) reply.set_remedy("ask " + origin + " to correct it; this node passes nothing on");
  if (!record->has_value()) return reply;
  if ((*record)->quarantine().has_imputed()) reply.set_imputed(SentenceOf(room_, (*record)->quarantine().imputed()));
  reply.set_version((*record)->quarantine().version());
  const absl::StatusOr<policy::Constraints> said = ConstraintsOf((*record)->quarantine().statement());
  if (said.ok()) reply.set_source_role(std::string(policy::Name(said->source_role)));
  reply.set_recorded((received ? "received from " + origin + " and quarantined: " : "quarantined: ") +
                     (*record)->quarantine().detail());
  return reply;
}

absl::StatusOr<v1::ExplainReply> Reading::ExplainStatement(const storage::VersionEntry& entry, uint64_t seq,
                                                           const trust::Accepted& party) const {
  v1::ExplainReply reply;
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (!record->has_value()) return reply;
  const bool object = (*record)->has_object();
  const bool imputed = object ? (*record)->object().has_imputed() : (*record)->repeated_statement().has_imputed();
  if (imputed) {
    reply.set_imputed(SentenceOf(
        room_, object ? (*record)->object().imputed() : (*record)->repeated_statement().imputed()));
  }
  absl::StatusOr<policy::Constraints> constraints =
      ConstraintsOf(object ? (*record)->object().statement() : (*record)->repeated_statement().statement());
  if (!constraints.ok()) return constraints.status();
  const absl::StatusOr<std::optional<v1::Record>> stored = object ? *record : room_.journal.FindRecord(entry.seq);
  if (!stored.ok()) return stored.status();
  const bool derived = stored->has_value() && (*stored)->object().has_lineage();
  const auto source = SourceLabel(room_.journal, stored->has_value() ? (*stored)->object() : v1::ObjectAccepted());
  if (!source.ok()) return source.status();
  constraints->label = std::max({constraints->label, entry.label, *source});
  const std::shared_ptr<const RuleSet> rules = room_.rules.Now();
  const absl::StatusOr<Subject> subject = StoredSubject(room_, *rules, room_.journal, **record, room_.clock.Now());
  if (!subject.ok()) return subject.status();
  policy::Question question = OutboundQuestion(room_, *constraints, party, *subject);
  const bool received = entry.origin != room_.self.org();
  if (received) question.hop = policy::Hop::kOnward;
  Fill(policy::Evaluate(rules->in_force, question), reply);
  if (!received && constraints->sg_id.empty()) FillRedaction(*rules, question, reply);
  reply.set_tlp(std::string(model::Name(constraints->label)));
  reply.set_version(entry.version);
  reply.set_origin(room_.directory.NameOf(entry.origin));
  reply.set_source_role(std::string(policy::Name(constraints->source_role)));
  reply.set_by((*record)->by());
  if (received) {
    reply.set_recorded("received from " + room_.directory.NameOf(entry.origin) + " at journal record " +
                       std::to_string(seq) + ", not published here");
    return reply;
  }
  const uint64_t batch_seq = object ? (*record)->object().batch_seq() : (*record)->repeated_statement().batch_seq();
  if (absl::Status status = FillRecorded(room_.journal, seq, batch_seq, party.party.org, derived, reply);
      !status.ok()) {
    return status;
  }
  const std::string& id = object ? (*record)->object().id() : (*record)->repeated_statement().id();
  if (absl::Status status = FillDerived(room_, id, entry.version_ns, party, reply); !status.ok()) return status;
  return reply;
}

absl::StatusOr<v1::ExplainReply> Reading::Explain(std::string_view id, std::string_view peer,
                                                  std::string_view version) const {
  const auto named = room_.directory.Named(peer);
  if (!named.ok()) return named.status();
  const std::shared_ptr<const trust::Accepted>& party = *named;
  const absl::StatusOr<Found> found = FindObject(room_.journal, id, version);
  if (!found.ok()) return found.status();
  if (absl::Status readable = CheckReadable(*found); !readable.ok()) return readable;
  if (found->speaks_for_held()) {
    absl::StatusOr<v1::ExplainReply> held = ExplainHeld(*found->held, *party);
    if (held.ok() && found->accepted) {
      held->set_recorded(held->recorded() + "; --version " + found->accepted->version + " explains the one before it");
    }
    return held;
  }
  // Asked about every statement that carries these bytes; the one that lets most through speaks.
  std::vector<uint64_t> seqs = found->accepted->repeats;
  seqs.push_back(found->accepted->seq);
  std::sort(seqs.begin(), seqs.end());
  v1::ExplainReply reply;
  for (const uint64_t seq : seqs) {
    absl::StatusOr<v1::ExplainReply> one = ExplainStatement(*found->accepted, seq, *party);
    if (!one.ok()) return one.status();
    if (!one->decision().empty() && Lets(*one) >= Lets(reply)) {
      reply = *std::move(one);
    }
  }
  return reply;
}

}  // namespace entente::exchange
