#include "services/entented/config.h"

#include <toml++/toml.h>

#include <array>
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
constexpr uint64_t kMaxConnections = 65536;
constexpr std::array<std::string_view, 5> kLogLevels = {"trace", "debug", "info", "warn", "error"};

// How one key's value goes into a Config: an empty string when it fits, else what is wrong with it.
using SetText = std::function<std::string(Config&, const std::string&)>;
using SetNumber = std::function<std::string(Config&, int64_t)>;
struct Binding {
  std::string_view name;
  SetText text;      // exactly one of these two is set
  SetNumber number;
};

std::string Said(const absl::Status& status) { return std::string(status.message()); }

SetText HostPort(std::string Config::*field) {
  return [field](Config& config, const std::string& value) {
    if (!value.empty()) {
      if (const auto parsed = ParseHostPort(value); !parsed.ok()) return Said(parsed.status());
    }
    config.*field = value;
    return std::string();
  };
}

SetNumber AtLeastOne(uint64_t Config::*field) {
  return [field](Config& config, int64_t value) {
    if (value < 1 || static_cast<uint64_t>(value) > kMaxConnections) {
      return "must be 1 to " + std::to_string(kMaxConnections) + ", is " + std::to_string(value);
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
      {"node.name", SetName, nullptr},
      {"node.nation", SetNation, nullptr},
      {"node.kind", SetKind, nullptr},
      {"peer.listen", HostPort(&Config::peer_listen), nullptr},
      {"peer.address", HostPort(&Config::peer_address), nullptr},
      {"peer.max_connections", nullptr, AtLeastOne(&Config::max_connections)},
      {"peer.max_connections_per_address", nullptr, AtLeastOne(&Config::max_connections_per_address)},
      {"metrics.listen", HostPort(&Config::metrics_listen), nullptr},
      {"log.level", SetLevel, nullptr},
  };
  return bindings;
}

// Reads one file into a Config and remembers where it stands, for messages.
class Loading {
 public:
  explicit Loading(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<Config> Load(const toml::table& root) {
    for (const auto& [key, node] : root) {
      const std::string table(key.str());
      if (!IsTable(table)) return Unknown(key, table, Tables(), node.is_table() ? "table" : "key");
      const toml::table* keys = node.as_table();
      if (keys == nullptr) return At(node.source(), "'" + table + "' is a table; write [" + table + "] above its keys");
      for (const auto& [name, value] : *keys) {
        if (absl::Status status = Take(table, name, value); !status.ok()) return status;
      }
    }
    return Complete();
  }

  absl::Status At(const toml::source_region& where, const std::string& what) const {
    return Reject(RejectReason::kConfig, path_ + ":" + std::to_string(where.begin.line) + ":" +
                                             std::to_string(where.begin.column) + ": " + what);
  }

 private:
  static std::vector<std::string> Tables() {
    std::vector<std::string> tables;
    for (const Binding& binding : Bindings()) {
      std::string table(binding.name.substr(0, binding.name.find('.')));
      if (tables.empty() || tables.back() != table) tables.push_back(std::move(table));
    }
    return tables;
  }
  static bool IsTable(const std::string& name) {
    for (const std::string& table : Tables()) {
      if (table == name) return true;
    }
    return false;
  }
  static std::vector<std::string> KeysOf(const std::string& table) {
    std::vector<std::string> keys;
    for (const Binding& binding : Bindings()) {
      if (binding.name.starts_with(table + ".")) keys.emplace_back(binding.name.substr(table.size() + 1));
    }
    return keys;
  }

  absl::Status Unknown(const toml::key& key, const std::string& name, const std::vector<std::string>& known,
                       const std::string& what) const {
    const std::string near = model::DidYouMean(name, known);
    std::string choices;
    for (const std::string& choice : known) choices += (choices.empty() ? "" : ", ") + choice;
    return At(key.source(), "unknown " + what + " '" + model::Escaped(name, 64) + "'; " +
                                (near.empty() ? "known here: " + choices : "did you mean '" + near + "'?"));
  }

  absl::Status Take(const std::string& table, const toml::key& name, const toml::node& value) {
    const std::string full = table + "." + std::string(name.str());
    for (const Binding& binding : Bindings()) {
      if (binding.name != full) continue;
      std::string wrong;
      if (binding.text) {
        if (!value.is_string()) return At(value.source(), "'" + full + "' must be text in quotes");
        wrong = binding.text(config_, value.as_string()->get());
      } else {
        if (!value.is_integer()) return At(value.source(), "'" + full + "' must be a whole number");
        wrong = binding.number(config_, value.as_integer()->get());
      }
      return wrong.empty() ? absl::OkStatus() : At(value.source(), "'" + full + "': " + wrong);
    }
    return Unknown(name, std::string(name.str()), KeysOf(table), "key");
  }

  absl::StatusOr<Config> Complete() const {
    if (config_.name.empty()) return Missing("node.name", "the party name of this organisation");
    if (config_.nation.empty()) return Missing("node.nation", "its ISO 3166-1 alpha-2 code");
    if (config_.max_connections_per_address > config_.max_connections) {
      return Reject(RejectReason::kConfig,
                    path_ + ": 'peer.max_connections_per_address' is larger than 'peer.max_connections'");
    }
    return config_;
  }
  absl::Status Missing(const std::string& key, const std::string& meaning) const {
    return Reject(RejectReason::kConfig, path_ + ":1:1: '" + key + "' is missing: " + meaning);
  }

  std::string path_;
  Config config_;
};

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
    return loading.At(error.source(), model::Escaped(error.description()));
  }
}

}  // namespace entente::node
