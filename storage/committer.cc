#include "storage/committer.h"

#include <chrono>

#include "base/reject.h"
#include "storage/open_transaction.h"

namespace entente::storage {
namespace {

// Space a group needs besides its own bytes in log and tables: manifests, the engine's own log.
constexpr uint64_t kSpareBytes = 1 << 20;
// Record times do not follow a clock that was set back by less. A clock set back further had been wrong: keeping its time
// would make envelope ids forgotten too early for as long as it had been ahead.
constexpr absl::Duration kSmoothedStep = absl::Hours(48);

absl::Status Stopping() {
  return Reject(RejectReason::kUnavailable, "this node is stopping; send again when it is back");
}

}  // namespace

Committer::Committer(Room room, GroupWriter writer, Durable durable, int64_t last_time_us, absl::Status failure)
    : room_(room),
      space_(room.options.path, room.options.space_floor_fraction, room.options.space_floor_bytes),
      writer_(std::move(writer)),
      views_(Keys(room.at_rest, &memory_)),
      last_time_us_(last_time_us),
      failure_(std::move(failure)),
      durable_(std::move(durable)) {
  thread_ = std::thread([this] { Run(); });
}

void Committer::Enqueue(Journal::Body body, Journal::Done done) {
  {
    std::unique_lock lock(mutex_);
    // The committer's own thread never waits for itself: what its callbacks commit goes beyond the bound.
    if (!OnThisThread()) {
      drained_.wait(lock, [&] { return stopping_ || queue_.size() < room_.options.queue_commits; });
    }
    if (!stopping_) {
      queue_.push_back({std::move(body), std::move(done), absl::OkStatus(), 0});
      filled_.notify_one();
      return;
    }
  }
  done(Stopping());
}

void Committer::Stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    filled_.notify_all();
    drained_.notify_all();
    idle_.notify_all();
  }
  if (OnThisThread()) return;
  std::lock_guard only_one(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

absl::Status Committer::Health() const {
  uint64_t needed = 0;
  {
    std::lock_guard lock(mutex_);
    needed = refused_bytes_;
  }
  const absl::Status intake = Intake(needed);
  if (!intake.ok()) return intake;
  std::lock_guard lock(mutex_);
  if (refused_bytes_ == needed) refused_bytes_ = 0;
  return absl::OkStatus();
}

void Committer::Remember(uint64_t refused_bytes) {
  std::lock_guard lock(mutex_);
  refused_bytes_ = std::max(refused_bytes_, refused_bytes);
}

bool Committer::Pause() {
  std::unique_lock lock(mutex_);
  const bool idle = idle_.wait_for(lock, kPausePatience, [this] { return stopping_ || (!busy_ && queue_.empty()); });
  if (!idle || paused_ || stopping_) return false;
  paused_ = true;
  return true;
}

void Committer::Resume(std::optional<Durable> rebuilt) {
  std::lock_guard lock(mutex_);
  paused_ = false;
  if (rebuilt) {
    durable_.counters = rebuilt->counters;
    durable_.tallies = std::move(rebuilt->tallies);
    if (ReasonOf(failure_) == RejectReason::kStoreCorrupt) failure_ = absl::OkStatus();
  }
  filled_.notify_all();
}

// False when there is nothing more to do, ever. Sets busy_.
bool Committer::AwaitWork() {
  std::unique_lock lock(mutex_);
  busy_ = false;
  idle_.notify_all();
  while (paused_ || (!stopping_ && queue_.empty() && !ReopenIsDue())) {
    if (reopens_ && !paused_) {
      filled_.wait_until(lock, next_reopen_);
    } else {
      filled_.wait(lock);
    }
  }
  busy_ = true;
  return !stopping_ || !queue_.empty();
}

void Committer::Run() {
  while (AwaitWork()) {
    TryReopen();
    std::vector<Item> items;
    CommitGroup(items);
    for (Item& item : items) item.done(std::move(item.outcome));
  }
}

bool Committer::TakeOne(std::vector<Item>& group) {
  std::lock_guard lock(mutex_);
  if (queue_.empty()) return false;
  group.push_back(std::move(queue_.front()));
  queue_.pop_front();
  drained_.notify_one();
  return true;
}

// Takes what is queued, never waiting for more, and leaves each item with its outcome.
void Committer::CommitGroup(std::vector<Item>& items) {
  const absl::Status intake = Intake(0);
  Overlay group(&room_.rows);
  uint64_t next_seq = writer_.head().sequence + 1;
  while (items.size() < room_.options.group_records && group.bytes() < kGroupBytes && TakeOne(items)) {
    items.back().outcome = intake;
    if (intake.ok()) RunBody(items.back(), group, next_seq);
    items.back().body = nullptr;
  }
  if (next_seq == writer_.head().sequence + 1) return;
  const absl::Status written = WriteGroup(items, group);
  views_.Forget();
  if (written.ok()) {
    if (on_group_) on_group_(writer_.head());
    return;
  }
  for (Item& item : items) {
    if (item.outcome.ok()) item.outcome = written;
  }
}

// A write that met a full disk may be on it, or half of it. The store says which once it is opened anew. Not so after another
// failure of the disk: what the kernel dropped then, it may report as written.
void Committer::TryReopen() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || !ReopenIsDue()) return;
  }
  ReopenNow();
  std::lock_guard lock(mutex_);
  next_reopen_ = std::chrono::steady_clock::now() + kReopenPace;
}

