// The labels that this organisation gives to what comes without one.
#include "exchange/publication_batch.h"
#include "model/text.h"

namespace entente::exchange {

// What its bundle or the quarantine made of it comes first, then the import profile. Nothing here is looser than what
// the object or its publisher said, and nothing labels an object whose markings are not understood.
RejectReason PublicationBatch::Impute(Candidate& candidate, RejectReason held, policy::Constraints& constraints,
                                      std::string& detail) const {
  const std::optional<v1::Imputed> given = std::exchange(candidate.imputed, std::nullopt);
  if (held != RejectReason::kNone && held != RejectReason::kNoLabel) return held;
  if (given && static_cast<model::Label>(given->label()) > constraints.label) {
    constraints.label = static_cast<model::Label>(given->label());
    candidate.imputed = given;
    return RejectReason::kNone;
  }
  if (held == RejectReason::kNone) return held;
  if (!candidate.unlabelled.empty()) {
    detail = candidate.unlabelled;
    return held;
  }
  const std::optional<model::Label> label = rules_->in_force.DefaultLabel(terms_.source);
  if (!label) {
    detail += ", or give its source, " + terms_.source + ", an import profile in the local rules";
    return held;
  }
  constraints.label = *label;
  v1::Imputed& imputed = candidate.imputed.emplace();
  imputed.set_label(static_cast<v1::Label>(*label));
  imputed.set_source(terms_.source);
  return RejectReason::kNone;
}

}  // namespace entente::exchange
