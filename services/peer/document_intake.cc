#include "services/peer/document_intake.h"

#include <algorithm>
#include <utility>

#include "proto/strict_parse.h"

namespace entente::peer {
namespace {

using enum RejectReason;
using Outcome = DocumentIntake::Outcome;

// What a followed group takes in between two looks at whether the session goes on.
constexpr size_t kPiece = 64;

Outcome OfAnotherGroup() {
  return {Reject(kParse, "the peer sent a document under the id of another group")};
}

Outcome OfAGroupNotFollowed() {
  return {Reject(kUnknownParty, "the peer sent a document of a group that this organisation is not in")};
}

// Of the group that the frame names. Its group stands in version 1 as the hash of that very document.
bool IsOf(const trust::Membership& membership, ByteView group) {
  return (membership.version() == 1 ? trust::GroupOfFirst(membership.wire().document()) : membership.group()).view() ==
         group;
}

std::vector<OrgId> SignersOf(const v1::SignedMembership& wire) {
  std::vector<OrgId> out;
  for (const v1::OrgSignature& signature : wire.signatures()) {
    if (const auto org = OrgId::From(signature.org_id())) out.push_back(*org);
  }
  return out;
}

// With those who signed it, where the newest document of one may be missing here.
// That a group's newest document has expired is said of what was taken in as well, and is no fault of who sent it.
Outcome Of(absl::Status status, std::vector<OrgId> signers) {
  if (ReasonOf(status) == kFreeze) return {};
  const bool unknown = ReasonOf(status) == kNoKey;
  return {std::move(status), false, false, unknown ? std::move(signers) : std::vector<OrgId>()};
}

// One that names a membership document which is not on file is asked for behind that.
Outcome Behind(Outcome outcome) {
  if (ReasonOf(outcome.status) != kMemberHash) return outcome;
  return {absl::OkStatus(), /*behind=*/true};
}

template <typename Read>
absl::StatusOr<std::pair<v1::SignedBody, Read>> ReadBody(const v1::Document& document,
                                                         absl::StatusOr<Read> (*read)(const v1::SignedBody&)) {
  v1::SignedBody wire;
  if (absl::Status status = StrictParse(document.document(), wire); !status.ok()) return status;
  absl::StatusOr<Read> body = read(wire);
  if (!body.ok()) return body.status();
  return std::pair<v1::SignedBody, Read>(std::move(wire), *std::move(body));
}

absl::StatusOr<trust::Membership> ReadMembership(const v1::Document& document) {
  v1::SignedMembership wire;
  if (absl::Status status = StrictParse(document.document(), wire); !status.ok()) return status;
  return trust::Membership::Read(wire);
}

uint64_t NewestOf(const std::optional<trust::MembershipHistory>& history) {
  return history.has_value() && history->newest() != nullptr ? history->newest()->version() : 0;
}

}  // namespace

bool DocumentIntake::NamesThisNode(const trust::Membership& membership) const {
  const OrgId& self = room_.self.org();
  return membership.IsMember(self) || membership.IsAdmin(self);
}

Outcome DocumentIntake::TakeUnasked(const v1::Document& document) const {
  switch (document.kind()) {
    case v1::DOCUMENT_KIND_MEMBERSHIP:
      return TakeMembership(document);
    case v1::DOCUMENT_KIND_PROPOSAL:
      return TakeProposal(document);
    case v1::DOCUMENT_KIND_GROUP_LOG:
      return TakeLogEntry(document);
    case v1::DOCUMENT_KIND_EPOCH:
      return TakeEpoch(document, /*asked=*/false);
    case v1::DOCUMENT_KIND_REWRAP:
      return TakeRewrap(document, /*asked=*/false);
    case v1::DOCUMENT_KIND_LEAVE:
      return TakeLeave(document, /*asked=*/false);
    case v1::DOCUMENT_KIND_AGREEMENT:
      return TakeAgreement(document);
    case v1::DOCUMENT_KIND_IDENTITY: {
      Outcome outcome = TakeIdentity(document);
      // Versions in front of it are missing, so they are asked for.
      if (ReasonOf(outcome.status) == kIdentityChain) outcome.signers = {peer_};
      return outcome;
    }
    default:
      return {Reject(kParse, "this node takes no slots of others in")};
  }
}

Outcome DocumentIntake::TakeAsked(const v1::Document& document) const {
  switch (document.kind()) {
    case v1::DOCUMENT_KIND_EPOCH:
      return TakeEpoch(document, /*asked=*/true);
    case v1::DOCUMENT_KIND_REWRAP:
      return TakeRewrap(document, /*asked=*/true);
    case v1::DOCUMENT_KIND_LEAVE:
      return TakeLeave(document, /*asked=*/true);
    default:
      return TakeIdentity(document);
  }
}

// Of a group that is not followed it only says that there is something to ask for.
Outcome DocumentIntake::TakeMembership(const v1::Document& document) const {
  const absl::StatusOr<trust::Membership> read = ReadMembership(document);
  if (!read.ok()) return {read.status()};
  if (!IsOf(*read, document.id())) return OfAnotherGroup();
  const GroupId group = *GroupId::From(document.id());
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  if (!history.has_value() || history->newest() == nullptr) {
    return NamesThisNode(*read) ? Outcome{absl::OkStatus(), /*behind=*/true} : OfAGroupNotFollowed();
  }
  if (groups_.Has(group, read->wire())) return {};
  if (read->version() > NewestOf(history) + 1) return {absl::OkStatus(), /*behind=*/true};
  const trust::GroupDocument one = &read->wire();
  return Behind(Of(groups_.TakeDocuments(group, std::span(&one, 1), /*asked=*/false), SignersOf(read->wire())));
}

// One that was overtaken by what counts by now is no fault of who sent it.
Outcome DocumentIntake::TakeProposal(const v1::Document& document) const {
  const absl::StatusOr<trust::Membership> read = ReadMembership(document);
  if (!read.ok()) return {read.status()};
  if (!IsOf(*read, document.id())) return OfAnotherGroup();
  const GroupId group = *GroupId::From(document.id());
  const uint64_t newest = NewestOf(room_.groups.History(group));
  if (read->version() <= newest || groups_.Has(group, read->wire())) return {};
  if (read->version() > newest + 1 && NamesThisNode(*read)) return {absl::OkStatus(), /*behind=*/true};
  return Of(groups_.TakeProposal(read->wire()), SignersOf(read->wire()));
}

Outcome DocumentIntake::TakeLogEntry(const v1::Document& document) const {
  const auto entry = ReadBody(document, &trust::ReadLogEntry);
  if (!entry.ok()) return {entry.status()};
  const auto& [wire, body] = *entry;
  if (body.group.view() != document.id()) return OfAnotherGroup();
  const std::optional<trust::MembershipHistory> history = room_.groups.History(body.group);
  if (!history.has_value()) return OfAGroupNotFollowed();
  if (body.index > history->log().size() + 1) return {absl::OkStatus(), /*behind=*/true};
  const trust::GroupDocument one = &wire;
  return Behind(Of(groups_.TakeDocuments(body.group, std::span(&one, 1), /*asked=*/false), {body.org}));
}

Outcome DocumentIntake::TakeEpoch(const v1::Document& document, bool asked) const {
  v1::EpochDelivery delivery;
  if (absl::Status status = StrictParse(document.document(), delivery); !status.ok()) return {status};
  const absl::StatusOr<trust::Epoch> epoch = trust::ReadEpoch(delivery.epoch());
  if (!epoch.ok()) return {epoch.status()};
  if (epoch->membership.group.view() != document.id()) return OfAnotherGroup();
  Outcome outcome = Of(groups_.TakeEpoch(delivery, asked), {epoch->issuer});
  const RejectReason reason = ReasonOf(outcome.status);
  // It is on file, and its issuer may have had no prekey of this node: a re-wrap mends that.
  if (reason == kNoSlot || reason == kKeyGone) return {absl::OkStatus(), false, /*unopened=*/true};
  return Behind(std::move(outcome));
}

Outcome DocumentIntake::TakeRewrap(const v1::Document& document, bool asked) const {
  const auto rewrap = ReadBody(document, &trust::ReadRewrap);
  if (!rewrap.ok()) return {rewrap.status()};
  const auto& [wire, body] = *rewrap;
  if (body.group.view() != document.id()) return OfAnotherGroup();
  Outcome outcome = Of(groups_.TakeRewrap(wire, asked), {body.issuer});
  if (ReasonOf(outcome.status) == kEpoch && !asked) return {absl::OkStatus(), /*behind=*/true};
  return outcome;
}

Outcome DocumentIntake::TakeLeave(const v1::Document& document, bool asked) const {
  const auto leave = ReadBody(document, &trust::ReadLeave);
  if (!leave.ok()) return {leave.status()};
  const auto& [wire, body] = *leave;
  if (body.group.view() != document.id()) return OfAnotherGroup();
  Outcome outcome = Of(groups_.TakeLeave(wire, asked), {body.org});
  return asked ? outcome : Behind(std::move(outcome));
}

namespace {

// Each version in front of the entry that logs it, those that no entry names last, and of these only such as can
// follow.
struct Run {
  std::vector<trust::Membership> versions;
  std::vector<std::pair<v1::SignedBody, trust::LogEntry>> entries;

