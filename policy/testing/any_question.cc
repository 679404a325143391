#include "policy/testing/any_question.h"

#include <sstream>

#include "policy/sample_questions.h"

namespace entente::policy::testing {
namespace {

using model::Label;
using model::PartyKind;

bool Often() {
  return Pick(3) != 0;
}
std::optional<bool> Maybe() {
  const int which = Pick(4);
  if (which < 2) return std::nullopt;
  return which == 2;
}
std::optional<uint32_t> Few() {
  if (!Rarely()) return std::nullopt;
  return static_cast<uint32_t>(Pick(4));
}

Terms AnyTerms() {
  Terms terms;
  terms.suspended = Rarely() && Rarely();
  if (Rarely()) terms.legal_until = SampleNow() + absl::Hours(Pick(3) - 1);
  terms.covers = !(Rarely() && Rarely());
  terms.pap_attested = Maybe();
  terms.hop_limit = Few();
  if (Rarely())
    terms.purposes = Pick(2) == 0 ? std::vector<std::string>{"network-security"} : std::vector<std::string>{};
  if (Rarely()) terms.actions = static_cast<Actions>(Pick(128));
  if (Often()) terms.keeps = absl::Hours(Pick(3));
  terms.transfer_basis = Pick(2) == 0;
  terms.special_approved = Maybe();
  return terms;
}

GroupStanding AnyGroup() {
  GroupStanding group;
  group.member = Often();
  group.clients = Maybe();
  if (Rarely()) group.until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) group.ceiling = static_cast<Label>(Pick(7));
  group.hop_limit = Few();
  return group;
}

model::Iep AnyIep() {
  model::Iep iep;
  if (Rarely()) iep.label = static_cast<Label>(Pick(7));
  iep.actions = static_cast<model::Iep::Actions>(Pick(5));
  iep.attribution = static_cast<model::Iep::Attribution>(Pick(3));
  iep.encrypt_in_transit = Pick(2) == 0;
  iep.notify_affected = Pick(2) == 0;
  iep.unmodified_resale = Often();
  if (Rarely()) iep.start = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) iep.end = SampleNow() + absl::Hours(Pick(3) - 1);
  return iep;
}

void AddStanding(Standing& standing) {
  standing.terms = AnyTerms();
  if (Often()) standing.group = AnyGroup();
  standing.public_channel = Rarely();
  standing.unverified = Rarely() && Rarely();
  standing.client = Pick(2) == 0;
  standing.distributor = Pick(2) == 0;
  standing.community = Maybe();
  standing.seat = Maybe();
  standing.need_to_know = Maybe();
  standing.shared_operator = Rarely();
  standing.mandate = Often();
  standing.enrolled = Often();
  standing.reseller = Rarely();
  if (Often()) standing.use = Pick(2) == 0 ? "network-security" : "blocking";
}

}  // namespace

std::vector<std::string> Some(const std::vector<std::vector<std::string>>& choices) {
  if (!Rarely() && !Rarely()) return {};
  return choices[static_cast<size_t>(Pick(static_cast<int>(choices.size())))];
}

void AddLimits(Constraints& c) {
  c.rel_to = Some({{"XE"}, {"XE", "XN"}, {"AU", "CA"}, {"xe"}, {"XN", "XE"}});
  c.not_rel_to = Some({{"XE"}, {"AU"}, {"AU", "XN"}, {"AU", "AU"}});
  c.sector_to = Some({{"energy"}, {"energy", "water"}, {"water"}, {"two words"}, {""}});
  c.purpose = Some({{"blocking"}, {"network-security"}, {"blocking", "network-security"}});
  c.orcon = Rarely();
  if (Rarely()) c.embargo_until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) c.post_embargo_label = static_cast<Label>(Pick(7));
  if (Rarely()) c.pap = static_cast<model::Pap>(Pick(6));
  if (Rarely()) c.personal_data = static_cast<PersonalData>(Pick(5));
  if (Rarely()) c.retain_until = SampleNow() + absl::Hours(Pick(3) - 1);
  if (Rarely()) c.sg_id = Bytes(static_cast<size_t>(Rarely() ? 31 : 32), 'g');
  if (Rarely()) c.exercise_id = "exercise";
  if (Rarely()) c.hop_limit = static_cast<uint32_t>(Pick(3));
}

