#include "exchange/agreements.h"

#include <algorithm>

#include "exchange/stored_parties.h"
#include "trust/agreement_history.h"

namespace entente::exchange {
namespace {

bool Covers(const v1::AgreementTerms& terms, std::string_view type) {
  return terms.types().empty() || std::binary_search(terms.types().begin(), terms.types().end(), type);
}

policy::Terms TermsOf(const trust::Agreement& agreement, std::string_view type) {
  const v1::AgreementTerms& agreed = agreement.body().terms();
  policy::Terms terms;
  terms.suspended = agreement.body().state() == v1::AGREEMENT_STATE_SUSPENDED;
  terms.legal_until = agreement.until();
  terms.covers = Covers(agreed, type);
  terms.ceiling = static_cast<model::Label>(agreed.ceiling());
  terms.pap_attested = agreed.pap_attested();
  if (agreed.hop_limit() != 0) terms.hop_limit = agreed.hop_limit() - 1;
  if (agreed.actions() != 0) terms.actions = static_cast<policy::Actions>(agreed.actions());
  if (agreed.keep_days() != 0) terms.keeps = absl::Hours(24 * int64_t{agreed.keep_days()});
  terms.transfer_basis = agreed.transfer_basis();
  return terms;
}

}  // namespace

void SetTerms(const trust::Accepted& party, std::string_view type, policy::Question& question) {
  if (party.agreements == nullptr || party.agreements->counts() == nullptr) return;
  const trust::Agreement& agreement = *party.agreements->counts();
  const v1::AgreementTerms& agreed = agreement.body().terms();
  question.agreement = agreement.body().state() != v1::AGREEMENT_STATE_ENDED;
  question.standing.terms = TermsOf(agreement, type);
  if (!agreed.use().empty()) question.standing.use = agreed.use();
  if (!agreed.legal_basis().empty()) question.legal_basis = agreed.legal_basis();
}

absl::Status TakeAgreement(const Room& room, const OrgId& peer, const v1::SignedAgreement& wire, const std::string& by) {
  const absl::StatusOr<trust::Agreement> agreement = trust::Agreement::Read(wire);
  if (!agreement.ok()) return agreement.status();
  const absl::Time now = room.clock.Now();
  const bool late = now >= agreement->time() + trust::kAgreementOpen;
  if (!agreement->whole() && late) return absl::OkStatus();
  const auto party = room.directory.Find(peer);
  if (party == nullptr) return Reject(RejectReason::kUnknownParty, "an agreement with nobody who is accepted here");
  // On the caller's thread: whoever sends what does not hold does not cost the one that commits.
  const trust::AgreementHistory none(room.self.org(), peer);
  const absl::StatusOr<bool> news = (party->agreements == nullptr ? none : *party->agreements).IsNews(*agreement);
  if (!news.ok() || !*news) return news.status();
  if (late && agreement->body().state() == v1::AGREEMENT_STATE_IN_FORCE) {
    return Reject(RejectReason::kTime, "an offer of over 90 days ago was accepted; make a new one");
  }
  if (absl::Status status = agreement->Check(room.directory, {now}); !status.ok()) return status;

  v1::AgreementTaken taken;
  taken.set_org_id(peer.str());
  *taken.mutable_agreement() = agreement->wire();
  taken.set_arrived_us(absl::ToUnixMicros(now));
  absl::Status refused;
  const absl::Status stored = room.journal.CommitAndWait([&](storage::Transaction& transaction) {
    transaction.ActFor(by);
    const auto append = [&] { return transaction.AppendAgreement(peer, taken).status(); };
    refused = room.directory.Agree(peer, *agreement, {now}, append).status();
    return absl::OkStatus();  // what the directory refuses has changed nothing here or there
  });
  if (stored.ok()) return refused;
  if (absl::Status back = BackToStored(room, peer); !back.ok()) return back;
  return stored;
}

}  // namespace entente::exchange
