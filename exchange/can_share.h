#pragma once

#include <set>
#include <string>
#include <vector>

#include "exchange/bundle_labels.h"
#include "exchange/rule_changes.h"

namespace entente::exchange {

// Statement markings that one question remembers from the objects in front.
inline constexpr size_t kMaxTrialDefinitions = 10'000;

// What would become of objects if they were published now: decided by the code that publishes, with nothing stored,
// signed or counted. Objects that contradict each other are told from 256 objects apart only by a publish. Used by one
// thread at a time.
class CanShare {
 public:
  // Refuses as Publication::Terms does, with kNotFound for an unknown party and kConfig for rules that cannot be read.
  static absl::StatusOr<CanShare> Begin(const Room& room, const Publication& publication, const RuleChanges& changes,
                                        const v1::PublishOptions& options);
  // An answer for each item that need not wait for the rest of its bundle. `first_index` numbers them. Refuses with
  // kStoreCorrupt, kStoreIo.
  absl::StatusOr<std::vector<v1::CanShareReply>> Ask(std::vector<PublishItem> items, uint64_t first_index);
  // The answers for those that waited. Behind all of Ask; refuses as it does.
  absl::StatusOr<std::vector<v1::CanShareReply>> AskRest();

 private:
  CanShare(const Room& room, PublishTerms terms, std::shared_ptr<const RuleSet> rules,
           std::shared_ptr<const trust::Accepted> about)
      : room_(room), terms_(std::move(terms)), rules_(std::move(rules)), about_(std::move(about)),
        labels_(room_, terms_, rules_) {}
  absl::StatusOr<std::vector<v1::CanShareReply>> Try(std::vector<PublishItem> items);

  Room room_;
  PublishTerms terms_;
  std::shared_ptr<const RuleSet> rules_;
  std::shared_ptr<const trust::Accepted> about_;  // null: everybody on file
  std::set<std::string, std::less<>> definitions_;
  BundleLabels labels_;
};

}  // namespace entente::exchange
