#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/status/statusor.h"
#include "services/peer/document_answers.h"
#include "services/peer/document_inbox.h"

namespace entente::peer {

// At the start of a session the peer is given so long to ask about a group before it is told that there is one.
inline constexpr std::chrono::seconds kHintAfter{1};
inline constexpr int kPushedPerMinute = 48;  // of what the peer takes unasked: clocks and lines are not even
inline constexpr size_t kMostPushed = 16;    // of one group at once; whoever lacks more is told so, and asks
inline constexpr size_t kMaxKnown = 8192;    // documents that the peer is remembered to have

// What one session tells its peer of groups without being asked: what changed here, to those who may have it, once. The
// session's thread.
class GroupNews {
 public:
  GroupNews(const exchange::Room& room, const exchange::Groups& groups, const OrgId& peer)
      : room_(room), groups_(groups), peer_(peer) {}

  void Begin(SteadyTime now);
  // The peer asked this: it follows the group, and has what stands in front.
  void PeerAsked(const v1::Want& want, SteadyTime now);
  // The peer sent this document: it need not be told of it, and follows the group.
  void PeerSent(const v1::Document& document, SteadyTime now);
  // The peer was sent this document.
  void PeerHas(const v1::Document& document);

  // What to send now, as sent; nothing when there is nothing, or the pace allows no more. Refuses with the store's
  // faults.
  absl::StatusOr<std::vector<v1::Document>> Next(SteadyTime now);
  bool changed() const { return begun_ && groups_.changes() != seen_; }
  SteadyTime due() const;  // when Next may have something; max() when only a change brings that

 private:
  // The highest numbers that the peer has, as far as this session knows.
  struct Position {
    bool follows = false;
    uint64_t version = 0, entry = 0, epoch = 0;
  };
  absl::StatusOr<std::vector<v1::Document>> NewsOf(const GroupId& group) const;
  absl::StatusOr<std::vector<v1::Document>> BehindPosition(const GroupId& group, const Position& position) const;
  bool MayHave(const GroupId& group) const;
  void Follows(const GroupId& group, SteadyTime now);

  const exchange::Room room_;
  const exchange::Groups& groups_;
  const OrgId peer_;
  bool begun_ = false;
  uint64_t seen_ = 0;
  std::map<GroupId, Position> positions_;  // of groups that this node follows
  std::map<GroupId, SteadyTime> pending_;  // groups to look at, and when
  std::set<Digest> known_;
  PerMinute pace_{kPushedPerMinute};
};

}  // namespace entente::peer
