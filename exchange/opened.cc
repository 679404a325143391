// Reading where seats are known: what policy is told of who asks, and the record of who opened what.
#include <deque>
#include <utility>

#include "exchange/lookup.h"
#include "exchange/questions.h"
#include "exchange/reading.h"

namespace entente::exchange {
namespace {

constexpr size_t kPage = 1024;

bool IsRecorded(const v1::ObjectRow& row) {
  const absl::StatusOr<model::Label> label = model::ParseLabel(row.tlp());
  return !label.ok() || *label >= model::Label::kAmberStrict;
}

}  // namespace

policy::Question Reading::Asked(const policy::Constraints& constraints, const Subject& subject) const {
  policy::Question question = LocalQuestion(room_, constraints, subject);
  if (room_.seats != nullptr) question.standing = room_.seats->StandingOf(caller_);
  return question;
}

absl::Status Reading::CheckLabel(model::Label label) const {
  if (room_.seats == nullptr) return absl::OkStatus();
  policy::Constraints constraints;
  constraints.label = label == model::Label::kUnlabelled ? model::Label::kAmberStrict : label;
  const policy::Decision decision = policy::Evaluate(policy::Rules(), Asked(constraints, Subject()));
  if (decision.permitted()) return absl::OkStatus();
  return Reject(decision.denial()->reason, Sentence(*decision.denial()));
}

absl::Status Reading::CheckHeld(const storage::QuarantineEntry& held) const {
  if (room_.seats == nullptr) return absl::OkStatus();
  const absl::StatusOr<std::optional<v1::Record>> record = room_.journal.FindRecord(held.seq);
  if (!record.ok()) return record.status();
  if (!record->has_value() || !(*record)->has_quarantine()) return CheckLabel(model::Label::kUnlabelled);
  const v1::ObjectQuarantined& row = (*record)->quarantine();
  return CheckLabel(HeldLabel(static_cast<model::Label>(row.label()), row.reason(), !row.id().empty()));
}

model::Label HeldLabel(model::Label stated, std::string_view reason, bool readable) {
  const bool understood = readable && reason != Describe(RejectReason::kMarking).name;
  return understood && stated != model::Label::kUnlabelled ? stated : std::max(stated, model::Label::kAmberStrict);
}

// An answer about an object tells of it: who may not read it is told why, and nothing of who else may.
absl::Status Reading::CheckReadable(const Found& found) const {
  if (room_.seats == nullptr) return absl::OkStatus();
  if (found.held) {
    if (absl::Status status = CheckHeld(*found.held); !status.ok()) return status;
  }
  if (!found.accepted) return absl::OkStatus();
  absl::Status withheld;
  const absl::StatusOr<std::optional<Object>> object = At(found.accepted->seq, &withheld);
  return object.ok() ? withheld : object.status();
}

absl::Status Reading::Opened(std::string_view how, const std::vector<v1::ObjectRow>& rows) const {
  if (room_.seats == nullptr) return absl::OkStatus();
  std::vector<v1::ContentOpened> records;
  for (const v1::ObjectRow& row : rows) {
    if (!IsRecorded(row)) continue;
    if (records.empty() || static_cast<size_t>(records.back().objects_size()) == kOpenedTogether) {
      records.emplace_back().set_how(std::string(how));
    }
    v1::OpenedObject& object = *records.back().add_objects();
    object.set_id(row.id());
    object.set_version(row.version());
    const absl::StatusOr<model::Label> label = model::ParseLabel(row.tlp());
    if (label.ok()) object.set_label(static_cast<v1::Label>(*label));
  }
  if (records.empty()) return absl::OkStatus();
  if (!caller_) return Reject(RejectReason::kRole, "it is not known who asks, so nobody can be written down for it");
  return room_.journal.CommitAndWait([&](storage::Transaction& transaction) -> absl::Status {
    transaction.ActFor(Written(*caller_));
    for (const v1::ContentOpened& record : records) {
      if (absl::Status status = transaction.AppendOpened(record).status(); !status.ok()) return status;
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<v1::OpenedRow>> OpenedBefore(const Room& room, size_t limit) {
  std::deque<uint64_t> newest;
  for (uint64_t after = 0;;) {
    const absl::StatusOr<std::vector<uint64_t>> page = room.journal.OpenedRecords(after, kPage);
    if (!page.ok()) return page.status();
    if (page->empty()) break;
    after = page->back();
    newest.insert(newest.end(), page->begin(), page->end());
    while (newest.size() > limit) newest.pop_front();
  }
  std::vector<v1::OpenedRow> rows;
  for (auto seq = newest.rbegin(); seq != newest.rend(); ++seq) {
    const absl::StatusOr<std::optional<v1::Record>> record = room.journal.FindRecord(*seq);
    if (!record.ok()) return record.status();
    if (!record->has_value()) return Reject(RejectReason::kStoreCorrupt, "a record is missing; run entente fsck");
    for (const v1::OpenedObject& object : (*record)->opened().objects()) {
      if (rows.size() == limit) return rows;
      v1::OpenedRow& row = rows.emplace_back();
      row.set_by((*record)->by());
      row.set_at_us((*record)->time_us());
      row.set_how((*record)->opened().how());
      row.set_id(object.id());
      row.set_version(object.version());
      row.set_tlp(std::string(model::Name(static_cast<model::Label>(object.label()))));
    }
  }
  return rows;
}

}  // namespace entente::exchange
