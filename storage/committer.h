#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "storage/disk_space.h"
#include "storage/durable.h"
#include "storage/group_writer.h"
#include "storage/views.h"

namespace entente::storage {

// Records and view changes that share one sync are about this many bytes; the last commit of a group may go over.
inline constexpr size_t kGroupBytes = 8u << 20;
// How long Pause waits for commits to run out.
inline constexpr std::chrono::seconds kPausePatience{1};
// How often a store that ran out of space in the middle of a write looks whether there is room to open it again.
inline constexpr std::chrono::milliseconds kReopenPace{500};

// One thread that runs commit bodies in call order, in groups that share one synced write.
class Committer {
 public:
  struct Room {
    const JournalOptions& options;
    const SealedRows& rows;
    const crypto::AtRest& at_rest;
    const trust::Self& self;
    const Clock& clock;
  };
  // `failure` not OK: refuses every commit with it. Records get times from `last_time_us` on. `room` outlives this.
  Committer(Room room, GroupWriter writer, Durable durable, int64_t last_time_us, absl::Status failure);
  ~Committer() { Stop(); }

  void Enqueue(Journal::Body body, Journal::Done done);
  // From its own thread (a `done`) it only closes intake; another call has to wait for the end.
  void Stop();
  void OnGroup(std::function<void(const JournalHead&)> callback) { on_group_ = std::move(callback); }
  bool OnThisThread() const { return std::this_thread::get_id() == thread_.get_id(); }
  absl::Status Health() const;

  template <typename Read>
  auto Look(Read read) const {
    std::lock_guard lock(mutex_);
    return read(durable_);
  }
  // Holds the thread back while somebody replaces the views. False when anything is still queued or under way after
  // kPausePatience. Not from a commit's body or callback.
  bool Pause();
  // With `rebuilt`, whose head and stats do not count, intake starts again even where damaged views had stopped it.
  void Resume(std::optional<Durable> rebuilt);

 private:
  struct Item {
    Journal::Body body;
    Journal::Done done;
    absl::Status outcome;
    uint64_t records = 0;
  };
  void Run();
  bool AwaitWork();
  bool ReopenIsDue() const;  // under mutex_
  void TryReopen();
  void ReopenNow();
  bool TakeOne(std::vector<Item>& group);
  void CommitGroup(std::vector<Item>& items);
  absl::Status Intake(uint64_t group_bytes) const;
  void Remember(uint64_t refused_bytes);
  void RunBody(Item& item, Overlay& group, uint64_t& next_seq);
  absl::Status WriteGroup(const std::vector<Item>& items, Overlay& group);
  void Publish(const std::vector<Item>& items, const Overlay& group, double seconds);

  Room room_;
  DiskSpace space_;
  GroupWriter writer_;
  Keys::Memory memory_;
  Views views_;
  int64_t last_time_us_;
  std::function<void(const JournalHead&)> on_group_;

  mutable std::mutex mutex_;
  std::condition_variable filled_, drained_, idle_;
  std::deque<Item> queue_;
  bool stopping_ = false, paused_ = false, busy_ = false;
  absl::Status failure_;
  bool reopens_ = false;  // failure_ is a write that met a full disk: it ends when the store was opened again
  std::chrono::steady_clock::time_point next_reopen_;  // not before, however much is queued
  // What the largest group needed among those refused for space since there was room for it. A group that only just
  // does not fit is refused while an empty one would be taken in: Health must not say that all is well.
  mutable uint64_t refused_bytes_ = 0;
  Durable durable_;
  std::mutex stop_mutex_;
  std::thread thread_;
};

}  // namespace entente::storage
