#include "services/peer/http2_guard.h"

#include <algorithm>
#include <utility>

namespace entente::peer {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
constexpr size_t kHeaderBytes = 9, kWindowBytes = 4, kPrefixBytes = 5;
// RFC 9113, section 6.
constexpr uint8_t kData = 0, kHeaders = 1, kResetStream = 3, kSettings = 4, kPushPromise = 5, kPing = 6,
                  kWindowUpdate = 8, kContinuation = 9;
constexpr uint8_t kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8;

std::optional<Http2Breach> Limit(std::string_view what) { return Http2Breach{RejectReason::kLimit, what}; }
std::optional<Http2Breach> Malformed(std::string_view what) { return Http2Breach{RejectReason::kParse, what}; }
std::optional<Http2Breach> Charge(TokenBucket& bucket, Http2Guard::Time now, std::string_view what) {
  if (bucket.Take(now)) return std::nullopt;
  return Http2Breach{RejectReason::kBudget, what};
}

uint32_t BigEndian(ByteView bytes) {
  uint32_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

}  // namespace

Http2Guard::Http2Guard(Sender sender, Time now)
    : sender_(sender), started_(now), streams_(kStreamRate, now), blocks_(kHeaderBlockRate, now),
      resets_(kResetRate, now), pings_(kPingRate, now), settings_(kSettingsRate, now), empties_(kEmptyDataRate, now),
      others_(kOtherRate, now), windows_(kWindowRate, now), frames_(kFrameRate, now), strays_(kStrayDataRate, now),
      records_(kRecordRate, now),
      preface_left_(sender == Sender::kClient ? kPreface.size() : 0), frame_since_(now), block_since_(now),
      sent_passing_(sender == Sender::kServer ? kPreface.size() : 0) {}

Http2Guard::Header Http2Guard::Parse(ByteView nine) {
  return {BigEndian(nine.substr(0, 3)), static_cast<uint8_t>(nine[3]), static_cast<uint8_t>(nine[4]),
          BigEndian(nine.substr(5, 4)) & kMaxWindow};
}

std::optional<Http2Breach> Http2Guard::Receive(ByteView wire, Time now, std::string& out) {
  if (broken_) return Malformed("bytes behind the end");
  std::optional<Http2Breach> breach;
  if (preface_left_ > 0) breach = TakePreface(wire, out);
  while (!breach && !wire.empty()) {
    if (passing_ > 0) {
      const size_t size = std::min(passing_, wire.size());
      if (breach = TakeMessages(wire.substr(0, size)); breach) break;
      out.append(wire.substr(0, size));
      wire.remove_prefix(size);
      passing_ -= size;
    } else {
      const size_t whole = kHeaderBytes + (window_ ? kWindowBytes : 0);
      if (held_.empty()) frame_since_ = now;
      const size_t size = std::min(whole - held_.size(), wire.size());
      held_.append(wire.substr(0, size));
      wire.remove_prefix(size);
      if (held_.size() < whole) break;
      const Header frame = Parse(held_);
      breach = window_ ? TakeWindow(frame.stream, BigEndian(ByteView(held_).substr(kHeaderBytes)) & kMaxWindow)
                       : TakeHeader(frame, now);
      if (breach || (window_ && whole == kHeaderBytes)) continue;
      out.append(held_);
      held_.clear();
      passing_ = window_ ? 0 : frame.length;
      window_ = false;
    }
    if (passing_ == 0 && greeting_) greeted_ = true;
  }
  broken_ = breach.has_value();
  return breach;
}

std::optional<Http2Breach> Http2Guard::TakeRecords(int records, size_t bytes, Time now) {
  records_.Earn(static_cast<double>(bytes) * kFramePerByte);
  std::optional<Http2Breach> breach;
  for (; !breach && records > 0; --records) breach = Charge(records_, now, "TLS records");
  return breach;
}

std::optional<Http2Breach> Http2Guard::TakePreface(ByteView& wire, std::string& out) {
  const size_t size = std::min(preface_left_, wire.size());
  const std::string_view expected = kPreface.substr(kPreface.size() - preface_left_, size);
  if (wire.substr(0, size) != expected) return Malformed("the preface");
  out.append(wire.substr(0, size));
  wire.remove_prefix(size);
  preface_left_ -= size;
  return std::nullopt;
}

std::optional<Http2Breach> Http2Guard::TakeHeader(const Header& frame, Time now) {
  if (!greeted_ && (frame.type != kSettings || (frame.flags & kAck) != 0)) return Malformed("no SETTINGS at first");
  greeting_ = !greeted_;
  data_stream_ = frame.type == kData ? frame.stream : 0;
  if (frame.length > kMaxFrameBytes) return Limit("frame bytes");
  frames_.Earn(static_cast<double>(frame.length + kHeaderBytes) * kFramePerByte);
  if (auto breach = Charge(frames_, now, "frames")) return breach;
  if (block_stream_ != 0 && frame.type != kContinuation) return Malformed("a frame inside a header block");
  switch (frame.type) {
    case kData:
      if ((frame.flags & kPadded) != 0) return Limit("padding");
      if (frame.stream == 0) return Malformed("DATA of no stream");
      if (!open_.contains(frame.stream)) {
        if (auto breach = Charge(strays_, now, "DATA of no open stream")) return breach;
      }
      if (frame.length == 0 && (frame.flags & kEndStream) == 0) {
        if (auto breach = Charge(empties_, now, "empty DATA frames")) return breach;
      }
      break;
    case kHeaders:
      if (auto breach = TakeHeaders(frame, now)) return breach;
      break;
    case kContinuation: return TakeContinuation(frame);
    default: return TakeControl(frame, now);
  }
  if (sender_ == Sender::kServer && frame.type == kHeaders && (frame.flags & kEndStream) != 0) open_.erase(frame.stream);
  return std::nullopt;
}

std::optional<Http2Breach> Http2Guard::TakeHeaders(const Header& frame, Time now) {
  if ((frame.flags & kPadded) != 0) return Limit("padding");
  if (frame.stream == 0) return Malformed("HEADERS of no stream");
  // gRPC skips these without taking note of their number; then the two would count streams differently.
  if (sender_ == Sender::kClient && frame.stream % 2 == 0) return Malformed("HEADERS of an even stream");
  if (auto breach = Charge(blocks_, now, "header blocks")) return breach;
  if (frame.length > kMaxHeaderBlockBytes) return Limit("header block bytes");
  if (sender_ == Sender::kClient && frame.stream > newest_stream_) {
    if (auto breach = Charge(streams_, now, "streams")) return breach;
    if (open_.size() >= kMaxOpenStreams) return Limit("open streams");
    newest_stream_ = frame.stream;
    open_.emplace(frame.stream, OpenStream());
  }
  if ((frame.flags & kEndHeaders) != 0) return std::nullopt;
  block_stream_ = frame.stream;
  block_bytes_ = frame.length;
  block_since_ = now;
  continuations_ = 0;
  return std::nullopt;
}

std::optional<Http2Breach> Http2Guard::TakeContinuation(const Header& frame) {
  if (block_stream_ == 0 || frame.stream != block_stream_) return Malformed("a CONTINUATION of nothing");
  if (++continuations_ > kMaxContinuations) return Limit("CONTINUATION frames");
  block_bytes_ += frame.length;
  if (block_bytes_ > kMaxHeaderBlockBytes) return Limit("header block bytes");
  if ((frame.flags & kEndHeaders) != 0) block_stream_ = 0;
  return std::nullopt;
}

std::optional<Http2Breach> Http2Guard::TakeControl(const Header& frame, Time now) {
  switch (frame.type) {
    case kResetStream:
      open_.erase(frame.stream);
      return Charge(resets_, now, "RST_STREAM frames");
    case kSettings:
      if (frame.length > kMaxSettingsBytes) return Limit("SETTINGS bytes");
      return Charge(settings_, now, "SETTINGS frames");
    case kPing: return Charge(pings_, now, "PING frames");
    case kPushPromise: return Malformed("PUSH_PROMISE");
    case kWindowUpdate:
      if (frame.length != kWindowBytes) return Malformed("a WINDOW_UPDATE of another size");
      window_ = true;
      return Charge(windows_, now, "WINDOW_UPDATE frames");
    default: return Charge(others_, now, "other frames");  // PRIORITY, GOAWAY, and types that gRPC skips
  }
}

// gRPC's framing inside DATA: a flag, a length of four bytes, the message.
std::optional<Http2Breach> Http2Guard::TakeMessages(ByteView data) {
  const auto found = open_.find(data_stream_);
  if (found == open_.end()) return std::nullopt;  // another frame, or of a stream that is over
  OpenStream& stream = found->second;
  while (!data.empty()) {
    const size_t size = std::min(stream.message_left, data.size());
    stream.message_left -= size;
    data.remove_prefix(size);
    if (data.empty()) break;
    if (stream.prefix_have > 0) stream.announced = stream.announced << 8 | static_cast<uint8_t>(data[0]);
    data.remove_prefix(1);
    if (++stream.prefix_have < kPrefixBytes) continue;
    if (stream.announced > kMaxAnnouncedBytes) return Limit("message bytes");
    stream.message_left = std::exchange(stream.announced, 0);
    stream.prefix_have = 0;
  }
  return std::nullopt;
}

std::optional<Http2Breach> Http2Guard::TakeWindow(uint32_t stream, uint32_t increment) {
  if (increment == 0) return Malformed("a WINDOW_UPDATE of nothing");
  const auto found = open_.find(stream);
  if (stream != 0 && found == open_.end()) return std::nullopt;  // of a stream that is over
  int64_t& window = stream == 0 ? connection_window_ : found->second.window;
  window += increment;
  if (window > int64_t{kMaxWindow}) return Limit("window");
  return std::nullopt;
}

void Http2Guard::Sent(ByteView bytes) {
  while (!bytes.empty()) {
    if (sent_passing_ > 0) {
      const size_t size = std::min(sent_passing_, bytes.size());
      sent_passing_ -= size;
      bytes.remove_prefix(size);
      continue;
    }
    const size_t size = std::min(kHeaderBytes - sent_held_.size(), bytes.size());
    sent_held_.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
    if (sent_held_.size() < kHeaderBytes) return;
    const Header frame = Parse(sent_held_);
    sent_held_.clear();
    sent_passing_ = frame.length;
    SentHeader(frame);
  }
}

void Http2Guard::SentHeader(const Header& frame) {
  const auto found = open_.find(frame.stream);
  if (frame.type == kData) {
    const double due = kWindowPerSentFrame + static_cast<double>(frame.length) * kWindowPerSentByte;
    windows_.Expect(due);
    frames_.Expect(due);
    records_.Expect(due);
    connection_window_ -= static_cast<int64_t>(frame.length);
    if (found != open_.end()) found->second.window -= static_cast<int64_t>(frame.length);
  }
  if (sender_ == Sender::kServer && frame.type == kHeaders && frame.stream > newest_stream_) {
    newest_stream_ = frame.stream;
    open_.emplace(frame.stream, OpenStream());
    return;
  }
  const bool ends = sender_ == Sender::kClient && (frame.type == kData || frame.type == kHeaders) &&
                    (frame.flags & kEndStream) != 0;
  if (found != open_.end() && (ends || frame.type == kResetStream)) open_.erase(found);
}

namespace {

Http2Breach TooLate(std::string_view what) { return {RejectReason::kBudget, what, /*deliberate=*/false}; }

}  // namespace

std::optional<Http2Breach> Http2Guard::CheckTime(Time now) const {
  if (!greeted_ && now - started_ > kPrefaceDeadline) return TooLate("time to the preface");
  if (block_stream_ != 0 && now - block_since_ > kBlockDeadline) {
    return TooLate("time for a header block");
  }
  if ((passing_ > 0 || !held_.empty()) && now - frame_since_ > kFrameDeadline) {
    return TooLate("time for a frame");
  }
  return std::nullopt;
}

void Http2Guard::Resume(Time now) { frame_since_ = block_since_ = now; }

}  // namespace entente::peer
