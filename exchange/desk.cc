#include "exchange/desk.h"

#include <algorithm>
#include <utility>

#include "exchange/desk_publish.h"
#include "exchange/publication_batch.h"

namespace entente::exchange {
namespace {

constexpr size_t kPage = 1024;

absl::StatusOr<v1::ObjectQuarantined> HeldAt(const storage::Reader& reader, uint64_t seq) {
  absl::StatusOr<std::optional<v1::Record>> record = reader.FindRecord(seq);
  if (!record.ok()) return record.status();
  if (record->has_value() && (*record)->has_quarantine()) return std::move(*(*record)->mutable_quarantine());
  return Reject(RejectReason::kStoreCorrupt, "the record of something in quarantine is missing; run entente fsck");
}

// Whether it still is in quarantine for what that record says.
absl::StatusOr<bool> IsHeld(const storage::Reader& reader, const v1::ObjectQuarantined& held, uint64_t seq) {
  const absl::StatusOr<std::vector<storage::QuarantineEntry>> entries = reader.FindQuarantine(held.id());
  if (!entries.ok()) return entries.status();
  return std::any_of(entries->begin(), entries->end(), [&](const auto& entry) { return entry.seq == seq; });
}

absl::Status CheckFilter(const Room& room, const v1::HeldFilter& filter) {
  const auto reasons = AllRejectReasons();
  const auto named = [&](const RejectEntry& row) { return row.name == filter.reason(); };
  if (!filter.reason().empty() && std::none_of(reasons.begin(), reasons.end(), named)) {
    return Reject(RejectReason::kUsage, "there is no reason of that name; docs/reject-reasons.md lists them");
  }
  if (filter.origin().empty() || filter.origin() == room.directory.self().party.name) return absl::OkStatus();
  return room.directory.Named(filter.origin()).status();
}

}  // namespace

absl::StatusOr<bool> Desk::Fits(const storage::QuarantineEntry& entry, const v1::HeldFilter& filter) const {
  if (!filter.reason().empty() && entry.reason != filter.reason()) return false;
  if (!filter.origin().empty() && room_.directory.NameOf(entry.origin) != filter.origin()) return false;
  if (filter.type().empty()) return true;
  const absl::StatusOr<v1::ObjectQuarantined> held = HeldAt(room_.journal, entry.seq);
  if (!held.ok()) return held.status();
  return held->type() == filter.type();
}

// Newest first.
absl::StatusOr<std::vector<uint64_t>> Desk::Matching(const v1::HeldFilter& filter) const {
  if (absl::Status status = CheckFilter(room_, filter); !status.ok()) return status;
  std::vector<uint64_t> seqs;
  const auto take = [&](const std::vector<storage::QuarantineEntry>& entries) -> absl::Status {
    for (const storage::QuarantineEntry& entry : entries) {
      const absl::StatusOr<bool> fits = Fits(entry, filter);
      if (!fits.ok()) return fits.status();
      if (*fits) seqs.push_back(entry.seq);
    }
    return absl::OkStatus();
  };
  if (!filter.id().empty()) {
    const auto entries = room_.journal.FindQuarantine(filter.id());
    if (!entries.ok()) return entries.status();
    if (absl::Status status = take(*entries); !status.ok()) return status;
  }
  for (Bytes after; filter.id().empty();) {
    const auto page = room_.journal.Held(after, kPage);
    if (!page.ok()) return page.status();
    if (absl::Status status = take(page->entries); !status.ok()) return status;
    if (page->last.empty()) break;
    after = page->last;
  }
  std::sort(seqs.rbegin(), seqs.rend());
  return seqs;
}

absl::StatusOr<v1::HeldRow> Desk::Row(uint64_t seq, bool with_content) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
  if (!record.ok()) return record.status();
  absl::StatusOr<v1::ObjectQuarantined> held = HeldAt(room_.journal, seq);
  if (!held.ok()) return held.status();
  v1::HeldRow row;
  row.set_id(held->id());
  row.set_type(held->type());
  row.set_version(held->version());
  row.set_reason(held->reason());
  row.set_detail(held->detail());
  if (const auto origin = OrgId::From(held->origin())) row.set_origin(room_.directory.NameOf(*origin));
  if (held->label() != v1::LABEL_UNSPECIFIED) {
    row.set_tlp(std::string(model::Name(static_cast<model::Label>(held->label()))));
  }
  row.set_held_us((*record)->time_us());
  row.set_by((*record)->by());
  row.set_journal_seq(seq);
  if (with_content) row.set_content(std::move(*held->mutable_content()));
  return row;
}

