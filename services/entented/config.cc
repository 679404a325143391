#include "services/entented/config.h"

#include <toml++/toml.h>

#include <array>
#include <cctype>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "base/reject.h"
#include "model/party.h"
#include "model/text.h"

namespace entente::node {
namespace {

constexpr size_t kMaxConfigBytes = 64 * 1024;
constexpr int64_t kMaxConnections = 65536;
constexpr int64_t kMaxMemoryMib = 16 << 20, kMaxPeerFrames = 10'000'000, kMaxPeerMib = 100'000, kMaxCpuPercent = 100'000;
constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warn", "error"};

// How one key's value goes into a Config: an empty string when it fits, else what is wrong with it.
using SetText = std::function<std::string(Config&, const std::string&)>;
using SetNumber = std::function<std::string(Config&, int64_t)>;
struct Binding {
  std::string_view name;
  SetText text;  // exactly one of these two is set
  SetNumber number;
};

std::string Said(const absl::Status& status) {
  return std::string(status.message());
}

SetText HostPort(std::string Config::*field) {
  return [field](Config& config, const std::string& value) {
    if (!value.empty()) {
      if (const auto parsed = ParseHostPort(value); !parsed.ok()) return Said(parsed.status());
    }
    config.*field = value;
    return std::string();
  };
}

SetNumber Between(int64_t least, int64_t most, uint64_t Config::*field) {
  return [=](Config& config, int64_t value) {
    if (value < least || value > most) {
      return "must be " + std::to_string(least) + " to " + std::to_string(most) + ", is " + std::to_string(value);
    }
    config.*field = static_cast<uint64_t>(value);
    return std::string();
  };
}

std::string SetName(Config& config, const std::string& value) {
  auto name = model::ParsePartyName(value);
  if (!name.ok()) return Said(name.status());
  config.name = *std::move(name);
  return "";
}

std::string SetNation(Config& config, const std::string& value) {
  auto nation = model::ParseNation(value);
  if (!nation.ok()) return Said(nation.status());
  config.nation = *std::move(nation);
  return "";
}

std::string SetKind(Config& config, const std::string& value) {
  const auto kind = model::ParsePartyKind(value);
  if (!kind.ok()) return Said(kind.status());
  config.kind = std::string(model::Name(*kind));
  return "";
}

std::string SetLevel(Config& config, const std::string& value) {
  for (const std::string_view level : kLogLevels) {
    if (value == level) {
      config.log_level = value;
      return "";
    }
  }
  return "must be trace, debug, info, warn or error";
}

const std::vector<Binding>& Bindings() {
  static const std::vector<Binding> bindings = {
      {"name", SetName, nullptr},
      {"nation", SetNation, nullptr},
      {"kind", SetKind, nullptr},
      {"peer_listen", HostPort(&Config::peer_listen), nullptr},
      {"peer_address", HostPort(&Config::peer_address), nullptr},
      {"max_connections", nullptr, Between(1, kMaxConnections, &Config::max_connections)},
      {"max_connections_per_address", nullptr, Between(1, kMaxConnections, &Config::max_connections_per_address)},
      {"memory_limit_mib", nullptr, Between(0, kMaxMemoryMib, &Config::memory_limit_mib)},
      {"peer_frames_per_second", nullptr, Between(1, kMaxPeerFrames, &Config::peer_frames)},
      {"peer_mib_per_second", nullptr, Between(1, kMaxPeerMib, &Config::peer_mib)},
      {"peer_cpu_percent", nullptr, Between(1, kMaxCpuPercent, &Config::peer_cpu_percent)},
      {"metrics_listen", HostPort(&Config::metrics_listen), nullptr},
      {"log_level", SetLevel, nullptr},
  };
  return bindings;
}

// Reads one file into a Config and remembers where it stands, for messages.
class Loading {
 public:
  explicit Loading(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<Config> Load(const toml::table& root) {
    for (const auto& [key, value] : root) {
      if (absl::Status status = Take(key, value); !status.ok()) return status;
    }
    if (config_.name.empty()) return Missing("name", "the party name of this organisation");
    if (config_.nation.empty()) return Missing("nation", "its ISO 3166-1 alpha-2 code");
    if (config_.max_connections_per_address > config_.max_connections) {
      const toml::node* given = root["max_connections_per_address"].node();
      if (given != nullptr) return At(given->source(), "more than 'max_connections' in all");
      config_.max_connections_per_address = config_.max_connections;
    }
    return config_;
  }

  absl::Status At(const toml::source_region& where, const std::string& what) const {
    return Reject(RejectReason::kConfig, path_ + ":" + std::to_string(where.begin.line) + ":" +
                                             std::to_string(where.begin.column) + ": " + what);
  }

 private:
  absl::Status Take(const toml::key& key, const toml::node& value) {
    const std::string name(key.str());
    for (const Binding& binding : Bindings()) {
      if (binding.name != name) continue;
      std::string wrong;
      if (binding.text) {
        if (!value.is_string()) return At(value.source(), "'" + name + "' must be a string, in quotes");
        wrong = binding.text(config_, value.as_string()->get());
      } else {
        if (!value.is_integer()) return At(value.source(), "'" + name + "' must be a whole number");
        wrong = binding.number(config_, value.as_integer()->get());
      }
      return wrong.empty() ? absl::OkStatus() : At(value.source(), "'" + name + "': " + wrong);
    }
    return Unknown(key, value.is_table() ? "table" : "key");
  }

  absl::Status Unknown(const toml::key& key, const std::string& what) const {
    std::vector<std::string> known;
    std::string choices;
    for (const Binding& binding : Bindings()) {
      known.emplace_back(binding.name);
      choices += (choices.empty() ? "" : ", ") + known.back();
    }
    const std::string near = model::DidYouMean(key.str(), known);
    return At(key.source(), "unknown " + what + " '" + model::Escaped(key.str(), 64) + "'; " +
                                (near.empty() ? "known are " + choices : "did you mean '" + near + "'?"));
  }
  absl::Status Missing(const std::string& key, const std::string& meaning) const {
    return Reject(RejectReason::kConfig, path_ + ":1:1: '" + key + "' is missing: " + meaning);
  }

  std::string path_;
  Config config_;
};

// The key of line `number` when it is one whose value needs quotes and has none; else empty. The parser's own words for
// `nation = NO` speak of numbers.
std::string UnquotedKey(const std::string& text, uint32_t number) {
  std::istringstream lines(text);
  std::string line;
  for (uint32_t i = 0; i < number; ++i) std::getline(lines, line);
  const size_t equals = line.find('=');
  if (equals == std::string::npos) return "";
  std::string key;
  std::istringstream(line.substr(0, equals)) >> key;
  const size_t value = line.find_first_not_of(" \t", equals + 1);
  const bool bare = value != std::string::npos && std::isalnum(static_cast<unsigned char>(line[value])) != 0;
  for (const Binding& binding : Bindings()) {
    if (bare && binding.text && binding.name == key) return key;
  }
  return "";
}

}  // namespace

absl::StatusOr<Config> LoadConfig(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Reject(RejectReason::kConfig, path + " cannot be read; `entente init` makes a node with one");
  std::string text(kMaxConfigBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMaxConfigBytes) {
    return Reject(RejectReason::kConfig, path + " is larger than " + std::to_string(kMaxConfigBytes) + " bytes");
  }
  Loading loading(path);
  try {
    return loading.Load(toml::parse(text, path));
  } catch (const toml::parse_error& error) {
    const std::string key = UnquotedKey(text, error.source().begin.line);
    return loading.At(error.source(), key.empty() ? model::Escaped(error.description())
                                                  : "'" + key + "' must be a string, in quotes: " + key + " = \"...\"");
  }
}

}  // namespace entente::node
