#pragma once

#include <span>
#include <vector>

#include "absl/status/status.h"
#include "entente/v1/peer.pb.h"
#include "exchange/groups.h"

namespace entente::peer {

// Takes what a peer sent of identities and groups in, as a card or a file would bring it, and says what is missing in
// front of it. Blocks until it is on disk: the session's thread.
class DocumentIntake {
 public:
  DocumentIntake(const exchange::Room& room, exchange::Groups& groups, const OrgId& peer)
      : room_(room), groups_(groups), peer_(peer) {}

  struct Outcome {
    absl::Status status;              // why it does not hold, or this node's own fault
    bool behind = false;              // not taken: something that stands in front of it is missing here
    bool unopened = false;            // an epoch that is on file now without its secret
    std::vector<OrgId> signers = {};  // who signed it, where a key is not on file
  };
  // What nobody here asked for. REQUIRES that DocumentInbox took it.
  Outcome TakeUnasked(const v1::Document& document) const;
  // A leave, an epoch, a re-wrap or an identity document that was asked for.
  Outcome TakeAsked(const v1::Document& document) const;
  // The answers to two questions about one group: its versions and its log, taken in as one run. The first refusal.
  Outcome TakeRun(const GroupId& group, std::span<const v1::Document> versions,
                  std::span<const v1::Document> entries) const;

 private:
  Outcome TakeMembership(const v1::Document& document) const;
  Outcome TakeProposal(const v1::Document& document) const;
  Outcome TakeLogEntry(const v1::Document& document) const;
  Outcome TakeEpoch(const v1::Document& document, bool asked) const;
  Outcome TakeRewrap(const v1::Document& document, bool asked) const;
  Outcome TakeLeave(const v1::Document& document, bool asked) const;
  Outcome TakeIdentity(const v1::Document& document) const;
  Outcome TakeAgreement(const v1::Document& document) const;
  bool NamesThisNode(const trust::Membership& membership) const;

  const exchange::Room room_;
  exchange::Groups& groups_;
  const OrgId peer_;
};

}  // namespace entente::peer
