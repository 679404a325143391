#include "trust/membership.h"

#include <algorithm>
#include <set>

#include "base/clock.h"
#include "crypto/crypto.h"
#include "model/text.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

bool IsTime(int64_t us) { return us > 0 && us <= kMaxTimeUs; }

bool Ascends(const std::vector<OrgId>& orgs) {
  return std::adjacent_find(orgs.begin(), orgs.end(), std::greater_equal<>()) == orgs.end();
}

template <typename List>
absl::Status ReadList(const List& wire, std::vector<OrgId>& out) {
  for (const auto& bytes : wire) {
    const std::optional<OrgId> org = OrgId::From(bytes);
    if (!org.has_value()) return RefuseMembership("the id of an organisation has the wrong length");
    out.push_back(*org);
  }
  return absl::OkStatus();
}

// Version 1 names no group and no version before it; every other one does.
absl::Status CheckPlaceShape(const v1::MembershipDocument& document) {
  const bool first = document.version() == 1;
  if (document.version() == 0) return RefuseMembership("it has no version");
  if (document.group_id().size() != (first ? 0 : GroupId::kSize) || document.previous_hash().size() != (first ? 0 : Digest::kSize)) {
    return RefuseMembership(first ? "version 1 must leave the group's id and the previous hash empty"
                                  : "the group's id or the previous hash is not of 32 bytes");
  }
  return absl::OkStatus();
}

absl::Status CheckCounts(const v1::MembershipDocument& document) {
  if (static_cast<size_t>(document.members_size()) > kMaxMembers) return RefuseMembership("over 1,000 members", RejectReason::kLimit);
  if (static_cast<size_t>(document.admins_size()) > kMaxAdmins) return RefuseMembership("over 32 admins", RejectReason::kLimit);
  if (static_cast<size_t>(document.issuers_size()) > kMaxIssuers) return RefuseMembership("over 8 issuers", RejectReason::kLimit);
  return absl::OkStatus();
}

absl::Status CheckOrganisations(const Membership& membership) {
  const v1::MembershipDocument& document = membership.document();
  if (membership.admins().empty() || !Ascends(membership.admins())) return RefuseMembership("its admins are none or not in ascending order");
  if (document.threshold() == 0 || document.threshold() > membership.admins().size()) {
    return RefuseMembership("its threshold is not between 1 and the number of admins");
  }
  if (membership.members().empty() || !Ascends(membership.members())) return RefuseMembership("its members are none or not in ascending order");
  for (const v1::GroupMember& member : document.members()) {
    if (member.min_identity_version() == 0) return RefuseMembership("a member's lowest identity version is 0");
  }
  const std::set<OrgId> issuers(membership.issuers().begin(), membership.issuers().end());
  const bool all_members = std::all_of(issuers.begin(), issuers.end(), [&](const OrgId& org) { return membership.IsMember(org); });
  if (issuers.empty() || issuers.size() != membership.issuers().size() || !all_members) {
    return RefuseMembership("its issuers are none, named twice or no members");
  }
  const bool logs = membership.IsAdmin(membership.log_org()) || membership.TurnOf(membership.log_org()).has_value();
  return logs ? absl::OkStatus() : RefuseMembership("who keeps its log is neither admin nor issuer");
}

absl::Status CheckTerms(const v1::MembershipDocument& document) {
  if (document.name().empty() || document.name().size() > kMaxGroupNameBytes || model::Escaped(document.name()) != document.name()) {
    return RefuseMembership("its name is empty, over 64 bytes or holds characters that cannot be shown as they are");
  }
  if (document.ceiling() < v1::LABEL_GREEN) return RefuseMembership("its ceiling is no label from GREEN on");
  if (document.onward() == v1::ONWARD_RULE_UNSPECIFIED) return RefuseMembership("it has no rule for passing on");
  if (!document.exercise_id().empty() && !model::IsWord(document.exercise_id())) return RefuseMembership("its exercise id is no word");
  if (document.min_suite() == 0 || document.suite() < document.min_suite()) return RefuseMembership("its suite is under its lowest one");
  const bool strict = document.ceiling() >= v1::LABEL_AMBER_STRICT;
  const absl::Duration epoch = absl::Seconds(document.max_epoch_s());
  if (epoch < kShortestEpoch || epoch > (strict ? kStrictEpoch : kEpoch)) {
    return RefuseMembership("the life of its epochs is under an hour or longer than its ceiling allows");
  }
  if (absl::Seconds(document.catch_up_s()) > kMaxCatchUpWindow) return RefuseMembership("its issuers would keep secrets for over 90 days");
  return absl::OkStatus();
}

absl::Status CheckLife(const Membership& membership) {
  if (!IsTime(membership.document().issued_us()) || !IsTime(membership.document().expires_us())) {
    return RefuseMembership("one of its times is before 1970 or after 9999");
  }
  const absl::Duration life = membership.expires() - membership.issued();
  const bool fits = life > absl::ZeroDuration() && life <= kMembershipLifetime;
  return fits ? absl::OkStatus() : RefuseMembership("it ends before it was issued, or lives over 7 days");
}

