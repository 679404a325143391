#include "policy/testing/reference.h"

#include <set>

#include "policy/testing/reader.h"

namespace entente::policy::testing {
namespace {

template <typename T>
bool Ascending(const std::vector<T>& list) {
  for (size_t i = 1; i < list.size(); ++i)
    if (!(list[i - 1] < list[i])) return false;
  return true;
}

bool Malformed(const Constraints& c) {
  for (const auto* nations : {&c.rel_to, &c.not_rel_to}) {
    if (!Ascending(*nations)) return true;
    for (const std::string& n : *nations)
      if (n.size() != 2 || !isupper(n[0]) || !isupper(n[1])) return true;
  }
  for (const std::string& n : c.rel_to)
    if (In(n, c.not_rel_to)) return true;
  for (const auto* words : {&c.sector_to, &c.purpose}) {
    if (!Ascending(*words)) return true;
    for (const std::string& w : *words)
      if (w.empty() || w.find(' ') != std::string::npos) return true;
  }
  const int pap = static_cast<int>(c.pap), personal = static_cast<int>(c.personal_data);
  const int post = static_cast<int>(c.post_embargo_label);
  if (!Ascending(c.addressees) || In(OrgId(), c.addressees)) return true;
  if (!c.sg_id.empty() && c.sg_id.size() != 32) return true;
  return pap > 4 || personal > 3 || post > 5 || (post != 0 && c.embargo_until == absl::InfinitePast());
}

std::string Agreement(const Reader& r) {
  if (r.home || r.s.public_channel || r.s.unverified) return "";
  if (!r.q.agreement || r.q.recipient.org == OrgId()) return "AGR_NONE";
  if (r.s.terms.suspended && !r.q.hotline) return "AGR_SUSPENDED";
  if (r.s.terms.legal_until <= r.q.now) return "LEGAL_BASIS_LAPSED";
  const int ceiling = static_cast<int>(r.q.recipient.ceiling), agreed = static_cast<int>(r.s.terms.ceiling);
  if (agreed < 1 || agreed > 5 || r.label > agreed) return "AGR_SCOPE";
  return !r.s.terms.covers || ceiling < 1 || ceiling > 5 || r.label > ceiling ? "AGR_SCOPE" : "";
}

std::string Release(const Reader& r) {
  const bool clear = r.c.label == model::Label::kClear || r.c.post_embargo_label == model::Label::kClear;
  if (clear && (!r.c.rel_to.empty() || !r.c.not_rel_to.empty() || !r.c.sg_id.empty() || r.c.orcon))
    return "REL_ON_CLEAR";
  if (r.c.orcon && !r.direct) return "ORCON";
  if (r.home) return "";
  if (!r.c.rel_to.empty() && !In(r.nation, r.c.rel_to)) return "REL";
  return !r.c.not_rel_to.empty() && (r.nation.empty() || In(r.nation, r.c.not_rel_to)) ? "REL" : "";
}

std::string Exercise(const Reader& r) {
  if (r.home || (r.c.exercise_id.empty() && r.q.lane.empty())) return "";
  return r.c.exercise_id != r.q.lane || !r.s.enrolled || r.s.public_channel ? "EX_LANE" : "";
}

std::string Group(const Reader& r) {
  if (r.home || r.c.sg_id.empty()) return "";
  if (!r.s.group || r.s.public_channel) return "SG";
  if (r.s.group->until <= r.q.now) return "COALITION_EXPIRED";
  const bool clients = r.s.group->clients ? *r.s.group->clients : r.label <= 3;
  if (!r.s.group->member && !(r.s.client && clients)) return "SG";
  const int ceiling = static_cast<int>(r.s.group->ceiling);
  return ceiling < 1 || ceiling > 5 || r.label > ceiling ? "SG" : "";
}

std::string Personal(const Reader& r) {
  static const std::string kEea =
      " AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE IS LI NO ";
  const int stated = static_cast<int>(r.c.personal_data);
  if (r.home || stated < 2) return "";
  if (stated > 2) return !r.s.terms.special_approved ? "UNSUPPORTED" : *r.s.terms.special_approved ? "" : "PD_SPECIAL";
  if (!r.foreign) return "";
  if (!r.q.legal_basis) return "UNSUPPORTED";
  const std::string& basis = *r.q.legal_basis;
  const bool known = basis == "gdpr-6-1-c" || basis == "gdpr-6-1-e" || basis == "gdpr-6-1-f" ||
                     (basis.rfind("local:", 0) == 0 && basis.size() > 6);
  const bool kept = r.s.terms.keeps && r.c.retain_until - r.q.now <= *r.s.terms.keeps;
  const auto eea = [](const std::string& n) { return !n.empty() && kEea.find(" " + n + " ") != std::string::npos; };
  const bool leaves = eea(r.q.sender.nation) && !eea(r.nation) && !r.s.terms.transfer_basis;
  return known && In(std::string("network-security"), r.c.purpose) && kept && !leaves ? "" : "PD_NO_BASIS";
}

std::string Sector(const Reader& r) {
  if (r.home || r.c.sector_to.empty()) return "";
  for (const std::string& sector : r.q.recipient.sectors)
    if (In(sector, r.c.sector_to) && !r.s.public_channel) return "";
  return "SECTOR";
}

std::string IepAndPap(const Reader& r) {
  if (r.home) return "";
  if (r.q.iep) {
    if (r.q.now < r.q.iep->start || r.q.now >= r.q.iep->end) return "IEP_DATE";
    if (r.q.iep->encrypt_in_transit && r.q.plaintext) return "IEP_PLAIN";
    if (!r.q.iep->unmodified_resale && r.s.reseller) return "IEP_RESALE";
  }
  if (static_cast<int>(r.c.pap) < 3 || r.s.terms.pap_attested == true) return "";
  return r.s.terms.pap_attested ? "PAP_UNATTESTED" : "UNSUPPORTED";
}

std::string HopsAndPurpose(const Reader& r) {
  if (r.q.hop != Hop::kDirect && r.q.hop != Hop::kOnward) return "HOPS";
  const auto limit = r.HopLimit(r.q.distributed);
  if (!r.direct && !r.home && (!r.q.hops_made || (limit && *r.q.hops_made >= *limit))) return "HOPS";
  if (r.home) return "";
  if (!r.c.purpose.empty() && (!r.s.use || !In(*r.s.use, r.c.purpose))) return r.s.use ? "PURPOSE" : "UNSUPPORTED";
  if (!r.s.terms.purposes || r.s.public_channel) return "";
  return !r.s.use ? "UNSUPPORTED" : In(*r.s.use, *r.s.terms.purposes) ? "" : "PURPOSE";
}

std::string Held(const std::string& name) {
  return name == "NO_LABEL" || name == "CONFLICT" ? name : "MARKING";
}

// The first that fails of section 3, or NONE.
std::string FirstReason(const Reader& r, Obligations owed) {
  const Question& q = r.q;
  if (!q.integrity) return "E_SIG";
  if (!q.quarantine.empty()) return Held(q.quarantine);
  if (r.own == 0) return "NO_LABEL";
  if (r.own > 5 || r.label > 5 || Malformed(r.c)) return "MARKING";
  if (q.recalled) return "RECALLED";
  if (r.running && !r.home && (!r.named || !r.direct)) return "EMBARGO";
  for (const std::string& reason : {Agreement(r), Release(r), Exercise(r), Group(r)})
    if (!reason.empty()) return reason;
  if (r.Carried().first.empty()) return "TLP";
  if (!r.home && !r.c.addressees.empty() && !r.named) return "NOT_ADDRESSED";
  for (const std::string& reason : {Personal(r), Sector(r), IepAndPap(r), HopsAndPurpose(r)})
    if (!reason.empty()) return reason;
  if (r.c.retain_until <= q.now) return "UNSUPPORTED";
  return owed != 0 && !q.honours_obligations ? "UNSUPPORTED" : "NONE";
}

// Section 5.
Obligations Owed(const Reader& r) {
  if (r.home) return 0;
  const bool personal = static_cast<int>(r.c.personal_data) >= 2;
  const bool strip =
      (r.q.iep && r.q.iep->attribution == model::Iep::Attribution::kMustNot) || (r.q.unattributed && !r.direct);
  const bool keep = r.q.iep && r.q.iep->attribution == model::Iep::Attribution::kMust && !strip;
  const bool victims = r.foreign && (r.q.names_victims ? *r.q.names_victims : personal);
  return (r.Carried().second == 'N' ? 1u : 0) | (victims ? 2u : 0) | (strip ? 4u : 0) | (keep ? 8u : 0) |
         (r.q.iep && r.q.iep->encrypt_in_transit ? 16u : 0);
}
Actions Allowed(const Reader& r) {
  const int pap = static_cast<int>(r.c.pap);
  const auto agreed = r.s.terms.actions;
  unsigned all = pap == 4 ? 3u : pap == 3 ? 7u : pap > 0 ? 127u : r.label == 5 ? 3u : agreed ? *agreed : 15u;
  static const unsigned kIep[] = {1, 1, 3, 7, 127};
  if (r.q.iep) all &= kIep[static_cast<size_t>(r.q.iep->actions)];
  if (!r.c.exercise_id.empty()) return static_cast<Actions>(all & 3);
  const bool notify = r.label <= 3 && (!r.q.iep || r.q.iep->notify_affected);
  return static_cast<Actions>((all & ~32u) | (notify ? 32u : 0));
}

WithoutContent Instead(const Reader& r) {
  const std::set<std::string> holding = r.Relationships();
  const bool sound =
      r.q.integrity && r.q.quarantine.empty() && r.own >= 1 && r.own <= 5 && r.label <= 5 && !Malformed(r.c);
  if (!sound || !r.s.mandate || !Exercise(r).empty()) return WithoutContent::kNothing;
  if (holding.contains("observer")) return WithoutContent::kMetadata;
  if (!holding.contains("relay") || r.q.recalled) return WithoutContent::kNothing;
  return r.label == 1 && !r.running ? WithoutContent::kSignedPlaintext : WithoutContent::kEnvelope;
}

}  // namespace

Answer Reference(const Question& question) {
  const Reader reader(question);
  Answer answer;
  const bool labelled = reader.label >= 1 && reader.label <= 5;
  answer.reason = FirstReason(reader, labelled ? Owed(reader) : 0);
  if (answer.reason != "NONE") {
    answer.instead = Instead(reader);
    return answer;
  }
  answer.relationship = reader.Carried().first;
  answer.obligations = Owed(reader);
  answer.actions = Allowed(reader);
  answer.hops_left = reader.HopLimit(question.distributed || question.standing.distributor);
  if (!answer.hops_left) return answer;
  const uint32_t made = question.hops_made.value_or(0) + (reader.direct || reader.home ? 0 : 1);
  answer.hops_left = *answer.hops_left > made ? *answer.hops_left - made : 0;
  return answer;
}

Answer Reported(const Decision& decision) {
  Answer answer;
  if (const Denial* denial = decision.denial()) {
    answer.reason = Describe(denial->reason).name;
    answer.instead = denial->instead;
    return answer;
  }
  const Permit& permit = *decision.permit();
  answer.relationship = permit.relationship();
  for (unsigned bit = 1; bit <= 32; bit <<= 1)
    if (permit.asks(static_cast<Obligation>(bit))) answer.obligations |= bit;
  for (unsigned bit = 1; bit <= 64; bit <<= 1) {
    if (permit.allows(static_cast<Action>(bit))) answer.actions = static_cast<Actions>(answer.actions | bit);
  }
  answer.hops_left = permit.hops_left();
  return answer;
}

}  // namespace entente::policy::testing
