// Drafts as the journal has them: read at the start, followed step by step, told of.
#include <algorithm>
#include <utility>

#include "exchange/drafts.h"

namespace entente::exchange {
namespace {

constexpr size_t kLoadedAtOnce = 256;

void AddWord(const v1::Record& record, const std::string& step, const std::string& note, v1::DraftRow& row) {
  if (static_cast<size_t>(row.words_size()) > kMaxDraftWords) return;
  v1::DraftWord& word = *row.add_words();
  word.set_step(step);
  word.set_by(record.by());
  word.set_at_us(record.time_us());
  word.set_note(note);
}

absl::Status Missing() {
  return Reject(RejectReason::kStoreCorrupt, "a record of a draft is missing; run entente fsck");
}

}  // namespace

void Drafts::Take(const v1::Record& record, uint64_t seq, std::map<uint64_t, Draft>& drafts) {
  const v1::DraftStep& step = record.draft();
  if (step.has_made()) {
    Draft draft;
    draft.seq = seq;
    draft.author = step.uid();
    draft.label = static_cast<model::Label>(step.made().label());
    draft.row.set_number(step.number());
    draft.row.set_by(record.by());
    draft.row.set_made_us(record.time_us());
    draft.row.set_expires_us(record.time_us() + absl::ToInt64Microseconds(kDraftAge));
    draft.row.set_objects(static_cast<uint64_t>(step.made().contents_size()));
    for (const std::string& content : step.made().contents()) draft.row.set_bytes(draft.row.bytes() + content.size());
    draft.row.set_tlp(std::string(model::Name(draft.label)));
    draft.row.set_note(step.made().note());
    drafts[step.number()] = std::move(draft);
    return;
  }
  const auto found = drafts.find(step.number());
  if (found == drafts.end()) return;  // settled so long ago that it is not listed any more
  v1::DraftRow& row = found->second.row;
  if (step.has_reviewed()) {
    AddWord(record, "reviewed", step.reviewed(), row);
  } else if (step.has_published()) {
    AddWord(record, "published", step.published().second_officer() ? "as second officer" : "", row);
    row.set_state("published");
  } else {
    AddWord(record, "dropped", step.dropped(), row);
    row.set_state("dropped");
  }
}

absl::Status Drafts::Load() {
  for (uint64_t after = 0;;) {
    const auto seqs = room_.journal.DraftRecords(after, kLoadedAtOnce);
    if (!seqs.ok()) return seqs.status();
    if (seqs->empty()) break;
    for (const uint64_t seq : *seqs) {
      const absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(seq);
      if (!record.ok()) return record.status();
      if (!record->has_value() || !(*record)->has_draft()) return Missing();
      const std::lock_guard lock(mutex_);
      Take(**record, seq, drafts_);
      newest_ = std::max(newest_, (*record)->draft().number());
      Forget();
      after = seq;
    }
  }
  return absl::OkStatus();
}

// Of those that wait for nobody any more the newest are kept. REQUIRES mutex_.
void Drafts::Forget() {
  const auto settled = [this](const auto& entry) { return !entry.second.row.state().empty() || Expired(entry.second); };
  auto over = static_cast<size_t>(std::count_if(drafts_.begin(), drafts_.end(), settled));
  for (auto it = drafts_.begin(); over > kMaxDraftsSettled && it != drafts_.end();) {
    const bool old = settled(*it);
    it = old ? drafts_.erase(it) : std::next(it);
    if (old) --over;
  }
}

absl::Status Drafts::Commit(const v1::DraftStep& step, const Caller& by) {
  v1::Record record;
  *record.mutable_draft() = step;
  record.mutable_draft()->set_uid(by.uid);
  record.set_by(Written(by));
  record.set_time_us(absl::ToUnixMicros(room_.clock.Now()));
  uint64_t at = 0;
  const absl::Status stored = room_.journal.CommitAndWait([&](storage::Transaction& transaction) -> absl::Status {
    transaction.ActFor(record.by());
    const absl::StatusOr<uint64_t> seq = transaction.AppendDraft(record.draft());
    if (seq.ok()) at = *seq;
    return seq.status();
  });
  if (!stored.ok()) return stored;
  const std::lock_guard lock(mutex_);
  Take(record, at, drafts_);
  newest_ = std::max(newest_, step.number());
  Forget();
  return absl::OkStatus();
}

bool Drafts::Expired(const Draft& draft) const {
  return room_.clock.Now() >= absl::FromUnixMicros(draft.row.expires_us());
}

bool Drafts::IsOfficer(const Caller& caller) const {
  return room_.seats == nullptr || room_.seats->officers.contains(caller.uid);
}

absl::StatusOr<Drafts::Draft> Drafts::Named(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto found = drafts_.find(number);
  if (found != drafts_.end()) return found->second;
  return Reject(RejectReason::kNotFound,
                "no draft " + std::to_string(number) + " is on file; `entente draft list` shows them");
}

absl::StatusOr<Drafts::Draft> Drafts::Waiting(uint64_t number) const {
  absl::StatusOr<Draft> draft = Named(number);
  if (!draft.ok()) return draft.status();
  const v1::DraftRow row = Row(*draft);
  if (row.state() == "waits") return draft;
  return Reject(RejectReason::kConflict, "draft " + std::to_string(number) + " waits no more: it is " + row.state() +
                                             "; make a new one with `entente publish --draft`");
}

absl::StatusOr<v1::DraftMade> Drafts::Made(const Draft& draft) const {
  absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(draft.seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->draft().has_made()) return Missing();
  return std::move(*(*record)->mutable_draft()->mutable_made());
}

// Its author sees what waits: a user number alone may be somebody else's by now, and what went out is like all else.
absl::Status Drafts::CheckSight(const Draft& draft, model::Label label, const Caller& by) const {
  const bool waits = draft.row.state().empty() && !Expired(draft);
  if (waits && draft.author == by.uid && draft.row.by() == Written(by)) return absl::OkStatus();
  return Reading(room_, by).CheckLabel(label);
}

absl::Status Drafts::CheckAuthority(const Draft& draft, const Caller& by, std::string_view what) const {
  if (draft.author == by.uid || IsOfficer(by)) return absl::OkStatus();
  return Reject(RejectReason::kRole, "only its author or an officer " + std::string(what) + " a draft");
}

v1::DraftRow Drafts::Row(const Draft& draft) const {
  v1::DraftRow row = draft.row;
  if (row.state().empty()) row.set_state(Expired(draft) ? "expired" : "waits");
  row.set_needs_second_officer(room_.seats != nullptr && room_.seats->NeedsSecondOfficer(draft.label));
  return row;
}

absl::StatusOr<std::vector<v1::DraftRow>> Drafts::List(size_t limit, const Caller& by) const {
  if (limit > kMaxDraftRows) return Reject(RejectReason::kUsage, "at most 1000 drafts are told of at once");
  std::vector<v1::DraftRow> rows;
  const std::lock_guard lock(mutex_);
  for (auto it = drafts_.rbegin(); it != drafts_.rend() && rows.size() < limit; ++it) {
    v1::DraftRow& row = rows.emplace_back(Row(it->second));
    if (CheckSight(it->second, it->second.label, by).ok()) continue;
    row.clear_objects();
    row.clear_bytes();
    row.clear_note();
    for (v1::DraftWord& word : *row.mutable_words()) word.clear_note();
  }
  return rows;
}

}  // namespace entente::exchange
