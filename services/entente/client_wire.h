#pragma once

#include <unistd.h>

#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "entente/v1/admin.grpc.pb.h"
#include "grpcpp/grpcpp.h"
#include "services/entente/client.h"

// Private to the client of the admin socket: what its calls share.
namespace entente::cli {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// The daemon's refusal with the reason that it names.
absl::Status FromRpc(const grpc::ClientContext& context, const grpc::Status& status);

struct AdminClient::Wire {
  explicit Wire(int folder_fd) : folder(folder_fd) {}
  Descriptor folder;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::Admin::Stub> stub;

  template <typename Request, typename Reply>
  absl::StatusOr<Reply> Call(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*, const Request&, Reply*),
                             const Request& request, absl::Duration patience) {
    grpc::ClientContext context;
    if (patience != absl::InfiniteDuration()) {
      context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
    }
    Reply reply;
    const absl::Status status = FromRpc(context, (stub.get()->*method)(&context, request, &reply));
    if (!status.ok()) return status;
    return reply;
  }
};

template <typename Row>
absl::Status Drain(grpc::ClientContext& context, grpc::ClientReader<Row>& reader,
                   const std::function<bool(const Row&)>& take) {
  Row row;
  bool stopped = false;
  while (!stopped && reader.Read(&row)) {
    if (!take(row)) stopped = true;
  }
  if (stopped) context.TryCancel();
  const absl::Status status = FromRpc(context, reader.Finish());
  return stopped ? absl::OkStatus() : status;
}

// Chunks out, replies of one kind in, on a thread of its own.
template <typename Reply>
class StreamingCall final : public PublishCall {
 public:
  using Stream = grpc::ClientReaderWriter<v1::PublishChunk, Reply>;
  using Open = std::unique_ptr<Stream> (v1::Admin::Stub::*)(grpc::ClientContext*);
  StreamingCall(v1::Admin::Stub& stub, Open open, std::function<void(const Reply&)> on_reply)
      : stream_((stub.*open)(&context_)), reader_([this, on_reply = std::move(on_reply)] {
          Reply reply;
          while (stream_->Read(&reply)) on_reply(reply);
        }) {}
  ~StreamingCall() override {
    if (!reader_.joinable()) return;
    context_.TryCancel();
    static_cast<void>(Finish());
  }
  bool Send(const v1::PublishChunk& chunk) override { return stream_->Write(chunk); }
  absl::Status Finish() override {
    stream_->WritesDone();
    reader_.join();
    return FromRpc(context_, stream_->Finish());
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
  std::thread reader_;
};

}  // namespace entente::cli
