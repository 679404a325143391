#include "exchange/identities.h"

#include "exchange/stored_parties.h"
#include "trust/identity_document.h"

namespace entente::exchange {
namespace {

absl::Status AsTaken(const absl::Status& taken) {
  return ReasonOf(taken) == RejectReason::kFreeze ? absl::OkStatus() : taken;
}

}  // namespace

absl::Status TakeIdentity(const Room& room, const OrgId& org, const v1::SignedIdentity& wire) {
  const auto party = room.directory.Find(org);
  if (party && party->history->WithHash(trust::IdentityHash(wire.document())) != nullptr) return absl::OkStatus();
  if (party && org != room.self.org()) {
    // On the caller's thread: whoever sends what does not hold does not cost the one that commits.
    trust::IdentityHistory tried = *party->history;
    const absl::Status holds = tried.Extend(wire, room.clock.Now());
    if (!holds.ok() && ReasonOf(holds) != RejectReason::kEquivocation) return holds;
  }
  v1::IdentityChain chain;
  *chain.add_documents() = wire;
  absl::Status taken;
  const absl::Status stored = room.journal.CommitAndWait([&](storage::Transaction& transaction) {
    const auto append = [&](const v1::SignedIdentity& next) { return transaction.AppendIdentity(org, next).status(); };
    taken = room.directory.Extend(org, chain, room.clock.Now(), append);
    return absl::OkStatus();  // evidence is kept, whatever it says of the document
  });
  if (stored.ok()) return AsTaken(taken);
  if (absl::Status back = BackToStored(room, org); !back.ok()) return back;
  return stored;
}

}  // namespace entente::exchange
