#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/entente/client.h"

namespace entente::cli {

// A node of the demonstration: invented organisations under user-assigned nation codes.
struct DemoNode {
  std::string name, nation, kind, sector, ceiling;
};
std::span<const DemoNode> DemoNodes();
inline constexpr auto kNorlandia = "cert.norlandia", kEstovia = "cert.estovia", kVolt = "volt-energy";

// The three-node federation on loopback in one folder: each node with its own keys, store, ports and log.
class Federation {
 public:
  struct NodeState {
    std::string name, folder;
    pid_t pid = 0;  // 0: stopped
    bool answers = false;
    uint16_t peer_port = 0, metrics_port = 0;
  };
  static constexpr absl::Duration kPatience = absl::Seconds(30);

  // `folder` empty: $XDG_STATE_HOME/entente-demo, or ~/.local/state/entente-demo.
  static absl::StatusOr<Federation> In(std::string folder);
  const std::string& folder() const { return folder_; }
  bool exists() const;

  // Makes what is missing, starts what is stopped, and returns when every session is up. `say` gets one line a step.
  absl::Status Up(const std::function<void(std::string)>& say) const;
  // A node that is there but does not answer within 3 s has a pid and no answer.
  std::vector<NodeState> States() const;
  // Ends every node, whoever started it. Answers how many ran.
  absl::StatusOr<int> Down() const;

  std::string FolderOf(std::string_view name) const { return folder_ + "/" + std::string(name); }
  absl::StatusOr<std::unique_ptr<AdminClient>> Client(std::string_view name) const;
  // Starts one node's daemon, detached, and returns once it answers. Refuses with the end of what the daemon said.
  absl::Status Start(std::string_view name) const;

 private:
  explicit Federation(std::string folder) : folder_(std::move(folder)) {}
  absl::Status Make(const DemoNode& node) const;
  absl::Status Introduce(const DemoNode& here, const DemoNode& other) const;
  bool SessionsUp() const;
  std::string folder_;
};

}  // namespace entente::cli
