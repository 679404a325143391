#include "services/peer/document_answers.h"

#include <algorithm>
#include <utility>

#include "services/peer/document_inbox.h"

namespace entente::peer {
namespace {

constexpr uint64_t kNone = UINT64_MAX;  // no version, entry or epoch has this number

template <typename Message>
v1::Document Make(v1::DocumentKind kind, ByteView id, uint64_t number, const Message& message) {
  v1::Document out;
  out.set_kind(kind);
  out.set_id(id.data(), id.size());
  out.set_number(number);
  out.set_document(message.SerializeAsString());
  return out;
}

uint64_t VersionOf(const v1::SignedMembership& wire) {
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(wire);
  return read.ok() ? read->version() : 0;
}

// Those that were asked for, in order, of 16 MiB at most, and the end.
std::vector<v1::Document> AsAnswer(const v1::Want& want, std::vector<v1::Document> all) {
  std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number() < b.number(); });
  std::vector<v1::Document> out;
  size_t bytes = 0;
  for (v1::Document& one : all) {
    if (one.kind() != want.kind() || one.number() < want.first() || one.number() > LastOf(want)) continue;
    const size_t size = one.document().size();
    if (size > kMaxDocumentBytes || bytes + size > kMaxAnswerBytes || out.size() + 1 >= kMaxAnswerDocuments) break;
    bytes += size;
    out.push_back(std::move(one));
  }
  if (out.empty()) {
    v1::Document& nothing = out.emplace_back();
    nothing.set_kind(want.kind());
    nothing.set_id(want.id());
    nothing.set_number(want.first());
  }
  out.back().set_end(true);
  return out;
}

}  // namespace

std::vector<v1::Document> DocumentsOf(const GroupId& group, const exchange::Groups::Answer& answer) {
  std::vector<v1::Document> out;
  for (const auto& document : answer.documents) {
    if (const auto* membership = std::get_if<v1::SignedMembership>(&document)) {
      out.push_back(Make(v1::DOCUMENT_KIND_MEMBERSHIP, group.view(), VersionOf(*membership), *membership));
      continue;
    }
    const auto& wire = std::get<v1::SignedBody>(document);
    const absl::StatusOr<trust::LogEntry> entry = trust::ReadLogEntry(wire);
    if (entry.ok()) out.push_back(Make(v1::DOCUMENT_KIND_GROUP_LOG, group.view(), entry->index, wire));
  }
  for (const v1::SignedBody& leave : answer.leaves) {
    out.push_back(Make(v1::DOCUMENT_KIND_LEAVE, group.view(), 0, leave));
  }
  for (const v1::EpochDelivery& delivery : answer.epochs) {
    const absl::StatusOr<trust::Epoch> epoch = trust::ReadEpoch(delivery.epoch());
    if (epoch.ok()) out.push_back(Make(v1::DOCUMENT_KIND_EPOCH, group.view(), epoch->number, delivery));
  }
  for (const v1::SignedBody& wire : answer.rewraps) {
    const absl::StatusOr<trust::Rewrap> rewrap = trust::ReadRewrap(wire);
    if (rewrap.ok()) out.push_back(Make(v1::DOCUMENT_KIND_REWRAP, group.view(), rewrap->number, wire));
  }
  return out;
}

v1::Document OfferOf(const GroupId& group, const v1::SignedMembership& waiting) {
  return Make(v1::DOCUMENT_KIND_PROPOSAL, group.view(), VersionOf(waiting), waiting);
}

// Whether it is, beside the peer, in a group that this node follows.
bool DocumentAnswers::SharesGroup(const OrgId& org) const {
  const std::vector<GroupId> all = room_.groups.All();
  return std::any_of(all.begin(), all.end(), [&](const GroupId& group) {
    const auto newest = room_.groups.Newest(group);
    const auto is_in = [&](const OrgId& one) { return newest->IsMember(one) || newest->IsAdmin(one); };
    return newest != nullptr && is_in(org) && is_in(peer_);
  });
}

std::vector<v1::Document> DocumentAnswers::Identities(const v1::Want& want) const {
  const OrgId org = *OrgId::From(want.id());
  std::vector<v1::Document> out;
  const auto add = [&](const trust::IdentityHistory& history) {
    for (const auto& version : history.versions()) {
      out.push_back(Make(want.kind(), want.id(), version->version(), version->wire()));
    }
  };
  if (org == room_.self.org()) {
    add(trust::HistoryOf(room_.self));
  } else if (const auto party = room_.directory.Find(org); party && SharesGroup(org)) {
    add(*party->history);
  }
  return out;
}

std::vector<v1::Document> DocumentAnswers::Prekey(const v1::Want& want) const {
  if (want.id() != room_.self.org().view()) return {};
  return {Make(want.kind(), want.id(), 0, room_.prekeys.Offer())};
}

std::vector<v1::Document> DocumentAnswers::Proposals(const v1::Want& want) const {
  const GroupId group = *GroupId::From(want.id());
  std::vector<v1::Document> out;
  for (const v1::SignedMembership& waiting : groups_.OffersTo(group, peer_)) out.push_back(OfferOf(group, waiting));
  return out;
}

absl::StatusOr<std::vector<v1::Document>> DocumentAnswers::OfGroup(const v1::Want& want) const {
  exchange::Groups::From from{kNone, kNone, kNone};
  if (want.kind() == v1::DOCUMENT_KIND_MEMBERSHIP) from.version = want.first();
  if (want.kind() == v1::DOCUMENT_KIND_GROUP_LOG) from.entry = want.first();
  if (want.kind() == v1::DOCUMENT_KIND_EPOCH || want.kind() == v1::DOCUMENT_KIND_REWRAP) from.epoch = want.first();
  from.rewraps = want.kind() == v1::DOCUMENT_KIND_REWRAP;
  const GroupId group = *GroupId::From(want.id());
  const absl::StatusOr<exchange::Groups::Answer> answer = groups_.AnswerFor(group, peer_, from);
  if (!answer.ok()) return answer.status();
  return DocumentsOf(group, *answer);
}

absl::StatusOr<std::vector<v1::Document>> DocumentAnswers::To(const v1::Want& want) const {
  switch (want.kind()) {
    case v1::DOCUMENT_KIND_IDENTITY:
      return AsAnswer(want, Identities(want));
    case v1::DOCUMENT_KIND_PREKEY:
      return AsAnswer(want, Prekey(want));
    case v1::DOCUMENT_KIND_PROPOSAL:
      return AsAnswer(want, Proposals(want));
    case v1::DOCUMENT_KIND_MEMBERSHIP:
    case v1::DOCUMENT_KIND_GROUP_LOG:
    case v1::DOCUMENT_KIND_EPOCH:
    case v1::DOCUMENT_KIND_REWRAP:
    case v1::DOCUMENT_KIND_LEAVE: {
      absl::StatusOr<std::vector<v1::Document>> all = OfGroup(want);
      if (!all.ok()) return all.status();
      return AsAnswer(want, *std::move(all));
    }
    default:  // EPOCH_SLOTS: no node hands out another issuer's slots yet
      return AsAnswer(want, {});
  }
}

}  // namespace entente::peer
