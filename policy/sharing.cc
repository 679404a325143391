#include <algorithm>

#include "policy/constraints.h"
#include "policy/finding.h"

// What the label says: the matrix, addressees and how far it goes.
namespace entente::policy {
namespace {

using model::Label;
using model::PartyKind;
using enum RejectReason;

// Onward hops that a label allows by itself; unset for no limit.
std::optional<uint32_t> HopsOf(Label label, bool distributed) {
  if (label <= Label::kGreen) return std::nullopt;
  if (label == Label::kAmber) return distributed ? 2 : 1;
  return 0;
}

void Lower(std::optional<uint32_t>& limit, const std::optional<uint32_t>& other) {
  if (other && (!limit || *other < *limit)) limit = other;
}

std::optional<uint32_t> HopLimit(const Facts& facts, bool distributed) {
  std::optional<uint32_t> limit = HopsOf(facts.label, distributed);
  Lower(limit, facts.constraints.hop_limit);
  if (facts.same_org || facts.to_public) return limit;
  Lower(limit, facts.standing.terms.hop_limit);
  if (facts.standing.group) Lower(limit, facts.standing.group->hop_limit);
  return limit;
}

std::string WhatCarries(Cell cell) {
  switch (cell) {
    case Cell::kSeat:
      return ", a named seat";
    case Cell::kNeedToKnow:
    case Cell::kClient:
      return ", need to know";
    case Cell::kAddressee:
      return ", named";
    default:
      return "";
  }
}

Finding NoContent(const std::string& why) {
  return Fail(kPolicyTlp, why, "accept it under another kind");
}

// What nobody may have of this label from here says why and what would help.
Finding Denied(const Facts& facts) {
  const std::string who = Who(facts), label = LabelName(facts.label);
  if (facts.to_public || facts.standing.unverified) {
    const std::string gate =
        " goes through the public gate only as CLEAR, not embargoed, with --personal-data none, and "
        "checked to name no victims";
    return Fail(
        kPolicyTlp, (facts.to_public ? "what is public" : "what goes to " + who + ", which is not verified,") + gate,
        facts.to_public ? "publish it again so that the gate lets it pass" : "compare the fingerprint of " + who);
  }
  if (facts.recipient.kind == PartyKind::kRelay) return NoContent(who + " is a relay, which never gets content");
  if (facts.recipient.kind == PartyKind::kObserver) {
    return facts.label <= Label::kGreen ? Fail(kPolicyTlp, who + " is an observer and not in its community",
                                               "publish it again without a community")
                                        : NoContent(who + " is an observer, which gets no content above GREEN");
  }
  if (facts.recipient.kind < PartyKind::kNation || facts.recipient.kind > PartyKind::kRelay) {
    return Fail(kPolicyTlp, who + " is of an unknown kind", "accept it under a known kind");
  }
  if (facts.label == Label::kRed) {
    return Fail(kPolicyTlp, "RED goes to named seats only, never to an organisation such as " + who,
                "its origin must publish it under a looser label, addressed to " + who);
  }
  if (facts.same_org) {
    return Fail(kPolicyTlp, label + " goes to who has a need to know", "give the reader a need-to-know role");
  }
  if (!facts.direct) {
    return Fail(kPolicyTlp, label + " goes onward to nobody such as " + who,
                "ask its originator to share it with " + who);
  }
  if (facts.label == Label::kGreen) {
    return Fail(kPolicyTlp, who + " is not in its community",
                "publish it again addressed to " + who + " (--to " + who + ")");
  }
  if (facts.standing.shared_operator && facts.label == Label::kAmberStrict) {
    return Fail(kPolicyTlp, "the systems of " + who + " are run by somebody outside it, where AMBER+STRICT does not go",
                "its origin must publish it under a looser label, addressed to " + who);
  }
  return Fail(kPolicyTlp, label + " goes only to named organisations, which " + who + " is not",
              "publish it again addressed to " + who + " (--to " + who + ")");
}

}  // namespace

// The matrix, after its corrections: docs/policy.md has it as a table.
Finding CheckTlp(const Facts& facts) {
  if (!IsLabel(facts.label)) {
    return Fail(kPolicyTlp, "without a TLP label nobody may have it", "publish it again with --tlp LABEL");
  }
  if (!facts.carrier) return Denied(facts);
  if (facts.same_org) return Pass("own organisation");
  return Pass(LabelName(facts.label) + " to " + std::string(Name(facts.carrier->relationship)) +
              WhatCarries(facts.carrier->cell));
}

Finding CheckAddressees(const Facts& facts) {
  if (facts.constraints.addressees.empty()) return Skip("nobody named");
  if (facts.same_org) return Pass("own organisation");
  if (facts.addressed) return Pass("named");
  const std::string who = Who(facts);
  return Fail(kPolicyAddressee, "its publisher named addressees and " + who + " is none of them",
              "publish it again addressed to " + who + " (--to " + who + ")");
}

Finding CheckHops(const Facts& facts) {
  if (facts.direct) return Pass("direct");
  const std::string ask = "ask its originator to share it with " + Who(facts);
  if (facts.question.hop != Hop::kOnward) return Fail(kPolicyHops, "it is not known how it would go", ask);
  if (facts.same_org) return Pass("own organisation");
  if (!facts.question.hops_made) {
    return Fail(kPolicyHops, "it would be shared onward, and how far it came already is not known", ask);
  }
  const std::optional<uint32_t> limit = HopLimit(facts, facts.question.distributed);
  if (!limit) return Pass("onward, not limited");
  if (*facts.question.hops_made < *limit) return Pass("onward, within its limit");
  return Fail(
      kPolicyHops,
      "it may go " + std::to_string(*limit) + " hops onward and made " + std::to_string(*facts.question.hops_made),
      ask);
}

std::optional<uint32_t> HopsLeft(const Facts& facts) {
  const std::optional<uint32_t> limit = HopLimit(facts, facts.question.distributed || facts.standing.distributor);
  if (!limit) return limit;
  const uint32_t made = facts.question.hops_made.value_or(0) + (facts.direct || facts.same_org ? 0 : 1);
  return *limit > made ? *limit - made : 0;
}

}  // namespace entente::policy
