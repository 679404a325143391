#include <algorithm>
#include <utility>

#include "exchange/arrival.h"
#include "exchange/cpu_meter.h"

namespace entente::exchange {

bool IsOwnFault(RejectReason reason) {
  return reason == RejectReason::kDiskFull || reason == RejectReason::kStoreIo ||
         reason == RejectReason::kUnavailable || reason == RejectReason::kStoreCorrupt ||
         reason == RejectReason::kStoreShort || reason == RejectReason::kRolledBack || reason == RejectReason::kHsm ||
         reason == RejectReason::kInternal;
}

namespace {

// What no record and no view holds yet is not acknowledged, and so it is refused: how statements came by others' hands,
// who else vouches for them, and notices.
absl::Status CheckKept(const envelope::VerifiedEnvelope& envelope, const OrgId& from) {
  using enum RejectReason;
  if (!envelope.batch) return Reject(kNotKept, "recalls and receipts are not kept by this version");
  if (!envelope.hops.empty()) return Reject(kNotKept, "forwarded statements are not kept by this version; ask their origin to send them");
  if (envelope.batch->joint()) return Reject(kNotKept, "joint statements are not kept by this version");
  if (envelope.batch->origin() == from) return absl::OkStatus();
  return Reject(kNotKept, "statements that another than their origin sends are not kept by this version; ask their origin to send them");
}

}  // namespace

struct Admission::Task {
  OrgId from;
  Bytes wire;
  std::optional<v1::SignedBody> head;
  Done done;
  Carrier carrier = Carrier::kSession;
  absl::Status refused;
  std::shared_ptr<Arrival> arrival;
  bool checked = false;
  uint64_t cpu_ns = 0;  // by one thread after the other; what the committer spends behind the body is not told apart
};

// One peer's envelopes, in the order of Submit, whatever its sessions do. `commit` keeps the order of journal commits.
struct Admission::Lane {
  std::mutex commit;
  std::deque<std::shared_ptr<Task>> tasks;                                   // guarded by Admission::mutex_
  TokenBucket free_repeats{kFreeRepeats, std::chrono::steady_clock::now()};  // the committer's thread alone
};

Admission::Admission(Room room, size_t workers) : room_(room) {
  for (size_t i = 0; i < std::max<size_t>(workers, 1); ++i) workers_.emplace_back([this] { Work(); });
}

Admission::~Admission() {
  {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return under_way_ == 0; });
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void Admission::Submit(const OrgId& from, Bytes wire, std::optional<v1::SignedBody> head, Done done, Carrier carrier) {
  auto task = std::make_shared<Task>();
  task->from = from;
  task->wire = std::move(wire);
  task->head = std::move(head);
  task->done = std::move(done);
  task->carrier = carrier;
  {
    std::lock_guard lock(mutex_);
    std::shared_ptr<Lane>& lane = lanes_[from];
    if (!lane) lane = std::make_shared<Lane>();
    lane->tasks.push_back(task);
    queue_.push_back(std::move(task));
    ++under_way_;
  }
  wake_.notify_one();
}

void Admission::Work() {
  for (;;) {
    std::shared_ptr<Task> task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    {
      const CpuMeter meter(task->cpu_ns);
      Check(*task);
    }
    const OrgId from = task->from;
    {
      std::lock_guard lock(mutex_);
      task->checked = true;
    }
    CommitInOrder(from);
  }
}

// The order of checks, cheap to dear, before anything touches the store (docs/life-of-an-envelope.md).
void Admission::Check(Task& task) {
  const absl::Time now = room_.clock.Now();
  const auto seen = [this](const EnvelopeId& id) {
    const absl::StatusOr<bool> known = room_.journal.HasEnvelope(id);
    return known.ok() && *known;
  };
  absl::StatusOr<envelope::OpenedEnvelope> opened =
      envelope::Open(task.wire, room_.self.org(), room_.prekeys, now, seen, &room_.groups);
  Bytes().swap(task.wire);
  if (!opened.ok()) {
    task.refused = opened.status();
    return;
  }
  absl::StatusOr<envelope::VerifiedEnvelope> verified =
      envelope::Verify(*std::move(opened), room_.directory, task.from, now, &room_.groups);
  task.refused = verified.ok() ? CheckKept(*verified, task.from) : verified.status();
  if (!task.refused.ok()) return;
  const auto from = room_.directory.Find(task.from);
  if (!from) {
    task.refused = Reject(RejectReason::kUnknownParty, "the sender is not accepted here");
    return;
  }
  task.arrival = std::make_shared<Arrival>(room_, *std::move(verified), from, std::move(task.head),
                                           task.carrier == Carrier::kFile);
  if (!task.arrival->big()) task.arrival->Parse();
}

void Admission::CommitInOrder(const OrgId& from) {
  std::shared_ptr<Lane> lane;
  {
    std::lock_guard lock(mutex_);
    lane = lanes_[from];
  }
  std::lock_guard in_order(lane->commit);
  for (;;) {
    std::shared_ptr<Task> task;
    {
      std::lock_guard lock(mutex_);
      if (lane->tasks.empty() || !lane->tasks.front()->checked) return;
      task = std::move(lane->tasks.front());
      lane->tasks.pop_front();
    }
    const auto finish = [this, task, lane](const absl::Status& status) {
      const auto costs = [&] {
        return task->carrier == Carrier::kSession && !lane->free_repeats.Take(std::chrono::steady_clock::now());
      };
      const bool fruitless =
          status.ok() ? !task->arrival->brought_something() && costs() : !IsOwnFault(ReasonOf(status));
      if (status.ok()) task->arrival->Count();
      PeerCounters& counters = room_.counters.Peer(task->from);
      counters.cpu_ns += task->cpu_ns;
      if (fruitless && task->carrier == Carrier::kSession) counters.fruitless_cpu_ns += task->cpu_ns;
      task->arrival.reset();  // now, with its turn: the task itself may live on in a worker that waits for one
      task->done(status);
      std::lock_guard lock(mutex_);
      if (--under_way_ == 0) idle_.notify_all();
    };
    if (!task->refused.ok()) {
      finish(task->refused);
      continue;
    }
    // Only the front of a lane takes a turn: one behind it would keep the turn while it waits for the front.
    if (task->arrival->big()) {
      const CpuMeter meter(task->cpu_ns);
      task->arrival->Parse();
    }
    const auto store = [task](storage::Transaction& transaction) {
      const CpuMeter meter(task->cpu_ns);
      return task->arrival->Store(transaction);
    };
    room_.journal.Commit(store, finish);
  }
}

}  // namespace entente::exchange
