#include "services/entente/support_bundle.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "absl/time/clock.h"
#include "services/entente/client.h"
#include "services/entente/http_get.h"
#include "services/entente/json_writer.h"
#include "services/entente/output.h"
#include "services/entente/redaction.h"
#include "services/entente/rows.h"
#include "services/entente/tar_file.h"
#include "services/entented/config.h"
#include "services/entented/files.h"

namespace entente::cli {
namespace {

constexpr size_t kMaxLogBytes = 256 << 10, kMaxMetricsBytes = 4 << 20, kMaxLimitsBytes = 64 << 10, kMaxPlaceBytes = 40;
constexpr auto kVersions = "software.json";  // of four numbers, as addresses have
constexpr auto kAbout =
    "Made by `entente doctor --bundle`. Look through it before you send it: it names this organisation, its peers and\n"
    "folders. It holds no key, no passphrase, and no object's content, id or name; each host has a number instead.\n";

std::string Software(const std::string& version) {
  utsname machine{};
  uname(&machine);
  JsonWriter json;
  json.BeginObject().Field("entente", version).Field("system", std::string_view(machine.sysname));
  json.Field("kernel", std::string_view(machine.release)).Field("machine", std::string_view(machine.machine));
  return json.EndObject().text() + "\n";
}

// As the daemon reads it: what is no key of it, and every comment, is gone.
std::string ConfigText(const std::string& path, Redaction& redaction) {
  const absl::StatusOr<node::Config> config = node::LoadConfig(path);
  if (!config.ok()) return "# refused: " + Shown(std::string(config.status().message())) + "\n";
  for (const std::string& address : {config->peer_listen, config->peer_address, config->metrics_listen}) {
    redaction.Know(address);
  }
  return node::WriteConfig(*config);
}

// Whole lines from the end of the file.
std::string NewestLines(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  if (!in || error) return "";
  const uint64_t from = size > kMaxLogBytes ? size - kMaxLogBytes : 0;
  in.seekg(static_cast<std::streamoff>(from));
  std::string text(static_cast<size_t>(size - from), '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  return from == 0 ? text : text.substr(std::min(text.find('\n') + 1, text.size()));
}

// Where a problem is: its first words, before what may name an object.
std::string PlaceOf(const std::string& problem) {
  const std::string first = problem.substr(0, problem.find(':'));
  return Shown(first.substr(0, first.find_first_of("0123456789\"'")), kMaxPlaceBytes);
}

std::string FsckSummary(const v1::FsckReply& reply) {
  std::map<std::string, uint64_t> places;
  for (const std::string& problem : reply.problems()) ++places[PlaceOf(problem)];
  JsonWriter json;
  json.BeginObject().Field("ok", reply.ok()).Field("records", reply.records()).Key("problems").BeginObject();
  for (const auto& [place, count] : places) json.Field(place, count);
  return json.EndObject().EndObject().text() + "\n";
}

// Members of the bundle. All but the versions go through the redaction once everything is there: any may tell of a host that
// stands in another.
class Collection {
 public:
  void Take(const std::string& name, std::string content) { members_.emplace_back(name, std::move(content)); }
  template <typename Reply, typename Text>
  void TakeOr(const std::string& name, const absl::StatusOr<Reply>& reply, Text text) {
    if (reply.ok()) return Take(name, text(*reply));
    missing_ += name + ": " + Shown(std::string(reply.status().message())) + "\n";
  }
  Bytes Finish() {
    Take("README.txt", kAbout + (missing_.empty() ? "" : "\nCould not be had:\n" + missing_));
    TarFile tar;
    for (const auto& [name, content] : members_) {
      tar.Add(name, name == kVersions ? content : redaction_.Of(content), absl::ToUnixSeconds(absl::Now()));
    }
    return tar.Finish();
  }
  Redaction& redaction() { return redaction_; }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, content] : members_) names.push_back(name);
    return names;
  }

 private:
  Redaction redaction_;
  std::vector<std::pair<std::string, std::string>> members_;
  std::string missing_;
};

void AskDaemon(const std::string& folder, Collection& bundle) {
  const auto client = AdminClient::Connect(folder);
  const absl::StatusOr<v1::StatusReply> status =
      client.ok() ? (*client)->Status() : absl::StatusOr<v1::StatusReply>(client.status());
  bundle.TakeOr("status.json", status, [](const v1::StatusReply& reply) { return StatusJson(reply) + "\n"; });
  if (!status.ok()) return;
  for (const std::string& address : {status->peer_address(), status->metrics_address()}) bundle.redaction().Know(address);
  const absl::StatusOr<v1::ListPeersReply> peers = (*client)->ListPeers();
  if (peers.ok()) {
    for (const v1::PeerRecord& peer : peers->peers()) bundle.redaction().Know(peer.address());
  }
  const auto whole = [](const std::string& text) { return text; };
  bundle.TakeOr("metrics.txt", HttpGet(status->metrics_address(), "/metrics", kMaxMetricsBytes), whole);
  bundle.TakeOr("readyz.txt", HttpGet(status->metrics_address(), "/readyz?verbose", kMaxMetricsBytes), whole);
  std::ifstream limits("/proc/" + std::to_string(status->pid()) + "/limits");
  std::string text(kMaxLimitsBytes, '\0');
  limits.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(limits.gcount()));
  bundle.Take("limits.txt", text);
  bundle.TakeOr("fsck.json", (*client)->Fsck({}), FsckSummary);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> WriteSupportBundle(const std::string& folder, const std::string& file,
                                                            const BundleFacts& facts) {
  if (access(file.c_str(), F_OK) == 0) {
    return Reject(RejectReason::kConflict, "'" + file + "' is there already; it is not overwritten");
  }
  const node::NodePaths paths(folder);
  Collection bundle;
  bundle.Take(kVersions, Software(facts.version));
  bundle.Take("doctor.json", facts.findings_json + "\n");
  bundle.Take("entente.toml", ConfigText(paths.config, bundle.redaction()));
  AskDaemon(folder, bundle);
  bundle.Take("entented.log", NewestLines(paths.log));
  if (absl::Status status = node::WriteNewFile(file, bundle.Finish()); !status.ok()) return status;
  return bundle.names();
}

}  // namespace entente::cli
