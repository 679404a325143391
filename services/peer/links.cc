#include "services/peer/links.h"

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "crypto/encoding.h"
#include "services/peer/credentials.h"
#include "services/peer/dialler.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/listener.h"
#include "services/peer/peer_server.h"
#include "services/peer/session.h"

namespace entente::peer {
namespace {

using Clk = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kRound{500}, kRoundSpacing{20}, kReplaceGrace{200};
// Of the patience of Stop, for answers; the rest is for closing.
constexpr double kAnswerShare = 0.6;

// One session from its opening until its thread is joined.
struct OpenSession {
  std::shared_ptr<Session> session;
  bool dialled = false;
  std::shared_ptr<Verdict> verdict;        // dialled ones
  std::shared_ptr<grpc::Channel> channel;  // dialled ones; let go of with the session, never on gRPC's threads
  bool ended = false;
};

// What is known of one peer. Lives as long as Links.
struct PeerState {
  PeerState(bool goes_first, SteadyTime now) : schedule(goes_first, now), budget(now) {}
  DialSchedule schedule;
  SessionBudget budget;
  std::shared_ptr<Session> live;  // the one that serves
  SteadyTime live_since;
  bool live_dialled_by_smaller = false;
  bool dialling = false;
  size_t waiting = 0;             // open and not serving
  bool refused = false;
  std::string detail;
};

class PeerLinks final : public Links {
 public:
  PeerLinks(exchange::Room room, exchange::Admission& admission, LinkOptions options,
            std::function<void(absl::Status)> on_rolled_back)
      : room_(room), admission_(admission), options_(std::move(options)), on_rolled_back_(std::move(on_rolled_back)),
        gate_(std::make_shared<HandshakeGate>(room_)) {}
  ~PeerLinks() override { Stop(absl::ZeroDuration()); }
  absl::Status Open();

  void Wake() override;
  std::vector<v1::PeerStatus> Status() const override;
  std::string address() const override { return listener_ ? listener_->address() : ""; }
  void Stop(absl::Duration patience) override;

 private:
  PeerState& StateOf(const OrgId& org);
  Session::Hooks HooksOfSessions();
  bool DialledBySmaller(const OrgId& peer, bool dialled) const { return dialled == (room_.self.org() < peer); }
  OpenSession* FindOpen(const Session& session);

  absl::Status Serve();
  void OnSession(const OrgId& org, const PeerServer::TakeStream& take);
  void Dial(const trust::Accepted& party);
  absl::Status AwaitTurn(Session& session);
  void OnEnded(Session& session, const SessionEnd& end);

  void Loop();
  void Reap(std::unique_lock<std::mutex>& lock);
  void RenewCertificate();
  std::vector<std::shared_ptr<const trust::Accepted>> DueParties(SteadyTime& next);

  const exchange::Room room_;
  exchange::Admission& admission_;
  const LinkOptions options_;
  const std::function<void(absl::Status)> on_rolled_back_;
  const std::shared_ptr<HandshakeGate> gate_;
  std::unique_ptr<Credentials> credentials_;  // the loop's thread, once it runs
  std::mutex server_mutex_;                   // a connection may come while the certificate is renewed
  std::unique_ptr<PeerServer> server_;
  std::unique_ptr<Listener> listener_;
  std::thread loop_;

