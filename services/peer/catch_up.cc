#include "services/peer/catch_up.h"

#include <algorithm>
#include <utility>

#include "services/peer/document_inbox.h"

namespace entente::peer {
namespace {

constexpr size_t kEveryEpoch = trust::kMaxEpochsHeld * trust::kMaxIssuers + trust::kMaxTombstones;

v1::Want Ask(v1::DocumentKind kind, ByteView id, uint64_t first, uint32_t count = kMaxWantCount) {
  v1::Want out;
  out.set_kind(kind);
  out.set_id(id.data(), id.size());
  out.set_first(first);
  out.set_count(count);
  return out;
}

}  // namespace

void CatchUp::Begin(SteadyTime now) {
  for (const GroupId& group : room_.groups.All()) {
    const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
    if (!history.has_value()) continue;
    const auto& announced = history->announced();
    const auto is_in = [&](const trust::Membership& one) { return one.IsMember(peer_) || one.IsAdmin(peer_); };
    const bool common = history->newest() != nullptr ? is_in(*history->newest())
                                                     : std::any_of(announced.begin(), announced.end(),
                                                                   [&](const auto& one) { return is_in(*one); });
    if (common) Behind(group, now);
  }
}

void CatchUp::Behind(const GroupId& group, SteadyTime now) {
  if (groups_.size() >= kMaxGroupsAsked && !groups_.contains(group)) return;
  groups_.try_emplace(group, Pause{now}).first->second.wanted = true;
}

bool CatchUp::AsksAbout(const GroupId& group) const {
  const auto found = groups_.find(group);
  return group_ == group || (found != groups_.end() && found->second.wanted);
}

bool CatchUp::AskIdentity(const OrgId& org) {
  if (org == room_.self.org() || room_.directory.Find(org) == nullptr) return false;
  if (!asked_identities_.insert(org).second) return false;
  identities_.push_back(org);
  return true;
}

SteadyTime CatchUp::due() const {
  if (!identities_.empty() || group_.has_value()) return SteadyTime::min();
  SteadyTime due = SteadyTime::max();
  for (const auto& [group, pause] : groups_) {
    if (pause.wanted) due = std::min(due, pause.until);
  }
  return due;
}

CatchUp::Had CatchUp::HadOf(const GroupId& group) const {
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  if (!history.has_value()) return {};
  Had had;
  had.version = history->newest() == nullptr ? 0 : history->newest()->version();
  had.entries = history->log().size();
  for (const trust::EpochFacts& epoch : room_.groups.Epochs(group, 1, kEveryEpoch, room_.clock.Now())) {
    ++had.epochs;
    had.held += epoch.held ? 1 : 0;
  }
  return had;
}

// The lowest epoch on file whose secret a re-wrap may still bring.
std::optional<uint64_t> CatchUp::FirstUnopened(const GroupId& group) const {
  for (const trust::EpochFacts& epoch : room_.groups.Epochs(group, 1, kEveryEpoch, room_.clock.Now())) {
    if (!epoch.held && epoch.state != trust::EpochState::kDestroyed) return epoch.epoch.number;
  }
  return std::nullopt;
}

v1::Want CatchUp::QuestionOf(Step step) const {
  const ByteView id = group_->view();
  const Had had = HadOf(*group_);
  switch (step) {
    case Step::kVersions:
      return Ask(v1::DOCUMENT_KIND_MEMBERSHIP, id, had.version + 1);
    case Step::kLog:
      return Ask(v1::DOCUMENT_KIND_GROUP_LOG, id, had.entries + 1);
    case Step::kLeaves:
      return Ask(v1::DOCUMENT_KIND_LEAVE, id, 0, 1);
    case Step::kEpochs: {
      const auto epochs = room_.groups.Epochs(*group_, 1, kEveryEpoch, room_.clock.Now());
      return Ask(v1::DOCUMENT_KIND_EPOCH, id, epochs.empty() ? 1 : epochs.back().epoch.number);
    }
    case Step::kRewraps:
      return Ask(v1::DOCUMENT_KIND_REWRAP, id, FirstUnopened(*group_).value_or(1));
  }
  return {};
}

std::optional<v1::Want> CatchUp::Next(SteadyTime now) {
  if (!identities_.empty()) {
    const OrgId org = identities_.front();
    identities_.pop_front();
    const auto party = room_.directory.Find(org);
    asking_identity_ = true;
    return Ask(v1::DOCUMENT_KIND_IDENTITY, org.view(), party == nullptr ? 1 : party->identity.version());
  }
  if (!group_.has_value()) {
    for (auto& [group, pause] : groups_) {
      if (!pause.wanted || pause.until > now) continue;
      pause.wanted = false;
      group_ = group;
      step_ = Step::kVersions;
      before_ = before_run_ = HadOf(group);
      break;
    }
  }
  if (!group_.has_value()) return std::nullopt;
  return QuestionOf(step_);
}

void CatchUp::KeepVersions(std::vector<v1::Document> versions) {
  versions_ = std::move(versions);
  step_ = Step::kLog;
}

void CatchUp::Answered(SteadyTime now) {
  if (std::exchange(asking_identity_, false)) return;
  NextStep(now);
}

void CatchUp::NextStep(SteadyTime now) {
  versions_.clear();
  switch (step_) {
    case Step::kVersions:
      step_ = Step::kLog;
      return;
    case Step::kLog: {
      const Had had = HadOf(*group_);
      if (had == Had()) return Finish(now);
      // An answer may have stopped at a bound: there is more as long as something comes.
      step_ = had == before_run_ ? Step::kLeaves : Step::kVersions;
      before_run_ = had;
      return;
    }
    case Step::kLeaves:
      step_ = Step::kEpochs;
      return;
    case Step::kEpochs:
      if (!FirstUnopened(*group_).has_value()) return Finish(now);
      step_ = Step::kRewraps;
      return;
    case Step::kRewraps:
      return Finish(now);
  }
}

void CatchUp::Finish(SteadyTime now) {
  Pause& pause = groups_.at(*group_);
  pause.length = HadOf(*group_) == before_ ? std::min<SteadyTime::duration>(2 * pause.length, kLongestAskAgain)
                                           : SteadyTime::duration(kFirstAskAgain);
  pause.until = now + pause.length;
  group_.reset();
}

}  // namespace entente::peer
