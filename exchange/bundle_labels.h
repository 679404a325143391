#pragma once

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "exchange/exchange.h"
#include "model/stix_object.h"

namespace entente::exchange {

// What one publish remembers of its objects so that labels are inherited: ids that they have or name, and bytes that
// wait.
inline constexpr size_t kMaxBundleIds = 65'536, kMaxWaitingBytes = 32u << 20;

// Labels that the objects of one publish, or of one question about it, take from each other (docs/policy.md, section
// 6). What they may hang on comes in any order, so that relationships, sightings, and observables and identities
// without a label wait until all came. Decided under the import profiles of its beginning. Used by one thread.
class BundleLabels {
 public:
  BundleLabels(const Room& room, const PublishTerms& terms, std::shared_ptr<const RuleSet> rules)
      : room_(room), terms_(terms), rules_(std::move(rules)) {}
  // Notes what `items` say, and takes out those that wait. Their places are counted from `first_index`.
  void Take(std::vector<PublishItem>& items, uint64_t first_index);
  // What waited, cut as chunks of a publish, each object with what it inherits. Refuses with kStoreIo, kStoreCorrupt.
  absl::StatusOr<std::vector<std::vector<PublishItem>>> Rest();

 private:
  // Of all objects with an id, or of all that name it: the strictest label.
  struct Said {
    model::Label label = model::Label::kUnlabelled;
    bool unknown = false;    // the markings of one are not understood
    bool labelless = false;  // one has no label, and its source no import profile
  };
  struct Waiting {
    PublishItem item;
    std::string id;
    model::Label own = model::Label::kUnlabelled, label = model::Label::kUnlabelled;
    bool relation = false, unknown = false, by_profile = false;
    std::vector<std::string> above, below;  // what makes it stricter; what it makes stricter
    std::vector<size_t> next;               // what waits and is at least as strict
    bool inherits_all() const { return own == model::Label::kUnlabelled; }
  };
  using ById = std::unordered_map<std::string, Said>;

  static v1::Imputed Inherited(model::Label label);
  void Look(PublishItem& item, std::vector<PublishItem>& kept);
  Said SaidBy(const model::StixObject& object);
  void Remember(ById& map, const std::string& id, const Said& said);
  void Wait(Waiting waiting, Said said, std::vector<PublishItem>& kept);
  PublishItem WithoutWaiting(Waiting waiting, const Said& said);
  absl::Status Link();
  absl::Status TakeFromNamed(Waiting& relation);
  void Spread();
  void SpreadUnknown();
  void Settle(Waiting& waiting) const;
  std::optional<model::Label> Profile() const { return rules_->in_force.DefaultLabel(terms_.source); }

  const Room room_;
  const PublishTerms terms_;
  std::shared_ptr<const RuleSet> rules_;
  ById objects_, named_;                                // by id; of those named only what can inherit
  std::set<std::string, std::less<>> definitions_;      // statement markings so far
  model::Label strictest_ = model::Label::kUnlabelled;  // of all so far
  bool full_ = false;                                   // more ids than are remembered: the strictest counts for each
  std::vector<Waiting> waiting_;
  size_t waiting_bytes_ = 0;
};

}  // namespace entente::exchange
