#include "services/peer/testing/network.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace entente::peer::testing {
namespace {

constexpr size_t kWindow = 4;        // frames written and not taken, a direction
constexpr size_t kLengthBytes = 4;   // in front of each frame
constexpr uint64_t kMostBehind = 3;  // frames of the other direction that a delayed one waits for
constexpr std::chrono::milliseconds kLongestHold{3};  // when none of them comes

bool Draw(std::mt19937_64& random, double share) {
  return static_cast<double>(random() >> 11) * 0x1p-53 < share;
}

std::string Encode(const v1::Frame& frame) {
  const std::string body = frame.SerializeAsString();
  std::string bytes;
  for (size_t i = kLengthBytes; i-- > 0;) bytes.push_back(static_cast<char>(body.size() >> (8 * i)));
  return bytes + body;
}

// The frame, or nothing when `bytes` are not all of it.
std::optional<v1::Frame> Decode(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) return std::nullopt;
  size_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) length = length << 8 | static_cast<unsigned char>(bytes[i]);
  if (bytes.size() != kLengthBytes + length) return std::nullopt;
  v1::Frame frame;
  if (!frame.ParseFromArray(bytes.data() + kLengthBytes, static_cast<int>(length))) abort();  // the network's own fault
  return frame;
}

}  // namespace

std::shared_ptr<Connection> Connection::Make(const Faults& faults) {
  return std::shared_ptr<Connection>(new Connection(faults));
}

Connection::Connection(const Faults& faults) : faults_(faults) {
  for (uint64_t side : {0, 1}) to_[side].random.seed(faults.seed * 2 + side);
}

bool Connection::was_cut() const {
  std::lock_guard lock(mutex_);
  return cut_;
}

uint64_t Connection::arrived(int side) const {
  std::lock_guard lock(mutex_);
  return to_[side].arrived;
}

bool Connection::Write(int side, const v1::Frame& frame) {
  InFlight out{Encode(frame)};
  std::unique_lock lock(mutex_);
  Direction& way = to_[1 - side];
  changed_.wait(lock, [&] { return closed_ || way.frames.size() < kWindow; });
  if (closed_) return false;
  // Each frame draws as often as any other, so what befalls one does not depend on those before it.
  const bool delayed = Draw(way.random, faults_.delayed), doubled = Draw(way.random, faults_.doubled);
  const uint64_t behind = 1 + way.random() % kMostBehind;
  if (delayed) out.due = to_[side].taken + behind;
  out.overtaken = Draw(way.random, faults_.overtaken);
  if (doubled) way.frames.push_back(out);
  way.frames.push_back(std::move(out));
  changed_.notify_all();
  return true;
}

void Connection::Hold(std::unique_lock<std::mutex>& lock, int side) {
  const Direction& way = to_[side];
  const uint64_t due = way.frames.front().due;
  if (to_[1 - side].taken < due) {
    changed_.wait_for(lock, kLongestHold, [&] { return closed_ || to_[1 - side].taken >= due; });
  }
  if (!cut_ && way.frames.front().overtaken) {
    changed_.wait_for(lock, kLongestHold, [&] { return closed_ || way.frames.size() > 1; });
  }
}

std::optional<v1::Frame> Connection::Take(int side) {
  std::unique_lock lock(mutex_);
  Direction& way = to_[side];
  changed_.wait(lock, [&] { return closed_ || !way.frames.empty(); });
  if (cut_ || way.frames.empty()) return std::nullopt;
  Hold(lock, side);
  if (cut_) return std::nullopt;
  const auto next = way.frames.begin() + (way.frames.front().overtaken && way.frames.size() > 1 ? 1 : 0);
  way.frames.front().overtaken = false;  // once
  const std::string bytes = std::move(next->bytes);
  way.frames.erase(next);
  ++way.taken;
  const size_t arriving = std::min<uint64_t>(bytes.size(), faults_.cut[side] - way.arrived);
  way.arrived += arriving;
  if (way.arrived == faults_.cut[side]) cut_ = closed_ = true;
  changed_.notify_all();
  lock.unlock();
  return Decode(std::string_view(bytes).substr(0, arriving));
}

void Connection::Close() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}

}  // namespace entente::peer::testing
