#include "tests/hostile/line.h"

#include "envelope/envelope.h"

namespace entente::hostile {

Line::Line(exchange::Room room, const OrgId& target, std::unique_ptr<peer::FrameTransport> transport)
    : room_(room), target_(target), transport_(std::move(transport)) {
  transport_->Start([this](v1::Frame frame) { OnFrame(std::move(frame)); },
                    [this](const absl::Status&) {
                      std::lock_guard lock(mutex_);
                      closed_ = true;
                      changed_.notify_all();
                    });
  v1::Frame hello;
  *hello.mutable_hello() = Must(peer::MakeHello(room_, target_));
  hello.mutable_hello()->set_software(kHostileText);
  transport_->Write(hello);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (prekey_ && credit_) || closed_; });
  if (closed_) Must(absl::UnavailableError("the daemon closed the session instead of greeting"));
}

Line::~Line() {
  transport_->Close();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_; });
}

std::string Line::Hoard(size_t bytes) {
  const Bytes wire(envelope::kMaxEnvelopeBytes, 'x');
  const uint64_t position = ++position_;
  for (size_t i = 0; i < bytes / peer::kMaxPieceBytes; ++i) {
    if (!transport_->Write(peer::MakePiece(position, wire, i))) break;
  }
  return WaitForBye();
}

std::string Line::Flood() {
  v1::Frame frame;
  frame.mutable_credit()->set_bytes(0);
  return Repeat(frame);
}

std::string Line::Repeat(const v1::Frame& frame) {
  while (transport_->Write(frame)) {
  }
  return WaitForBye();
}

std::string Line::Waste(const Bytes& wire) {
  while (Send(wire) == "refused") {
  }
  return WaitForBye();
}

std::string Line::Send(const Bytes& wire) {
  const uint64_t position = ++position_;
  for (size_t i = 0; i < peer::PieceCount(wire.size()); ++i) transport_->Write(peer::MakePiece(position, wire, i));
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return answers_.contains(position) || closed_; });
  return closed_ ? "closed" : answers_[position];
}

void Line::GiveCredit(uint64_t bytes) {
  {
    std::lock_guard lock(mutex_);
    inbound_.Grant(bytes);
  }
  v1::Frame frame;
  frame.mutable_credit()->set_bytes(bytes);
  transport_->Write(frame);
}

std::vector<Bytes> Line::Receive(size_t count) {
  GiveCredit(envelope::kMaxEnvelopeBytes);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return received_.size() >= count || closed_; });
  return received_;
}

std::string Line::NeverRead() {
  const auto set_deaf = [this](bool deaf) {
    std::lock_guard lock(mutex_);
    deaf_ = deaf;
    changed_.notify_all();
  };
  set_deaf(true);
  GiveCredit(uint64_t{1} << 40);
  while (std::cin.get() != std::char_traits<char>::eof()) {
  }
  set_deaf(false);
  return "silent";
}

std::string Line::SayBye() {
  v1::Frame bye;
  bye.mutable_bye()->set_reason(kHostileText);
  transport_->Write(bye);
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_; });
  return "closed";
}

std::string Line::WaitForBye() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return closed_; });
  return "closed " + bye_;
}

void Line::OnFrame(v1::Frame frame) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !deaf_; });
  if (frame.has_bye()) bye_ = frame.bye().reason();
  if (frame.has_hello()) offered_ = frame.hello().prekey();
  if (frame.has_envelope()) {
    if (const auto whole = Must(inbound_.Take(frame.envelope()))) received_.push_back(whole->wire);
  }
  if (frame.has_hello()) prekey_ = Must(peer::CheckHello(room_, target_, frame.hello(), rolled_back_)).prekey;
  if (frame.has_credit()) credit_ = true;
  if (frame.has_ack()) answers_[frame.ack().position()] = frame.ack().refused() ? "refused" : "accepted";
  changed_.notify_all();
}

}  // namespace entente::hostile
