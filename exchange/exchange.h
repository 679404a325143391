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
#include "model/json_fault.h"
#include "policy/policy.h"
#include "storage/journal.h"
#include "trust/directory.h"
#include "trust/group_directory.h"
#include "trust/prekey.h"

// The journeys: admission (in), publication (out; delivery.h goes on from there), reading (every read is a release),
// acceptance of parties.
namespace entente::exchange {

// What every journey works on. Borrowed; outlives them all.
struct Room {
  const trust::Self& self;
  trust::Directory& directory;
  trust::PrekeyRing& prekeys;
  trust::GroupDirectory& groups;
  storage::Journal& journal;
  const policy::Rules& rules;
  const Clock& clock;
  Counters& counters;
  GroupEnvelopes& group_envelopes;
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
};
// What waits for an embargo's end is signed at publish: it must be valid when it is sent and tried again.
inline constexpr absl::Duration kLongestEmbargo = absl::Hours(24 * 350);
struct PublishTerms {
  policy::Constraints constraints;  // label kUnlabelled: each object's own label alone
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
absl::StatusOr<v1::PeerRecord> AcceptParty(const Room& room, const v1::AddPeerRequest& request);
// What is on file about a party, for the operator (without its session's status).
v1::PeerRecord DescribeParty(const model::Party& party);
// Fills a directory from the journal at start, with all documents that were taken in. A party that no longer checks is
// left out; one whose newest document has expired is not, and a newer document wakes it. The first problem of both
// kinds returns.
absl::Status LoadParties(const storage::Journal& journal, trust::Directory& directory, absl::Time now);

// Reads for this organisation's own people. Every one is a policy decision.
class Reading {
 public:
  explicit Reading(Room room) : room_(room) {}
  struct Object {
    v1::ObjectRow row;
    Bytes content;
  };
  // `version` empty: the newest that may be read. kNotFound, kUsage, the reason it is in quarantine for, or the policy
  // reason that withholds it.
  absl::StatusOr<Object> Get(std::string_view id, std::string_view version) const;
  // The statement of that object, with the proof that its origin signed it, for checking without a node. Refuses as Get
  // does.
  absl::StatusOr<v1::StatementProof> Prove(std::string_view id, std::string_view version) const;
  absl::StatusOr<v1::SearchReply> Search(std::string_view value, size_t limit) const;
  // The object stored at `seq`, or nothing when policy withholds it.
  absl::StatusOr<std::optional<Object>> At(uint64_t seq) const;
  // `version` empty: the newest, be it in quarantine. kNotFound (object or peer), kUsage.
  absl::StatusOr<v1::ExplainReply> Explain(std::string_view id, std::string_view peer,
                                           std::string_view version = {}) const;

 private:
  absl::StatusOr<v1::ExplainReply> ExplainHeld(const storage::QuarantineEntry& held,
                                               const trust::Accepted& party) const;
  absl::StatusOr<v1::ExplainReply> ExplainStatement(const storage::VersionEntry& entry, uint64_t seq,
                                                    const trust::Accepted& party) const;
  Room room_;
};

}  // namespace entente::exchange
