#include "services/entente/verify_group.h"

#include <algorithm>
#include <set>

#include "crypto/encoding.h"
#include "model/marking.h"
#include "proto/strict_parse.h"
#include "trust/armour.h"
#include "trust/epoch.h"
#include "trust/group_directory.h"
#include "trust/payload_types.h"

namespace entente::cli {
namespace {

using enum RejectReason;

absl::Status Forget() { return absl::OkStatus(); }

// Each signature by itself; who they are of.
absl::StatusOr<std::set<OrgId>> Signers(const trust::Membership& membership, const Cards& cards, absl::Time at) {
  std::set<OrgId> signers;
  for (const v1::OrgSignature& signature : membership.wire().signatures()) {
    const auto org = OrgId::From(signature.org_id());
    const auto key_id = KeyId::From(signature.key_id());
    if (!org || !key_id) return trust::RefuseMembership("a signature names nobody");
    const trust::PartySignature signed_by{*org, *key_id, trust::kMembershipType, membership.wire().document(), signature.signature(),
                                          membership.issued()};
    if (absl::Status status = trust::CheckPartySignature(cards, signed_by, {at}); !status.ok()) return status;
    signers.insert(*org);
  }
  return signers;
}

absl::Status NoGroup() {
  return Reject(kMemberHash, "no documents of its group stand in front of it; ask its writer for a whole file");
}

}  // namespace

Report CheckMembership(const std::string& text, const Cards& cards, absl::Time at) {
  Report report{"membership document", "", "", "", {}, absl::OkStatus()};
  const auto bytes = trust::Unarmour(trust::kMembershipArmour, text);
  v1::SignedMembership wire;
  const bool fits = !bytes.ok() || bytes->size() <= envelope::kMaxMembershipEntry;
  if (!fits) return report.AddFailed("form", Reject(kLimit, "it has over 512 KiB; ask its writer for a new one")), report;
  const absl::Status parsed = bytes.ok() ? StrictParse(*bytes, wire) : bytes.status();
  const auto read = parsed.ok() ? trust::Membership::Read(wire) : absl::StatusOr<trust::Membership>(parsed);
  if (!read.ok()) return report.AddFailed("form", read.status()), report;
  const bool first = read->version() == 1;
  report.id = crypto::ToHex((first ? trust::GroupOfFirst(wire.document()) : read->group()).view());
  report.tlp = std::string(model::Name(static_cast<model::Label>(read->document().ceiling())));
  report.exercise = read->document().exercise_id();
  if (const absl::Status fields = trust::CheckMembershipFields(*read); !fields.ok()) return report.AddFailed("fields", fields), report;
  report.Add("fields", kHolds, Shown(read->document().name()) + ", version " + Grouped(read->version()) + ", until " + UtcOf(read->expires()));
  report.Add("members", kHolds, Grouped(read->members().size()) + ": " + cards.Listed(read->members()));
  report.Add("admins", kHolds, Grouped(read->document().threshold()) + " of " + cards.Listed(read->admins()) + " sign a change");
  report.Add("issuers", kHolds, cards.Listed(read->issuers()));
  report.Add("log keeper", kHolds, cards.NameOf(read->log_org()));
  const auto signers = Signers(*read, cards, at);
  if (!signers.ok()) return report.AddFailed("signatures", signers.status()), report;
  report.Add("signatures", kHolds, signers->empty() ? "none" : cards.Listed({signers->begin(), signers->end()}));
  if (first) {
    const absl::Status enough = trust::CheckMembershipSignatures(*read, nullptr, cards, {at});
    enough.ok() ? report.Add("threshold", kHolds, Grouped(read->document().threshold()) + " must sign") : report.AddFailed("threshold", enough);
  } else {
    report.Add("threshold", kNotChecked, "the version before it says how many must sign");
  }
  if (at >= read->expires()) report.AddFailed("expiry", Reject(kFreeze, "it expired " + UtcOf(read->expires()) + "; ask for the next version"));
  report.Add("group log", kNotChecked, "whether it counts is said by the group's log, which a node has");
  return report;
}

std::string FileGroups::NameOf(envelope::ExportKind kind) {
  switch (kind) {
    case envelope::ExportKind::kMembership: return "membership documents";
    case envelope::ExportKind::kGroupLog: return "group log entries";
    case envelope::ExportKind::kEpoch: return "epochs";
    case envelope::ExportKind::kRewrap: return "re-wraps";
    case envelope::ExportKind::kLeave: return "leaves";
    default: return "";
  }
}

trust::MembershipHistory* FileGroups::Find(const GroupId& group) {
  const auto found = groups_.find(group);
  return found == groups_.end() ? nullptr : &found->second;
}

absl::Status FileGroups::CheckDocument(ByteView bytes, const trust::Parties& parties, const trust::Arrival& arrival) {
  v1::SignedMembership wire;
  if (absl::Status status = StrictParse(bytes, wire); !status.ok()) return status;
  const auto read = trust::Membership::Read(wire);
  if (!read.ok()) return read.status();
  if (read->version() != 1) {
    trust::MembershipHistory* history = Find(read->group());
    return history == nullptr ? NoGroup() : history->Extend(wire, parties, arrival, Forget);
  }
  absl::StatusOr<trust::MembershipHistory> begun = trust::MembershipHistory::Begin(wire, parties, arrival);
  if (!begun.ok()) return begun.status();
  const GroupId group = begun->group();
  if (groups_.size() >= trust::kMaxGroups && !groups_.contains(group)) {
    return Reject(kLimit, "the files hold documents of over 256 groups; give those of the groups that are asked about");
  }
  groups_.try_emplace(group, *std::move(begun));
  return absl::OkStatus();
}

absl::Status FileGroups::CheckEpoch(const v1::EpochDelivery& delivery, const trust::Parties& parties,
                                    const trust::Arrival& arrival) {
  const auto epoch = trust::ReadEpoch(delivery.epoch());
  if (!epoch.ok()) return epoch.status();
  const trust::MembershipHistory* history = Find(epoch->membership.group);
  if (history == nullptr) return NoGroup();
  const absl::Status issued = trust::CheckEpochIssuer(*epoch, delivery.epoch(), *history, parties, arrival);
  if (!issued.ok()) return issued;
  const auto [same, fresh] = epochs_.try_emplace({epoch->membership.group, epoch->issuer, epoch->number}, epoch->id);
  if (!fresh && same->second != epoch->id) {
    return Reject(kEquivocation, "its issuer signed two epochs of one number; keep the file and tell the group's admins");
  }
  return trust::CheckEpochTerms(*epoch, *Version(epoch->membership), arrival.now);
}

absl::Status FileGroups::CheckLeft(const v1::SignedBody& body, const trust::Parties& parties,
                                   const trust::Arrival& arrival) {
  const auto leave = trust::ReadLeave(body);
  if (!leave.ok()) return leave.status();
  const trust::MembershipHistory* history = Find(leave->group);
  if (history == nullptr) return NoGroup();
  absl::Status status = trust::CheckLeave(*leave, body, *history, parties, arrival);
  if (status.ok()) {
    uint64_t& version = left_[{leave->group, leave->org}];
    version = std::max(version, leave->membership_version);
  }
  return status;
}

std::shared_ptr<const trust::Membership> FileGroups::Version(const trust::MembershipRef& ref) const {
  const auto found = groups_.find(ref.group);
  return found == groups_.end() ? nullptr : found->second.Version(ref.version, ref.hash);
}

bool FileGroups::Contradicts(const trust::MembershipRef& ref) const {
  const auto found = groups_.find(ref.group);
  const trust::Membership* newest = found == groups_.end() ? nullptr : found->second.newest();
  return newest != nullptr && ref.version <= newest->version() && Version(ref) == nullptr;
}

absl::Status FileGroups::CheckMember(const GroupId& group, const OrgId& org, absl::Time now) const {
  const auto found = groups_.find(group);
  if (found == groups_.end() || found->second.newest() == nullptr) return NoGroup();
  if (absl::Status fresh = found->second.CheckFresh(now); !fresh.ok()) return fresh;
  const auto left = left_.find({group, org});
  // Who was taken out and comes back is in again: the leave was from before.
  const bool gone = left != left_.end() && found->second.IsMemberSince(org, left->second);
  if (found->second.newest()->IsMember(org) && !gone) return absl::OkStatus();
  return Reject(kNotMember, "an organisation is no member of the group, as the file has it");
}

absl::Status FileGroups::Check(const envelope::ExportEntry& entry, const trust::Parties& parties, absl::Time at) {
  const trust::Arrival arrival{at, std::nullopt, /*asked=*/true};
  if (entry.kind == envelope::ExportKind::kMembership) return CheckDocument(entry.bytes, parties, arrival);
  if (entry.kind == envelope::ExportKind::kEpoch) {
    v1::EpochDelivery delivery;
    if (absl::Status status = StrictParse(entry.bytes, delivery); !status.ok()) return status;
    return CheckEpoch(delivery, parties, arrival);
  }
  v1::SignedBody body;
  if (absl::Status status = StrictParse(entry.bytes, body); !status.ok()) return status;
  if (entry.kind == envelope::ExportKind::kGroupLog) {
    const auto logged = trust::ReadLogEntry(body);
    if (!logged.ok()) return logged.status();
    trust::MembershipHistory* history = Find(logged->group);
    return history == nullptr ? NoGroup() : history->TakeLogEntry(body, parties, arrival, Forget);
  }
  if (entry.kind == envelope::ExportKind::kLeave) return CheckLeft(body, parties, arrival);
  const auto rewrap = trust::ReadRewrap(body);
  if (!rewrap.ok()) return rewrap.status();
  const trust::MembershipHistory* history = Find(rewrap->group);
  if (history == nullptr || history->newest() == nullptr) return NoGroup();
  return trust::CheckRewrap(*rewrap, body, *history->newest(), rewrap->recipient, parties, arrival);
}

}  // namespace entente::cli