  std::vector<trust::GroupDocument> InOrder(uint64_t newest) const {
    std::vector<trust::GroupDocument> out;
    auto version = versions.begin();
    uint64_t logged = newest;
    for (const auto& entry : entries) {
      if (entry.second.kind == v1::GROUP_LOG_KIND_MEMBERSHIP) {
        logged = std::max(logged, entry.second.number);
        for (; version != versions.end() && version->version() <= entry.second.number; ++version)
          out.emplace_back(&version->wire());
      }
      out.emplace_back(&entry.first);
    }
    for (; version != versions.end() && version->version() <= logged + 1; ++version) out.emplace_back(&version->wire());
    return out;
  }
};

}  // namespace

Outcome DocumentIntake::TakeRun(const GroupId& group, std::span<const v1::Document> versions,
                                std::span<const v1::Document> entries) const {
  const std::optional<trust::MembershipHistory> history = room_.groups.History(group);
  Run run;
  std::vector<OrgId> signers;
  for (const v1::Document& document : versions) {
    const absl::StatusOr<trust::Membership> read = ReadMembership(document);
    if (!read.ok()) return {read.status()};
    if (!IsOf(*read, group.view())) return OfAnotherGroup();
    if (history.has_value() && history->Version(read->version(), read->hash()) != nullptr) continue;
    for (const OrgId& signer : SignersOf(read->wire())) signers.push_back(signer);
    run.versions.push_back(*read);
  }
  for (const v1::Document& document : entries) {
    auto entry = ReadBody(document, &trust::ReadLogEntry);
    if (!entry.ok()) return {entry.status()};
    if (entry->second.group != group) return OfAnotherGroup();
    signers.push_back(entry->second.org);
    run.entries.push_back(*std::move(entry));
  }
  std::stable_sort(run.versions.begin(), run.versions.end(),
                   [](const auto& a, const auto& b) { return a.version() < b.version(); });
  std::stable_sort(run.entries.begin(), run.entries.end(),
                   [](const auto& a, const auto& b) { return a.second.index < b.second.index; });
  const std::vector<trust::GroupDocument> all = run.InOrder(NewestOf(history));
  const size_t piece = history.has_value() ? kPiece : std::max<size_t>(all.size(), 1);  // the first run is taken whole
  for (size_t at = 0; at < all.size(); at += piece) {
    const auto part = std::span(all).subspan(at, std::min(piece, all.size() - at));
    absl::Status taken = groups_.TakeDocuments(group, part, /*asked=*/true);
    // Documents in front of the newest may have expired, and a piece may end with one that is on file by now.
    if (ReasonOf(taken) == kFreeze || ReasonOf(taken) == kRollback) taken = absl::OkStatus();
    if (!taken.ok()) return Of(std::move(taken), std::move(signers));
  }
  return {};
}

}  // namespace entente::peer
