#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "exchange/exchange.h"

namespace entente::exchange {

// What one set of local rules lets flow that another does not, over what is stored here and the parties on file: the
// question that `policy diff` asks, and `policy apply` before anything changes. Decides once for each class of objects
// that neither rules nor markings tell apart, and holds a bounded number of classes, whatever the store holds. Asks
// under the time and the parties of its beginning. Used by one thread at a time.
class RuleDiff {
 public:
  RuleDiff(const Room& room, policy::Rules before, policy::Rules after);

  // The object stored at `seq`, unless a newer version of it is there: then that one counts, in its own place. Every
  // statement about its bytes is asked about, and the one that lets most through speaks. Refuses with kStoreCorrupt,
  // kStoreIo.
  absl::Status Add(const storage::Reader& reader, uint64_t seq);
  // Of the same rules and beginning, about nothing yet: for another thread.
  RuleDiff Fresh() const;
  // What such a one found, of other objects.
  void Join(const RuleDiff& other);
  // Pairs of an object and a peer to which it newly would flow under a label that counts as above GREEN.
  uint64_t flows_above_green() const;
  v1::PolicyDifference Report() const;

 private:
  struct Tally {
    uint64_t flows = 0, stops = 0, flows_above_green = 0;
    model::Label strictest_flowing = model::Label::kUnlabelled, strictest_stopping = model::Label::kUnlabelled;
    std::vector<std::string> flowing, stopping;
  };
  // By party the label under which it is permitted; none where it is not.
  struct Asked {
    std::vector<model::Label> before, after;
  };
  absl::StatusOr<std::shared_ptr<const Asked>> AskAbout(const v1::Record& statement, const storage::VersionEntry& entry,
                                                        const Subject& subject);
  static void Count(model::Label before, model::Label after, const std::string& id, Tally& tally);
  Asked Ask(const policy::Constraints& constraints, bool received, const Subject& subject) const;

  const Room room_;
  const RuleSet sides_;  // the old rules in force, the new ones in the shadow
  const absl::Time now_;
  std::vector<std::shared_ptr<const trust::Accepted>> parties_;
  std::vector<Tally> tallies_;  // of parties_, and last of this organisation
  absl::flat_hash_map<std::string, std::shared_ptr<const Asked>> classes_;
  uint64_t objects_ = 0, asked_ = 0;
};

inline constexpr size_t kMaxDiffClasses = 8192;  // held; beyond it all are forgotten and asked about again
inline constexpr size_t kMaxDiffExamples = 3;

}  // namespace entente::exchange