  mutable std::mutex mutex_;
  std::condition_variable changed_, turn_;
  std::map<OrgId, PeerState> peers_;
  std::vector<OpenSession> open_;
  bool stopping_ = false, stopped_ = false, poked_ = false, rolled_back_ = false;
};

PeerState& PeerLinks::StateOf(const OrgId& org) {
  return peers_.try_emplace(org, room_.self.org() < org, Clk::now()).first->second;
}

OpenSession* PeerLinks::FindOpen(const Session& session) {
  for (OpenSession& open : open_) {
    if (open.session.get() == &session) return &open;
  }
  return nullptr;
}

Session::Hooks PeerLinks::HooksOfSessions() {
  return {[this](Session& session) { return AwaitTurn(session); },
          [this](absl::Status why) {
            {
              std::lock_guard lock(mutex_);
              if (std::exchange(rolled_back_, true)) return;
            }
            on_rolled_back_(std::move(why));
          },
          [this](Session& session, const SessionEnd& end) { OnEnded(session, end); }};
}

absl::Status PeerLinks::Open() {
  absl::StatusOr<std::unique_ptr<Credentials>> credentials = Credentials::Make(room_, gate_);
  if (!credentials.ok()) return credentials.status();
  credentials_ = *std::move(credentials);
  if (!options_.listen.empty()) {
    if (absl::Status serving = Serve(); !serving.ok()) return serving;
    absl::StatusOr<std::unique_ptr<Listener>> listener = Listener::Open(
        options_.listen, {options_.max_connections, options_.max_connections_per_address, options_.fd_reserve},
        [this](int fd) {
          std::lock_guard lock(server_mutex_);
          server_->HandOver(fd);
        },
        [this](Drop) { room_.counters.CountReject(RejectReason::kLimit); });
    if (!listener.ok()) return listener.status();
    listener_ = *std::move(listener);
  }
  loop_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

absl::Status PeerLinks::Serve() {
  absl::StatusOr<std::unique_ptr<PeerServer>> server =
      PeerServer::Start(*credentials_, options_.handshake_timeout,
                        [this](const OrgId& org, const PeerServer::TakeStream& take) { OnSession(org, take); });
  if (!server.ok()) return server.status();
  {
    std::lock_guard lock(server_mutex_);
    server_.swap(*server);
  }
  if (*server) (*server)->Shutdown(absl::ZeroDuration());  // its sessions come back to the new one
  return absl::OkStatus();
}

void PeerLinks::OnSession(const OrgId& org, const PeerServer::TakeStream& take) {
  std::lock_guard lock(mutex_);
  if (stopping_ || !room_.directory.Find(org)) return;
  PeerState& state = StateOf(org);
  if (state.waiting >= kMaxWaitingSessions || !state.budget.Take(Clk::now())) {
    room_.counters.CountReject(RejectReason::kBudget);
    return;
  }
  ++state.waiting;
  open_.push_back({Session::Open(room_, admission_, org, options_.credit_bytes, take(), HooksOfSessions()),
                   /*dialled=*/false, nullptr, nullptr});
}

void PeerLinks::Dial(const trust::Accepted& party) {
  const OrgId& org = party.party.org;
  auto verdict = std::make_shared<Verdict>();
  auto channel = DialChannel(party.party.address, credentials_->ForDialling(org, verdict));
  auto stream = DialStream(channel);
  std::lock_guard lock(mutex_);
  PeerState& state = StateOf(org);
  state.dialling = true;
  ++state.waiting;
  open_.push_back({Session::Open(room_, admission_, org, options_.credit_bytes, std::move(stream), HooksOfSessions()),
                   /*dialled=*/true, std::move(verdict), std::move(channel)});
  // Stop saw the sessions before this one.
  if (stopping_) open_.back().session->Stop();
}

// The newest session serves, once the older one has let go of the peer's outbox.
absl::Status PeerLinks::AwaitTurn(Session& session) {
  std::unique_lock lock(mutex_);
  PeerState& state = StateOf(session.peer());
  const OpenSession* open = FindOpen(session);
  const std::shared_ptr<Session> self = open->session;
  const bool by_smaller = DialledBySmaller(session.peer(), open->dialled);
  while (state.live && !stopping_) {
    if (state.live_dialled_by_smaller && !by_smaller && Clk::now() - state.live_since < kCollision) {
      return Reject(RejectReason::kUnavailable, "both sides dialled at once; the other session stays");
    }
    const std::shared_ptr<Session> older = state.live;
    older->Replace();
    const auto gone = [&] { return state.live != older; };
    if (turn_.wait_for(lock, kReplaceGrace, gone)) continue;
    older->Abandon();
    turn_.wait(lock, gone);
  }
  if (stopping_) return Reject(RejectReason::kUnavailable, "this node is stopping");
  state.live = self;
  state.live_since = Clk::now();
  state.live_dialled_by_smaller = by_smaller;
  --state.waiting;
  state.refused = false;
  state.detail.clear();
  return absl::OkStatus();
}

void PeerLinks::OnEnded(Session& session, const SessionEnd& end) {
  {
    std::lock_guard lock(mutex_);
    const SteadyTime now = Clk::now();
    PeerState& state = StateOf(session.peer());
    OpenSession& open = *FindOpen(session);
    const bool was_live = state.live.get() == &session;
    const auto lived = was_live ? now - state.live_since : Clk::duration::zero();
    if (was_live) {
      state.live.reset();
    } else {
      --state.waiting;
    }
    if (open.dialled) state.dialling = false;
    state.schedule.Ended(now, open.dialled, was_live, lived);
    if (!state.live) {
      state.detail = std::string(end.why.message());
      state.refused = end.refused;
      const std::optional<absl::Status> verdict = open.verdict ? open.verdict->Get() : std::nullopt;
      if (verdict && !verdict->ok()) {
        state.detail = std::string(verdict->message());
        state.refused = true;
      } else if (verdict && !was_live && !end.refused && !stopping_) {
        state.detail = "the peer closed right after the handshake; has it accepted this organisation? (" + state.detail + ")";
      }
    }
    open.ended = true;
    poked_ = true;
  }
  turn_.notify_all();
  changed_.notify_all();
}

void PeerLinks::Reap(std::unique_lock<std::mutex>& lock) {
  const auto first_ended = std::stable_partition(open_.begin(), open_.end(), [](const auto& open) { return !open.ended; });
  std::vector<OpenSession> ended(std::make_move_iterator(first_ended), std::make_move_iterator(open_.end()));
  open_.erase(first_ended, open_.end());
  for (const OpenSession& open : open_) open.session->CloseWhenOverdue();
  if (ended.empty()) return;
  lock.unlock();
  for (const OpenSession& open : ended) open.session->Join();
  ended.clear();
  lock.lock();
}

std::vector<std::shared_ptr<const trust::Accepted>> PeerLinks::DueParties(SteadyTime& next) {
  std::vector<std::shared_ptr<const trust::Accepted>> due;
  const SteadyTime now = Clk::now();
  for (auto& party : room_.directory.All()) {
    if (party->party.address.empty()) continue;
    const PeerState& state = StateOf(party->party.org);
    if (state.live || state.dialling) continue;
    if (state.schedule.due() <= now) {
      due.push_back(std::move(party));
    } else {
      next = std::min(next, state.schedule.due());
    }
  }
  return due;
}

// A certificate lives 90 days and a node may live longer.
void PeerLinks::RenewCertificate() {
  if (!credentials_->IsAgeing(room_.clock.Now())) return;
  absl::StatusOr<std::unique_ptr<Credentials>> fresh = Credentials::Make(room_, gate_);
  if (!fresh.ok()) return;
  credentials_ = *std::move(fresh);
  if (listener_ && !Serve().ok()) room_.counters.CountReject(RejectReason::kInternal);
}

void PeerLinks::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    poked_ = false;
    Reap(lock);
    const SteadyTime started = Clk::now();
    SteadyTime next = started + kRound;
    const auto due = DueParties(next);
    lock.unlock();
    RenewCertificate();
    for (const auto& party : due) Dial(*party);
    lock.lock();
    changed_.wait_until(lock, started + kRoundSpacing, [this] { return stopping_; });
    changed_.wait_until(lock, next, [this] { return stopping_ || poked_; });
  }
}

void PeerLinks::Wake() {
  std::lock_guard lock(mutex_);
  for (const OpenSession& open : open_) open.session->Wake();
  poked_ = true;
  changed_.notify_all();
}

std::vector<v1::PeerStatus> PeerLinks::Status() const {
  std::vector<v1::PeerStatus> out;
  for (const auto& party : room_.directory.All()) {
    const OrgId& org = party->party.org;
    v1::PeerStatus& status = out.emplace_back();
    status.set_name(party->party.name);
    status.set_org_id(crypto::ToHex(org.view()));
    status.set_lag_objects(room_.journal.Lag(org));
    status.set_last_contact_us(room_.counters.Peer(org).last_contact_us);
    if (const auto cursor = room_.journal.Cursor(org); cursor.ok()) status.set_refused_objects(cursor->refused);
    std::lock_guard lock(mutex_);
    const auto found = peers_.find(org);
    const PeerState* state = found == peers_.end() ? nullptr : &found->second;
    status.set_state(state && state->live ? "up" : state && state->refused ? "refused" : "connecting");
    if (state && !state->live) status.set_detail(state->detail);
    if (status.detail().empty() && status.state() == "connecting" && party->party.address.empty()) {
      status.set_detail("no address on file; waiting for the peer to dial");
    }
  }
  return out;
}

void PeerLinks::Stop(absl::Duration patience) {
  {
    std::unique_lock lock(mutex_);
    if (std::exchange(stopped_, true)) return;
    stopping_ = true;
  }
  changed_.notify_all();
  turn_.notify_all();
  if (listener_) listener_->Stop();
  if (loop_.joinable()) loop_.join();
  {
    std::unique_lock lock(mutex_);
    for (const OpenSession& open : open_) open.session->Stop();
    const auto all_ended = [this] {
      return std::all_of(open_.begin(), open_.end(), [](const OpenSession& open) { return open.ended; });
    };
    if (!turn_.wait_for(lock, absl::ToChronoMilliseconds(patience * kAnswerShare), all_ended)) {
      for (const OpenSession& open : open_) open.session->Abandon();
      turn_.wait(lock, all_ended);
    }
  }
  for (const OpenSession& open : open_) open.session->Join();
  open_.clear();
  if (server_) server_->Shutdown(absl::ZeroDuration());
  gate_->Close();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Links>> Links::Start(exchange::Room room, exchange::Admission& admission,
                                                    LinkOptions options,
                                                    std::function<void(absl::Status)> on_rolled_back) {
  auto links = std::make_unique<PeerLinks>(room, admission, std::move(options), std::move(on_rolled_back));
  if (absl::Status opened = links->Open(); !opened.ok()) return opened;
  return links;
}

}  // namespace entente::peer
