#pragma once

#include <mutex>
#include <optional>

#include "absl/time/time.h"

namespace entente::exchange {

// How often one peer that refuses is asked again, whatever its sessions do: rounds of at most kRefusalsPerRound refusals,
// of which kRetriesPerRound go to what it refused before; a minute until the next round, doubling to an hour while
// it goes on refusing. Knows no clock; begins anew with the process. Thread-safe.
class RefusalPace {
 public:
  static constexpr int kRefusalsPerRound = 64, kRetriesPerRound = 32;
  static constexpr absl::Duration kFirstWait = absl::Minutes(1), kLongestWait = absl::Hours(1);

  // Begins the next round when it is due. False while this one is spent: then nothing goes out before NextRound.
  bool MayTry(absl::Time now);
  void Refused(absl::Time now);
  void Unanswered(absl::Time now);  // as if it had refused all that this round allows
  void Held(absl::Time now);  // an entry is, or will be, among those to be tried again: a next round is due
  // Behind which entry to look for what was refused before; empty when this round has had its share. A round goes on
  // where the last one stopped and then comes around, so that every entry has its turn.
  std::optional<uint64_t> RetryBehind() const;
  bool Retry(uint64_t seq, absl::Time now);  // the entry found there; false: this round has come around
  void NoMoreBehind();                       // there is none
  void RetryAccepted();                      // it does not count for the share
  // InfiniteFuture while nothing was refused in this round.
  absl::Time NextRound() const;
  bool Spent() const;

 private:
  void Arm(absl::Time now);
  mutable std::mutex mutex_;
  int refusals_left_ = kRefusalsPerRound, retries_left_ = kRetriesPerRound;
  int doublings_ = 0;
  bool refused_ = false, came_around_ = false, retried_all_ = false;  // in this round
  uint64_t began_behind_ = 0, retry_behind_ = 0;
  absl::Time next_round_ = absl::InfiniteFuture();
};

}  // namespace entente::exchange
