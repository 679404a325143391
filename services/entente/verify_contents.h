#pragma once

#include <vector>

#include "absl/time/time.h"
#include "envelope/envelope.h"
#include "services/entente/verify_report.h"

namespace entente::cli {

inline constexpr size_t kMaxNoticeRows = 16;  // recalls that are told one by one, and receipts

// Who passed it on to whom, one row for each hop; there are at most envelope::kMaxForwards.
void AddHops(const std::vector<envelope::Hop>& hops, const Cards& cards, Report& report);
// "members of group 1a2b3c4d, version 2: ..." or the organisations by name.
std::string AudienceOf(const std::vector<OrgId>& audience, const std::optional<trust::MembershipRef>& group,
                       const Cards& cards);
// What an envelope said that Verify gave: who vouched, for whom, on which way it came, or what its notices are about.
// Nothing of a content.
void AddContents(const envelope::VerifiedEnvelope& verified, const Cards& cards, absl::Time at, Report& report);

}  // namespace entente::cli
