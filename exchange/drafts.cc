#include "exchange/drafts.h"

#include <algorithm>
#include <future>
#include <iterator>
#include <utility>

#include "exchange/bundle_labels.h"
#include "exchange/desk_publish.h"
#include "exchange/publication_batch.h"
#include "exchange/told_terms.h"
#include "exchange/warned.h"

namespace entente::exchange {
namespace {

absl::Status CheckNote(const std::string& note) {
  if (note.size() <= kMaxDraftNote) return absl::OkStatus();
  return Reject(RejectReason::kUsage, "what is said about a draft is at most 512 bytes long");
}

// What a publish would answer: the outcomes of all, and which stand in the way.
v1::PublishProgress ReportOf(const std::vector<v1::CanShareReply>& answers) {
  v1::PublishProgress progress;
  progress.set_objects(answers.size());
  for (const v1::CanShareReply& answer : answers) {
    CountWarned(answer.index(), answer.id(), {answer.warnings().begin(), answer.warnings().end()}, progress);
    if (answer.outcome() == "published" || answer.outcome() == "unchanged") continue;
    if (answer.outcome() == "quarantined") progress.set_quarantined(progress.quarantined() + 1);
    if (answer.outcome() == "rejected") progress.set_rejected(progress.rejected() + 1);
    v1::PublishOutcome& outcome = *progress.add_notable();
    outcome.set_id(answer.id());
    outcome.set_outcome(answer.outcome());
    outcome.set_reason(answer.reason());
    outcome.set_detail(answer.detail());
    outcome.set_index(answer.index());
  }
  return progress;
}

model::Label LabelOf(const v1::CanShareReply& answer) {
  const absl::StatusOr<model::Label> label = model::ParseLabel(answer.tlp());
  return label.ok() ? *label : model::Label::kUnlabelled;
}

// What a draft's objects are labelled now: what is stored of them may have been raised since.
absl::StatusOr<model::Label> LabelNow(const storage::Reader& reader, const v1::DraftMade& made) {
  auto strictest = static_cast<model::Label>(made.label());
  for (const std::string& content : made.contents()) {
    const absl::StatusOr<model::StixObject> object = model::StixObject::Parse(content);
    if (!object.ok()) continue;
    const auto stored = reader.FindVersion(object->id(), object->version_ns());
    if (!stored.ok()) return stored.status();
    if (stored->has_value()) strictest = std::max(strictest, (*stored)->label);
  }
  return strictest;
}

// As Publication::Terms took it: the absence of a label means each object's own.
v1::ReleaseConstraints WireOf(const policy::Constraints& constraints) {
  v1::ReleaseConstraints wire = envelope::ToWire(constraints);
  if (constraints.label == model::Label::kUnlabelled) wire.set_label(v1::LABEL_UNSPECIFIED);
  return wire;
}

}  // namespace

absl::Status Drafts::CheckRoom(const std::vector<PublishItem>& items, const std::string& note, const Caller& by) const {
  if (absl::Status status = CheckNote(note); !status.ok()) return status;
  size_t bytes = 0;
  for (const PublishItem& item : items) bytes += item.content.size();
  if (items.empty()) return Reject(RejectReason::kUsage, "a draft has one object at least");
  if (items.size() > kMaxDraftObjects || bytes > kMaxDraftBytes) {
    return Reject(RejectReason::kLimit, "a draft has at most 1000 objects and 4 MiB; split the file");
  }
  const std::lock_guard lock(mutex_);
  size_t waiting = 0, own = 0;
  for (const auto& [number, draft] : drafts_) {
    if (!draft.row.state().empty() || Expired(draft)) continue;
    ++waiting;
    if (draft.author == by.uid) ++own;
  }
  if (own >= kMaxDraftsOfOne) {
    return Reject(RejectReason::kLimit, "32 drafts of yours wait already; publish or drop some of them first");
  }
  if (waiting < kMaxDraftsWaiting) return absl::OkStatus();
  return Reject(RejectReason::kLimit, "256 drafts wait already; publish or drop some of them first");
}

// As a publish does: they are one bundle, under the import profiles of now.
absl::Status Drafts::Label(const PublishTerms& terms, std::vector<PublishItem>& items) const {
  BundleLabels labels(room_, terms, room_.rules.Now());
  labels.Take(items, 0);
  absl::StatusOr<std::vector<std::vector<PublishItem>>> rest = labels.Rest();
  if (!rest.ok()) return rest.status();
  for (std::vector<PublishItem>& more : *rest) std::move(more.begin(), more.end(), std::back_inserter(items));
  return absl::OkStatus();
}

absl::StatusOr<v1::PublishProgress> Drafts::Make(std::vector<PublishItem> items, const PublishTerms& terms,
                                                 const std::string& note, const Caller& by) {
  const std::lock_guard alone(stepping_);
  if (absl::Status status = CheckRoom(items, note, by); !status.ok()) return status;
  v1::DraftStep step;
  v1::DraftMade& made = *step.mutable_made();
  for (const PublishItem& item : items) made.add_contents(item.content);
  if (absl::Status labelled = Label(terms, items); !labelled.ok()) return labelled;
  PublishTerms allowed = terms;
  allowed.second_officer = true;  // that is what a draft is for
  PublicationBatch batch(room_, std::move(items), std::move(allowed), 0);
  batch.Parse();
  if (absl::Status tried = batch.Try(room_.journal, room_.rules.Now()); !tried.ok()) return tried;
  const std::vector<v1::CanShareReply> answers = batch.Answers(nullptr);
  v1::PublishProgress progress = ReportOf(answers);
  if (progress.quarantined() + progress.rejected() > 0) return progress;
  {
    const std::lock_guard lock(mutex_);
    step.set_number(newest_ + 1);
  }
  *made.mutable_terms() = WireOf(terms.constraints);
  made.set_source(terms.source);
  made.mutable_labels()->Resize(made.contents_size(), v1::LABEL_UNSPECIFIED);
  for (const v1::CanShareReply& answer : answers) {
    const model::Label label = LabelOf(answer);
    made.set_labels(static_cast<int>(answer.index()), static_cast<v1::Label>(label));
    made.set_label(std::max(made.label(), static_cast<v1::Label>(label)));
  }
  made.set_note(note);
  if (absl::Status status = Commit(step, by); !status.ok()) return status;
  progress.set_draft(step.number());
  return progress;
}

absl::Status Drafts::Review(uint64_t number, const std::string& note, const Caller& by) {
  if (absl::Status status = CheckNote(note); !status.ok()) return status;
  const std::lock_guard alone(stepping_);
  const absl::StatusOr<Draft> draft = Waiting(number);
  if (!draft.ok()) return draft.status();
  if (draft->author == by.uid) {
    return Reject(RejectReason::kRole, "its author does not review a draft; somebody else does");
  }
  if (absl::Status status = CheckSight(*draft, draft->label, by); !status.ok()) return status;
  if (static_cast<size_t>(draft->row.words_size()) >= kMaxDraftWords) {
    return Reject(RejectReason::kLimit, "it was reviewed 32 times; publish it or drop it");
  }
  v1::DraftStep step;
  step.set_number(number);
  step.set_reviewed(note);
  return Commit(step, by);
}

absl::Status Drafts::Drop(uint64_t number, const std::string& why, const Caller& by) {
  if (absl::Status status = CheckNote(why); !status.ok()) return status;
  const std::lock_guard alone(stepping_);
  const absl::StatusOr<Draft> draft = Waiting(number);
  if (!draft.ok()) return draft.status();
  if (absl::Status status = CheckAuthority(*draft, by, "drops"); !status.ok()) return status;
  v1::DraftStep step;
  step.set_number(number);
  step.set_dropped(why);
  return Commit(step, by);
}

absl::StatusOr<v1::PublishProgress> Drafts::Publish(uint64_t number, const Caller& by) {
  const std::lock_guard alone(stepping_);
  const absl::StatusOr<Draft> draft = Waiting(number);
  if (!draft.ok()) return draft.status();
  if (absl::Status status = CheckSight(*draft, draft->label, by); !status.ok()) return status;
  if (absl::Status status = CheckAuthority(*draft, by, "publishes"); !status.ok()) return status;
  absl::StatusOr<v1::DraftMade> made = Made(*draft);
  if (!made.ok()) return made.status();
  absl::StatusOr<PublishTerms> terms = TermsOf(made->terms(), made->source(), model::Label::kUnlabelled);
  if (!terms.ok()) return terms.status();
  terms->by = Written(by);
  terms->uid = by.uid;
  terms->draft = number;
  for (const int label : made->labels()) terms->reviewed.push_back(static_cast<model::Label>(label));
  terms->second_officer = draft->author != by.uid && IsOfficer(by);
  std::vector<PublishItem> items;
  for (std::string& content : *made->mutable_contents()) items.push_back({std::move(content)});
  if (absl::Status labelled = Label(*terms, items); !labelled.ok()) return labelled;
  std::promise<absl::StatusOr<v1::PublishProgress>> durable;
  publication_.Publish(std::move(items), *terms, 0,
                       [&](absl::StatusOr<v1::PublishProgress> progress) { durable.set_value(std::move(progress)); });
  absl::StatusOr<v1::PublishProgress> progress = durable.get_future().get();
  if (!progress.ok()) return progress.status();
  v1::Record record;
  record.set_time_us(absl::ToUnixMicros(room_.clock.Now()));
  record.set_by(terms->by);
  record.mutable_draft()->set_number(number);
  record.mutable_draft()->mutable_published()->set_second_officer(terms->second_officer);
  const std::lock_guard lock(mutex_);
  Take(record, 0, drafts_);
  Forget();
  return progress;
}

absl::StatusOr<Drafts::Whole> Drafts::Show(uint64_t number, const Caller& by) const {
  const absl::StatusOr<Draft> draft = Named(number);
  if (!draft.ok()) return draft.status();
  absl::StatusOr<v1::DraftMade> made = Made(*draft);
  if (!made.ok()) return made.status();
  const absl::StatusOr<model::Label> label = LabelNow(room_.journal, *made);
  if (!label.ok()) return label.status();
  if (absl::Status status = CheckSight(*draft, *label, by); !status.ok()) return status;
  std::vector<v1::ObjectRow> opened;
  Whole whole{Row(*draft), {}};
  whole.row.set_tlp(std::string(model::Name(*label)));
  for (std::string& term : ToldTerms(room_, made->terms(), made->source())) whole.row.add_terms(std::move(term));
  for (std::string& content : *made->mutable_contents()) {
    const absl::StatusOr<model::StixObject> object = model::StixObject::Parse(content);
    v1::ObjectRow& row = opened.emplace_back();
    row.set_tlp(whole.row.tlp());
    if (object.ok()) row.set_id(std::string(object->id()));
    if (object.ok()) row.set_version(std::string(object->version()));
    whole.contents.push_back(std::move(content));
  }
  if (absl::Status status = Reading(room_, by).Opened("draft", opened); !status.ok()) return status;
  return whole;
}

}  // namespace entente::exchange
