#include "crypto/slot.h"
#include "proto/strict_parse.h"
#include "tests/fuzz/fuzz.h"
#include "trust/epoch.h"
#include "trust/sample_group.h"

namespace entente::fuzz {
namespace {

using enum RejectReason;
using trust::MembershipHistory;

constexpr std::initializer_list<RejectReason> kMembershipRefusals = {kParse, kLimit, kIdentityChain, kRollback, kTime, kFloor,
                                                                     kThreshold, kUnknownParty, kNoKey, kKeyUse, kRevoked,
                                                                     kSignature, kEquivocation};
constexpr std::initializer_list<RejectReason> kLogRefusals = {kParse, kLimit, kIssuer, kMemberHash, kIdentityChain, kTime,
                                                              kNoKey, kKeyUse, kEquivocation};
constexpr std::initializer_list<RejectReason> kEpochRefusals = {kParse, kLimit, kMemberHash, kIssuer, kNoKey, kKeyUse, kTime, kSuite,
                                                                kSlotProof, kSignature, kUnknownParty};
constexpr std::initializer_list<RejectReason> kWordRefusals = {kParse, kLimit, kIssuer, kNotMember, kMemberHash, kNoKey, kKeyUse,
                                                               kSignature, kTime, kAudience, kUnknownParty, kRollback};

const trust::SampleFounders& Founders() {
  static const trust::SampleFounders founders(4);
  return founders;
}
const MembershipHistory& Founded() {
  static const MembershipHistory history = Founders().Founded();
  return history;
}
absl::Time Now() { return trust::SampleNow() + trust::kSampleDay; }

// What holds for every document that is taken.
void CheckTaken(const trust::Membership& membership) {
  FUZZ_CHECK(std::is_sorted(membership.members().begin(), membership.members().end()) && !membership.members().empty());
  FUZZ_CHECK(membership.members().size() <= trust::kMaxMembers && membership.admins().size() <= trust::kMaxAdmins);
  for (const OrgId& issuer : membership.issuers()) FUZZ_CHECK(membership.IsMember(issuer));
  FUZZ_CHECK(membership.document().threshold() >= 1 && membership.document().threshold() <= membership.admins().size());
  FUZZ_CHECK(membership.expires() > membership.issued() && membership.expires() <= membership.issued() + trust::kMembershipLifetime);
  const auto again = trust::Membership::Read(membership.wire());
  FUZZ_CHECK(again.ok() && again->ref() == membership.ref());
}

bool TakesFirst(ByteView input) {
  v1::SignedMembership wire;
  if (!StrictParse(input, wire).ok()) return false;
  const auto history = MembershipHistory::Begin(wire, Founders().parties, {Now()});
  if (!history.ok()) return CheckRefused(history.status(), kMembershipRefusals), false;
  CheckTaken(*history->announced().front());
  return true;
}

// The next version of the sample group, whatever it says, signed by its admins.
bool TakesNext(ByteView document) {
  v1::SignedMembership wire;
  wire.set_document(Bytes(document));
  MembershipHistory history = Founded();
  const absl::Status taken = history.Extend(Founders().Sign(wire), Founders().parties, {Now()}, trust::Kept);
  FUZZ_CHECK(history.newest()->version() == 1 && history.announced().size() <= 1);
  FUZZ_CHECK(taken.ok() || history.announced().empty());
  if (!taken.ok()) return CheckRefused(taken, kMembershipRefusals), false;
  for (const auto& announced : history.announced()) CheckTaken(*announced);
  return true;
}

bool TakesEntry(ByteView body) {
  const v1::SignedBody wire = *trust::SignBody(Founders().orgs[0].self, trust::kGroupLogType, Bytes(body));
  MembershipHistory history = Founded();
  const absl::Status taken = history.TakeLogEntry(wire, Founders().parties, {Now()}, trust::Kept);
  FUZZ_CHECK(history.log().size() <= 2 && (taken.ok() || history.log().size() == 1));
  if (!taken.ok()) return CheckRefused(taken, kLogRefusals), false;
  return history.log().size() == 2;
}

absl::Status CheckEpoch(const v1::SignedBody& wire) {
  const auto epoch = trust::ReadEpoch(wire);
  if (!epoch.ok()) return epoch.status();
  if (absl::Status s = trust::CheckEpochIssuer(*epoch, wire, Founded(), Founders().parties, {Now()}); !s.ok()) return s;
  const auto membership = Founded().Version(epoch->membership.version, epoch->membership.hash);
  FUZZ_CHECK(membership != nullptr && membership->TurnOf(epoch->issuer).has_value());
  return trust::CheckEpochTerms(*epoch, *membership, Now());
}

bool TakesDelivery(ByteView input) {
  v1::EpochDelivery delivery;
  if (!StrictParse(input, delivery).ok()) return false;
  if (absl::Status s = CheckEpoch(delivery.epoch()); !s.ok()) return CheckRefused(s, kEpochRefusals), false;
  const auto epoch = trust::ReadEpoch(delivery.epoch());
  const absl::Status place = trust::CheckSlotPlace(*epoch, *Founded().newest(), Founders().orgs[1].org(), delivery);
  if (!place.ok()) return CheckRefused(place, {kSlotProof}), false;
  FUZZ_CHECK(delivery.slot().size() == crypto::kSlotSize && delivery.index() == 1);
  return true;
}

bool TakesRewrap(ByteView body) {
  const v1::SignedBody wire = *trust::SignBody(Founders().orgs[0].self, trust::kRewrapType, Bytes(body));
  const auto rewrap = trust::ReadRewrap(wire);
  if (!rewrap.ok()) return CheckRefused(rewrap.status(), {kParse, kLimit}), false;
  FUZZ_CHECK(rewrap->slot.size() == crypto::kSlotSize);
  const absl::Status s = trust::CheckRewrap(*rewrap, wire, *Founded().newest(), Founders().orgs[1].org(), Founders().parties, {Now()});
  if (!s.ok()) CheckRefused(s, kWordRefusals);
  return s.ok();
}

bool TakesLeave(ByteView body) {
  const v1::SignedBody wire = *trust::SignBody(Founders().orgs[3].self, trust::kLeaveType, Bytes(body));
  const auto leave = trust::ReadLeave(wire);
  if (!leave.ok()) return CheckRefused(leave.status(), {kParse, kLimit}), false;
  const absl::Status s = trust::CheckLeave(*leave, wire, Founded(), Founders().parties, {Now()});
  if (!s.ok()) CheckRefused(s, kWordRefusals);
  return s.ok();
}

}  // namespace

// The first byte says what the rest is: a signed first document, the body of the next one, or that of a log entry.
bool FuzzMembership(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  switch (input[0] % 3) {
    case 0: return TakesFirst(rest);
    case 1: return TakesNext(rest);
    default: return TakesEntry(rest);
  }
}

// The first byte says what the rest is: the body of an epoch, a delivery, or the body of a re-wrap or a leave.
bool FuzzEpoch(ByteView input) {
  if (input.empty()) return false;
  const ByteView rest = input.substr(1);
  switch (input[0] % 4) {
    case 0: {
      const absl::Status s = CheckEpoch(*trust::SignBody(Founders().orgs[0].self, trust::kEpochType, Bytes(rest)));
      if (!s.ok()) CheckRefused(s, kEpochRefusals);
      return s.ok();
    }
    case 1: return TakesDelivery(rest);
    case 2: return TakesRewrap(rest);
    default: return TakesLeave(rest);
  }
}

}  // namespace entente::fuzz