void AddFacts(Question& q) {
  AddStanding(q.standing);
  q.recalled = Rarely() && Rarely();
  q.release_token = Rarely();
  if (Often()) q.hops_made = static_cast<uint32_t>(Pick(3));
  q.distributed = Pick(2) == 0;
  if (Rarely()) q.lane = Pick(3) == 0 ? "other" : "exercise";
  if (Rarely()) q.iep = AnyIep();
  q.names_victims = Maybe();
  q.unattributed = Rarely();
  static const char* const kBases[] = {"gdpr-6-1-c", "gdpr-6-1-f", "local:art-5", "local:", "gdpr-6-1-a"};
  if (Often()) q.legal_basis = kBases[Pick(5)];
  q.hotline = Rarely();
  q.plaintext = Rarely();
  q.honours_obligations = Often();
}

Question AnyQuestion() {
  Question q = SampleQuestion(static_cast<Label>(Rarely() ? Pick(8) : 1 + Pick(5)), Estovia());
  q.recipient.kind = static_cast<PartyKind>(Pick(7));
  q.recipient.ceiling = static_cast<Label>(Rarely() ? Pick(6) : 5);
  if (Rarely()) q.recipient.sectors = {"energy"};
  static const char* const kNations[] = {"", "XN", "DE", "GB"};
  if (Rarely() || Rarely()) q.recipient.nation = kNations[Pick(4)];
  if (Rarely()) q.sender.nation = kNations[Pick(4)];
  if (Rarely()) q.recipient = q.sender;
  if (Rarely() && Rarely()) q.sender.org = q.recipient.org = OrgId();
  AddLimits(q.constraints);
  switch (Pick(5)) {
    case 0:
      q.constraints.addressees = {q.recipient.org};
      break;
    case 1:
      q.constraints.addressees = {SampleOrg('a'), q.recipient.org};
      break;
    case 2:
      q.constraints.addressees = {SampleOrg('a')};
      break;
    case 3:
      if (Rarely()) q.constraints.addressees = {SampleOrg('z'), SampleOrg('a')};
      break;
  }
  q.integrity = !(Rarely() && Pick(2) == 0);
  q.agreement = !(Rarely() && Pick(2) == 0);
  if (Pick(3) == 0) q.hop = Hop::kOnward;
  static const char* const kHeld[] = {"MARKING", "NO_LABEL", "CONFLICT", "rubbish"};
  if (Rarely() && Rarely()) q.quarantine = kHeld[Pick(4)];
  if (Pick(2) == 0) AddFacts(q);
  return q;
}

std::string Shown(const Question& q) {
  std::ostringstream out;
  out << "TLP:" << model::Name(q.constraints.label) << (q.hop == Hop::kDirect ? " direct" : " onward") << " from "
      << q.sender.nation << " to " << model::Name(q.recipient.kind) << " of " << q.recipient.nation << ", addressees "
      << q.constraints.addressees.size() << ", group " << q.constraints.sg_id.size() << ", orcon "
      << q.constraints.orcon << ", PAP " << static_cast<int>(q.constraints.pap) << ", personal data "
      << static_cast<int>(q.constraints.personal_data) << ", client " << q.standing.client << ", public "
      << q.standing.public_channel << "\n";
  for (const Step& step : Evaluate({}, q).trace) {
    const char* const results[] = {"pass", "fail", "skip"};
    out << "  " << results[static_cast<size_t>(step.result)] << " " << step.check << ": " << step.detail << "\n";
  }
  return out.str();
}

}  // namespace entente::policy::testing
