#pragma once

#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "services/peer/hello.h"
#include "services/peer/inbound.h"
#include "services/peer/transport.h"

namespace entente::hostile {

template <typename T>
T Must(absl::StatusOr<T> value) {
  if (!value.ok()) {
    std::cerr << "hostile_peer: " << value.status().message() << "\n";
    std::exit(1);
  }
  return *std::move(value);
}
inline void Must(const absl::Status& status) {
  if (status.ok()) return;
  std::cerr << "hostile_peer: " << status.message() << "\n";
  std::exit(1);
}


// What a peer writes where its text may be shown: it ends lines, adds fields, colours, and turns the reading direction.
inline constexpr char kHostileText[] =
    "x\",\"level\":\"error\"}\r\n{\"level\":\"forged\"}\x1b[31m\xe2\x80\xae  state=up";

// The session as a peer that follows the frames' rules and nothing else. Ends the program where the daemon does not greet.
class Line {
 public:
  Line(exchange::Room room, const OrgId& target, std::unique_ptr<peer::FrameTransport> transport);
  ~Line();
  const trust::Prekey& prekey() const { return *prekey_; }
  const v1::SignedBody& offered() const { return offered_; }  // that prekey as the daemon signed it
  // The answer to one envelope: "accepted", "refused", or "closed" when the session ended instead.
  std::string Send(const Bytes& wire);
  // Gives credit and waits for `count` whole envelopes of the daemon's outbox, which are never answered: it keeps them.
  std::vector<Bytes> Receive(size_t count);

  // The following go on until the session ends, and answer "closed" with the daemon's last word.
  std::string Hoard(size_t bytes);         // the first `bytes` of an envelope that is announced as larger, and nothing more
  std::string Flood();                     // frames that mean nothing
  std::string Repeat(const v1::Frame& frame);
  std::string Waste(const Bytes& wire);    // one refused envelope after the other
  std::string SayBye();                    // a Bye of hostile words; "closed" once it is answered
  // Asks for much and reads no frame of it until the standard input ends. HTTP/2 itself still answers pings.
  std::string NeverRead();

 private:
  std::string WaitForBye();
  void GiveCredit(uint64_t bytes);
  void OnFrame(v1::Frame frame);

  exchange::Room room_;
  OrgId target_;
  std::unique_ptr<peer::FrameTransport> transport_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<trust::Prekey> prekey_;
  std::map<uint64_t, std::string> answers_;
  v1::SignedBody offered_;
  peer::Inbound inbound_;
  std::vector<Bytes> received_;
  bool credit_ = false, closed_ = false, rolled_back_ = false, deaf_ = false;
  uint64_t position_ = 0;
  std::string bye_;
};

}  // namespace entente::hostile
