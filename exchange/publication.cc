#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "exchange/group_name.h"
#include "exchange/publication_batch.h"
#include "exchange/questions.h"

namespace entente::exchange {

namespace {

absl::Status BindToGroup(const Room& room, const v1::PublishOptions& options, policy::Constraints& constraints) {
  if (options.to_size() > 0) {
    return Reject(RejectReason::kUsage, "--group and --to contradict each other: what goes to a group goes to all of its "
                                        "members; give one of them");
  }
  const absl::StatusOr<GroupId> group = GroupNamed(room.groups, options.group());
  if (!group.ok()) return group.status();
  if (absl::Status in = room.groups.CheckMember(*group, room.self.org(), room.clock.Now()); !in.ok()) return in;
  constraints.sg_id = group->str();
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PublishTerms> Publication::Terms(const v1::PublishOptions& options) const {
  PublishTerms terms;
  v1::ReleaseConstraints wire = options.constraints();
  // The wire form of a statement must carry a label; here its absence means "each object's own".
  const bool own_labels = wire.label() == v1::LABEL_UNSPECIFIED;
  if (own_labels) wire.set_label(v1::LABEL_CLEAR);
  wire.clear_addressees();
  if (!wire.sg_id().empty()) {
    return Reject(RejectReason::kUsage, "publish options: a sharing group is named as a group that this node follows");
  }
  absl::StatusOr<policy::Constraints> constraints = envelope::FromWire(wire);
  if (!constraints.ok()) {
    return Reject(RejectReason::kUsage, "publish options: " + std::string(constraints.status().message()));
  }
  terms.constraints = *std::move(constraints);
  if (!options.source().empty()) {
    const absl::StatusOr<std::string> name = model::ParsePartyName(options.source());
    if (!name.ok()) return Reject(RejectReason::kUsage, "--source takes a name of 1 to 64 of a-z 0-9 . - _");
    terms.source += ":" + *name;
  }
  if (terms.constraints.embargo_until > room_.clock.Now() + kLongestEmbargo) {
    return Reject(RejectReason::kUsage, "--embargo-until: an embargo ends within 350 days; a signed statement is valid for "
                                        "366, and what comes after would be refused by every peer");
  }
  if (own_labels) terms.constraints.label = model::Label::kUnlabelled;
  std::set<OrgId> addressees;
  for (const std::string& name : options.to()) {
    const auto party = room_.directory.Named(name);
    if (!party.ok()) return party.status();
    addressees.insert((*party)->party.org);
  }
  terms.constraints.addressees.assign(addressees.begin(), addressees.end());
  if (!options.group().empty()) {
    if (absl::Status bound = BindToGroup(room_, options, terms.constraints); !bound.ok()) return bound;
  }
  return terms;
}

void Publication::Publish(std::vector<PublishItem> items, const PublishTerms& terms, uint64_t first_index, Done done) {
  auto batch = std::make_shared<PublicationBatch>(room_, std::move(items), terms, first_index);
  batch->Parse();
  room_.journal.Commit([batch](storage::Transaction& transaction) { return batch->Store(transaction); },
                       [this, batch, done = std::move(done)](absl::Status status) {
                         if (!status.ok()) {
                           room_.counters.CountReject(Door::kPublish, ReasonOf(status));
                           done(std::move(status));
                           return;
                         }
                         done(batch->Report());
                       });
}

}  // namespace entente::exchange
