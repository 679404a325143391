#pragma once

#include <functional>
#include <optional>
#include <string>

#include "exchange/questions.h"

namespace entente::exchange {

// One received object as it is decided about: on arrival, and when a person lets it go from quarantine. Borrowed.
struct Received {
  const model::StixObject& object;
  ByteView content;
  OrgId origin;
  policy::Constraints constraints;  // as its origin signed them
  const trust::Accepted& from;
  Source source;
  bool released = false;  // a person let it go
};

// Whether this organisation may hold it.
struct InboundVerdict {
  RejectReason held = RejectReason::kNone;
  std::string detail;
  model::Label label = model::Label::kUnlabelled;
  std::optional<policy::Permit> permit;       // none: it is held back
  std::optional<storage::VersionEntry> same;  // the bytes are stored already
};

// The order of checks: markings, other bytes of its version, whose id it is, in whose name it speaks, policy. `ask`
// puts the question to policy, where many objects of one envelope get one answer. Refuses with kStoreCorrupt, kStoreIo.
using AskPolicy = std::function<const policy::Decision&(const policy::Constraints&, const Subject&)>;
absl::StatusOr<InboundVerdict> DecideInbound(const Room& room, const RuleSet& rules, const storage::Reader& reader,
                                             Creators& creators, const Received& received, const AskPolicy& ask);

}  // namespace entente::exchange