// Whether as many of the admins of `version` as it asks for are among `signers`.
bool EnoughAdmins(const Membership& version, const std::set<OrgId>& signers) {
  const auto signed_by = [&](const OrgId& admin) { return signers.contains(admin); };
  return std::count_if(version.admins().begin(), version.admins().end(), signed_by) >= version.document().threshold();
}

}  // namespace

GroupId GroupOfFirst(ByteView document) { return *GroupId::From(crypto::LabeledHash("entente/1/group", {document}).view()); }
Digest MembershipHash(ByteView document) { return crypto::LabeledHash("entente/1/membership", {document}); }

absl::Status RefuseMembership(std::string_view what, RejectReason reason) {
  return Reject(reason, "membership document refused: " + std::string(what) + "; what is on file stays, ask the group's admins");
}

absl::StatusOr<Membership> Membership::Read(const v1::SignedMembership& wire) {
  if (wire.document().size() > kMaxMembershipBytes || static_cast<size_t>(wire.signatures_size()) > kMaxGroupSignatures) {
    return RefuseMembership("over 256 KiB or 64 signatures", RejectReason::kLimit);
  }
  Membership out;
  if (absl::Status status = StrictParse(wire.document(), out.document_); !status.ok()) return status;
  if (absl::Status status = CheckPlaceShape(out.document_); !status.ok()) return status;
  if (absl::Status status = CheckCounts(out.document_); !status.ok()) return status;
  if (absl::Status status = out.ReadOrganisations(); !status.ok()) return status;
  out.group_ = out.version() == 1 ? GroupOfFirst(wire.document()) : *GroupId::From(out.document_.group_id());
  out.hash_ = MembershipHash(wire.document());
  out.wire_ = wire;
  return out;
}

absl::Status Membership::ReadOrganisations() {
  std::vector<std::string> members;
  for (const v1::GroupMember& member : document_.members()) members.push_back(member.org_id());
  if (absl::Status status = ReadList(document_.admins(), admins_); !status.ok()) return status;
  if (absl::Status status = ReadList(document_.issuers(), issuers_); !status.ok()) return status;
  if (absl::Status status = ReadList(members, members_); !status.ok()) return status;
  const std::optional<OrgId> log_org = OrgId::From(document_.log_org());
  if (!log_org.has_value()) return RefuseMembership("the id of who keeps its log has the wrong length");
  log_org_ = *log_org;
  return absl::OkStatus();
}

bool Membership::IsAdmin(const OrgId& org) const { return std::find(admins_.begin(), admins_.end(), org) != admins_.end(); }

std::optional<size_t> Membership::PlaceOf(const OrgId& org) const {
  // Not by halves: their order is only checked once the document is.
  const auto found = std::find(members_.begin(), members_.end(), org);
  return found == members_.end() ? std::nullopt : std::optional<size_t>(found - members_.begin());
}

std::optional<size_t> Membership::TurnOf(const OrgId& org) const {
  const auto found = std::find(issuers_.begin(), issuers_.end(), org);
  return found == issuers_.end() ? std::nullopt : std::optional<size_t>(found - issuers_.begin());
}

absl::Status CheckMembershipFields(const Membership& membership) {
  if (absl::Status status = CheckOrganisations(membership); !status.ok()) return status;
  if (absl::Status status = CheckTerms(membership.document()); !status.ok()) return status;
  return CheckLife(membership);
}

absl::Status CheckMembershipSignatures(const Membership& membership, const Membership* before, const Parties& parties,
                                       const Arrival& arrival) {
  std::set<KeyId> keys;
  std::set<OrgId> signers;
  for (const v1::OrgSignature& signature : membership.wire().signatures()) {
    const std::optional<OrgId> org = OrgId::From(signature.org_id());
    const std::optional<KeyId> key_id = KeyId::From(signature.key_id());
    if (!org.has_value() || !key_id.has_value()) return RefuseMembership("a signature names nobody");
    if (!keys.insert(*key_id).second) return RefuseMembership("a key signed twice");
    if (!membership.IsAdmin(*org) && (before == nullptr || !before->IsAdmin(*org))) {
      return RefuseMembership("it is signed by an organisation that is no admin");
    }
    const PartySignature signed_by{*org, *key_id, kMembershipType, membership.wire().document(), signature.signature(), membership.issued()};
    if (absl::Status status = CheckPartySignature(parties, signed_by, arrival); !status.ok()) return status;
    signers.insert(*org);
  }
  const bool new_admins = before == nullptr || before->admins() != membership.admins() ||
                          before->document().threshold() != membership.document().threshold();
  if (before != nullptr && !EnoughAdmins(*before, signers)) {
    return RefuseMembership("fewer admins of the version before signed it than that one asks for", RejectReason::kThreshold);
  }
  if (new_admins && !EnoughAdmins(membership, signers)) {
    return RefuseMembership("fewer of its admins signed it than it asks for", RejectReason::kThreshold);
  }
  return absl::OkStatus();
}

}  // namespace entente::trust
