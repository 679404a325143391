#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/peer/budget.h"
#include "services/peer/credentials.h"
#include "services/peer/dial.h"
#include "services/peer/dialler.h"
#include "services/peer/links.h"
#include "services/peer/listener_watch.h"
#include "services/peer/peer_server.h"
#include "services/peer/session.h"
#include "services/peer/shedding.h"

namespace entente::peer {

// One session from its opening until its thread is joined.
struct OpenSession {
  std::shared_ptr<Session> session;
  bool dialled = false;
  std::shared_ptr<Attempt> attempt;  // dialled ones; its channel is released when the session is joined
  bool ended = false;
};

// What is known of one peer. Lives as long as Links.
struct PeerState {
  PeerState(bool goes_first, SteadyTime now, std::shared_ptr<PeerBudget> its_budget)
      : schedule(goes_first, now), burst(now), budget(std::move(its_budget)) {}
  DialSchedule schedule;
  SessionBudget burst;
  const std::shared_ptr<PeerBudget> budget;
  uint64_t received_before = 0, recent = 0;  // bytes, for shedding
  std::shared_ptr<Session> live;  // the one that serves
  SteadyTime live_since;
  bool live_dialled_by_smaller = false;
  bool dialling = false;
  size_t waiting = 0;             // open and not serving
  bool refused = false;
  std::string detail;
  Digest identity;                // the peer's newest document, as last noted; zeros before
  const std::shared_ptr<exchange::RefusalPace> pace = std::make_shared<exchange::RefusalPace>();
};

class PeerLinks final : public Links {
 public:
  PeerLinks(exchange::Room room, Journeys journeys, LinkOptions options, std::function<void(absl::Status)> on_rolled_back)
      : room_(room), journeys_(journeys), options_(std::move(options)), on_rolled_back_(std::move(on_rolled_back)) {}
  ~PeerLinks() override { Stop(absl::ZeroDuration()); }
  absl::Status Open();

  void Wake() override;
  std::vector<v1::PeerStatus> Status() const override;
  std::string address() const override { return listener_ ? listener_->address() : ""; }
  absl::Status ListenerHealth() const override { return listener_ ? listener_->Health() : absl::OkStatus(); }
  void OnMemory(uint64_t used, uint64_t limit) override;
  void Stop(absl::Duration patience) override;

 private:
  // Whose certificate it is, as CheckAndCount. What counts is proven by a document that is noted: a newer one ends it.
  absl::StatusOr<OrgId> Check(ByteView pem, const std::optional<OrgId>& expected);
  bool NoteDocument(const OrgId& org);  // true: it is the first
  // Asked in a handshake, before a connection that proved to be `org`'s, a party on file, may carry calls: kBudget
  // while the peer is kept out, kUnavailable while memory is short. Any thread.
  absl::Status MayConnect(const OrgId& org);
  // A connection of a peer was cut off below its session. Ends its sessions, keeps it out. Any thread.
  void OnCut(const OrgId& org, const Http2Breach& breach);
  // The connections of a peer cost CPU time below its session. Any thread.
  void OnCpu(const OrgId& org, std::chrono::nanoseconds cpu);

  PeerState& StateOf(const OrgId& org);
  Session::Hooks HooksOfSessions(const PeerState& state);
  bool DialledBySmaller(const OrgId& peer, bool dialled) const { return dialled == (room_.self.org() < peer); }
  void CutLocked(const OrgId& org, const absl::Status& why);
  OpenSession* FindOpen(const Session& session);

  absl::Status StartTunnels();
  absl::Status Serve();
  absl::StatusOr<std::unique_ptr<Listener>> Listen(const std::string& address, Listener* before);
  void OnSession(const OrgId& org, const PeerServer::TakeStream& take);
  void Dial(const trust::Accepted& party);
  absl::Status AwaitTurn(Session& session);
  void OnEnded(Session& session, const SessionEnd& end);

  void Loop();
  void Reap(std::unique_lock<std::mutex>& lock);
  static void Join(const OpenSession& open);
  void RenewCertificate();
  void EndOutdated();
  std::vector<std::shared_ptr<const trust::Accepted>> DueParties(SteadyTime& next);

  const exchange::Room room_;
  const Journeys journeys_;
  const LinkOptions options_;
  const std::function<void(absl::Status)> on_rolled_back_;
  absl::Time renew_at_;  // the certificate; the loop's thread, once it runs
  LookUps look_ups_;
  std::unique_ptr<Tunnels> tunnels_;
  std::unique_ptr<PeerServer> server_;
  std::unique_ptr<ListenerWatch> listener_;
  Shedding shedding_;
  std::thread loop_;

  mutable std::mutex mutex_;
  std::condition_variable changed_, turn_;
  std::map<OrgId, PeerState> peers_;
  std::vector<OpenSession> open_;
  bool stopping_ = false, stopped_ = false, poked_ = false, rolled_back_ = false;
};

}  // namespace entente::peer
