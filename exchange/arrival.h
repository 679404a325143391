#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "base/token_bucket.h"
#include "exchange/big_parse.h"
#include "exchange/exchange.h"
#include "exchange/inbound.h"
#include "model/stix_object.h"

namespace entente::exchange {

// Envelopes that bring nothing new and cost a peer nothing: one whose disk is full cannot write down what was answered, and
// sends up to kMaxUnanswered again in each of its sessions.
inline constexpr TokenBucket::Rate kFreeRepeats{256, 16};

// One verified envelope on its way into the journal: its objects parsed outside the committer, decided and stored inside.
// What policy or the model refuses is kept in quarantine, so that nothing a peer was told is stored is lost.
// Private to exchange. Used by one thread at a time.
class Arrival {
 public:
  // REQUIRES envelope.batch.
  Arrival(Room room, envelope::VerifiedEnvelope envelope, std::shared_ptr<const trust::Accepted> from,
          std::optional<v1::SignedBody> head, bool by_file);
  // Big ones wait for their turn (BigParse), which they keep until this is gone: parse them in the order of commits.
  bool big() const;
  void Parse();
  // Refuses with kReplay (this envelope again), kEquivocation (another statement stands at that place of the stream),
  // kGap (the first new statement does not name its predecessor); nothing is kept then. Nor is anything of an envelope whose
  // statements are all known, which is OK.
  absl::Status Store(storage::Transaction& transaction);
  bool brought_something() const;  // after Store: a statement was new
  void Count();  // once, after Store's records are durable

 private:
  size_t ContentBytes() const;
  absl::Status CheckStream(storage::Transaction& transaction);
  absl::StatusOr<InboundVerdict> Decide(storage::Transaction& transaction, size_t index);
  absl::Status StoreOne(storage::Transaction& transaction, uint64_t batch_seq, size_t index);

  Room room_;
  envelope::VerifiedEnvelope envelope_;
  std::shared_ptr<const trust::Accepted> from_;
  std::optional<v1::SignedBody> head_;
  bool by_file_;
  std::optional<BigParse> turn_;
  std::vector<absl::StatusOr<model::StixObject>> objects_;
  std::vector<bool> fresh_;
  std::shared_ptr<const RuleSet> rules_;  // of the commit
  std::map<std::tuple<model::Label, model::Pap, std::string>, policy::Decision> decisions_;
  Creators creators_;
  uint64_t gaps_ = 0, stored_ = 0, duplicates_ = 0, quarantined_ = 0;
  std::vector<RejectReason> held_;
};

}  // namespace entente::exchange
