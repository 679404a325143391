#pragma once

#include <map>
#include <optional>
#include <string>

#include "exchange/exchange.h"
#include "model/stix_object.h"

// The questions that the journeys put to policy, and the facts about an object that they put into the store. Private to
// exchange: one place where a statement's constraints and a party's record become a policy::Question.
namespace entente::exchange {

// Each borrows the subject's facts.
// May `recipient` have what this node's organisation originated?
policy::Question OutboundQuestion(const Room& room, const policy::Constraints& constraints,
                                  const trust::Accepted& recipient, const Subject& subject);
// May this organisation's own people hold or read it?
policy::Question LocalQuestion(const Room& room, const policy::Constraints& constraints, const Subject& subject);
// May this organisation hold what `from` sent it? The ceiling is the one agreed with `from`.
policy::Question InboundQuestion(const Room& room, const policy::Constraints& constraints, const trust::Accepted& from,
                                 const Subject& subject);

// The properties to take out of an object before the question's recipient may have what is left: where a local rule
// obliges to that and nothing else stands against it. Empty otherwise, and where it may have the whole.
std::vector<std::string> ToRemove(const RuleSet& rules, policy::Question question);

// The object's markings joined into `constraints` (the stricter of each). Returns the reason to hold the object back from
// everybody (kMarking, kNoLabel) with a sentence in `detail`, or kNone. `defines` answers which marking ids the object's
// origin has defined as statement markings.
RejectReason JoinMarkings(const model::StixObject& object, const std::function<bool(std::string_view)>& defines,
                          policy::Constraints& constraints, std::string& detail);

// In whose name an object speaks: that of the party that the operator has on file under the STIX identity which
// `created_by_ref` names, or of this organisation where it published that identity as its own. Any other identity binds
// nobody: whoever brings one first must not be able to keep others out of its name. Keeps what it finds, for one batch.
class Creators {
 public:
  Creators(const Room& room, const OrgId& signer) : room_(room), signer_(signer) {}
  // The organisation, other than the signer, in whose name the object speaks. Nothing where the signer is custodian.
  absl::StatusOr<std::optional<OrgId>> Usurped(const storage::Reader& reader, const model::StixObject& object,
                                               const policy::Constraints& constraints);

 private:
  absl::StatusOr<std::optional<OrgId>> AuthorOf(const storage::Reader& reader, std::string_view identity) const;

  const Room room_;
  const OrgId signer_;
  std::map<std::string, std::optional<OrgId>, std::less<>> known_;  // by identity id
};

storage::ObjectFacts FactsOf(const model::StixObject& object);
// "AMBER, imputed by NAME: ...": what gave an object of this organisation its label.
std::string SentenceOf(const Room& room, const v1::Imputed& imputed);
// The sentence of a denial: its reason's meaning and what would have to change.
std::string Sentence(const policy::Denial& denial);
// The constraints that a stored statement was signed with.
absl::StatusOr<policy::Constraints> ConstraintsOf(ByteView statement_body);

// Since when `peer` refuses the statement at `seq`, or nothing when it does not.
absl::StatusOr<std::optional<absl::Time>> RefusedSince(const storage::Journal& journal, const OrgId& peer, uint64_t seq);

}  // namespace entente::exchange
