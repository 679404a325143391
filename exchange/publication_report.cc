// What a publish answers: counts, and a line for each object that was not simply taken in.
#include <algorithm>
#include <utility>

#include "exchange/publication_batch.h"
#include "exchange/warned.h"
#include "model/text.h"

namespace entente::exchange {

v1::PublishProgress PublicationBatch::Report() {
  v1::PublishProgress progress;
  progress.set_objects(given_);
  uint64_t unchanged = 0, quarantined = 0, rejected = 0, imputed = 0, inherited = 0;
  for (size_t i = 0; i < given_; ++i) {
    const Candidate& candidate = candidates_[i];
    CountWarned(candidate.index, candidate.object ? candidate.object->id() : "", candidate.warnings, progress);
    if (candidate.fate == Fate::kUnchanged) ++unchanged;
    if (candidate.fate == Fate::kPublished && candidate.imputed) ++(candidate.imputed->inherited() ? inherited : imputed);
    if (candidate.fate != Fate::kQuarantined && candidate.fate != Fate::kRejected) continue;
    const bool held = candidate.fate == Fate::kQuarantined;
    ++(held ? quarantined : rejected);
    v1::PublishOutcome& outcome = *progress.add_notable();
    if (candidate.object) outcome.set_id(std::string(candidate.object->id()));
    outcome.set_outcome(held ? "quarantined" : "rejected");
    outcome.set_reason(std::string(Describe(candidate.reason).name));
    outcome.set_detail(candidate.detail);
    outcome.set_index(candidate.index);
    if (candidate.start) {
      outcome.set_line(candidate.start->line);
      outcome.set_column(candidate.start->column);
    }
    room_.counters.CountReject(Door::kPublish, candidate.reason);
  }
  progress.set_unchanged(unchanged);
  progress.set_quarantined(quarantined);
  progress.set_rejected(rejected);
  progress.set_imputed(imputed);
  progress.set_inherited(inherited);
  progress.set_published(given_ - unchanged - quarantined - rejected);
  for (const auto& party : room_.directory.All()) {
    (*progress.mutable_permitted())[party->party.name] = 0;
    (*progress.mutable_withheld())[party->party.name] = 0;
  }
  for (const auto& [key, members] : classes_) {
    const uint64_t n = members.members.size();
    for (const storage::PartyDecision& decision : members.decisions) {
      const bool permitted = std::holds_alternative<policy::Permit>(decision.outcome);
      const std::string name = room_.directory.NameOf(decision.org);
      auto& counts = permitted ? *progress.mutable_permitted() : *progress.mutable_withheld();
      counts[name] += n;
      const RejectReason reason = permitted ? RejectReason::kNone : std::get<RejectReason>(decision.outcome);
      room_.counters.CountDecision(permitted, reason, n);
    }
  }
  for (const auto& [key, members] : derived_) {
    for (const storage::PartyDecision& decision : members.decisions) {
      const bool goes = std::holds_alternative<policy::Permit>(decision.outcome) || decision.withheld_until;
      if (goes && !members.members.empty()) {
        (*progress.mutable_redacted())[room_.directory.NameOf(decision.org)] += members.members.size();
      }
    }
  }
  // A party that was accepted, or renamed, since the decisions is whole as well: what nobody permitted it is withheld.
  for (auto& [name, withheld] : *progress.mutable_withheld()) {
    withheld = progress.published() - (*progress.mutable_permitted())[name];
  }
  room_.counters.Count(Counters::kPublished, progress.published());
  room_.counters.Count(Counters::kUnchanged, unchanged);
  room_.counters.Count(Counters::kQuarantined, quarantined);
  room_.counters.Count(Counters::kRejected, rejected);
  return progress;
}

}  // namespace entente::exchange
