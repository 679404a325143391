// What the operator does about agreements, and what is shown of them.
#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/agreements.h"
#include "model/text.h"
#include "trust/agreement_history.h"

namespace entente::exchange {
namespace {

using enum RejectReason;

constexpr absl::Duration kUsualTerm = absl::Hours(24 * 365);

absl::Status Usage(const std::string& what) { return Reject(kUsage, what); }

// "a0" to "a6" (docs/policy.md, section 5), as their bits. To read is always among them.
absl::StatusOr<uint32_t> ActionsOf(const google::protobuf::RepeatedPtrField<std::string>& names) {
  uint32_t bits = 0;
  for (const std::string& name : names) {
    if (name.size() != 2 || name[0] != 'a' || name[1] < '0' || name[1] > '6') {
      return Usage("'" + model::Escaped(name, 40) + "' is no action; give some of a0 to a6");
    }
    bits |= 1u << (name[1] - '0');
  }
  return bits == 0 ? 0 : bits | 1u;
}

absl::Status SetTypes(const v1::AgreementProposal& proposal, v1::AgreementTerms& terms) {
  std::vector<std::string> types(proposal.types().begin(), proposal.types().end());
  std::sort(types.begin(), types.end());
  types.erase(std::unique(types.begin(), types.end()), types.end());
  if (types.empty()) return absl::OkStatus();
  terms.clear_types();
  for (const std::string& type : types) {
    const bool plain = type.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!plain || !model::IsWord(type)) return Usage("'" + model::Escaped(type, 80) + "' is no STIX type of up to 64 a-z 0-9 -");
    terms.add_types(type);
  }
  return absl::OkStatus();
}

absl::Status SetAgreed(const v1::AgreementProposal& proposal, v1::AgreementTerms& terms) {
  if (!proposal.ceiling().empty()) {
    const absl::StatusOr<model::Label> ceiling = model::ParseLabel(proposal.ceiling());
    if (!ceiling.ok()) return ceiling.status();
    terms.set_ceiling(static_cast<v1::Label>(*ceiling));
  }
  if (absl::Status types = SetTypes(proposal, terms); !types.ok()) return types;
  const absl::StatusOr<uint32_t> actions = ActionsOf(proposal.actions());
  if (!actions.ok()) return actions.status();
  if (*actions != 0) terms.set_actions(*actions);
  for (const std::string* word : {&proposal.legal_basis(), &proposal.use()}) {
    if (!word->empty() && !model::IsWord(*word)) return Usage("'" + model::Escaped(*word, 80) + "' is not one word of 64 bytes");
  }
  if (proposal.has_hop_limit() && proposal.hop_limit() > trust::kMaxAgreedHops) return Usage("at most 64 hops can be agreed");
  if (proposal.keep_days() > trust::kMaxKeepDays) return Usage("at most 36,525 days can be agreed");
  if (proposal.has_hop_limit()) terms.set_hop_limit(proposal.hop_limit() + 1);
  if (!proposal.legal_basis().empty()) terms.set_legal_basis(proposal.legal_basis());
  if (!proposal.use().empty()) terms.set_use(proposal.use());
  if (proposal.keep_days() != 0) terms.set_keep_days(proposal.keep_days());
  terms.set_clients(terms.clients() || proposal.clients() || proposal.distributor());
  terms.set_distributor(terms.distributor() || proposal.distributor());
  terms.set_pap_attested(terms.pap_attested() || proposal.pap_attested());
  terms.set_transfer_basis(terms.transfer_basis() || proposal.transfer_basis());
  return absl::OkStatus();
}

// The next version with the terms that count now, of nobody's signature yet. Behind every own offer: an earlier one that is accepted later
// does not come back over it.
v1::AgreementBody Next(const Room& room, const trust::Accepted& party, const trust::AgreementHistory& history) {
  v1::AgreementBody body;
  if (history.counts() != nullptr) body = history.counts()->body();
  const OrgId &self = room.self.org(), &other = party.party.org;
  body.set_first(std::min(self, other).str());
  body.set_second(std::max(self, other).str());
  body.set_version(history.next_version());
  const auto own = history.own_offer();
  const uint64_t last = history.next_version() + trust::kMaxOffers - 1;
  if (own != nullptr) body.set_version(std::min(std::max(history.next_version(), own->version() + 1), last));
  const absl::Time now = own == nullptr ? room.clock.Now() : std::max(room.clock.Now(), own->time() + absl::Microseconds(1));
  body.set_time_us(absl::ToUnixMicros(now));
  if (body.terms().ceiling() == v1::LABEL_UNSPECIFIED) {
    body.mutable_terms()->set_ceiling(static_cast<v1::Label>(party.party.ceiling));
  }
  if (body.until_us() <= body.time_us()) body.set_until_us(absl::ToUnixMicros(now + kUsualTerm));
  body.set_until_us(std::min(body.until_us(), absl::ToUnixMicros(now + trust::kLongestAgreement)));
  return body;
}

absl::StatusOr<trust::Agreement> Propose(const Room& room, const trust::Accepted& party, const trust::AgreementHistory& history,
                                         const v1::AgreementProposal& proposal) {
  if (proposal.as_before() && history.counts() == nullptr) return Usage("nothing was agreed before; leave out --as-before");
  v1::AgreementBody body = Next(room, party, history);
  if (!proposal.as_before()) {
    body.clear_terms();
    body.mutable_terms()->set_ceiling(static_cast<v1::Label>(party.party.ceiling));
    body.set_until_us(body.time_us() + absl::ToInt64Microseconds(kUsualTerm));
  }
  if (absl::Status set = SetAgreed(proposal, *body.mutable_terms()); !set.ok()) return set;
  if (proposal.until_us() != 0) body.set_until_us(proposal.until_us());
  const int64_t term = body.until_us() - body.time_us();
  if (term <= 0 || term > absl::ToInt64Microseconds(trust::kLongestAgreement)) {
    return Usage("an agreement ends within ten years, and not before it begins; change --until");
  }
  body.set_state(v1::AGREEMENT_STATE_IN_FORCE);
  return trust::MakeAgreement(room.self, body);
}

absl::StatusOr<trust::Agreement> Accept(const Room& room, const trust::AgreementHistory& history, const std::string& id) {
  const auto offer = history.their_offer();
  // All of it: whoever writes two offers can make them share some digits.
  if (id.size() != 2 * Digest::kSize) return Usage("give the whole id of the offer, 64 digits, as `entente agreement show` has it");
  if (offer == nullptr || crypto::ToHex(offer->id().view()) != id) {
    return Reject(kNotFound, "no offer of that id waits here, or another one took its place; `entente agreement show` has what waits");
  }
  if (!offer->open(room.clock.Now())) return Reject(kTime, "the offer is over 90 days old; ask the other side for a new one");
  return trust::SignAgreement(room.self, *offer);
}

// Takes back an own offer, too: the other side's signature under it comes too late then.
absl::StatusOr<trust::Agreement> Stop(const Room& room, const trust::Accepted& party, const trust::AgreementHistory& history,
                                      v1::AgreementState state) {
  const auto state_now = history.counts() == nullptr ? v1::AGREEMENT_STATE_UNSPECIFIED : history.counts()->body().state();
  const bool nothing = state_now == v1::AGREEMENT_STATE_UNSPECIFIED && history.own_offer() == nullptr;
  if (nothing) return Usage("nothing was agreed or offered, so there is nothing to stop");
  if (state == v1::AGREEMENT_STATE_SUSPENDED && state_now != v1::AGREEMENT_STATE_IN_FORCE) {
    return Usage("only what is in force can be suspended; `entente agreement show` tells what counts");
  }
  if (state_now == state && history.own_offer() == nullptr) return Usage("it has ended already");
  v1::AgreementBody body = Next(room, party, history);
  body.set_state(state);
  return trust::MakeAgreement(room.self, body);
}

absl::StatusOr<trust::Agreement> Act(const Room& room, const trust::Accepted& party, const v1::AgreementRequest& request) {
  const trust::AgreementHistory none(room.self.org(), party.party.org);
  const trust::AgreementHistory& history = party.agreements == nullptr ? none : *party.agreements;
  switch (request.act_case()) {
    case v1::AgreementRequest::kPropose:
      return Propose(room, party, history, request.propose());
    case v1::AgreementRequest::kAccept:
      return Accept(room, history, request.accept());
    case v1::AgreementRequest::kSuspend:
      return Stop(room, party, history, v1::AGREEMENT_STATE_SUSPENDED);
    case v1::AgreementRequest::kEnd:
      return Stop(room, party, history, v1::AGREEMENT_STATE_ENDED);
    case v1::AgreementRequest::ACT_NOT_SET:
      break;
  }
  return Usage("the call names nothing to do");
}

bool Stands(const trust::Accepted& party, const Digest& id) {
  if (party.agreements == nullptr) return false;
  const auto counts = party.agreements->counts();
  return (counts != nullptr && counts->id() == id) || party.agreements->Offer(id) != nullptr;
}

void Show(const Room& room, const trust::Agreement* agreement, v1::AgreementShown* out) {
  out->set_id(crypto::ToHex(agreement->id().view()));
  *out->mutable_body() = agreement->body();
  for (const v1::OrgSignature& one : agreement->wire().signatures()) {
    out->add_signed_by(room.directory.NameOf(OrgId::From(one.org_id()).value_or(OrgId())));
  }
}

std::string_view StandingOf(const trust::Agreement* counts, absl::Time now) {
  if (counts == nullptr) return "none";
  if (counts->body().state() == v1::AGREEMENT_STATE_ENDED) return "ended";
  if (counts->body().state() == v1::AGREEMENT_STATE_SUSPENDED) return "suspended";
  return now < counts->until() ? "in force" : "lapsed";
}

v1::AgreementRow RowOf(const Room& room, const trust::Accepted& party) {
  const absl::Time now = room.clock.Now();
  v1::AgreementRow row;
  row.set_peer(party.party.name);
  const trust::AgreementHistory* history = party.agreements.get();
  row.set_standing(std::string(StandingOf(history == nullptr ? nullptr : history->counts().get(), now)));
  if (history == nullptr) return row;
  if (const auto counts = history->counts()) Show(room, counts.get(), row.mutable_counts());
  if (const auto own = history->own_offer(); own && own->open(now)) Show(room, own.get(), row.mutable_own_offer());
  if (const auto their = history->their_offer(); their && their->open(now)) Show(room, their.get(), row.mutable_their_offer());
  return row;
}

}  // namespace

absl::StatusOr<v1::AgreementReply> Agree(const Room& room, const v1::AgreementRequest& request, const std::string& by) {
  const bool acts = request.act_case() != v1::AgreementRequest::ACT_NOT_SET;
  v1::AgreementReply reply;
  if (request.peer().empty() && !acts) {
    for (const auto& party : room.directory.All()) *reply.add_rows() = RowOf(room, *party);
    return reply;
  }
  auto party = room.directory.Named(request.peer());
  if (!party.ok()) return party.status();
  if ((*party)->party.org == room.self.org()) return Usage("that is this organisation itself; name a peer");
  if (acts) {
    const absl::StatusOr<trust::Agreement> made = Act(room, **party, request);
    if (!made.ok()) return made.status();
    if (absl::Status taken = TakeAgreement(room, (*party)->party.org, made->wire(), by); !taken.ok()) return taken;
    party = room.directory.Named(request.peer());
    if (!party.ok()) return party.status();
    if (!Stands(**party, made->id())) {
      return Reject(kConflict, "another document came in between and counts instead; `entente agreement show` has it");
    }
  }
  *reply.add_rows() = RowOf(room, **party);
  return reply;
}

}  // namespace entente::exchange