bool Committer::ReopenIsDue() const {
  return reopens_ && std::chrono::steady_clock::now() >= next_reopen_;
}

void Committer::ReopenNow() {
  // Closing is only for when opening has a chance: what stands in the log alone is written to tables then.
  const uint64_t needed = 2 * room_.rows.database().UnflushedBytes() + kSpareBytes;
  if (!space_.Check(needed).ok() || !space_.Prove(needed).ok()) return;
  absl::StatusOr<Durable> durable = writer_.Reopen(room_.rows, room_.options.path + ".head");
  const RejectReason reason = ReasonOf(durable.status());
  if (reason == RejectReason::kUnavailable || reason == RejectReason::kDiskFull) return;
  {
    std::lock_guard lock(mutex_);
    reopens_ = false;
    failure_ = durable.status();
    if (!durable.ok()) return;
    durable->stats = durable_.stats;
    durable_ = *std::move(durable);
  }
  if (on_group_) on_group_(writer_.head());
}

absl::Status Committer::Intake(uint64_t group_bytes) const {
  {
    std::lock_guard lock(mutex_);
    if (!failure_.ok()) return failure_;
  }
  // A group goes to the log now and to tables later, together with what is only in the log so far.
  return space_.Check(2 * group_bytes + room_.rows.database().UnflushedBytes() + kSpareBytes);
}

void Committer::RunBody(Item& item, Overlay& group, uint64_t& next_seq) {
  const int64_t now_us = absl::ToUnixMicros(room_.clock.Now());
  if (now_us > last_time_us_ || last_time_us_ - now_us > absl::ToInt64Microseconds(kSmoothedStep)) last_time_us_ = now_us;
  Overlay own(&group);
  OpenTransaction transaction(own, views_, Keys(room_.at_rest, &memory_), room_.self.org(), next_seq, last_time_us_);
  item.outcome = item.body(transaction);
  if (item.outcome.ok()) item.outcome = transaction.failure();
  if (!item.outcome.ok()) {
    views_.Forget();
    return;
  }
  item.records = transaction.next_seq() - next_seq;
  next_seq = transaction.next_seq();
  own.MoveInto(group);
}

absl::Status Committer::WriteGroup(const std::vector<Item>& items, Overlay& group) {
  if (absl::Status space = Intake(group.bytes()); !space.ok()) {
    Remember(group.bytes());
    return space;
  }
  const auto start = std::chrono::steady_clock::now();
  const absl::Status written = writer_.Write(group);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  if (written.ok()) {
    Publish(items, group, took.count());
    return written;
  }
  if (ReasonOf(written) == RejectReason::kHsm)
    return written;  // nothing was written; the token may be back for the next group
  std::lock_guard lock(mutex_);
  reopens_ = ReasonOf(written) == RejectReason::kDiskFull;
  next_reopen_ = std::chrono::steady_clock::now() + kReopenPace;
  failure_ = Reject(reopens_ ? RejectReason::kDiskFull : RejectReason::kStoreIo,
                    "a write did not reach the disk, so intake stopped: " + std::string(written.message()) +
                        (reopens_ ? "; intake goes on by itself" : "; then start this node again"));
  return failure_;
}

void Committer::Publish(const std::vector<Item>& items, const Overlay& group, double seconds) {
  std::lock_guard lock(mutex_);
  durable_.head = writer_.head();
  durable_.stats.groups += 1;
  durable_.stats.sync_seconds += seconds;
  for (const Item& item : items) {
    durable_.stats.commits += item.outcome.ok() ? 1 : 0;
    durable_.stats.records += item.records;
  }
  const Overlay::Changes& meta = group.changes(Family::kMeta);
  if (const auto row = meta.find(kCountersKey); row != meta.end() && row->second) {
    if (const absl::StatusOr<Counters> counters = DecodeCounters(*row->second); counters.ok()) {
      durable_.counters = *counters;
    }
  }
  for (const auto& [key, value] : group.changes(Family::kCursors)) {
    if (key.back() != kCursorTally || !value) continue;
    const absl::StatusOr<TallyRow> tally = DecodeTally(*value);
    if (tally.ok()) durable_.tallies.insert_or_assign(key.substr(0, key.size() - 1), *tally);
  }
}

}  // namespace entente::storage
