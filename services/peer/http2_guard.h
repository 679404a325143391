#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "base/bytes.h"
#include "base/reject.h"
#include "base/token_bucket.h"

namespace entente::peer {

inline constexpr size_t kMaxFrameBytes = 16'384;        // SETTINGS_MAX_FRAME_SIZE of both our ends, the least there is
inline constexpr size_t kMaxHeaderBlockBytes = 16'384;  // HEADERS and its CONTINUATIONs together
inline constexpr int kMaxContinuations = 4;
inline constexpr size_t kMaxSettingsBytes = 240;  // 40 settings; gRPC sends eight
inline constexpr size_t kMaxOpenStreams = 16;
// A message's announced length. Above gRPC's own limit (4 MiB), which answers RESOURCE_EXHAUSTED but looks only once the
// message is whole, and widens its window for it.
inline constexpr size_t kMaxAnnouncedBytes = (4u << 20) + (64u << 10);
inline constexpr uint32_t kMaxWindow = 0x7fffffff;
inline constexpr std::chrono::milliseconds kPrefaceDeadline{3000};  // to the end of the preface and the first SETTINGS
inline constexpr std::chrono::milliseconds kFrameDeadline{10'000};  // a begun frame: 1.6 kB/s at least
inline constexpr std::chrono::milliseconds kBlockDeadline{3000};    // a begun header block
// A session is one stream; calls beside it are few. What acknowledges our data earns by it.
inline constexpr TokenBucket::Rate kStreamRate{32, 0.5}, kHeaderBlockRate{64, 1}, kResetRate{32, 0.5},
    kPingRate{100, 10}, kSettingsRate{64, 4}, kEmptyDataRate{16, 1}, kOtherRate{16, 1}, kWindowRate{512, 16},
    kFrameRate{4096, 1000}, kStrayDataRate{1024, 16}, kRecordRate{4096, 1000};
// gRPC acknowledges a small DATA frame at once, for its stream and for the connection.
inline constexpr double kWindowPerSentByte = 1.0 / 1024, kWindowPerSentFrame = 2, kFramePerByte = 1.0 / 256;

// Why a connection must be cut. `what` names the budget or limit and is constant text.
struct Http2Breach {
  RejectReason reason;
  std::string_view what;
  bool deliberate = true;  // false: it took too long, which a bad link or somebody on it brings about as well
};

// Stands in front of an HTTP/2 implementation that cannot bound what an accepted peer costs it (ADR 7). Reads the
// framing of what the peer sends and the lengths of the messages in it, holds both to the budgets above, and never lets a
// byte of a refused frame, or from a refused length on, through. Does not decompress headers and does not look into
// messages. After a breach nothing passes. Not thread-safe; the clock is the caller's.
class Http2Guard {
 public:
  using Time = TokenBucket::Time;
  enum class Sender { kClient, kServer };  // the peer's role
  Http2Guard(Sender sender, Time now);

  // Appends to `out` what of `wire` may go on now; the header of a frame waits until it is whole.
  std::optional<Http2Breach> Receive(ByteView wire, Time now, std::string& out);
  // The next bytes came in so many TLS records. One of a few bytes costs as much as one of a few hundred.
  std::optional<Http2Breach> TakeRecords(int records, size_t bytes, Time now);
  // Bytes on their way to the peer, from our own HTTP/2: what the peer may acknowledge.
  void Sent(ByteView bytes);
  // A breach when what is begun took too long.
  std::optional<Http2Breach> CheckTime(Time now) const;
  // Nothing was read for a while because our side was busy: what is begun gets its time anew.
  void Resume(Time now);

 private:
  struct Header {
    size_t length;
    uint8_t type, flags;
    uint32_t stream;
  };
  struct OpenStream {
    int64_t window = 0;          // what the peer granted beyond its settings
    size_t message_left = 0;     // bytes to come of the message under way
    size_t prefix_have = 0;      // of the five bytes in front of a message
    uint32_t announced = 0;
  };
  static Header Parse(ByteView nine);
  std::optional<Http2Breach> TakeHeader(const Header& frame, Time now);
  std::optional<Http2Breach> TakeHeaders(const Header& frame, Time now);
  std::optional<Http2Breach> TakeContinuation(const Header& frame);
  std::optional<Http2Breach> TakeControl(const Header& frame, Time now);
  std::optional<Http2Breach> TakeMessages(ByteView data);
  std::optional<Http2Breach> TakeWindow(uint32_t stream, uint32_t increment);
  std::optional<Http2Breach> TakePreface(ByteView& wire, std::string& out);
  void SentHeader(const Header& frame);

  const Sender sender_;
  const Time started_;
  TokenBucket streams_, blocks_, resets_, pings_, settings_, empties_, others_, windows_, frames_, strays_, records_;
  size_t preface_left_;
  bool greeted_ = false;    // the first SETTINGS came whole
  std::string held_;        // a header, and the payload of a WINDOW_UPDATE, until they are whole
  size_t passing_ = 0;      // payload bytes still to come of a frame that may pass
  bool greeting_ = false;   // that frame is the first SETTINGS
  bool window_ = false;     // the held frame is a WINDOW_UPDATE
  Time frame_since_, block_since_;
  uint32_t block_stream_ = 0, newest_stream_ = 0;  // 0: no header block is open
  size_t block_bytes_ = 0;
  int continuations_ = 0;
  int64_t connection_window_ = 65'535;
  absl::flat_hash_map<uint32_t, OpenStream> open_;
  uint32_t data_stream_ = 0;  // the passing frame is DATA of it; 0: it is another
  std::string sent_held_;
  size_t sent_passing_;  // the rest of a payload, or of our own preface
  bool broken_ = false;
};

}  // namespace entente::peer
