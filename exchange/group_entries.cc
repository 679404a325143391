#include "exchange/group_entries.h"

#include <algorithm>

#include "proto/strict_parse.h"

namespace entente::exchange {
namespace {

using envelope::ExportKind;

// The group of a document that need not be on file yet. Nothing where it cannot be read.
std::optional<GroupId> GroupOf(const v1::SignedMembership& wire) {
  const absl::StatusOr<trust::Membership> read = trust::Membership::Read(wire);
  if (!read.ok()) return std::nullopt;
  return read->version() == 1 ? trust::GroupOfFirst(wire.document()) : read->group();
}

absl::Status AddAnswer(const Groups::Answer& answer, AddEntry add) {
  absl::Status status;
  const auto give = [&](ExportKind kind, const auto& message) {
    if (status.ok()) status = add(kind, message.SerializeAsString());
  };
  for (const auto& document : answer.documents) {
    const auto* membership = std::get_if<v1::SignedMembership>(&document);
    if (membership != nullptr) give(ExportKind::kMembership, *membership);
    if (membership == nullptr) give(ExportKind::kGroupLog, std::get<v1::SignedBody>(document));
  }
  for (const v1::SignedBody& leave : answer.leaves) give(ExportKind::kLeave, leave);
  for (const v1::EpochDelivery& epoch : answer.epochs) give(ExportKind::kEpoch, epoch);
  for (const v1::SignedBody& rewrap : answer.rewraps) give(ExportKind::kRewrap, rewrap);
  return status;
}

}  // namespace

absl::Status AddGroupEntries(const Room& room, const Groups& groups, const OrgId& peer, AddEntry add) {
  for (const GroupId& group : room.groups.All()) {
    for (std::optional<Groups::From> from = Groups::From(); from.has_value();) {
      const absl::StatusOr<Groups::Answer> answer = groups.AnswerFor(group, peer, *from);
      if (!answer.ok()) return answer.status();
      if (absl::Status status = AddAnswer(*answer, add); !status.ok()) return status;
      from = answer->next;
    }
  }
  if (peer == room.self.org()) return absl::OkStatus();  // nothing is offered to oneself
  for (const GroupId& group : groups.Proposed()) {
    for (const v1::SignedMembership& waiting : groups.OffersTo(group, peer)) {
      if (absl::Status status = add(ExportKind::kMembership, waiting.SerializeAsString()); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

bool GroupEntries::IsOne(ExportKind kind) {
  switch (kind) {
    case ExportKind::kMembership:
    case ExportKind::kGroupLog:
    case ExportKind::kEpoch:
    case ExportKind::kRewrap:
    case ExportKind::kLeave:
      return true;
    default:
      return false;
  }
}

absl::Status GroupEntries::Take(ExportKind kind, ByteView bytes) {
  if (kind == ExportKind::kMembership) {
    v1::SignedMembership membership;
    if (absl::Status status = StrictParse(bytes, membership); !status.ok()) return status;
    const std::optional<GroupId> group = GroupOf(membership);
    if (!group) return trust::Membership::Read(membership).status();
    return Collect(*group, std::move(membership), bytes.size());
  }
  if (kind == ExportKind::kEpoch) {
    v1::EpochDelivery epoch;
    if (absl::Status status = StrictParse(bytes, epoch); !status.ok()) return status;
    const absl::Status before = Flush(), taken = groups_.TakeEpoch(epoch, /*asked=*/true);
    return before.ok() ? taken : before;
  }
  v1::SignedBody body;
  if (absl::Status status = StrictParse(bytes, body); !status.ok()) return status;
  if (kind == ExportKind::kGroupLog) {
    const absl::StatusOr<trust::LogEntry> entry = trust::ReadLogEntry(body);
    if (!entry.ok()) return entry.status();
    return Collect(entry->group, std::move(body), bytes.size());
  }
  const absl::Status before = Flush();
  const absl::Status taken =
      kind == ExportKind::kLeave ? groups_.TakeLeave(body, /*asked=*/true) : groups_.TakeRewrap(body, /*asked=*/true);
  return before.ok() ? taken : before;
}

absl::Status GroupEntries::Collect(const GroupId& group, Document document, size_t bytes) {
  absl::Status before;
  const bool full = run_.size() >= 2 * kMaxAnswered || run_bytes_ + bytes > trust::kMaxGroupDocumentBytes;
  if (group_ != group || full) before = Flush();
  group_ = group;
  run_.push_back(std::move(document));
  run_bytes_ += bytes;
  return before;
}

// A document that too few have signed is an offer to sign it, and so is each behind it.
absl::Status GroupEntries::Flush() {
  if (run_.empty()) return absl::OkStatus();
  std::vector<trust::GroupDocument> run;
  for (const Document& document : run_) {
    std::visit([&](const auto& one) { run.emplace_back(&one); }, document);
  }
  absl::Status taken = groups_.TakeDocuments(*group_, run, /*asked=*/true);
  if (ReasonOf(taken) == RejectReason::kThreshold) taken = Offer();
  run_.clear();
  run_bytes_ = 0;
  group_.reset();
  return taken;
}

absl::Status GroupEntries::Offer() {
  absl::Status first;
  for (const Document& document : run_) {
    const auto* membership = std::get_if<v1::SignedMembership>(&document);
    if (membership == nullptr || groups_.Has(*group_, *membership)) continue;
    const absl::Status offered = groups_.TakeProposal(*membership);
    if (first.ok()) first = offered;
  }
  return first;
}

}  // namespace entente::exchange
