#include <algorithm>

#include "exchange/delivery.h"
#include "exchange/lookup.h"
#include "exchange/questions.h"
#include "model/timestamp.h"

namespace entente::exchange {
namespace {

std::string_view Name(policy::Result result) {
  switch (result) {
    case policy::Result::kPass: return "pass";
    case policy::Result::kFail: return "fail";
    case policy::Result::kSkip: return "skip";
  }
  return "fail";
}

void Fill(const policy::Decision& decision, v1::ExplainReply& reply) {
  for (const policy::Step& step : decision.trace) {
    v1::TraceStep& out = *reply.add_trace();
    out.set_check(step.check);
    out.set_result(std::string(Name(step.result)));
    out.set_detail(step.detail);
  }
  if (decision.permitted()) {
    reply.set_decision("permit");
    reply.set_reason(decision.permit()->relationship());
    return;
  }
  reply.set_decision(decision.denial()->quarantine ? "quarantine" : "deny");
  reply.set_reason(std::string(Describe(decision.denial()->reason).name));
  reply.set_remedy(decision.denial()->remedy);
}

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
                          v1::ExplainReply& reply) {
  absl::StatusOr<std::optional<v1::Record>> batch = journal.FindRecord(batch_seq);
  if (!batch.ok()) return batch.status();
  if (!batch->has_value()) return absl::OkStatus();
  for (const v1::RecordedDecision& decision : (*batch)->batch().decisions()) {
    if (decision.org_id() != org.view()) continue;
    reply.set_recorded((decision.permitted() ? "permitted (" : "withheld (") + decision.reason() +
                       ") at journal record " + std::to_string(batch_seq));
    if (!decision.permitted() && decision.withheld_until_us() == 0) return absl::OkStatus();
    return FillDelivered(journal, seq, decision, org, reply);
  }
  reply.set_recorded("the party was not on file when this was published; publish it again to reach it");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::ExplainReply> Reading::ExplainHeld(const storage::QuarantineEntry& held,
                                                      const trust::Accepted& party) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(held.seq);
  if (!record.ok()) return record.status();
  policy::Constraints constraints;
  if (record->has_value()) constraints.label = static_cast<model::Label>((*record)->quarantine().label());
  policy::Question question = OutboundQuestion(room_, constraints, party);
  question.quarantine = held.reason;
  v1::ExplainReply reply;
  Fill(policy::Evaluate(room_.rules, question), reply);
  reply.set_tlp(std::string(model::Name(constraints.label)));
  const bool received = held.origin != room_.self.org();
  const std::string origin = room_.directory.NameOf(held.origin);
  reply.set_origin(origin);
  if (received) reply.set_remedy("ask " + origin + " to correct it; this node passes nothing on");
  if (!record->has_value()) return reply;
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
  absl::StatusOr<policy::Constraints> constraints =
      ConstraintsOf(object ? (*record)->object().statement() : (*record)->repeated_statement().statement());
  if (!constraints.ok()) return constraints.status();
  constraints->label = std::max(constraints->label, entry.label);
  policy::Question question = OutboundQuestion(room_, *constraints, party);
  const bool received = entry.origin != room_.self.org();
  if (received) question.hop = policy::Hop::kOnward;
  Fill(policy::Evaluate(room_.rules, question), reply);
  reply.set_tlp(std::string(model::Name(constraints->label)));
  reply.set_version(entry.version);
  reply.set_origin(room_.directory.NameOf(entry.origin));
  reply.set_source_role(std::string(policy::Name(constraints->source_role)));
  if (received) {
    reply.set_recorded("received from " + room_.directory.NameOf(entry.origin) + " at journal record " +
                       std::to_string(seq) + ", not published here");
    return reply;
  }
  const uint64_t batch_seq = object ? (*record)->object().batch_seq() : (*record)->repeated_statement().batch_seq();
  if (absl::Status status = FillRecorded(room_.journal, seq, batch_seq, party.party.org, reply); !status.ok()) {
    return status;
  }
  return reply;
}

absl::StatusOr<v1::ExplainReply> Reading::Explain(std::string_view id, std::string_view peer,
                                                  std::string_view version) const {
  const auto named = room_.directory.Named(peer);
  if (!named.ok()) return named.status();
  const std::shared_ptr<const trust::Accepted>& party = *named;
  const absl::StatusOr<Found> found = FindObject(room_.journal, id, version);
  if (!found.ok()) return found.status();
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
    if (!one->decision().empty() && (reply.decision() != "permit" || one->decision() == "permit")) {
      reply = *std::move(one);
    }
  }
  return reply;
}

}  // namespace entente::exchange
