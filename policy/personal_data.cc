#include <algorithm>
#include <array>

#include "policy/finding.h"

namespace entente::policy {
namespace {

using enum RejectReason;

constexpr std::string_view kNetworkSecurity = "network-security";
// Regulation (EU) 2016/679, article 6, 1 (c), (e) and (f); or a basis of national law.
constexpr std::array<std::string_view, 3> kBases = {"gdpr-6-1-c", "gdpr-6-1-e", "gdpr-6-1-f"};
constexpr std::string_view kLocalBasis = "local:";

// The European Economic Area: ISO 3166-1, sorted.
constexpr std::array<std::string_view, 30> kEea = {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI",
                                                   "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT", "LU",
                                                   "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK"};
bool InEea(std::string_view nation) {
  return std::binary_search(kEea.begin(), kEea.end(), nation);
}

bool IsBasis(std::string_view text) {
  if (std::find(kBases.begin(), kBases.end(), text) != kBases.end()) return true;
  return text.starts_with(kLocalBasis) && text.size() > kLocalBasis.size() && model::IsWord(text);
}

Finding NoBasis(const std::string& what, const std::string& remedy) {
  return Fail(kPolicyNoBasis, what, remedy);
}

// What has to be stated before personal data crosses a border.
Finding CheckCrossing(const Facts& facts) {
  const Terms& terms = facts.standing.terms;
  const std::string& basis = *facts.question.legal_basis;
  if (!IsBasis(basis)) {
    return NoBasis("the legal basis " + model::Escaped(basis, 64) + " does not carry personal data across a border",
                   "state gdpr-6-1-c, gdpr-6-1-e, gdpr-6-1-f or a local: basis");
  }
  if (!Holds(facts.constraints.purpose, std::string(kNetworkSecurity))) {
    return NoBasis("personal data crosses a border for network-security only",
                   "its origin must publish it again for that purpose");
  }
  if (!terms.keeps || facts.constraints.retain_until - facts.question.now > *terms.keeps) {
    return NoBasis("it may be kept longer than is agreed with " + Who(facts),
                   "its origin must publish it again with an earlier end");
  }
  if (InEea(facts.question.sender.nation) && !InEea(NationOf(facts)) && !terms.transfer_basis) {
    return NoBasis("it would leave the European Economic Area without a transfer basis",
                   "agree a transfer basis with " + Who(facts));
  }
  return Pass("stated, " + model::Escaped(basis, 64));
}

}  // namespace

Finding CheckPersonalData(const Facts& facts) {
  const PersonalData stated = facts.constraints.personal_data;
  if (stated == PersonalData::kUnstated || stated == PersonalData::kNone) return Skip("none stated");
  if (facts.same_org) return Pass("own organisation");
  const std::string remove = "its origin must remove the personal data and publish a new object";
  if (stated != PersonalData::kPresent) {
    const std::optional<bool>& approved = facts.standing.terms.special_approved;
    if (approved && *approved) return Pass("special, approved");
    if (approved)
      return Fail(kPolicySpecial, "it holds special personal data, which nobody approved for " + Who(facts), remove);
    return Fail(kPolicyUnsupported,
                "it holds special personal data, and whether it is approved for " + Who(facts) + " is not known",
                remove);
  }
  if (!facts.crosses_border) return Pass("stays in " + facts.recipient.nation);
  if (facts.question.legal_basis) return CheckCrossing(facts);
  return Fail(kPolicyUnsupported, "it holds personal data, and on what basis that crosses a border is not known",
              remove);
}

}  // namespace entente::policy
