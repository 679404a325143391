// Who may have a session, when to dial, which one serves.
#include <algorithm>
#include <iterator>
#include <utility>

#include "base/reject.h"
#include "services/peer/peer_links.h"

namespace entente::peer {
namespace {

using Clk = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kRound{500}, kRoundSpacing{20}, kReplaceGrace{200};

}  // namespace

PeerState& PeerLinks::StateOf(const OrgId& org) {
  if (const auto found = peers_.find(org); found != peers_.end()) return found->second;
  auto budget = std::make_shared<PeerBudget>(options_.budget, room_.counters.Peer(org), Clk::now());
  return peers_.try_emplace(org, room_.self.org() < org, Clk::now(), std::move(budget)).first->second;
}

OpenSession* PeerLinks::FindOpen(const Session& session) {
  for (OpenSession& open : open_) {
    if (open.session.get() == &session) return &open;
  }
  return nullptr;
}

Session::Hooks PeerLinks::HooksOfSessions(const PeerState& state) {
  return {[this](Session& session) { return AwaitTurn(session); },
          [this](absl::Status why) {
            {
              std::lock_guard lock(mutex_);
              if (std::exchange(rolled_back_, true)) return;
            }
            on_rolled_back_(std::move(why));
          },
          [this](Session& session, const SessionEnd& end) { OnEnded(session, end); },
          state.pace, state.budget};
}

void PeerLinks::OnSession(const OrgId& org, const PeerServer::TakeStream& take) {
  std::lock_guard lock(mutex_);
  if (stopping_ || !room_.directory.Find(org)) return;
  PeerState& state = StateOf(org);
  const SteadyTime now = Clk::now();
  if (absl::Status spent = state.budget->Spend(exchange::Budget::kSessions, 1, now); !spent.ok()) CutLocked(org, spent);
  if (shedding_.refuses() || state.budget->KeptOut(now) || state.waiting >= kMaxWaitingSessions || !state.burst.Take(now)) {
    room_.counters.CountReject(exchange::Door::kPeer, RejectReason::kBudget);
    return;
  }
  ++state.waiting;
  open_.push_back({Session::Open(room_, journeys_, org, options_.credit_bytes, take(), HooksOfSessions(state)),
                   /*dialled=*/false, nullptr});
}

void PeerLinks::Dial(const trust::Accepted& party) {
  const OrgId& org = party.party.org;
  auto attempt = std::make_shared<Attempt>();
  auto stream = DialStream(*tunnels_, look_ups_, party.party.address, org, attempt);
  std::lock_guard lock(mutex_);
  PeerState& state = StateOf(org);
  state.dialling = true;
  ++state.waiting;
  open_.push_back({Session::Open(room_, journeys_, org, options_.credit_bytes, std::move(stream), HooksOfSessions(state)),
                   /*dialled=*/true, std::move(attempt)});
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
  if (absl::Status may = state.budget->MayConnect(Clk::now()); !may.ok()) return may;
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
      const std::optional<absl::Status> verdict = open.attempt ? open.attempt->verdict() : std::nullopt;
      if (verdict && !verdict->ok()) {
        state.detail = std::string(verdict->message());
        state.refused = ReasonOf(*verdict) != RejectReason::kPeerDown;
      } else if (verdict && !was_live && !end.refused && !stopping_) {
        state.detail = "closed behind the handshake; has the peer accepted this organisation? (" + state.detail + ")";
      }
    }
    open.ended = true;
    // One session that was over is the peer's doing; its others go with it.
    if (absl::Status may = state.budget->MayConnect(now); !may.ok()) CutLocked(session.peer(), may);
    poked_ = true;
  }
  turn_.notify_all();
  changed_.notify_all();
}

void PeerLinks::Reap(std::unique_lock<std::mutex>& lock) {
  const auto lives = [](const OpenSession& open) { return !open.ended; };
  const auto first_ended = std::stable_partition(open_.begin(), open_.end(), lives);
  std::vector<OpenSession> ended(std::make_move_iterator(first_ended), std::make_move_iterator(open_.end()));
  open_.erase(first_ended, open_.end());
  for (const OpenSession& open : open_) open.session->CloseWhenOverdue();
  if (ended.empty()) return;
  lock.unlock();
  for (const OpenSession& open : ended) Join(open);
  ended.clear();
  lock.lock();
}

void PeerLinks::Join(const OpenSession& open) {
  open.session->Join();
  if (open.attempt) open.attempt->Release();
}

std::vector<std::shared_ptr<const trust::Accepted>> PeerLinks::DueParties(SteadyTime& next) {
  std::vector<std::shared_ptr<const trust::Accepted>> due;
  const SteadyTime now = Clk::now();
  for (auto& party : room_.directory.All()) {
    if (party->party.address.empty()) continue;
    const PeerState& state = StateOf(party->party.org);
    if (state.live || state.dialling || shedding_.refuses()) continue;
    const std::optional<PeerBudget::BackOff> out = state.budget->KeptOut(now);
    const SteadyTime at = out ? std::max(out->until, state.schedule.due()) : state.schedule.due();
    if (at <= now) {
      due.push_back(std::move(party));
    } else {
      next = std::min(next, at);
    }
  }
  return due;
}

bool PeerLinks::NoteDocument(const OrgId& org) {
  const auto party = room_.directory.Find(org);
  std::lock_guard lock(mutex_);
  if (!party || !StateOf(org).identity.IsZero()) return false;
  StateOf(org).identity = party->identity.hash();
  return true;
}

// Again behind the note: the first may have gone by a document that was outdated before it was noted.
absl::StatusOr<OrgId> PeerLinks::Check(ByteView pem, const std::optional<OrgId>& expected) {
  absl::StatusOr<OrgId> org = CheckAndCount(room_, pem, expected);
  return org.ok() && NoteDocument(*org) ? CheckAndCount(room_, pem, expected) : org;
}

// A newer document may have taken away the key that a connection or a session was proven with: the peer comes again.
void PeerLinks::EndOutdated() {
  for (const auto& party : room_.directory.All()) {
    const OrgId& org = party->party.org;
    const Digest seen = std::exchange(StateOf(org).identity, party->identity.hash());
    if (seen.IsZero() || seen == party->identity.hash()) continue;
    for (const OpenSession& open : open_) {
      if (open.session->peer() == org) open.session->Replace();
    }
    tunnels_->CutAll(org);
  }
}

// A certificate lives 90 days and a node may live longer.
void PeerLinks::RenewCertificate() {
  if (room_.clock.Now() < renew_at_) return;
  absl::StatusOr<Credentials> fresh = Credentials::Make(room_);
  if (!fresh.ok()) return;
  renew_at_ = fresh->renew_at;
  tunnels_->SetIdentity(std::move(fresh->identity));
}

void PeerLinks::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    poked_ = false;
    Reap(lock);
    EndOutdated();
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

}  // namespace entente::peer
