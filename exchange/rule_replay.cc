#include "exchange/rule_replay.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace entente::exchange {
namespace {

constexpr auto kTellEvery = std::chrono::milliseconds(200);

// Blocks of one scan handed out to several threads.
class Replay {
 public:
  Replay(const storage::Journal& journal, uint64_t after, uint64_t last) : journal_(journal), at_(after), last_(last) {}

  void Work(RuleDiff& diff) {
    while (const std::optional<std::vector<uint64_t>> block = Next()) {
      for (const uint64_t seq : *block) {
        if (absl::Status status = diff.Add(journal_, seq); !status.ok()) return Fail(std::move(status));
      }
      const std::lock_guard lock(mutex_);
      done_ += block->size();
    }
    const std::lock_guard lock(mutex_);
    --working_;
    changed_.notify_all();
  }

  // Until every thread is through. Tells of it once at least: threads may end before they are waited for.
  absl::Status Wait(unsigned threads, const ReplayProgress& progress, uint64_t about) {
    std::unique_lock lock(mutex_);
    working_ += threads;
    do {
      const uint64_t done = done_;
      lock.unlock();
      const bool go_on = progress(done, about);
      lock.lock();
      if (!go_on && status_.ok()) {
        status_ = Reject(RejectReason::kUnavailable, "nobody waits for the comparison any more");
      }
      if (working_ > 0) changed_.wait_for(lock, kTellEvery);
    } while (working_ > 0);
    return status_;
  }

 private:
  std::optional<std::vector<uint64_t>> Next() {
    const std::lock_guard lock(mutex_);
    if (!status_.ok()) return std::nullopt;
    absl::StatusOr<std::vector<uint64_t>> seqs = journal_.Objects(at_, kReplayBlock);
    if (!seqs.ok()) status_ = seqs.status();
    if (!seqs.ok()) return std::nullopt;
    seqs->erase(std::upper_bound(seqs->begin(), seqs->end(), last_), seqs->end());
    if (seqs->empty()) return std::nullopt;
    at_ = seqs->back();
    return *std::move(seqs);
  }
  void Fail(absl::Status status) {
    const std::lock_guard lock(mutex_);
    if (status_.ok()) status_ = std::move(status);
    --working_;
    changed_.notify_all();
  }

  const storage::Journal& journal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t at_;
  const uint64_t last_;
  uint64_t done_ = 0;
  int64_t working_ = 0;  // below zero while threads end before they are waited for
  absl::Status status_;
};

}  // namespace

absl::Status ReplayStore(const storage::Journal& journal, RuleDiff& diff, uint64_t& upto,
                         const ReplayProgress& progress) {
  const uint64_t last = journal.Head().sequence;
  const unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxReplayThreads);
  Replay replay(journal, upto, last);
  std::vector<RuleDiff> parts;
  parts.reserve(threads);
  for (unsigned i = 0; i < threads; ++i) parts.push_back(diff.Fresh());
  std::vector<std::thread> workers;
  for (RuleDiff& part : parts) workers.emplace_back([&replay, &part] { replay.Work(part); });
  const absl::Status status = replay.Wait(threads, progress, journal.Count().objects);
  for (std::thread& worker : workers) worker.join();
  for (const RuleDiff& part : parts) diff.Join(part);
  if (status.ok()) upto = last;
  return status;
}

}  // namespace entente::exchange
