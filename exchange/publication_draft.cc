// What a publish has to do with drafts: labels that one person alone does not publish, and a draft that goes out whole.
#include "exchange/publication_batch.h"

namespace entente::exchange {

bool PublicationBatch::NeedsAnotherOfficer(model::Label label) const {
  return room_.seats != nullptr && !terms_.second_officer && room_.seats->NeedsSecondOfficer(label);
}

bool PublicationBatch::AwaitsSecondOfficer(Candidate& candidate, model::Label label) {
  if (!NeedsAnotherOfficer(label)) return false;
  Refuse(
      candidate, RejectReason::kSecondOfficer,
      "TLP:" + std::string(model::Name(label)) + " is above " +
          std::string(model::Name(*room_.seats->second_officer_above)) +
          ", so nobody publishes it alone: draft it with `entente publish --draft`, and an officer who is not its author "
          "runs `entente draft publish`");
  return true;
}

// A draft is reviewed as one thing: where the rules of now stop a part of it, or label it less strictly than it was
// shown to its reviewers, all of it stays.
absl::Status PublicationBatch::SettleDraft(storage::Transaction& transaction) {
  if (terms_.draft == 0) return absl::OkStatus();
  for (const Candidate& candidate : candidates_) {
    if (candidate.fate != Fate::kQuarantined && candidate.fate != Fate::kRejected) continue;
    return Reject(candidate.reason, "the draft stays as it is: its object " + std::to_string(candidate.index + 1) +
                                        " is not published: " + candidate.detail);
  }
  for (size_t i = 0; i < given_; ++i) {
    const Candidate& candidate = candidates_[i];
    if (candidate.index >= terms_.reviewed.size() || candidate.label >= terms_.reviewed[candidate.index]) continue;
    return Reject(RejectReason::kConflict,
                  "the draft stays as it is: its object " + std::to_string(candidate.index + 1) + " was drafted as TLP:" +
                      std::string(model::Name(terms_.reviewed[candidate.index])) + " and would go out as TLP:" +
                      std::string(model::Name(candidate.label)) + " by the rules of now; drop it and make a new draft");
  }
  v1::DraftStep step;
  step.set_number(terms_.draft);
  step.set_uid(terms_.uid);
  step.mutable_published()->set_objects(given_);
  step.mutable_published()->set_second_officer(terms_.second_officer);
  return transaction.AppendDraft(step).status();
}

}  // namespace entente::exchange
