#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "entente/v1/admin.pb.h"
#include "envelope/envelope.h"
#include "exchange/counters.h"
#include "exchange/group_envelopes.h"
#include "exchange/rule_book.h"
#include "exchange/seats.h"
#include "model/json_fault.h"
#include "model/warning_list.h"
#include "policy/policy.h"
#include "storage/journal.h"
#include "trust/directory.h"
#include "trust/group_directory.h"
#include "trust/prekey.h"

// The journeys: admission (in), publication (out; delivery.h goes on from there), acceptance of parties; reading.h has
// the one of every read.
namespace entente::exchange {

// What every journey works on. Borrowed; outlives them all.
struct Room {
  const trust::Self& self;
  trust::Directory& directory;
  trust::PrekeyRing& prekeys;
  trust::GroupDirectory& groups;
  storage::Journal& journal;
  const RuleBook& rules;
  const Clock& clock;
  Counters& counters;
  GroupEnvelopes& group_envelopes;
  const std::vector<model::WarningList>& warning_lists;
  const Seats* seats = nullptr;  // null: nobody said who holds them; whoever may use the admin socket does
};

// True for faults of the node that receives: nothing is said about the envelope, and the sender keeps it.
bool IsOwnFault(RejectReason reason);

// Takes sealed envelopes from accepted peers. Verification runs on a pool; commits keep the order of Submit per peer.
class Admission {
 public:
  Admission(Room room, size_t workers);
  ~Admission();  // finishes what was submitted
  // `done` runs exactly once: OK means every statement is durable here (stored, known already, or quarantined); a
  // refusal carries its reason and nothing of the envelope was kept; kDiskFull, kStoreIo and kUnavailable mean "try
  // again later". Does not block. The caller bounds what is under way by its credit. What came by a file is not charged
  // to `from`, which nobody proved to have written it.
  using Done = std::function<void(absl::Status)>;
  enum class Carrier { kSession, kFile };
  void Submit(const OrgId& from, Bytes wire, std::optional<v1::SignedBody> head, Done done,
              Carrier carrier = Carrier::kSession);

 private:
  struct Task;
  struct Lane;
  void Work();
  void Check(Task& task);
  void CommitInOrder(const OrgId& from);
  Room room_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<std::shared_ptr<Task>> queue_;
  absl::flat_hash_map<OrgId, std::shared_ptr<Lane>> lanes_;
  size_t under_way_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

// Own objects in: labels, decides, signs in batches, stores. One instance serves all callers.
struct PublishItem {
  Bytes content;
  absl::Status refused = {};                   // set when the reader already refused it; then content is empty
  std::optional<model::TextPlace> start = {};  // where the object begins in the publisher's file, for messages
  uint64_t released_from = 0, held_at = 0;  // in quarantine: let go from there; taken only while it is held there still
  std::optional<uint64_t> index = {};       // its place in the whole call, where that is not its place here
  std::optional<v1::Imputed> imputed = {};  // it is at least as strict, by its bundle or since it was held
  std::string unlabelled = {};              // why no import profile gives it a label either
};
// What waits for an embargo's end is signed at publish: it must be valid when it is sent and tried again.
inline constexpr absl::Duration kLongestEmbargo = absl::Hours(24 * 350);
struct PublishTerms {
  policy::Constraints constraints;  // label kUnlabelled: each object's own label alone
  std::string source = std::string(policy::kPublishSource);  // whose import profile labels what has none
  std::string by;                   // who asks for it, as the admin socket knows
  uint32_t uid = 0;
  uint64_t draft = 0;               // that this publishes, whole or not at all
  std::vector<model::Label> reviewed = {};  // of a draft: the labels that it was reviewed with, by place; none is passed
  bool second_officer = false;      // an officer other than its author stands behind it
};
class Publication {
 public:
  explicit Publication(Room room) : room_(room) {}
  // Terms from the wire: names become organisations. Refuses with kNotFound (unknown name, with did-you-mean), kUsage.
  absl::StatusOr<PublishTerms> Terms(const v1::PublishOptions& options) const;
  // Counts of these items alone, in `done`, once all are durable; or a status and none is. Blocks only when the
  // journal's queue is full. `first_index` numbers the outcomes.
  using Done = std::function<void(absl::StatusOr<v1::PublishProgress>)>;
  void Publish(std::vector<PublishItem> items, const PublishTerms& terms, uint64_t first_index, Done done);

 private:
  Room room_;
};

// Adds or changes a party: card, fingerprint, local facts. Durable when it returns. Of a party on file the card's
// documents are taken in first, as trust::IdentityHistory::TakeIn does and with its refusals; then the local facts stay
// as they were.
absl::StatusOr<v1::PeerRecord> AcceptParty(const Room& room, const v1::AddPeerRequest& request,
                                           std::string_view by = {});
// What is on file about a party, for the operator (without its session's status).
v1::PeerRecord DescribeParty(const model::Party& party);
// Fills a directory from the journal at start, with all documents that were taken in. A party that no longer checks is
// left out; one whose newest document has expired is not, and a newer document wakes it. The first problem of both
// kinds returns.
absl::Status LoadParties(const storage::Journal& journal, trust::Directory& directory, absl::Time now);

}  // namespace entente::exchange
