#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "exchange/delivery.h"
#include "services/peer/awaited.h"
#include "services/peer/budget.h"
#include "services/peer/documents.h"
#include "services/peer/hello.h"
#include "services/peer/inbound.h"
#include "services/peer/session_end.h"
#include "services/peer/transport.h"

namespace entente::peer {

inline constexpr size_t kMaxUnderWay = 8;

// The rules of one session (docs/formats/session.md) over a transport whose other end is proven to be `peer`. Frames
// come in on the transport's threads; everything that goes out is written by the session's own thread.
class Session : public std::enable_shared_from_this<Session> {
 public:
  struct Hooks {
    // The Hello holds; blocks until this session may serve. A refusal ends it. On the session's thread.
    std::function<absl::Status(Session&)> await_turn;
    // The peer proved a newer head of this node. On a thread of the transport or the session.
    std::function<void(absl::Status)> on_rolled_back;
    // The transport is closed and nothing of the session touches the room any more. Last call, on the session's thread.
    std::function<void(Session&, const SessionEnd&)> on_ended;
    // How often a peer that refuses is asked again, and what it may use; both outlive its sessions.
    std::shared_ptr<exchange::RefusalPace> pace = nullptr;
    std::shared_ptr<PeerBudget> budget = nullptr;  // none: unlimited
    SteadyTime::duration answer_patience = kAnswerPatience, newer_patience = kNewerTimeout;
  };
  // Starts at once. Keep it until on_ended has run, then Join.
  static std::shared_ptr<Session> Open(exchange::Room room, Journeys journeys, const OrgId& peer, uint64_t credit_bytes,
                                       std::unique_ptr<FrameTransport> transport, Hooks hooks);
  ~Session();

  const OrgId& peer() const { return peer_; }
  void Wake();     // the outbox may hold more
  void Stop();     // answers what came whole, says Bye "stopping", closes
  void Replace();  // says Bye "replaced" and closes; what is unanswered comes again in the newer session
  void Abandon();  // closes without another word
  void Cut(const absl::Status& why);  // says Bye with the reason's name and closes
  // Closes when the peer does not read: the session is over and its last word has not gone out within kByeGrace, or a
  // write has waited longer than for any answer.
  void CloseWhenOverdue();
  uint64_t held_bytes();  // of envelopes that are put together or not answered yet, and of documents
  void Join();

 private:
  struct Answer {
    uint64_t position;
    uint64_t bytes;
    bool refused;
  };
  struct AckIn {
    v1::Ack ack;
    uint32_t objects;
  };
  // What ended it, and the word for the peer.
  struct Over {
    absl::Status why;
    std::string bye;  // empty: nothing to say
    bool refused;
  };

  Session(exchange::Room room, Journeys journeys, const OrgId& peer, uint64_t credit_bytes, Hooks hooks);

  // Incoming, on the transport's threads.
  void OnFrame(v1::Frame frame);
  void Take(v1::Frame frame);
  bool Spend(size_t frame_bytes);
  void SpendCpu(uint64_t ns);
  void OnClosed(absl::Status status);
  void OnHello(const v1::Hello& hello);
  void OnDocuments(v1::Frame frame);
  void OnEnvelope(const v1::EnvelopeChunk& chunk);
  void OnAck(v1::Ack ack);
  void OnBye(const v1::Bye& bye);
  void OnAdmitted(uint64_t position, uint64_t bytes, const absl::Status& status);
  void Fault(const absl::Status& why, exchange::Budget over = exchange::Budget::kUnanswered);
  void EndForOwnFault(const absl::Status& why);
  void EndWith(Over over);

  // Outgoing, on the session's thread.
  void Run();
  void Serve();
  bool AwaitGreeting();
  bool AwaitNewerIdentity();
  void EndAnew(uint64_t before);
  bool WorkOnDocuments();
  void ServeUntilOver();
  absl::Duration Patience() const;
  bool FlushAnswers();
  void TakeAcks();
  bool FetchNext();
  bool SendNext();
  bool CanSendLocked() const;
  bool DrainedLocked() const;
  bool DocumentsWaitLocked() const;
  bool Send(const v1::Frame& frame);
  void Unanswered(std::string_view what);

  exchange::Room room_;
  exchange::Admission& admission_;
  const OrgId peer_;
  const uint64_t credit_bytes_;
  const Hooks hooks_;
  exchange::PeerCounters& counters_;
  std::unique_ptr<FrameTransport> transport_;
  std::thread thread_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Over> over_;
  std::chrono::steady_clock::time_point over_since_;
  bool closed_ = false, draining_ = false, served_ = false, more_ = true;
  std::optional<Greeting> greeting_;
  Inbound inbound_;
  size_t submitted_ = 0;
  uint64_t submitted_bytes_ = 0;
  std::optional<SteadyTime> writing_since_;
  std::vector<Answer> answers_;
  Credit allowance_;
  Awaited awaited_;
  std::vector<AckIn> acks_;
  std::optional<exchange::Outgoing> next_;

  Documents documents_;
  std::optional<exchange::Delivery> delivery_;  // the session's thread only
};

// Text that a peer chose, for logs and the operator: escaped, at most 200 bytes of it.
std::string Shown(std::string_view text);

}  // namespace entente::peer
