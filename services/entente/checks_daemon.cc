#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "services/entente/checks.h"
#include "services/entente/client.h"
#include "services/entente/output.h"
#include "services/entented/config.h"

namespace entente::cli {
namespace {

using Result = Finding::Result;
constexpr auto kDaemon = "daemon", kPorts = "ports", kPeers = "peers";
constexpr uint64_t kFewDescriptors = 1024;

// The soft limit and the number in use of process `pid`; nothing where /proc does not tell.
std::optional<std::pair<uint64_t, uint64_t>> Descriptors(int64_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  std::ifstream limits(process + "/limits");
  std::error_code error;
  uint64_t used = 0;
  for (std::filesystem::directory_iterator it(process + "/fd", error), end; !error && it != end; it.increment(error))
    ++used;
  for (std::string line; std::getline(limits, line);) {
    std::istringstream words(line.substr(std::min<size_t>(line.size(), 26)));
    uint64_t soft = 0;
    if (line.starts_with("Max open files") && words >> soft) return std::pair(soft, used);
  }
  return std::nullopt;
}

void ExamineDescriptors(int64_t pid, std::vector<Finding>& findings) {
  const auto descriptors = Descriptors(pid);
  if (!descriptors) return;
  const auto [limit, used] = *descriptors;
  const std::string what = Grouped(used) + " of " + Grouped(limit) + " file descriptors in use";
  if (limit < kFewDescriptors || used * 10 > limit * 8) {
    findings.push_back({kDaemon, Result::kWarning, what, "raise the limit (LimitNOFILE=, ulimit -n) to 4096 or more"});
  } else {
    findings.push_back({kDaemon, Result::kOk, what, ""});
  }
}

void ExaminePort(const std::string& name, const std::string& address, std::string_view who, bool may_be_open,
                 std::vector<Finding>& findings) {
  if (address.empty()) {
    findings.push_back({kPorts, Result::kOk, name + " port is off", ""});
    return;
  }
  const auto parsed = node::ParseHostPort(address);
  const std::string host = parsed.ok() ? parsed->first : address;
  const bool loopback = host.starts_with("127.") || host == "[::1]" || host == "::1" || host == "localhost";
  const std::string what = name + " port " + address + " is open to " +
                           (loopback ? "this machine only" : "the network: " + std::string(who));
  if (loopback || may_be_open) {
    findings.push_back({kPorts, Result::kOk, what, ""});
  } else {
    findings.push_back({kPorts, Result::kWarning, what, "listen on loopback, or let only your Prometheus reach it"});
  }
}

void ExaminePeers(const v1::StatusReply& status, std::vector<Finding>& findings) {
  if (status.peers().empty()) {
    findings.push_back(
        {kPeers, Result::kWarning, "no peers yet", "entente peer add CARD --fingerprint F --nation XX --kind K"});
  }
  for (const v1::PeerStatus& peer : status.peers()) {
    std::string what = peer.name() + " is " + peer.state() + ", " + Grouped(peer.lag_objects()) + " objects behind";
    if (!peer.detail().empty()) what += ": " + peer.detail();
    if (peer.state() == "up") {
      findings.push_back({kPeers, Result::kOk, what, ""});
    } else if (peer.state() == "over budget") {
      findings.push_back({kPeers, Result::kWarning, what,
                          "it is let in again by itself; if it recurs, ask its operator, or raise peer_* in entente.toml"});
    } else {
      findings.push_back(
          {kPeers, peer.state() == "refused" ? Result::kFailure : Result::kWarning, what,
           "check its address and card with `entente peer show " + peer.name() + "` and ask its operator"});
    }
  }
}

}  // namespace

void ExamineDaemon(const v1::StatusReply& status, std::vector<Finding>& findings) {
  const std::string what =
      "answers as " + status.name() + ", " + status.state() + ", pid " + std::to_string(status.pid());
  if (status.state() == "ready") {
    findings.push_back({kDaemon, Result::kOk, what, ""});
  } else {
    findings.push_back({kDaemon, Result::kFailure, what + (status.detail().empty() ? "" : ": " + status.detail()),
                        "entente help codes explains the reason; the daemon's log has more"});
  }
  ExamineDescriptors(status.pid(), findings);
  ExaminePort("peer", status.peer_address(), "accepted peers get a session, everybody else is refused in the handshake",
              true, findings);
  ExaminePort("metrics", status.metrics_address(), "without authentication", false, findings);
  if (!status.metrics_address().empty()) {
    findings.push_back({kPorts, Result::kOk,
                        "for prometheus.yml: scrape_configs: [{job_name: entente, static_configs: [{targets: [\"" +
                            status.metrics_address() + "\"]}]}]",
                        ""});
  }
  findings.push_back({kPorts, Result::kOk, "admin socket is open to this user only", ""});
  ExaminePeers(status, findings);
}

std::vector<Finding> Examine(const std::string& folder, const std::string& passphrase_file) {
  std::vector<Finding> findings;
  ExamineFiles(folder, passphrase_file, findings);
  ExamineMachine(folder, findings);
  const auto client = AdminClient::Connect(folder);
  if (!client.ok()) {
    findings.push_back(
        {kDaemon, Result::kFailure, std::string(client.status().message()), "entente run --node " + folder});
    return findings;
  }
  const auto status = (*client)->Status();
  if (status.ok()) {
    ExamineDaemon(*status, findings);
  } else {
    findings.push_back({kDaemon, Result::kFailure, std::string(status.status().message()), "look at the daemon's log"});
  }
  return findings;
}

}  // namespace entente::cli
