#include "services/peer/testing/pipe.h"

namespace entente::peer::testing {
namespace {

class LineEnd final : public FrameTransport {
 public:
  LineEnd(std::shared_ptr<FrameLine> line, int side) : line_(std::move(line)), side_(side) {}
  ~LineEnd() override {
    line_->Close();
    if (!reader_.joinable()) return;
    // Whoever listened may let go of this end last, in on_closed.
    if (reader_.get_id() == std::this_thread::get_id()) {
      reader_.detach();
    } else {
      reader_.join();
    }
  }
  bool Write(const v1::Frame& frame) override { return line_->Write(side_, frame); }
  void Start(std::function<void(v1::Frame)> on_frame, std::function<void(absl::Status)> on_closed) override {
    reader_ = std::thread([line = line_, side = side_, on_frame = std::move(on_frame),
                           on_closed = std::move(on_closed)]() mutable {
      while (std::optional<v1::Frame> frame = line->Take(side)) on_frame(*std::move(frame));
      on_frame = nullptr;
      on_closed(absl::OkStatus());
    });
  }
  void Close() override { line_->Close(); }

 private:
  const std::shared_ptr<FrameLine> line_;
  const int side_;
  std::thread reader_;
};

}  // namespace

bool Eventually(const std::function<bool()>& holds, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

std::unique_ptr<FrameTransport> FrameLine::End(int side) { return std::make_unique<LineEnd>(shared_from_this(), side); }

std::shared_ptr<Pipe> Pipe::Make(int cut_after) {
  std::shared_ptr<Pipe> pipe(new Pipe);
  pipe->left_ = cut_after;
  return pipe;
}

bool Pipe::was_cut() const {
  std::lock_guard lock(mutex_);
  return cut_;
}

std::optional<v1::Frame> Pipe::Take(int side) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !to_[side].empty(); });
  if (cut_ || to_[side].empty()) return std::nullopt;
  if (left_ == 0) {
    cut_ = closed_ = true;
    changed_.notify_all();
    return std::nullopt;
  }
  if (left_ > 0) --left_;
  v1::Frame frame = std::move(to_[side].front());
  to_[side].pop_front();
  changed_.notify_all();
  return frame;
}

bool Pipe::Write(int side, const v1::Frame& frame) {
  std::unique_lock lock(mutex_);
  std::deque<v1::Frame>& queue = to_[1 - side];
  changed_.wait(lock, [&] { return closed_ || queue.empty(); });
  if (closed_) return false;
  queue.push_back(frame);
  changed_.notify_all();
  return true;
}

void Pipe::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace entente::peer::testing
