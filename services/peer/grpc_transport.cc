#include "services/peer/grpc_transport.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include "base/reject.h"
#include "entente/v1/peer.grpc.pb.h"

namespace entente::peer {
namespace {

// What differs between the two ends of a call. Made by a reactor, which gRPC deletes after OnDone.
class Wire {
 public:
  virtual void Open() = 0;  // begins the call, behind the first Read
  virtual void Read(v1::Frame* into) = 0;
  virtual void Write(const v1::Frame* frame) = 0;
  // No read or write is begun by us after this, but reads inside a reaction of the dialling end. Once.
  virtual void End(bool broken) = 0;
  virtual void Cancel() = 0;
  virtual bool reads_after_end() const = 0;

 protected:
  ~Wire() = default;
};

// The rules of one stream: one write under way, one read under way, End once and never while a write is under way.
// gRPC never runs a reaction inside Open, Read, Write or Cancel, so those are called with the lock held; End may run
// OnDone.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(Wire* wire) : wire_(wire) {}

  bool Write(const v1::Frame& frame) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return !writing_ || broken_ || closing_; });
    if (broken_ || closing_) return false;
    out_ = frame;
    writing_ = true;
    wire_->Write(&out_);
    return true;
  }

  void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) {
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

  void Close() {
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

  void ReadDone(bool ok) {
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

  void WriteDone(bool ok) {
    {
      std::lock_guard lock(mutex_);
      writing_ = false;
      if (!ok) broken_ = true;
    }
    idle_.notify_all();
    EndWhenIdle();
  }

  // The wire is about to be deleted.
  void Detach() {
    std::lock_guard lock(mutex_);
    wire_ = nullptr;
    broken_ = true;
  }

  // Behind Detach, when the call and what it held are gone.
  void Done(absl::Status status) {
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

 private:
  void EndWhenIdle() {
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
  void Cancel() {
    std::lock_guard lock(mutex_);
    if (wire_ != nullptr) wire_->Cancel();
  }

  std::mutex mutex_;
  std::condition_variable idle_;
  Wire* wire_;
  v1::Frame in_, out_;
  bool writing_ = false, broken_ = false, closing_ = false, ended_ = false;
  std::optional<absl::Status> over_;  // set by Done
  std::function<void(v1::Frame)> on_frame_;
  std::function<void(absl::Status)> on_closed_;
  grpc::Alarm alarm_;
};

// What the session holds. Letting go of it closes the stream.
class StreamHolder final : public FrameTransport {
 public:
  explicit StreamHolder(std::shared_ptr<Stream> stream) : stream_(std::move(stream)) {}
  ~StreamHolder() override { stream_->Close(); }
  bool Write(const v1::Frame& frame) override { return stream_->Write(frame); }
  void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) override {
    stream_->Start(std::move(on_frame), std::move(on_closed));
  }
  void Close() override { stream_->Close(); }

 private:
  std::shared_ptr<Stream> stream_;
};

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return Reject(RejectReason::kPeerDown, status.error_message());
}

class DialledCall final : public grpc::ClientBidiReactor<v1::Frame, v1::Frame>, public Wire {
 public:
  explicit DialledCall(std::shared_ptr<grpc::Channel> channel)
      : channel_(std::move(channel)), stub_(channel_), stream_(std::make_shared<Stream>(this)) {
    stub_.async()->Session(&context_, this);
    AddHold();  // for operations from outside reactions; End lets go of it
  }
  const std::shared_ptr<Stream>& stream() const { return stream_; }

  void Open() override { StartCall(); }
  void Read(v1::Frame* into) override { StartRead(into); }
  void Write(const v1::Frame* frame) override { StartWrite(frame); }
  void End(bool broken) override {
    if (!broken) StartWritesDone();
    RemoveHold();
  }
  void Cancel() override { context_.TryCancel(); }
  bool reads_after_end() const override { return true; }

  void OnReadDone(bool ok) override { stream_->ReadDone(ok); }
  void OnWriteDone(bool ok) override { stream_->WriteDone(ok); }
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Stream> stream = stream_;
    absl::Status why = FromGrpc(status);
    stream->Detach();
    delete this;  // lets go of the channel before the owner hears of the end
    stream->Done(std::move(why));
  }

 private:
  grpc::ClientContext context_;
  std::shared_ptr<grpc::Channel> channel_;
  v1::Peer::Stub stub_;
  std::shared_ptr<Stream> stream_;
};

class ServedCall final : public grpc::ServerBidiReactor<v1::Frame, v1::Frame>, public Wire {
 public:
  explicit ServedCall(grpc::CallbackServerContext* context)
      : context_(context), stream_(std::make_shared<Stream>(this)) {}
  const std::shared_ptr<Stream>& stream() const { return stream_; }

  void Open() override {}
  void Read(v1::Frame* into) override { StartRead(into); }
  void Write(const v1::Frame* frame) override { StartWrite(frame); }
  void End(bool) override { Finish(grpc::Status::OK); }
  void Cancel() override { context_->TryCancel(); }
  bool reads_after_end() const override { return false; }

  void OnReadDone(bool ok) override { stream_->ReadDone(ok); }
  void OnWriteDone(bool ok) override { stream_->WriteDone(ok); }
  void OnDone() override {
    const std::shared_ptr<Stream> stream = stream_;
    stream->Detach();
    delete this;
    stream->Done(absl::OkStatus());
  }

 private:
  grpc::CallbackServerContext* context_;
  std::shared_ptr<Stream> stream_;
};

class RefusedCall final : public grpc::ServerBidiReactor<v1::Frame, v1::Frame> {
 public:
  explicit RefusedCall(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace

std::unique_ptr<FrameTransport> DialStream(std::shared_ptr<grpc::Channel> channel) {
  auto* call = new DialledCall(std::move(channel));
  return std::make_unique<StreamHolder>(call->stream());
}

ServedStream ServeStream(grpc::CallbackServerContext* context) {
  auto* call = new ServedCall(context);
  return {std::make_unique<StreamHolder>(call->stream()), call};
}

grpc::ServerBidiReactor<v1::Frame, v1::Frame>* RefuseStream(const grpc::Status& status) {
  return new RefusedCall(status);
}

}  // namespace entente::peer
