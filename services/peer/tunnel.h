#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "services/peer/descriptor.h"
#include "services/peer/http2_guard.h"
#include "services/peer/tls_end.h"

namespace entente::peer {

inline constexpr size_t kTunnelChunk = 32 * 1024;  // read at once; the buffer of a direction holds little more
inline constexpr int kTunnelRounds = 4;            // chunks of a direction in one turn, then others have theirs

struct TunnelLimits {
  std::chrono::milliseconds handshake{3000};
  std::chrono::milliseconds stall{20'000};  // the peer takes none of what waits for it
  std::chrono::milliseconds linger{1000};   // for the last bytes
};

// One connection: TLS on the wire, plaintext HTTP/2 on a socket pair whose other end gRPC has, the guard in between.
// Holds at most a chunk or two each way: where one side is slow the other is not read. Not thread-safe; never blocks.
class Tunnel {
 public:
  using Time = Http2Guard::Time;
  enum class State { kConnecting, kShaking, kOpen, kEnding, kOver };
  // What poll says of the two sockets.
  struct Ready {
    bool wire_in = false, wire_out = false, wire_gone = false;
    bool grpc_in = false, grpc_out = false, grpc_gone = false;
  };
  // `wire` is non-blocking; `connecting`: connect(2) was begun on it.
  Tunnel(Descriptor wire, std::unique_ptr<TlsEnd> tls, TlsRole role, bool connecting, TunnelLimits limits, Time now);

  // This side's end of the pair, non-blocking. Before the first turn, or behind the handshake.
  void Attach(Descriptor grpc) { grpc_ = std::move(grpc); }
  void Advance(Ready ready, Time now);
  // Ends what takes too long.
  void CheckTime(Time now);
  // Reads nothing of the peer any more, and ends. What gRPC says last still goes out while it may linger.
  void Dismiss(Time now);
  // Ends at once; the peer gets a reset.
  void Cut();
  // Why connect(2) failed, or 0. The tunnel is over then, until Retry gives it a socket to another address.
  int connect_error() const { return connect_error_; }
  void Retry(Descriptor wire, Time now, Time connect_by);

  State state() const { return state_; }
  // kWaits until the handshake is over.
  Handshake handshake() const { return handshake_; }
  // The peer has begun a handshake that this end went into.
  bool has_spoken() const { return has_spoken_; }
  bool late() const { return late_; }
  const std::optional<Http2Breach>& breach() const { return breach_; }
  int wire() const { return wire_.get(); }
  int grpc() const { return grpc_.get(); }
  // What poll should look for. It need not look at gRPC's side any more once that was gone.
  Ready Wants() const;
  bool grpc_gone() const { return grpc_gone_; }
  uint64_t bytes_in() const { return bytes_in_; }
  uint64_t bytes_out() const { return bytes_out_; }
  uint64_t plain_bytes() const { return plain_bytes_; }  // both ways, TLS and its records taken off

 private:
  void Connected(Time now);
  void Shake(Time now);
  bool FromWire(Time now);
  bool ToGrpc(Time now);
  bool FromGrpc(Time now);
  bool ToWire(Time now);
  void Inspect(Time now);
  void End(Time now);

  Descriptor wire_, grpc_;
  const std::unique_ptr<TlsEnd> tls_;
  const TlsRole role_;
  const TunnelLimits limits_;
  Time started_, connect_by_;
  State state_;
  Handshake handshake_ = Handshake::kWaits;
  std::optional<Http2Guard> guard_;
  std::optional<Http2Breach> breach_;
  std::string to_grpc_, to_wire_;
  Time wire_moved_, ending_since_;
  std::optional<Time> dismissed_;
  bool has_spoken_ = false, late_ = false, wire_ended_ = false, grpc_gone_ = false, grpc_slow_ = false, half_closed_ = false;
  int connect_error_ = 0;
  uint64_t bytes_in_ = 0, bytes_out_ = 0, plain_bytes_ = 0;
};

}  // namespace entente::peer
