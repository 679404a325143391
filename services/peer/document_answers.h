#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "entente/v1/peer.pb.h"
#include "exchange/groups.h"

namespace entente::peer {

// What one peer may have (docs/formats/session.md, "Documents"). All else is answered as if it were not there. Keeps
// nothing; the session's thread.
class DocumentAnswers {
 public:
  DocumentAnswers(const exchange::Room& room, const exchange::Groups& groups, const OrgId& peer)
      : room_(room), groups_(groups), peer_(peer) {}
  // In ascending number, the last with `end`; of kMaxAnswerBytes at most. REQUIRES a want that DocumentInbox took.
  // Refuses with the store's faults.
  absl::StatusOr<std::vector<v1::Document>> To(const v1::Want& want) const;

 private:
  std::vector<v1::Document> Identities(const v1::Want& want) const;
  std::vector<v1::Document> Prekey(const v1::Want& want) const;
  std::vector<v1::Document> Proposals(const v1::Want& want) const;
  absl::StatusOr<std::vector<v1::Document>> OfGroup(const v1::Want& want) const;
  bool SharesGroup(const OrgId& org) const;

  const exchange::Room room_;
  const exchange::Groups& groups_;
  const OrgId peer_;
};

// What `answer` holds, as frames in the order in which to take it in: documents and entries, leaves, epochs, re-wraps.
std::vector<v1::Document> DocumentsOf(const GroupId& group, const exchange::Groups::Answer& answer);
// Of a group, for documents that wait for signatures. The version is read from the document.
v1::Document OfferOf(const GroupId& group, const v1::SignedMembership& waiting);

}  // namespace entente::peer
