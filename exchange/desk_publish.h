#pragma once

#include <string>
#include <vector>

#include "exchange/exchange.h"

namespace entente::exchange {

// The row of what stays in quarantine, and why.
void Keep(v1::HeldRow& row, std::string why);

// The terms that something was asked to be published under, as Publication::Terms left them: no label means each
// object's own. `source` is whose import profile counts, empty that of a publish. `label` raises it. Refuses as envelope::FromWire.
absl::StatusOr<PublishTerms> TermsOf(v1::ReleaseConstraints wire, const std::string& source, model::Label label);

// Publishes what this node's own operator published and what was held, each as it was asked for then. With a `label` it
// gets that, and nothing else is answered; without one (kUnlabelled) the person's word answers a local rule that holds
// it. `seqs` name records of own objects in quarantine; the row of each in `rows` gets its outcome, and where it stays,
// why. `by` asks for it. Waits until it is durable. Private to
// exchange.
void PublishHeld(const Room& room, Publication& publication, const std::vector<uint64_t>& seqs, model::Label label,
                 const std::string& by, std::vector<v1::HeldRow>& rows);

}  // namespace entente::exchange
