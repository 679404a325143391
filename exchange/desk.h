#pragma once

#include <functional>
#include <string>
#include <vector>

#include "exchange/inbound.h"

namespace entente::exchange {

inline constexpr size_t kMaxHeldRows = 1000;        // told of at once
inline constexpr size_t kMaxHeldTouched = 100'000;  // by one act
inline constexpr size_t kMaxHeldNote = 512;         // bytes of the reason for putting something away

// The quarantine as a person works through it. What is let go is decided about anew, by the rules of now: a person
// answers a local rule that holds, and nothing else, so that markings, owners and the matrix keep what they kept.
// Thread-safe.
class Desk {
 public:
  // False: nobody waits any more; what was done stays done.
  using GoOn = std::function<bool()>;
  // `by` asks for the acts, as the journal then says.
  Desk(Room room, Publication& publication, std::string by = {})
      : room_(room), publication_(publication), by_(std::move(by)) {}

  // The newest `limit` of what fits, and how many do. Refuses with kNotFound (a party), kUsage (a reason that does not
  // exist, a limit over kMaxHeldRows).
  absl::StatusOr<v1::DeskReply> List(const v1::HeldFilter& filter, size_t limit, bool with_content) const;
  // One act on everything that fits. Refuses as List, with kNotFound when nothing does, and with kUsage when more than
  // `request.limit` does: nothing is touched then. What cannot be let go stays, and its row says why. What a
  // commit refuses ends the act; what was done before stays done.
  absl::StatusOr<v1::DeskReply> Act(const v1::DeskRequest& request, const GoOn& go_on);

 private:
  absl::StatusOr<std::vector<uint64_t>> Matching(const v1::HeldFilter& filter) const;
  absl::StatusOr<bool> Fits(const storage::QuarantineEntry& entry, const v1::HeldFilter& filter) const;
  absl::StatusOr<v1::HeldRow> Row(uint64_t seq, bool with_content) const;
  absl::Status ReleaseReceived(storage::Transaction& transaction, const v1::ObjectQuarantined& held, uint64_t seq,
                               v1::HeldRow& row);
  absl::Status Settle(storage::Transaction& transaction, const v1::DeskRequest& request, uint64_t seq,
                      v1::HeldRow& row);
  absl::StatusOr<size_t> Together(const std::vector<uint64_t>& seqs, size_t at) const;
  absl::StatusOr<std::vector<v1::HeldRow>> ActOn(const v1::DeskRequest& request, model::Label label,
                                                 const std::vector<uint64_t>& seqs);

  const Room room_;
  Publication& publication_;
  const std::string by_;
};

}  // namespace entente::exchange
