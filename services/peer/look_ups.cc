#include "services/peer/look_ups.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/reject.h"

namespace entente::peer {

struct LookUps::State {
  std::function<Answer(const std::string&)> resolve;
  size_t most;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, std::shared_ptr<std::optional<Answer>>> under_way;

  void Ask(const std::string& host_port, std::optional<Answer>& answer) {
    Answer found = resolve(host_port);
    std::lock_guard lock(mutex);
    answer = std::move(found);
    under_way.erase(host_port);
    changed.notify_all();
  }
};

LookUps::LookUps(std::function<Answer(const std::string&)> resolve, size_t most)
    : state_(std::make_shared<State>()) {
  state_->resolve = std::move(resolve);
  state_->most = most;
}

LookUps::Answer LookUps::Find(const std::string& host_port, std::chrono::milliseconds patience,
                              const std::function<bool()>& given_up) {
  if (Answer number = ResolveNumber(host_port); number.ok()) return number;
  std::unique_lock lock(state_->mutex);
  const auto [at, fresh] = state_->under_way.try_emplace(host_port);
  if (fresh && state_->under_way.size() > state_->most) {
    state_->under_way.erase(at);
    return Reject(RejectReason::kPeerDown, "the peer's address: DNS leaves too many questions open; try later");
  }
  if (fresh) {
    at->second = std::make_shared<std::optional<Answer>>();
    try {
      std::thread([state = state_, answer = at->second, host_port] { state->Ask(host_port, *answer); }).detach();
    } catch (const std::system_error&) {
      state_->under_way.erase(at);
      return Reject(RejectReason::kPeerDown, "the peer's address: no thread to ask DNS with");
    }
  }
  const std::shared_ptr<std::optional<Answer>> answer = at->second;
  state_->changed.wait_for(lock, patience, [&] { return answer->has_value() || given_up(); });
  if (given_up()) return Reject(RejectReason::kPeerDown, "the connection was given up");
  if (!*answer) return Reject(RejectReason::kPeerDown, "the peer's address: no answer from DNS in time");
  return **answer;
}

void LookUps::Poke() {
  std::lock_guard lock(state_->mutex);
  state_->changed.notify_all();
}

}  // namespace entente::peer