absl::StatusOr<v1::DeskReply> Desk::List(const v1::HeldFilter& filter, size_t limit, bool with_content) const {
  if (limit > kMaxHeldRows)
    return Reject(RejectReason::kUsage, "at most 1000 rows are told at once; narrow with a filter");
  const absl::StatusOr<std::vector<uint64_t>> seqs = Matching(filter);
  if (!seqs.ok()) return seqs.status();
  v1::DeskReply reply;
  reply.set_matching(seqs->size());
  for (size_t i = 0; i < std::min(limit, seqs->size()); ++i) {
    absl::StatusOr<v1::HeldRow> row = Row((*seqs)[i], with_content);
    if (!row.ok()) return row.status();
    *reply.add_rows() = *std::move(row);
  }
  return reply;
}

absl::Status Desk::ReleaseReceived(storage::Transaction& transaction, const v1::ObjectQuarantined& held, uint64_t seq,
                                   v1::HeldRow& row) {
  absl::StatusOr<std::optional<v1::Record>> batch = transaction.FindRecord(held.batch_seq());
  if (!batch.ok()) return batch.status();
  absl::StatusOr<policy::Constraints> constraints = ConstraintsOf(held.statement());
  if (!constraints.ok()) return constraints.status();
  const auto origin = OrgId::From(held.origin());
  const auto sender = batch->has_value() ? OrgId::From((*batch)->batch().from()) : std::nullopt;
  if (!origin || !sender) return Reject(RejectReason::kStoreCorrupt, "a stored batch names nobody; run entente fsck");
  const auto from = room_.directory.Find(*sender);
  if (!from) return Keep(row, "who sent it is not on file any more"), absl::OkStatus();
  const absl::StatusOr<model::StixObject> object = model::StixObject::Parse(held.content());
  if (!object.ok()) return Keep(row, std::string(object.status().message())), absl::OkStatus();

  const std::shared_ptr<const RuleSet> rules = room_.rules.Now();
  Creators creators(room_, *origin);
  const Received received{*object,      held.content(), *origin,
                          *constraints, *from,          (*batch)->batch().by_file() ? Source::kFile : Source::kPeer,
                          true};
  policy::Decision decision{
      policy::Denial{RejectReason::kInternal, false, {}, policy::WithoutContent::kNothing}, {}, {}};
  const auto ask = [&](const policy::Constraints& joined, const Subject& subject) -> const policy::Decision& {
    decision = Judge(room_, *rules, InboundQuestion(room_, joined, *from, subject)).decision;
    return decision;
  };
  const absl::StatusOr<InboundVerdict> verdict = DecideInbound(room_, *rules, transaction, creators, received, ask);
  if (!verdict.ok()) return verdict.status();
  if (!verdict->permit) return Keep(row, verdict->detail), absl::OkStatus();
  if (verdict->same) return Keep(row, "the same bytes are accepted already; put it away"), absl::OkStatus();
  row.set_outcome("released");
  return transaction.AppendReleased(seq, FactsOf(*object), *verdict->permit).status();
}

absl::Status Desk::Settle(storage::Transaction& transaction, const v1::DeskRequest& request, uint64_t seq,
                          v1::HeldRow& row) {
  const absl::StatusOr<v1::ObjectQuarantined> held = HeldAt(transaction, seq);
  if (!held.ok()) return held.status();
  const absl::StatusOr<bool> there = IsHeld(transaction, *held, seq);
  if (!there.ok()) return there.status();
  if (!*there) return Keep(row, "it is in quarantine no more"), absl::OkStatus();
  if (request.act_case() == v1::DeskRequest::kRelease) return ReleaseReceived(transaction, *held, seq, row);
  row.set_outcome("rejected");
  return transaction.AppendHeldRejected(seq, request.reject()).status();
}

