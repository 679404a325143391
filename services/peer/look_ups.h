#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/peer/sockets.h"

namespace entente::peer {

inline constexpr size_t kMaxLookUps = 64;  // threads that wait for DNS at a time

// Asks for the addresses of names, each on a thread of its own, because getaddrinfo cannot be stopped: while it asks for a
// name no other thread does. Thread-safe; what is under way outlives it.
class LookUps {
 public:
  using Answer = absl::StatusOr<std::vector<Endpoint>>;
  explicit LookUps(std::function<Answer(const std::string&)> resolve = Resolve, size_t most = kMaxLookUps);
  // Numbers are answered at once. Else waits until there is an answer, for `patience` at most, or until Poke finds that
  // `given_up` holds. Refuses with kPeerDown. An answer that nobody waits for any more is dropped.
  Answer Find(const std::string& host_port, std::chrono::milliseconds patience, const std::function<bool()>& given_up);
  void Poke();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace entente::peer
