#include "services/admin/publish_intake.h"

#include <string>
#include <utility>

#include "services/admin/refusal.h"

namespace entente::admin {

namespace {

std::optional<model::TextPlace> StartOf(const v1::PublishObject& object) {
  if (object.line() == 0) return std::nullopt;
  return model::TextPlace{object.line(), object.column()};
}

}  // namespace

absl::Status PublishIntake::Take(v1::PublishChunk& chunk, std::vector<exchange::PublishItem>& items) {
  if (static_cast<size_t>(chunk.objects_size()) > kMaxObjectsPerChunk) {
    return Reject(RejectReason::kUsage, "a chunk may hold " + std::to_string(kMaxObjectsPerChunk) +
                                            " objects, this one has " + std::to_string(chunk.objects_size()));
  }
  for (v1::PublishObject& object : *chunk.mutable_objects()) {
    if (absl::Status status = TakeOne(object, items); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status PublishIntake::TakeOne(v1::PublishObject& object, std::vector<exchange::PublishItem>& items) {
  if (!object.refused().empty()) {
    const auto reason = ReasonNamed(object.refused());
    if (!reason.has_value() || object.continues()) {
      return Reject(RejectReason::kUsage, "an object is marked as refused without a known reason, or goes on after it");
    }
    partial_ = Bytes();
    open_ = too_large_ = false;
    items.push_back({.content = {},
                     .refused = Reject(*reason, Describe(*reason).meaning),
                     .start = StartOf(object)});
    return absl::OkStatus();
  }
  if (!open_) {
    start_ = StartOf(object);
    partial_ = std::move(*object.mutable_content());
  } else if (!too_large_ && partial_.size() + object.content().size() <= kMaxObjectBytes) {
    partial_ += object.content();
  } else {
    too_large_ = true;
    partial_ = Bytes();
  }
  open_ = object.continues();
  if (open_) return absl::OkStatus();
  if (std::exchange(too_large_, false)) {
    items.push_back({.content = {},
                     .refused = Reject(RejectReason::kLimit, "the object is larger than 32 MiB"),
                     .start = start_});
  } else {
    items.push_back({.content = std::exchange(partial_, Bytes()), .refused = absl::OkStatus(), .start = start_});
  }
  return absl::OkStatus();
}

absl::Status PublishIntake::Finish() const {
  if (!open_) return absl::OkStatus();
  return Reject(RejectReason::kUsage, "the stream ended inside an object, which was left out");
}

}  // namespace entente::admin
