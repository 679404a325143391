#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "entente/v1/peer.pb.h"
#include "exchange/groups.h"
#include "services/peer/dialler.h"

namespace entente::peer {

// How long a group that was asked about is not asked about again: doubling while nothing new comes of it.
inline constexpr std::chrono::seconds kFirstAskAgain{1}, kLongestAskAgain{60};
inline constexpr size_t kMaxGroupsAsked =
    512;  // of one session: all that a node follows, and as many that it is told of

// What one session asks its peer, one question at a time: identity documents, then group by group its versions and its
// log, its leaves, epochs and re-wraps. The session's thread.
class CatchUp {
 public:
  CatchUp(const exchange::Room& room, const OrgId& peer) : room_(room), peer_(peer) {}

  // About every group that the peer is in.
  void Begin(SteadyTime now);
  // The peer has something of the group that this node has not.
  void Behind(const GroupId& group, SteadyTime now);
  // Whether it is being asked about, or is to be.
  bool AsksAbout(const GroupId& group) const;
  // The documents of `org`, a party on file, from the newest that is on file on. False where it was asked for before
  // in this session, or is of nobody else on file.
  bool AskIdentity(const OrgId& org);

  // The question to ask now; nothing when there is none. REQUIRES that what it gave before has its answer.
  std::optional<v1::Want> Next(SteadyTime now);
  SteadyTime due() const;  // when Next may have something; max() when only Behind or AskIdentity change that

  // The answer to the last question was taken in.
  void Answered(SteadyTime now);
  // The same where it was the versions of a group, which are taken in with its log.
  void KeepVersions(std::vector<v1::Document> versions);
  const std::vector<v1::Document>& versions() const { return versions_; }

 private:
  enum class Step { kVersions, kLog, kLeaves, kEpochs, kRewraps };
  struct Had {
    uint64_t version = 0, entries = 0;
    size_t epochs = 0, held = 0;
    bool operator==(const Had&) const = default;
  };
  struct Pause {
    SteadyTime until;
    SteadyTime::duration length = kFirstAskAgain;
    bool wanted = false;
  };

  Had HadOf(const GroupId& group) const;
  std::optional<uint64_t> FirstUnopened(const GroupId& group) const;
  v1::Want QuestionOf(Step step) const;
  void NextStep(SteadyTime now);
  void Finish(SteadyTime now);

  const exchange::Room room_;
  const OrgId peer_;
  std::deque<OrgId> identities_;
  std::set<OrgId> asked_identities_;
  bool asking_identity_ = false;
  std::map<GroupId, Pause> groups_;
  std::optional<GroupId> group_;  // under way
  Step step_ = Step::kVersions;
  Had before_, before_run_;
  std::vector<v1::Document> versions_;
};

}  // namespace entente::peer
