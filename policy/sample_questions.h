#pragma once

#include <string>
#include <utility>

#include "policy/policy.h"

// Parties and questions that the policy tests share.
namespace entente::policy {

inline OrgId SampleOrg(char c) { return *OrgId::From(Bytes(32, c)); }
inline absl::Time SampleNow() { return absl::FromUnixSeconds(1'800'000'000); }

inline model::Party SampleParty(char c, std::string name, std::string nation, model::PartyKind kind) {
  model::Party party;
  party.org = SampleOrg(c);
  party.name = std::move(name);
  party.nation = std::move(nation);
  party.kind = kind;
  party.ceiling = model::Label::kRed;
  return party;
}
inline model::Party Norlandia() { return SampleParty('n', "cert.norlandia", "XN", model::PartyKind::kCert); }
inline model::Party Estovia() { return SampleParty('e', "cert.estovia", "XE", model::PartyKind::kCert); }
inline model::Party Volt() { return SampleParty('v', "volt-energy", "XN", model::PartyKind::kPrivate); }

// Norlandia asks whether `recipient` may have an object of `label`; all else is as good as it can be.
inline Question SampleQuestion(model::Label label, model::Party recipient) {
  Question question;
  question.constraints.label = label;
  question.integrity = true;
  question.agreement = true;
  question.sender = Norlandia();
  question.recipient = std::move(recipient);
  question.now = SampleNow();
  return question;
}

inline RejectReason ReasonFor(const Question& question) {
  const Decision decision = Evaluate({}, question);
  return decision.permitted() ? RejectReason::kNone : decision.denial()->reason;
}

}  // namespace entente::policy
