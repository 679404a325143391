// Start, what the node asks, Stop.
#include <algorithm>
#include <utility>

#include "crypto/encoding.h"
#include "model/timestamp.h"
#include "services/peer/grpc_transport.h"
#include "services/peer/peer_links.h"

namespace entente::peer {
namespace {

// Of the patience of Stop, for answers; the rest is for closing.
constexpr double kAnswerShare = 0.6;
// For what gRPC said last; peers that do not close in turn are not waited for longer.
constexpr std::chrono::milliseconds kLastBytes{200};

void CountDrop(exchange::Counters& counters, Drop why) {
  using exchange::HandshakeRefusal;
  counters.CountReject(exchange::Door::kConnection, RejectReason::kLimit);
  counters.CountHandshake(why == Drop::kConnections ? HandshakeRefusal::kConnections
                          : why == Drop::kAddress   ? HandshakeRefusal::kAddress
                                                    : HandshakeRefusal::kDescriptors);
}

// What an operator should know of a peer that is up and refuses. Empty when it does not.
std::string RefusalDetail(const exchange::RefusalPace& pace, uint64_t held) {
  const absl::Time next = pace.NextRound();
  const std::string when =
      next == absl::InfiniteFuture() ? "" : "; the next try is at " + model::FormatTimestamp(next);
  if (pace.Spent()) return "the peer refuses what it is sent, or does not answer, so delivery to it stopped" + when;
  if (held == 0) return "";
  return "the peer refuses " + std::to_string(held) + (held == 1 ? " object" : " objects") + when;
}

}  // namespace

absl::Status PeerLinks::Open() {
  KeepGrpc();
  if (absl::Status started = StartTunnels(); !started.ok()) return started;
  if (!options_.listen.empty()) {
    if (absl::Status serving = Serve(); !serving.ok()) return serving;
  }
  loop_ = std::thread([this] { Loop(); });
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Listener>> PeerLinks::Listen(const std::string& address, Listener* before) {
  return Listener::Open(address,
                        {options_.max_connections, options_.max_connections_per_address, options_.fd_reserve},
                        {.hand_over = [this](int fd, auto place) { tunnels_->Take(fd, std::move(place)); },
                         .on_drop = [this](Drop why) { CountDrop(room_.counters, why); },
                         .on_giving_way = [this](uint64_t connection) { tunnels_->CutStranger(connection); },
                         .promised = [this] { return tunnels_->descriptors_promised(); }},
                        before);
}

absl::Status PeerLinks::StartTunnels() {
  absl::StatusOr<Credentials> credentials = Credentials::Make(room_);
  if (!credentials.ok()) return credentials.status();
  renew_at_ = credentials->renew_at;
  TunnelLimits limits;
  limits.handshake = absl::ToChronoMilliseconds(options_.handshake_timeout);
  absl::StatusOr<std::unique_ptr<Tunnels>> tunnels = Tunnels::Start(
      std::move(credentials->identity), limits,
      {.check = [this](ByteView pem, const auto& expected) { return Check(pem, expected); },
       .may_connect =
           [this](const OrgId& org) {
             absl::Status may = MayConnect(org);
             if (!may.ok()) CountRefusal(room_, may);
             return may;
           },
       .hand_over = [this](int fd) { server_->HandOver(fd); },
       .on_refused = [this](exchange::HandshakeRefusal why) { room_.counters.CountHandshake(why); },
       .on_cut = [this](const OrgId& org, const Http2Breach& breach) { OnCut(org, breach); },
       .on_cpu = [this](const OrgId& org, std::chrono::nanoseconds cpu) { OnCpu(org, cpu); }});
  if (!tunnels.ok()) return tunnels.status();
  tunnels_ = *std::move(tunnels);
  return absl::OkStatus();
}

absl::Status PeerLinks::Serve() {
  absl::StatusOr<std::unique_ptr<PeerServer>> server = PeerServer::Start(
      [this](std::string_view grpc_peer) { return tunnels_->OrgOf(grpc_peer); },
      [this](const OrgId& org, const PeerServer::TakeStream& take) { OnSession(org, take); });
  if (!server.ok()) return server.status();
  server_ = *std::move(server);
  absl::StatusOr<std::unique_ptr<ListenerWatch>> listener = ListenerWatch::Start(
      options_.listen, [this](const std::string& at, Listener* before) { return Listen(at, before); },
      [this] { room_.counters.CountListenerRestart(); });
  if (!listener.ok()) return listener.status();
  listener_ = *std::move(listener);
  return absl::OkStatus();
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
    if (const auto cursor = room_.journal.Cursor(org); cursor.ok()) {
      status.set_refused_objects(cursor->refused);
      status.set_acknowledged(cursor->delivered);
      status.set_held_objects(cursor->held);
      status.set_embargoed_objects(cursor->embargoed);
    }
    std::lock_guard lock(mutex_);
    const auto found = peers_.find(org);
    const PeerState* state = found == peers_.end() ? nullptr : &found->second;
    status.set_state(state && state->live ? "up" : state && state->refused ? "refused" : "connecting");
    const SteadyTime now = std::chrono::steady_clock::now();
    if (state && !state->live) status.set_detail(state->detail);
    if (state && state->live) status.set_detail(RefusalDetail(*state->pace, status.held_objects()));
    if (const auto kept_out = state ? state->budget->KeptOut(now) : std::nullopt) {
      const auto left = std::chrono::ceil<std::chrono::seconds>(kept_out->until - now).count();
      status.set_state("over budget");
      status.set_detail("back in " + std::to_string(left) + " s (" + kept_out->why + ")");
    }
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
  for (const OpenSession& open : open_) Join(open);
  open_.clear();
  if (server_) server_->Shutdown(absl::ZeroDuration());
  if (tunnels_) tunnels_->Stop(kLastBytes);
}

absl::StatusOr<std::unique_ptr<Links>> Links::Start(exchange::Room room, Journeys journeys, LinkOptions options,
                                                    std::function<void(absl::Status)> on_rolled_back) {
  auto links = std::make_unique<PeerLinks>(room, journeys, std::move(options), std::move(on_rolled_back));
  if (absl::Status opened = links->Open(); !opened.ok()) return opened;
  return links;
}

}  // namespace entente::peer
