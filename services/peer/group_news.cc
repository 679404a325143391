#include "services/peer/group_news.h"

#include <algorithm>
#include <utility>

#include "crypto/crypto.h"

namespace entente::peer {
namespace {

bool IsOfTheLog(const v1::Document& document) {
  return document.kind() == v1::DOCUMENT_KIND_MEMBERSHIP || document.kind() == v1::DOCUMENT_KIND_GROUP_LOG;
}

Digest KeyOf(const v1::Document& document) {
  return crypto::Sha256(std::to_string(document.kind()) + document.document());
}

v1::Document NewestOf(const GroupId& group, const trust::Membership& newest) {
  v1::Document out;
  out.set_kind(v1::DOCUMENT_KIND_MEMBERSHIP);
  out.set_id(group.str());
  out.set_number(newest.version());
  out.set_document(newest.wire().SerializeAsString());
  return out;
}

}  // namespace

void GroupNews::Begin(SteadyTime now) {
  begun_ = true;
  seen_ = groups_.changes();
  for (const GroupId& group : room_.groups.All()) pending_[group] = now + kHintAfter;
  for (const GroupId& group : groups_.Proposed()) pending_[group] = now + kHintAfter;
}

bool GroupNews::MayHave(const GroupId& group) const {
  const auto newest = room_.groups.Newest(group);
  return newest != nullptr && (newest->IsMember(peer_) || newest->IsAdmin(peer_));
}

// What came while it was not known to follow the group is looked at again, once its questions are answered.
void GroupNews::Follows(const GroupId& group, SteadyTime now) {
  if (std::exchange(positions_[group].follows, true)) return;
  pending_.try_emplace(group, now + kHintAfter);
}

void GroupNews::PeerAsked(const v1::Want& want, SteadyTime now) {
  const GroupId group = GroupId::From(want.id()).value_or(GroupId());
  if (want.kind() == v1::DOCUMENT_KIND_IDENTITY || want.first() == 0 || !MayHave(group)) return;
  Follows(group, now);
  Position& position = positions_[group];
  const uint64_t had = want.first() - 1;
  if (want.kind() == v1::DOCUMENT_KIND_MEMBERSHIP) position.version = std::max(position.version, had);
  if (want.kind() == v1::DOCUMENT_KIND_GROUP_LOG) position.entry = std::max(position.entry, had);
  if (want.kind() == v1::DOCUMENT_KIND_EPOCH) position.epoch = std::max(position.epoch, had);
}

void GroupNews::PeerSent(const v1::Document& document, SteadyTime now) {
  const GroupId group = GroupId::From(document.id()).value_or(GroupId());
  if (document.kind() == v1::DOCUMENT_KIND_AGREEMENT) return;
  const bool of_it = document.kind() != v1::DOCUMENT_KIND_IDENTITY && document.kind() != v1::DOCUMENT_KIND_PROPOSAL;
  if (of_it && MayHave(group)) Follows(group, now);
  PeerHas(document);
}

void GroupNews::PeerHas(const v1::Document& document) {
  if (document.document().empty()) return;
  if (known_.size() >= kMaxKnown) known_.clear();
  known_.insert(KeyOf(document));
  const GroupId group = GroupId::From(document.id()).value_or(GroupId());
  if (document.kind() == v1::DOCUMENT_KIND_IDENTITY || !MayHave(group)) return;
  Position& position = positions_[group];
  if (document.kind() == v1::DOCUMENT_KIND_MEMBERSHIP) position.version = std::max(position.version, document.number());
  if (document.kind() == v1::DOCUMENT_KIND_GROUP_LOG) position.entry = std::max(position.entry, document.number());
  if (document.kind() == v1::DOCUMENT_KIND_EPOCH) position.epoch = std::max(position.epoch, document.number());
}

SteadyTime GroupNews::due() const {
  SteadyTime due = SteadyTime::max();
  for (const auto& [group, at] : pending_) due = std::min(due, at);
  return pending_.empty() ? due : std::max(due, pace_.next());
}

absl::StatusOr<std::vector<v1::Document>> GroupNews::BehindPosition(const GroupId& group,
                                                                    const Position& position) const {
  const auto newest = room_.groups.Newest(group);
  if (newest == nullptr) return std::vector<v1::Document>();  // it gave way to another one a moment ago
  if (!position.follows) return std::vector<v1::Document>{NewestOf(group, *newest)};
  const auto answer = groups_.AnswerFor(group, peer_, {position.version + 1, position.entry + 1, position.epoch + 1,
                                                         /*rewraps=*/false});
  if (!answer.ok()) return answer.status();
  std::vector<v1::Document> out = DocumentsOf(group, *answer);
  const auto of_the_log = static_cast<size_t>(std::count_if(out.begin(), out.end(), IsOfTheLog));
  if (of_the_log <= kMostPushed && !answer->next.has_value()) return out;
  // The last of them makes the peer ask for those in front of it.
  std::erase_if(out, IsOfTheLog);
  v1::Document last = NewestOf(group, *newest);
  for (const v1::Document& one : DocumentsOf(group, *answer)) {
    if (one.kind() == v1::DOCUMENT_KIND_GROUP_LOG) last = one;
  }
  out.insert(out.begin(), std::move(last));
  return out;
}

absl::StatusOr<std::vector<v1::Document>> GroupNews::NewsOf(const GroupId& group) const {
  std::vector<v1::Document> out;
  if (MayHave(group)) {
    const auto found = positions_.find(group);
    auto behind = BehindPosition(group, found == positions_.end() ? Position() : found->second);
    if (!behind.ok()) return behind;
    out = *std::move(behind);
  }
  for (const v1::SignedMembership& waiting : groups_.OffersTo(group, peer_)) out.push_back(OfferOf(group, waiting));
  std::erase_if(out, [&](const v1::Document& one) {
    // A re-wrap is made anew each time, so it is given to who asks alone.
    return one.kind() == v1::DOCUMENT_KIND_REWRAP || known_.contains(KeyOf(one));
  });
  return out;
}

absl::StatusOr<std::vector<v1::Document>> GroupNews::Next(SteadyTime now) {
  if (!begun_) return std::vector<v1::Document>();
  for (const GroupId& group : groups_.ChangedSince(seen_)) pending_[group] = now;
  const auto group = std::find_if(pending_.begin(), pending_.end(), [&](const auto& one) { return one.second <= now; });
  if (group == pending_.end()) return std::vector<v1::Document>();
  absl::StatusOr<std::vector<v1::Document>> news = NewsOf(group->first);
  if (!news.ok()) return news;
  std::vector<v1::Document> out;
  for (v1::Document& one : *news) {
    if (!pace_.Take(now)) break;
    PeerHas(one);
    out.push_back(std::move(one));
  }
  if (out.size() == news->size()) {
    pending_.erase(group);
  } else {
    group->second = pace_.next();
  }
  return out;
}

}  // namespace entente::peer
