#include "services/peer/dial.h"

#include <atomic>
#include <utility>

#include "base/reject.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/peer_server.h"

namespace entente::peer {
namespace {

class DialledTransport final : public FrameTransport {
 public:
  DialledTransport(Tunnels& tunnels, LookUps& look_ups, std::string address, const OrgId& expected,
                   std::shared_ptr<Attempt> attempt)
      : tunnels_(tunnels), look_ups_(look_ups), address_(std::move(address)), expected_(expected), attempt_(std::move(attempt)) {}

  bool Write(const v1::Frame& frame) override {
    FrameTransport* stream = Stream();
    return stream != nullptr && stream->Write(frame);
  }

  void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) override {
    absl::Status connected = Connect();
    if (connected.ok()) return Stream()->Start(std::move(on_frame), std::move(on_closed));
    attempt_->Set(connected);
    on_closed(std::move(connected));
  }

  void Close() override {
    {
      std::lock_guard lock(mutex_);
      given_up_ = true;
    }
    look_ups_.Poke();
    if (FrameTransport* stream = Stream(); stream != nullptr) stream->Close();
  }

 private:
  FrameTransport* Stream() {
    std::lock_guard lock(mutex_);
    return stream_.get();
  }

  absl::Status Connect() {
    absl::StatusOr<std::vector<Endpoint>> addresses =
        look_ups_.Find(address_, absl::ToChronoMilliseconds(kResolveDeadline), [this] { return given_up_.load(); });
    if (!addresses.ok()) return addresses.status();
    absl::StatusOr<Descriptor> grpc = tunnels_.Dial(
        *std::move(addresses),
        {expected_, [attempt = attempt_](const absl::Status& verdict) { attempt->Set(verdict); }});
    if (!grpc.ok()) return grpc.status();
    std::unique_ptr<FrameTransport> stream = DialStream(attempt_->Keep(ChannelOver(grpc->release())));
    std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
    if (given_up_) stream_->Close();  // Close came in between
    return absl::OkStatus();
  }

  Tunnels& tunnels_;
  LookUps& look_ups_;
  const std::string address_;
  const OrgId expected_;
  const std::shared_ptr<Attempt> attempt_;
  std::atomic<bool> given_up_{false};
  std::mutex mutex_;
  std::unique_ptr<FrameTransport> stream_;  // set once
};

}  // namespace

std::unique_ptr<FrameTransport> DialStream(Tunnels& tunnels, LookUps& look_ups, const std::string& address,
                                           const OrgId& expected, std::shared_ptr<Attempt> attempt) {
  return std::make_unique<DialledTransport>(tunnels, look_ups, address, expected, std::move(attempt));
}

}  // namespace entente::peer
