#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "model/marking.h"

// What may be known of a recipient beside its record: docs/policy.md, section 1. What is left as it is here is not
// known and permits nothing that was not permitted without it.
namespace entente::policy {

// In the order of the matrix's columns.
enum class Relationship {
  kSameOrg,
  kClient,
  kGroup,
  kCommunity,
  kPeerNation,
  kPrivatePartner,
  kPublic,
  kRelay,
  kObserver
};
inline constexpr int kRelationshipCount = 9;
std::string_view Name(Relationship relationship);  // "same_org", ..., "same_sg", ...

// What a receiver may do with what it holds; a set of them is their bits.
enum class Action : uint8_t {
  kRead = 1,             // a0: read and store
  kSearchOwnLogs = 2,    // a1: offline
  kPassiveLookup = 4,    // a2: ask a third party that knows already
  kBlock = 8,            // a3: block or sinkhole inside the own network
  kTouch = 16,           // a4: ping or scan the infrastructure
  kNotifyAffected = 32,  // a5
  kTakedown = 64,        // a6: after deconfliction
};
using Actions = uint8_t;
inline constexpr Actions kAllActions = 127;

// What who carries out a permit has to do; a set of them is their bits.
enum class Obligation : uint32_t {
  kSeatsOnly = 1,      // keys wrapped for the named seats, to be looked at and not exported
  kRedactVictims = 2,  // fields of victims and third parties are removed: a derived object goes
  kStripSource = 4,    // nothing in it names its source
  kKeepSource = 8,     // its source stays named
  kEncrypt = 16,       // no plaintext export
  kRedact = 32,        // the properties that a local rule names are removed
};
using Obligations = uint32_t;

// The signed agreement behind the relationship, beside the ceiling.
struct Terms {
  bool suspended = false;
  absl::Time legal_until = absl::InfiniteFuture();  // from then on its legal basis has lapsed
  bool covers = true;                               // objects of this class are in it
  model::Label ceiling = model::Label::kRed;        // its own, beside that of the recipient's record
  std::optional<bool> pap_attested;
  std::optional<uint32_t> hop_limit;                 // it allows no more onward hops than that
  std::optional<std::vector<std::string>> purposes;  // permitted uses
  std::optional<Actions> actions;                    // where an object says nothing of PAP
  std::optional<absl::Duration> keeps;               // longest time for which personal data may be kept
  bool transfer_basis = false;                       // personal data may leave the EEA on it
  std::optional<bool> special_approved;              // special personal data, by a data protection officer
};

// The recipient in the object's sharing group.
struct GroupStanding {
  bool member = false;                        // at the current epoch
  std::optional<bool> clients;                // of members, where the group's document says; else the label does
  absl::Time until = absl::InfiniteFuture();  // end of a coalition and its grace
  model::Label ceiling = model::Label::kRed;
  std::optional<uint32_t> hop_limit;
};

struct Standing {
  Terms terms;
  std::optional<GroupStanding> group;
  bool public_channel = false;       // nobody in particular: the recipient's record is not read
  bool unverified = false;           // its fingerprint was never compared
  bool client = false;               // in the sender's client registry
  bool distributor = false;          // as a client that may pass AMBER one hop further
  std::optional<bool> community;     // in the community that the object names; unset where it names none
  std::optional<bool> seat;          // a seat there is named for this object
  std::optional<bool> need_to_know;  // whoever reads has a need-to-know role there
  bool shared_operator = false;      // its systems are run by somebody who runs others' too
  bool mandate = false;              // a relay's contract or an observer's mandate is in force
  bool enrolled = false;             // in the exercise of the question's lane
  bool reseller = false;
  std::optional<std::string> use;  // what it declared to use the object for
};

}  // namespace entente::policy
