#include "services/entente/publish_stream.h"

#include <utility>

namespace entente::cli {

PublishStream::PublishStream(AdminClient& client, v1::PublishOptions options,
                             std::function<void(const PublishTotals&)> on_totals)
    : on_totals_(std::move(on_totals)) {
  *chunk_.mutable_options() = std::move(options);
  call_ = client.Publish([this](const v1::PublishProgress& progress) { Take(progress); });
}

PublishStream::PublishStream(std::unique_ptr<PublishCall> call, v1::PublishOptions options) : call_(std::move(call)) {
  *chunk_.mutable_options() = std::move(options);
}

void PublishStream::Take(const v1::PublishProgress& progress) {
  PublishTotals snapshot;
  {
    const std::lock_guard lock(mutex_);
    totals_.objects = progress.objects();
    totals_.draft = progress.draft();
    totals_.published = progress.published();
    totals_.unchanged = progress.unchanged();
    totals_.quarantined = progress.quarantined();
    totals_.rejected = progress.rejected();
    totals_.imputed = progress.imputed();
    totals_.inherited = progress.inherited();
    totals_.warned = progress.warned();
    for (const v1::WarnedObject& warned : progress.warnings()) {
      if (totals_.warnings.size() < kNotableShown) totals_.warnings.push_back(warned);
    }
    totals_.permitted = {progress.permitted().begin(), progress.permitted().end()};
    totals_.withheld = {progress.withheld().begin(), progress.withheld().end()};
    totals_.redacted = {progress.redacted().begin(), progress.redacted().end()};
    totals_.positions = {progress.positions().begin(), progress.positions().end()};
    for (const v1::PublishOutcome& outcome : progress.notable()) {
      if (totals_.notable.size() >= kNotableShown) break;
      totals_.notable.push_back(outcome);
      const auto refused = refused_.find(outcome.index());
      if (refused != refused_.end()) totals_.notable.back().set_detail(refused->second);
    }
    snapshot = totals_;
  }
  if (on_totals_) on_totals_(snapshot);
}

absl::Status PublishStream::Flush() {
  if (chunk_.objects().empty() && !chunk_.has_options() && chunk_.broke_off().empty()) return absl::OkStatus();
  const bool sent = call_->Send(chunk_);
  chunk_.Clear();
  chunk_bytes_ = 0;
  if (!sent) return Reject(RejectReason::kUnavailable, "the daemon ended the publish call");
  return absl::OkStatus();
}

namespace {

void SetStart(v1::PublishObject& object, std::optional<model::TextPlace> start) {
  if (!start) return;
  object.set_line(start->line);
  object.set_column(start->column);
}

}  // namespace

absl::Status PublishStream::AddPieces(ByteView content, std::optional<model::TextPlace> start) {
  absl::Status status = Flush();
  while (status.ok() && !content.empty()) {
    v1::PublishObject* piece = chunk_.add_objects();
    SetStart(*piece, std::exchange(start, std::nullopt));
    piece->set_content(std::string(content.substr(0, kPieceBytes)));
    content.remove_prefix(piece->content().size());
    piece->set_continues(!content.empty());
    status = Flush();
  }
  return status;
}

absl::Status PublishStream::Add(ByteView content, std::optional<model::TextPlace> start) {
  ++added_;
  if (content.size() > kPieceBytes) return AddPieces(content, start);
  if (chunk_.objects_size() == kChunkObjects || chunk_bytes_ + content.size() > kChunkBytes) {
    if (const absl::Status status = Flush(); !status.ok()) return status;
  }
  v1::PublishObject& object = *chunk_.add_objects();
  object.set_content(std::string(content));
  SetStart(object, start);
  chunk_bytes_ += content.size();
  return absl::OkStatus();
}

absl::Status PublishStream::AddRefused(const absl::Status& why, model::TextPlace start) {
  {
    const std::lock_guard lock(mutex_);
    if (refused_.size() < kNotableShown) refused_[added_] = std::string(why.message());
  }
  ++added_;
  if (chunk_.objects_size() == kChunkObjects) {
    if (const absl::Status status = Flush(); !status.ok()) return status;
  }
  v1::PublishObject& object = *chunk_.add_objects();
  object.set_refused(std::string(Describe(ReasonOf(why)).name));
  SetStart(object, start);
  return absl::OkStatus();
}

absl::Status PublishStream::AddBreak(const absl::Status& why) {
  chunk_.set_broke_off(std::string(Describe(ReasonOf(why)).name));
  return Flush();
}

absl::Status PublishStream::Finish() {
  static_cast<void>(Flush());  // when the call has ended already, Finish has the reason
  return call_->Finish();
}

PublishTotals PublishStream::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace entente::cli