absl::StatusOr<v1::DeskReply> Desk::Act(const v1::DeskRequest& request, const GoOn& go_on) {
  const bool publishes = request.act_case() == v1::DeskRequest::kLabel;
  const absl::StatusOr<model::Label> label =
      publishes ? model::ParseLabel(request.label()) : absl::StatusOr<model::Label>(model::Label::kUnlabelled);
  if (!label.ok()) return label.status();
  if (request.reject().size() > kMaxHeldNote) return Reject(RejectReason::kUsage, "a reason is at most 512 bytes long");
  const absl::StatusOr<std::vector<uint64_t>> seqs = Matching(request.filter());
  if (!seqs.ok()) return seqs.status();
  if (seqs->empty())
    return Reject(RejectReason::kNotFound, "nothing in quarantine fits; `entente quarantine list` shows it");
  const size_t limit = std::min<size_t>(std::max<uint32_t>(request.limit(), 1), kMaxHeldTouched);
  if (seqs->size() > limit) {
    return Reject(RejectReason::kUsage, std::to_string(seqs->size()) + " objects in quarantine fit, and at most " +
                                            std::to_string(limit) +
                                            " may be touched; narrow the filter or raise --limit");
  }
  v1::DeskReply reply;
  reply.set_matching(seqs->size());
  for (size_t at = 0; at < seqs->size() && go_on();) {
    const absl::StatusOr<size_t> count = Together(*seqs, at);
    if (!count.ok()) return count.status();
    const auto begin = seqs->begin() + static_cast<ptrdiff_t>(at);
    at += *count;
    absl::StatusOr<std::vector<v1::HeldRow>> rows =
        ActOn(request, *label, {begin, begin + static_cast<ptrdiff_t>(*count)});
    if (!rows.ok()) return rows.status();
    for (v1::HeldRow& row : *rows) {
      if (row.outcome() != "kept") reply.set_done(reply.done() + 1);
      if (static_cast<size_t>(reply.rows_size()) < kMaxHeldRows) *reply.add_rows() = std::move(row);
    }
  }
  return reply;
}

// How many of `seqs` from `at` on are settled in one commit: as many as one publish takes, one at least.
absl::StatusOr<size_t> Desk::Together(const std::vector<uint64_t>& seqs, size_t at) const {
  size_t bytes = 0, count = 0;
  for (; at + count < seqs.size() && count < kBatchStatements; ++count) {
    const absl::StatusOr<v1::ObjectQuarantined> held = HeldAt(room_.journal, seqs[at + count]);
    if (!held.ok()) return held.status();
    bytes += held->content().size();
    if (count > 0 && bytes > kBatchBytes) break;
  }
  return count;
}

// What this node published goes through its publication again, the rest through one commit.
absl::StatusOr<std::vector<v1::HeldRow>> Desk::ActOn(const v1::DeskRequest& request, model::Label label,
                                                     const std::vector<uint64_t>& seqs) {
  const bool labels = request.act_case() == v1::DeskRequest::kLabel;
  const bool puts_away = request.act_case() == v1::DeskRequest::kReject;
  std::vector<v1::HeldRow> rows;
  std::vector<uint64_t> own;
  std::vector<size_t> committed;
  for (const uint64_t seq : seqs) {
    absl::StatusOr<v1::HeldRow> row = Row(seq, false);
    if (!row.ok()) return row.status();
    const bool mine = row->origin() == room_.directory.self().party.name;
    if (mine && !puts_away) {
      own.push_back(seq);
    } else if (labels) {
      Keep(*row, "only its origin labels it; ask " + row->origin() + " to publish it with a label");
    } else {
      committed.push_back(rows.size());
    }
    rows.push_back(*std::move(row));
  }
  const absl::Status stored = room_.journal.CommitAndWait([&](storage::Transaction& transaction) -> absl::Status {
    transaction.ActFor(by_);
    for (const size_t i : committed) {
      if (absl::Status status = Settle(transaction, request, seqs[i], rows[i]); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
  if (!stored.ok()) return stored;
  PublishHeld(room_, publication_, own, label, by_, rows);
  return rows;
}

}  // namespace entente::exchange
