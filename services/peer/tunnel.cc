#include "services/peer/tunnel.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace entente::peer {
namespace {

// One thread runs all tunnels.
thread_local std::array<char, kTunnelChunk> scratch;

bool Again() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

// What was taken goes from the front of `bytes`. False when the socket is broken.
bool SendSome(int fd, std::string& bytes, bool& moved) {
  const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) return Again();
  moved = sent > 0;
  bytes.erase(0, static_cast<size_t>(sent));
  return true;
}

}  // namespace

Tunnel::Tunnel(Descriptor wire, std::unique_ptr<TlsEnd> tls, TlsRole role, bool connecting, TunnelLimits limits,
               Time now)
    : wire_(std::move(wire)), tls_(std::move(tls)), role_(role), limits_(limits), started_(now), connect_by_(now + limits.handshake),
      state_(connecting ? State::kConnecting : State::kShaking), wire_moved_(now), ending_since_(now) {}

Tunnel::Ready Tunnel::Wants() const {
  Ready wants;
  wants.wire_out = state_ == State::kConnecting || !to_wire_.empty();
  wants.wire_in = state_ == State::kShaking || state_ == State::kEnding ||
                  (state_ == State::kOpen && to_grpc_.empty() && !wire_ended_ && !grpc_gone_ && !dismissed_);
  wants.grpc_in = state_ == State::kOpen && to_wire_.empty() && !grpc_gone_;
  wants.grpc_out = state_ == State::kOpen && !to_grpc_.empty() && !grpc_gone_;
  return wants;
}

void Tunnel::Advance(Ready ready, Time now) {
  if (state_ == State::kConnecting && (ready.wire_out || ready.wire_gone)) {
    Connected(now);
  } else if (ready.wire_gone && state_ != State::kShaking) {
    Cut();
  }
  grpc_gone_ |= ready.grpc_gone;
  if (grpc_gone_ && (state_ == State::kConnecting || state_ == State::kShaking)) Cut();
  ready.wire_in |= ready.wire_gone;
  // What gRPC said before it went is little, and poll will not call again for it.
  const auto last_words = [this] { return grpc_gone_ && state_ == State::kOpen; };
  for (int round = 0; state_ != State::kOver && (round < kTunnelRounds || last_words()); ++round) {
    bool moved = false;
    if (ready.wire_in && !last_words()) moved |= ready.wire_in = FromWire(now);
    moved |= ToGrpc(now);
    if ((ready.grpc_in || grpc_gone_) && state_ == State::kOpen && to_wire_.empty()) {
      moved |= ready.grpc_in = FromGrpc(now);
    }
    moved |= ToWire(now);
    if (!moved) break;
  }
}

void Tunnel::Connected(Time now) {
  socklen_t size = sizeof connect_error_;
  getsockopt(wire_.get(), SOL_SOCKET, SO_ERROR, &connect_error_, &size);
  if (connect_error_ != 0) {
    state_ = State::kOver;
    return;
  }
  state_ = State::kShaking;
  Shake(now);
}

void Tunnel::Retry(Descriptor wire, Time now, Time connect_by) {
  wire_ = std::move(wire);
  started_ = now;
  connect_by_ = connect_by;
  late_ = false;
  connect_error_ = 0;
  state_ = State::kConnecting;
}

void Tunnel::Shake(Time now) {
  handshake_ = tls_->Shake();
  tls_->Drain(to_wire_);
  has_spoken_ |= role_ == TlsRole::kServer && handshake_ == Handshake::kWaits && !to_wire_.empty();  // an answer to its hello
  if (handshake_ == Handshake::kDone) {
    state_ = State::kOpen;
    guard_.emplace(role_ == TlsRole::kServer ? Http2Guard::Sender::kClient : Http2Guard::Sender::kServer, now);
    Inspect(now);  // what came behind the handshake
  } else if (handshake_ != Handshake::kWaits) {
    // The alert that says why goes out behind this.
    state_ = handshake_ == Handshake::kNoTls ? State::kOver : State::kEnding;
    ending_since_ = now;
  }
}

bool Tunnel::FromWire(Time now) {
  if (wire_ended_ || (state_ == State::kOpen && (!to_grpc_.empty() || dismissed_))) return false;
  const ssize_t got = recv(wire_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0 && Again()) return false;
  if (got <= 0) {
    if (state_ == State::kShaking) handshake_ = Handshake::kFailed;
    wire_ended_ = true;
    // An orderly end: gRPC gets what came before it.
    if (got < 0 || state_ != State::kOpen || to_grpc_.empty()) state_ = State::kOver;
    return false;
  }
  if (state_ == State::kEnding) return true;  // nobody reads this
  bytes_in_ += static_cast<uint64_t>(got);
  tls_->Feed({scratch.data(), static_cast<size_t>(got)});
  if (state_ == State::kShaking) {
    Shake(now);
  } else {
    Inspect(now);
  }
  return true;
}

