#include "services/peer/stream.h"

#include <chrono>
#include <utility>

#include "services/peer/grpc_transport.h"

namespace entente::peer {

bool Stream::Write(const v1::Frame& frame) {
  std::unique_lock lock(mutex_);
  const auto may_go_on = [this] { return !writing_ || broken_ || closing_; };
  if (!idle_.wait_for(lock, absl::ToChronoMilliseconds(write_deadline_), may_go_on)) {
    // The peer gives no window. Keepalive does not notice: pings need none.
    broken_ = true;
    wire_->Cancel();
  }
  if (broken_ || closing_) return false;
  out_ = frame;
  writing_ = true;
  wire_->Write(&out_);
  return true;
}

void Stream::Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) {
  std::optional<absl::Status> over;
  {
    std::lock_guard lock(mutex_);
    over = over_;
    if (!over) {
      on_frame_ = std::move(on_frame);
      on_closed_ = std::move(on_closed);
    }
    // Close may have come first.
    if (wire_ != nullptr && (!ended_ || wire_->reads_after_end())) {
      wire_->Read(&in_);
      wire_->Open();
    }
  }
  if (over) on_closed(*std::move(over));
}

void Stream::Close() {
  {
    std::lock_guard lock(mutex_);
    if (closing_ || wire_ == nullptr) return;
    closing_ = true;
    const auto deadline = std::chrono::system_clock::now() + absl::ToChronoMilliseconds(kCloseGrace);
    alarm_.Set(deadline, [weak = weak_from_this()](bool) {
      if (const auto self = weak.lock()) self->Cancel();
    });
  }
  idle_.notify_all();
  EndWhenIdle();
}

void Stream::ReadDone(bool ok) {
  bool deliver;
  {
    std::lock_guard lock(mutex_);
    if (!ok) broken_ = true;
    deliver = ok && !closing_;
  }
  if (!ok) {
    idle_.notify_all();
    EndWhenIdle();
    return;
  }
  if (deliver) on_frame_(std::move(in_));
  std::lock_guard lock(mutex_);
  // Behind Close the dialling end reads on, without looking, because the status comes behind the last message.
  if (broken_ || (ended_ && !wire_->reads_after_end())) return;
  in_.Clear();
  wire_->Read(&in_);
}

void Stream::WriteDone(bool ok) {
  {
    std::lock_guard lock(mutex_);
    writing_ = false;
    if (!ok) broken_ = true;
  }
  idle_.notify_all();
  EndWhenIdle();
}

void Stream::Detach() {
  std::lock_guard lock(mutex_);
  wire_ = nullptr;
  broken_ = true;
}

void Stream::Done(absl::Status status) {
  std::function<void(absl::Status)> on_closed;
  {
    std::lock_guard lock(mutex_);
    over_ = status;
    on_closed = std::move(on_closed_);
    on_closed_ = nullptr;
    on_frame_ = nullptr;  // lets go of whoever listened
  }
  idle_.notify_all();
  if (on_closed) on_closed(std::move(status));
}

void Stream::EndWhenIdle() {
  Wire* wire;
  bool broken;
  {
    std::lock_guard lock(mutex_);
    if (ended_ || writing_ || !(broken_ || closing_)) return;
    ended_ = true;
    wire = wire_;  // not deleted before End: OnDone waits for it
    broken = broken_;
  }
  wire->End(broken);
}

void Stream::Cancel() {
  std::lock_guard lock(mutex_);
  if (wire_ != nullptr) wire_->Cancel();
}

}  // namespace entente::peer
