#include "services/entente/federation.h"

#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "base/reject.h"
#include "services/entente/process.h"
#include "services/entented/config.h"
#include "services/entented/init_node.h"

namespace entente::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShownOutput = 600;
constexpr absl::Duration kStopPatience = absl::Seconds(5), kStatePatience = absl::Seconds(3);

// Who accepts whom: volt-energy is a partner of Norlandia alone.
constexpr std::array<std::pair<size_t, size_t>, 4> kAcquaintances = {{{0, 1}, {1, 0}, {0, 2}, {2, 0}}};

std::string ReadAll(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

uint16_t PortOf(const std::string& address) {
  const auto parsed = node::ParseHostPort(address);
  return parsed.ok() ? parsed->second : uint16_t{0};
}

bool Made(const std::string& folder) {
  return fs::exists(node::NodePaths(folder).config);
}

std::string OutputOf(const std::string& folder) {
  return folder + "/daemon.out";
}

}  // namespace

std::span<const DemoNode> DemoNodes() {
  static const std::array<DemoNode, 3> kNodes = {{{kNorlandia, "XN", "cert", "", "AMBER+STRICT"},
                                                  {kEstovia, "XE", "cert", "", "AMBER+STRICT"},
                                                  {kVolt, "XN", "private", "energy", "GREEN"}}};
  return kNodes;
}

absl::StatusOr<Federation> Federation::In(std::string folder) {
  if (folder.empty()) {
    const char* state = std::getenv("XDG_STATE_HOME");
    const char* home = std::getenv("HOME");
    if (state != nullptr && *state == '/') {
      folder = std::string(state) + "/entente-demo";
    } else if (home != nullptr && *home == '/') {
      folder = std::string(home) + "/.local/state/entente-demo";
    } else {
      return Reject(RejectReason::kUsage, "there is no home folder to keep the demonstration in; give --dir D");
    }
  }
  return Federation(fs::absolute(folder).lexically_normal().string());
}

bool Federation::exists() const {
  return Made(FolderOf(kNorlandia));
}

absl::StatusOr<std::unique_ptr<AdminClient>> Federation::Client(std::string_view name) const {
  return AdminClient::Connect(FolderOf(name));
}

absl::Status Federation::Make(const DemoNode& node) const {
  node::InitOptions options;
  options.folder = FolderOf(node.name);
  options.name = node.name;
  options.nation = node.nation;
  options.kind = node.kind;
  options.peer_listen = options.metrics_listen = "127.0.0.1:0";
  options.cheap_root = true;
  return node::InitNode(options).status();
}

absl::Status Federation::Start(std::string_view name) const {
  const std::string folder = FolderOf(name);
  const auto child = SpawnDaemon(folder, OutputOf(folder));
  if (!child.ok()) return child.status();
  bool ended = false;
  const bool settled = WaitUntil(kPatience, [&] {
    ended = !Runs(*child);
    const auto client = AdminClient::Connect(folder);
    return ended || (client.ok() && (*client)->Status().ok());
  });
  if (settled && !ended) return absl::OkStatus();
  const std::string said = ReadAll(OutputOf(folder));
  return Reject(RejectReason::kUnavailable, std::string(name) +
                                                (ended ? " ended at its start: " : " does not answer: ") +
                                                said.substr(said.size() - std::min(said.size(), kShownOutput)));
}

absl::Status Federation::Introduce(const DemoNode& here, const DemoNode& other) const {
  const auto client = Client(here.name);
  if (!client.ok()) return client.status();
  const auto known = (*client)->ListPeers();
  if (!known.ok()) return known.status();
  for (const v1::PeerRecord& peer : known->peers()) {
    if (peer.name() == other.name) return absl::OkStatus();
  }
  const auto there = Client(other.name);
  if (!there.ok()) return there.status();
  const auto status = (*there)->Status();
  if (!status.ok()) return status.status();
  v1::AddPeerRequest request;
  request.set_card(ReadAll(node::NodePaths(FolderOf(other.name), other.name).card));
  request.set_fingerprint(status->fingerprint());
  request.set_name(other.name);
  request.set_nation(other.nation);
  request.set_kind(other.kind);
  request.set_ceiling(other.ceiling);
  if (!other.sector.empty()) request.add_sectors(other.sector);
  return (*client)->AddPeer(request).status();
}

bool Federation::SessionsUp() const {
  for (const DemoNode& node : DemoNodes()) {
    const auto client = Client(node.name);
    if (!client.ok()) return false;
    const auto status = (*client)->Status();
    if (!status.ok() || status->peers().empty()) return false;
    for (const v1::PeerStatus& peer : status->peers()) {
      if (peer.state() != "up") return false;
    }
  }
  return true;
}

absl::Status Federation::Up(const std::function<void(std::string)>& say) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return Reject(RejectReason::kUsage, "'" + folder_ + "' cannot be made: " + error.message());
  for (const DemoNode& node : DemoNodes()) {
    if (!Made(FolderOf(node.name))) {
      say("making " + node.name);
      if (const absl::Status status = Make(node); !status.ok()) return status;
    }
    if (!ListenerOf(FolderOf(node.name))) {
      say("starting " + node.name);
      if (const absl::Status status = Start(node.name); !status.ok()) return status;
    }
  }
  for (const auto& [here, other] : kAcquaintances) {
    const absl::Status status = Introduce(DemoNodes()[here], DemoNodes()[other]);
    if (!status.ok()) return status;
  }
  say("waiting for the sessions");
  if (WaitUntil(kPatience, [this] { return SessionsUp(); })) return absl::OkStatus();
  return Reject(RejectReason::kPeerDown, "the sessions are not up after " + absl::FormatDuration(kPatience) +
                                             "; see `entente status --node " + FolderOf(kNorlandia) + "`");
}

std::vector<Federation::NodeState> Federation::States() const {
  std::vector<NodeState> states;
  for (const DemoNode& node : DemoNodes()) {
    NodeState state{node.name, FolderOf(node.name)};
    const auto client = Client(node.name);
    const auto status = client.ok() ? (*client)->Status(kStatePatience) : client.status();
    if (status.ok()) {
      state.pid = static_cast<pid_t>(status->pid());
      state.answers = true;
      state.peer_port = PortOf(status->peer_address());
      state.metrics_port = PortOf(status->metrics_address());
    } else if (const auto config = node::LoadConfig(node::NodePaths(state.folder).config); config.ok()) {
      // A daemon that is there but does not answer still has to be seen, and ended by `down`.
      state.pid = ListenerOf(state.folder).value_or(0);
      state.peer_port = PortOf(config->peer_listen);
      state.metrics_port = PortOf(config->metrics_listen);
    }
    states.push_back(state);
  }
  return states;
}

absl::StatusOr<int> Federation::Down() const {
  int ended = 0;
  for (const NodeState& state : States()) {
    if (state.pid == 0) continue;
    if (const auto result = EndProcess(state.pid, kStopPatience); !result.ok()) return result.status();
    ++ended;
  }
  return ended;
}

}  // namespace entente::cli
