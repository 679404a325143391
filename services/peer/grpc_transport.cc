#include "services/peer/grpc_transport.h"

#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/client_context.h>

#include "base/reject.h"
#include "entente/v1/peer.grpc.pb.h"
#include "services/peer/stream.h"

namespace entente::peer {
namespace {

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

void KeepGrpc() {
  static const bool kept = [] {
    grpc_init();
    return true;
  }();
  static_cast<void>(kept);
}

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
