#include "storage/committer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <atomic>
#include <future>

#include "base/reject.h"
#include "storage/testing/file_size_limit.h"
#include "storage/testing/test_store.h"

namespace entente::storage {
namespace {

using testing::Indicator;
using testing::TestStore;

class CommitterTest : public ::testing::Test {
 protected:
  Journal& journal() { return *store_.journal; }
  // Keeps the committer inside a body until Release.
  void Hold() {
    std::promise<void> entered;
    journal().Commit(
        [&](Transaction&) {
          entered.set_value();
          released_.wait();
          return absl::OkStatus();
        },
        [](absl::Status) {});
    entered.get_future().wait();
  }
  void Release() { release_.set_value(); }
  Journal::Body Stores(int number) {
    return [this, number](Transaction& t) { return store_.Store(t, {Indicator(std::to_string(number), "v")}, {}); };
  }

  TestStore store_;
  std::promise<void> release_;
  std::shared_future<void> released_ = release_.get_future().share();
};

TEST_F(CommitterTest, ManyThreadsShareTheirSyncs) {
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      std::atomic<int> open = 25;
      for (int i = 0; i < 25; ++i) {
        journal().Commit(Stores(t * 100 + i), [&](absl::Status s) {
          failed += s.ok() ? 0 : 1;
          --open;
          open.notify_all();
        });
      }
      for (int now = open; now != 0; now = open) open.wait(now);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(journal().Head().sequence, 400u);
  EXPECT_EQ(journal().Stats().commits, 200u);
  EXPECT_EQ(journal().Stats().records, 400u);
  EXPECT_LT(journal().Stats().groups, 200u);
  store_.Open();
  EXPECT_EQ(journal().Count().objects, 200u);
}

TEST_F(CommitterTest, InOneGroupARefusalTakesOnlyItsOwnBack) {
  Hold();
  std::vector<RejectReason> outcomes;
  const auto note = [&](absl::Status s) { outcomes.push_back(ReasonOf(s)); };
  journal().Commit(Stores(1), note);
  journal().Commit(
      [&](Transaction& t) {
        EXPECT_TRUE(Stores(2)(t).ok());
        return Reject(RejectReason::kConflict, "no");
      },
      note);
  journal().Commit(Stores(3), note);
  Release();
  journal().Stop();
  EXPECT_EQ(outcomes, (std::vector{RejectReason::kNone, RejectReason::kConflict, RejectReason::kNone}));
  EXPECT_EQ(journal().Stats().groups, 1u);
  EXPECT_EQ(journal().Head().sequence, 4u);
  EXPECT_TRUE(journal().FindVersion(Indicator("3", "").facts.id, 1'000'000'000)->has_value());
  EXPECT_FALSE(journal().FindVersion(Indicator("2", "").facts.id, 1'000'000'000)->has_value());
}

TEST_F(CommitterTest, AGroupHoldsAtMostItsBoundOfCommits) {
  store_.Close();
  store_.options.group_records = 2;
  store_.Open();
  Hold();
  for (int i = 0; i < 5; ++i) journal().Commit(Stores(i), [](absl::Status) {});
  Release();
  journal().Stop();
  EXPECT_EQ(journal().Stats().groups, 3u);  // the held one and 0, then 1 and 2, then 3 and 4
}

TEST_F(CommitterTest, BigCommitsCloseAGroup) {
  Hold();
  for (int i = 0; i < 3; ++i) {
    journal().Commit(
        [this, i](Transaction& t) {
          return store_.Store(t, {Indicator(std::to_string(i), "v", 1, std::string(kGroupBytes, ' '))}, {});
        },
        [](absl::Status s) { EXPECT_TRUE(s.ok()) << s; });
  }
  Release();
  journal().Stop();
  EXPECT_EQ(journal().Stats().groups, 3u);
}

TEST_F(CommitterTest, DoneMayCommitBeyondTheBound) {
  store_.Close();
  store_.options.queue_commits = 1;
  store_.Open();
  std::promise<absl::Status> last;
  journal().Commit(Stores(1), [&](absl::Status) {
    journal().Commit(Stores(2), [](absl::Status) {});
    journal().Commit(Stores(3), [&](absl::Status s) { last.set_value(s); });
  });
  EXPECT_TRUE(last.get_future().get().ok());
  EXPECT_EQ(journal().Count().objects, 3u);
}

TEST_F(CommitterTest, ACommitBeyondTheBoundWaits) {
  store_.Close();
  store_.options.queue_commits = 2;
  store_.Open();
  Hold();
  std::atomic<int> accepted = 0;
  std::thread caller([&] {
    for (int i = 0; i < 4; ++i, ++accepted) journal().Commit(Stores(i), [](absl::Status) {});
  });
  while (accepted < 2) std::this_thread::yield();
  EXPECT_EQ(accepted, 2);
  Release();
  caller.join();
  journal().Stop();
  EXPECT_EQ(journal().Count().objects, 4u);
}

TEST_F(CommitterTest, StopFinishesWhatIsQueuedAndRefusesTheRest) {
  Hold();
  int done = 0;
  for (int i = 0; i < 10; ++i) journal().Commit(Stores(i), [&](absl::Status s) { done += s.ok() ? 1 : 0; });
  Release();
  journal().Stop();
  journal().Stop();
  EXPECT_EQ(done, 10);
  EXPECT_EQ(ReasonOf(journal().CommitAndWait(Stores(11))), RejectReason::kUnavailable);
  EXPECT_TRUE(journal().FindRecord(1)->has_value());  // reads go on
}

TEST_F(CommitterTest, ACommitDoesNotWaitForItself) {
  std::promise<absl::Status> inner;
  journal().Commit(Stores(1), [&](absl::Status) { inner.set_value(journal().CommitAndWait(Stores(2))); });
  EXPECT_EQ(ReasonOf(inner.get_future().get()), RejectReason::kInternal);
}

TEST_F(CommitterTest, ARebuildWaitsItsPatienceForCommitsAndThenGivesWay) {
  Hold();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(ReasonOf(journal().Fsck(/*rebuild=*/true).status()), RejectReason::kUnavailable);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, kPausePatience);
  Release();
  EXPECT_TRUE(journal().CommitAndWait(Stores(1)).ok());  // nothing stays paused behind it
  const auto rebuilt = journal().Fsck(/*rebuild=*/true);
  ASSERT_TRUE(rebuilt.ok()) << rebuilt.status();
  EXPECT_EQ(rebuilt->problems, std::vector<std::string>());
  EXPECT_TRUE(journal().CommitAndWait(Stores(2)).ok());
}

TEST_F(CommitterTest, EveryGroupIsToldOnceWithItsHead) {
  std::vector<uint64_t> told;
  journal().OnGroup([&](const JournalHead& head) { told.push_back(head.sequence); });
  ASSERT_TRUE(journal().CommitAndWait(Stores(1)).ok());
  ASSERT_TRUE(journal().CommitAndWait(Stores(2)).ok());
  ASSERT_TRUE(journal().CommitAndWait([](Transaction&) { return absl::OkStatus(); }).ok());  // stored nothing
  journal().Stop();
  EXPECT_EQ(told, (std::vector<uint64_t>{2, 4}));
}

TEST_F(CommitterTest, RecordTimesDoNotGoBackWithAClockThatIsSetBackALittle) {
  store_.clock.now += absl::Hours(30);
  ASSERT_TRUE(journal().CommitAndWait(Stores(1)).ok());
  store_.clock.now -= absl::Hours(29);
  store_.Open();
  ASSERT_TRUE(journal().CommitAndWait(Stores(2)).ok());
  EXPECT_GE((*journal().FindRecord(3))->time_us(), (*journal().FindRecord(2))->time_us());
}

TEST_F(CommitterTest, D16UnderTheSpaceFloorNothingIsTakenIn) {
  store_.Close();
  store_.options.space_floor_fraction = 1.0;
  store_.options.space_floor_bytes = ~0ull;
  store_.Open();
  EXPECT_EQ(ReasonOf(journal().CommitAndWait(Stores(1))), RejectReason::kDiskFull);
  EXPECT_EQ(ReasonOf(journal().Health()), RejectReason::kDiskFull);
  EXPECT_EQ(journal().Head().sequence, 0u);
}

TEST_F(CommitterTest, D16IntakeGoesOnWhenSpaceIsFreed) {
  struct statvfs disk {};
  ASSERT_EQ(statvfs(store_.store().c_str(), &disk), 0);
  constexpr uint64_t kSlack = 3ull << 30;  // other programs may use the disk while this runs
  const uint64_t free = disk.f_bavail * disk.f_frsize;
  const std::string ballast = (store_.folder / "ballast").string();
  const int fd = open(ballast.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
  if (free < 3 * kSlack || fallocate(fd, 0, 0, 2 * kSlack) != 0) GTEST_SKIP() << "no space or no fallocate here";
  store_.Close();
  store_.options.space_floor_fraction = 1.0;
  store_.options.space_floor_bytes = free - kSlack;
  store_.Open();
  EXPECT_EQ(ReasonOf(journal().CommitAndWait(Stores(1))), RejectReason::kDiskFull);
  ASSERT_EQ(ftruncate(fd, 0), 0);
  close(fd);
  EXPECT_TRUE(journal().CommitAndWait(Stores(1)).ok());
  EXPECT_TRUE(journal().Health().ok());
}

TEST_F(CommitterTest, D17AFailedWriteEndsIntakeUntilReopened) {
  ASSERT_TRUE(journal().CommitAndWait(Stores(1)).ok());
  absl::Status failed;
  {
    const testing::FileSizeLimit limit(16);
    failed = journal().CommitAndWait(Stores(2));
  }
  EXPECT_EQ(ReasonOf(failed), RejectReason::kStoreIo) << failed;
  EXPECT_EQ(ReasonOf(journal().CommitAndWait(Stores(3))), RejectReason::kStoreIo);
  EXPECT_EQ(ReasonOf(journal().Health()), RejectReason::kStoreIo);
  store_.Open();
  EXPECT_TRUE(journal().CommitAndWait(Stores(3)).ok());
  EXPECT_TRUE(journal().Fsck(false)->problems.empty());
}

}  // namespace
}  // namespace entente::storage
