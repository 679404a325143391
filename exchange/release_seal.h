#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "exchange/exchange.h"

// Private to exchange: what ReleaseFirst read from the journal, and how it is sealed.
namespace entente::exchange {

// What policy says now about one recipient.
using Outcome = std::variant<RejectReason, policy::Permit>;

// What tells statements of one batch apart for policy: the label that counts, and the class of the object.
using Kind = std::pair<model::Label, std::string>;

// A batch as stored, with the outcome for one recipient for each kind among its statements.
struct StoredBatch {
  uint64_t seq = 0;
  v1::BatchAccepted record;
  uint32_t size = 0;
  policy::Constraints constraints;
  std::optional<trust::MembershipRef> group;
  RejectReason keeps = RejectReason::kNone;  // why the group keeps all of it from the recipient
  std::shared_ptr<const RuleSet> rules;
  std::map<Kind, Outcome> outcomes;
};

// One statement as stored: own objects and repeats read alike.
struct StoredStatement {
  uint64_t batch_seq = 0;
  uint32_t index = 0;
  Bytes body, salt, content, id;
  int64_t version_ns = 0;
  bool released = false;  // by a person, from a rule that held it
  model::Label label =
      model::Label::kUnlabelled;  // that counts now: its batch's, or the one that it was raised to since
  Subject subject = {};
  model::Label source_label = model::Label::kUnlabelled;  // of what it is derived from, as it stands now
};

// What sealing refuses because of how the group stands now.
bool IsOfGroup(RejectReason reason);
// About one organisation and one statement of the batch.
Outcome Ask(const Room& room, const OrgId& org, const StoredBatch& batch, const StoredStatement& statement);

// For one recipient. Refuses with kStoreCorrupt, and as envelope::SealDirect.
absl::StatusOr<Bytes> SealTo(const Room& room, const StoredBatch& batch, const std::vector<StoredStatement>& statements,
                             envelope::Recipient recipient);
// One envelope for all members of the batch's group, which `entries` name; or nothing where there cannot be one now (no
// epoch, one that somebody new is in or somebody who left, a member whom policy keeps it from): then each member gets
// its own. REQUIRES batch.group. Refuses with kStoreCorrupt, and as envelope::SealGroup.
absl::StatusOr<std::optional<Bytes>> SealToGroup(const Room& room, const StoredBatch& batch, const OrgId& peer,
                                                 const std::vector<uint64_t>& entries,
                                                 const std::vector<StoredStatement>& statements);

}  // namespace entente::exchange
