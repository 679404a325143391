#include "services/peer/dial.h"

#include <condition_variable>
#include <thread>
#include <utility>

#include "base/reject.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/peer_server.h"

namespace entente::peer {
namespace {

// A look-up that nobody waits for any more: getaddrinfo cannot be stopped.
struct LookUp {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<absl::StatusOr<std::vector<Endpoint>>> found;
  bool given_up = false;
};

class DialledTransport final : public FrameTransport {
 public:
  DialledTransport(Tunnels& tunnels, std::string address, const OrgId& expected, std::shared_ptr<Attempt> attempt)
      : tunnels_(tunnels), address_(std::move(address)), expected_(expected), attempt_(std::move(attempt)) {}

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
      std::lock_guard lock(look_up_->mutex);
      look_up_->given_up = true;
    }
    look_up_->changed.notify_all();
    if (FrameTransport* stream = Stream(); stream != nullptr) stream->Close();
  }

 private:
  FrameTransport* Stream() {
    std::lock_guard lock(mutex_);
    return stream_.get();
  }

  absl::StatusOr<std::vector<Endpoint>> Find() {
    std::thread([look_up = look_up_, address = address_] {
      absl::StatusOr<std::vector<Endpoint>> found = Resolve(address);
      std::lock_guard lock(look_up->mutex);
      look_up->found = std::move(found);
      look_up->changed.notify_all();
    }).detach();
    std::unique_lock lock(look_up_->mutex);
    look_up_->changed.wait_for(lock, absl::ToChronoMilliseconds(kResolveDeadline),
                               [this] { return look_up_->found || look_up_->given_up; });
    if (look_up_->given_up) return Reject(RejectReason::kPeerDown, "the connection was given up");
    if (!look_up_->found) return Reject(RejectReason::kPeerDown, "the peer's address: no answer from DNS in time");
    return *look_up_->found;
  }

  absl::Status Connect() {
    absl::StatusOr<std::vector<Endpoint>> addresses = Find();
    if (!addresses.ok()) return addresses.status();
    absl::StatusOr<Descriptor> grpc = tunnels_.Dial(
        *std::move(addresses),
        {expected_, [attempt = attempt_](const absl::Status& verdict) { attempt->Set(verdict); }});
    if (!grpc.ok()) return grpc.status();
    std::unique_ptr<FrameTransport> stream = DialStream(attempt_->Keep(ChannelOver(grpc->release())));
    std::lock_guard look_up(look_up_->mutex);
    std::lock_guard lock(mutex_);
    stream_ = std::move(stream);
    if (look_up_->given_up) stream_->Close();  // Close came in between
    return absl::OkStatus();
  }

  Tunnels& tunnels_;
  const std::string address_;
  const OrgId expected_;
  const std::shared_ptr<Attempt> attempt_;
  const std::shared_ptr<LookUp> look_up_ = std::make_shared<LookUp>();
  std::mutex mutex_;
  std::unique_ptr<FrameTransport> stream_;  // set once
};

}  // namespace

std::unique_ptr<FrameTransport> DialStream(Tunnels& tunnels, const std::string& address, const OrgId& expected,
                                           std::shared_ptr<Attempt> attempt) {
  return std::make_unique<DialledTransport>(tunnels, address, expected, std::move(attempt));
}

}  // namespace entente::peer