void Tunnel::Inspect(Time now) {
  std::string plaintext;
  const TlsEnd::Read read = tls_->Decrypt(plaintext);
  tls_->Drain(to_wire_);
  plain_bytes_ += plaintext.size();
  breach_ = guard_->TakeRecords(tls_->TakeRecords(), plaintext.size(), now);
  if (!breach_) breach_ = guard_->Receive(plaintext, now, to_grpc_);
  if (!breach_ && read == TlsEnd::Read::kKeyUpdates) breach_ = Http2Breach{RejectReason::kBudget, "TLS key updates"};
  if (breach_ || read == TlsEnd::Read::kBroken) {
    Cut();
  } else if (read == TlsEnd::Read::kEnd) {
    wire_ended_ = true;
    if (to_grpc_.empty()) state_ = State::kOver;
  }
}

bool Tunnel::ToGrpc(Time now) {
  if (state_ != State::kOpen || to_grpc_.empty() || !grpc_) return false;
  bool moved = false;
  if (!SendSome(grpc_.get(), to_grpc_, moved)) {
    to_grpc_.clear();
    return grpc_gone_ = true;
  }
  if (!to_grpc_.empty()) {
    grpc_slow_ = true;
  } else {
    // While gRPC was slow the peer was not read: its frame is not late.
    if (std::exchange(grpc_slow_, false)) guard_->Resume(now);
    if (wire_ended_) state_ = State::kOver;
  }
  return moved;
}

bool Tunnel::FromGrpc(Time now) {
  const ssize_t got = recv(grpc_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0 && Again()) return false;
  if (got <= 0) {
    End(now);
    return false;
  }
  const ByteView bytes(scratch.data(), static_cast<size_t>(got));
  plain_bytes_ += bytes.size();
  guard_->Sent(bytes);
  if (!tls_->Encrypt(bytes)) {
    Cut();
    return false;
  }
  tls_->Drain(to_wire_);
  return true;
}

bool Tunnel::ToWire(Time now) {
  if (state_ == State::kOver || state_ == State::kConnecting) return false;
  bool moved = false;
  if (to_wire_.empty()) {
    wire_moved_ = now;
  } else {
    const size_t before = to_wire_.size();
    if (!SendSome(wire_.get(), to_wire_, moved)) {
      state_ = State::kOver;
      return false;
    }
    bytes_out_ += before - to_wire_.size();
    if (moved) wire_moved_ = now;
  }
  if (state_ == State::kEnding && to_wire_.empty() && !std::exchange(half_closed_, true)) {
    shutdown(wire_.get(), SHUT_WR);
  }
  return moved;
}

// gRPC is gone. What it said before goes out, and the peer's end is awaited so that no reset overtakes it.
void Tunnel::End(Time now) {
  tls_->Close();
  tls_->Drain(to_wire_);
  to_grpc_.clear();
  state_ = State::kEnding;
  ending_since_ = now;
}

void Tunnel::CheckTime(Time now) {
  switch (state_) {
    case State::kConnecting:
    case State::kShaking:
      if (now <= (state_ == State::kConnecting ? connect_by_ : started_ + limits_.handshake)) return;
      late_ = true;
      handshake_ = Handshake::kFailed;
      state_ = State::kOver;
      return;
    case State::kOpen:
      if (dismissed_) {
        if (now - *dismissed_ > limits_.linger) Cut();
        return;
      }
      if (to_grpc_.empty()) breach_ = guard_->CheckTime(now);
      if (!to_wire_.empty() && now - wire_moved_ > limits_.stall) {
        breach_ = Http2Breach{RejectReason::kBudget, "time without reading", /*deliberate=*/false};
      }
      if (breach_) Cut();
      return;
    case State::kEnding:
      if (now - ending_since_ > limits_.linger) state_ = State::kOver;
      return;
    case State::kOver: return;
  }
}

void Tunnel::Dismiss(Time now) {
  if (state_ == State::kConnecting || state_ == State::kShaking) return Cut();
  if (dismissed_) return;
  dismissed_ = now;
  to_grpc_.clear();
}

void Tunnel::Cut() {
  const linger now{1, 0};
  setsockopt(wire_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
  state_ = State::kOver;
}

}  // namespace entente::peer
