#include <algorithm>

#include "crypto/encoding.h"
#include "exchange/groups.h"
#include "model/marking.h"
#include "model/text.h"
#include "proto/strict_parse.h"
#include "services/admin/calls.h"
#include "trust/armour.h"

// The operator's groups: names to organisations and back.
namespace entente::admin {
namespace {

using exchange::Groups;
using Names = google::protobuf::RepeatedPtrField<std::string>;

// Own name included, which the directory has beside the others'.
absl::StatusOr<OrgId> Named(const AdminSources& sources, const std::string& name) {
  const auto& own = sources.room.directory.self();
  if (name == own.party.name) return own.party.org;
  const auto party = sources.room.directory.Named(name);
  return party.ok() ? absl::StatusOr<OrgId>((*party)->party.org) : party.status();
}

// A member's newest document here is the oldest that the group takes of it.
absl::Status AddMember(const AdminSources& sources, const OrgId& org, trust::GroupTerms& terms) {
  const auto party = sources.room.directory.Find(org);
  if (party == nullptr)
    return Reject(RejectReason::kUnknownParty,
                  "an organisation of the group is not on file here; add it with `entente peer add`");
  terms.members.emplace(org, party->identity.version());
  return absl::OkStatus();
}

absl::Status Each(const AdminSources& sources, const Names& names, absl::FunctionRef<absl::Status(const OrgId&)> act) {
  for (const std::string& name : names) {
    const absl::StatusOr<OrgId> org = Named(sources, name);
    if (!org.ok()) return org.status();
    if (absl::Status status = act(*org); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status AddRoles(const AdminSources& sources, const Names& admins, const Names& issuers,
                      trust::GroupTerms& terms) {
  const auto admin = [&](const OrgId& org) { return terms.admins.insert(org), absl::OkStatus(); };
  if (absl::Status status = Each(sources, admins, admin); !status.ok()) return status;
  return Each(sources, issuers, [&](const OrgId& org) {
    if (std::find(terms.issuers.begin(), terms.issuers.end(), org) == terms.issuers.end()) terms.issuers.push_back(org);
    return AddMember(sources, org, terms);
  });
}

absl::StatusOr<Groups::Change> Create(const AdminSources& sources, const v1::GroupCreate& create) {
  trust::GroupTerms terms;
  const OrgId& self = sources.room.self.org();
  terms.name = create.name();
  terms.admins = {self};
  terms.issuers = {self};
  terms.log_org = self;
  terms.threshold = std::max<uint32_t>(create.threshold(), 1);
  terms.onward = create.stays() ? v1::ONWARD_RULE_NONE : v1::ONWARD_RULE_LABEL;
  terms.clients = create.clients();
  terms.exercise_id = create.exercise();
  const absl::StatusOr<model::Label> ceiling = model::ParseLabel(create.ceiling().empty() ? "AMBER" : create.ceiling());
  if (!ceiling.ok()) return ceiling.status();
  terms.ceiling = static_cast<v1::Label>(*ceiling);
  if (absl::Status status = AddMember(sources, self, terms); !status.ok()) return status;
  const auto member = [&](const OrgId& org) { return AddMember(sources, org, terms); };
  if (absl::Status status = Each(sources, create.members(), member); !status.ok()) return status;
  if (absl::Status status = AddRoles(sources, create.admins(), create.issuers(), terms); !status.ok()) return status;
  return sources.groups.Propose(std::nullopt, terms);
}

absl::StatusOr<Groups::Change> ChangeOne(const AdminSources& sources, const v1::GroupChange& change) {
  const absl::StatusOr<GroupId> group = sources.groups.Named(change.group());
  if (!group.ok()) return group.status();
  const auto newest = sources.room.groups.Newest(*group);
  if (newest == nullptr)
    return Reject(RejectReason::kUnknownParty, "nothing of that group counts here yet; wait for its first log entry");
  trust::GroupTerms terms = trust::TermsOf(*newest);
  if (change.threshold() != 0) terms.threshold = change.threshold();
  const auto remove = [&](const OrgId& org) {
    terms.admins.erase(org);
    terms.members.erase(org);
    std::erase(terms.issuers, org);
    // Whoever keeps the log logs this version still; the next keeper is an admin that stays.
    if (terms.log_org == org && !terms.admins.empty()) terms.log_org = *terms.admins.begin();
    return absl::OkStatus();
  };
  if (absl::Status status = Each(sources, change.remove(), remove); !status.ok()) return status;
  const auto add = [&](const OrgId& org) { return AddMember(sources, org, terms); };
  if (absl::Status status = Each(sources, change.add(), add); !status.ok()) return status;
  if (absl::Status status = AddRoles(sources, change.admins(), change.issuers(), terms); !status.ok()) return status;
  const trust::GroupTerms before = trust::TermsOf(*newest);
  if (before.members == terms.members && before.admins == terms.admins && before.issuers == terms.issuers &&
      before.threshold == terms.threshold) {
    return Reject(RejectReason::kUsage, "the group is so already; nothing was changed");
  }
  return sources.groups.Propose(*group, terms);
}

absl::StatusOr<Groups::Change> SignOne(const AdminSources& sources, const v1::GroupSign& sign) {
  if (sign.document().empty()) {
    const absl::StatusOr<GroupId> group = sources.groups.Named(sign.group());
    if (!group.ok()) return group.status();
    auto waiting = sources.groups.Proposals(*group);
    std::erase_if(waiting, [&](const v1::SignedMembership& one) {
      return !crypto::ToHex(trust::MembershipHash(one.document()).view()).starts_with(sign.hash());
    });
    if (waiting.size() == 1) return sources.groups.Sign(waiting.front());
    return Reject(
        RejectReason::kUsage,
        waiting.empty()
            ? "no such document of that group waits for a signature here"
            : "more than one document waits; name the one to sign with --hash, as `entente group show` has it");
  }
  const absl::StatusOr<Bytes> bytes = trust::Unarmour(trust::kMembershipArmour, sign.document());
  v1::SignedMembership membership;
  if (!bytes.ok() || !StrictParse(*bytes, membership).ok()) {
    return Reject(RejectReason::kParse,
                  "the file holds no membership document; use the one that `entente group` wrote");
  }
  return sources.groups.Sign(membership);
}

std::string ArmourOf(const v1::SignedMembership& document) {
  return trust::Armour(trust::kMembershipArmour, document.SerializeAsString());
}

class Describing {
 public:
  Describing(const AdminSources& sources, bool whole) : sources_(sources), whole_(whole) {}
  v1::GroupRecord Describe(const GroupId& group) const {
    v1::GroupRecord out;
    out.set_group_id(crypto::ToHex(group.view()));
    const auto newest = sources_.room.groups.Newest(group);
    if (newest != nullptr) Counting(group, *newest, out);
    for (const v1::SignedMembership& waiting : sources_.groups.Proposals(group)) Waiting(waiting, out);
    if (newest == nullptr) out.set_detail("no version of it counts yet");
    return out;
  }

 private:
  std::string NameOf(const OrgId& org) const { return sources_.room.directory.NameOf(org); }
  void Counting(const GroupId& group, const trust::Membership& newest, v1::GroupRecord& out) const {
    const v1::MembershipDocument& document = newest.document();
    out.set_name(document.name());
    out.set_version(newest.version());
    out.set_member_count(newest.members().size());
    for (size_t i = 0; i < newest.members().size() && whole_; ++i) out.add_members(NameOf(newest.members()[i]));
    for (const OrgId& admin : newest.admins()) out.add_admins(NameOf(admin));
    for (const OrgId& issuer : newest.issuers()) out.add_issuers(NameOf(issuer));
    for (const OrgId& left : sources_.room.groups.Left(group)) out.add_left(NameOf(left));
    out.set_threshold(document.threshold());
    out.set_needed(document.threshold());
    out.set_log_keeper(NameOf(newest.log_org()));
    out.set_ceiling(std::string(model::Name(static_cast<model::Label>(document.ceiling()))));
    out.set_stays(document.onward() == v1::ONWARD_RULE_NONE);
    out.set_clients(document.clients());
    out.set_exercise(document.exercise_id());
    out.set_expires_us(document.expires_us());
    const auto use = sources_.room.groups.ToSealUnder(group, sources_.room.clock.Now());
    if (!use.ok()) out.set_detail(model::Escaped(std::string(use.status().message()), 1024));
    if (use.ok()) out.set_epoch(use->number);
    if (use.ok()) out.set_epoch_until_us(absl::ToUnixMicros(use->not_after));
  }
  void Waiting(const v1::SignedMembership& waiting, v1::GroupRecord& out) const {
    const absl::StatusOr<trust::Membership> read = trust::Membership::Read(waiting);
    if (!read.ok()) return;
    if (out.version() == 0) out.set_name(read->document().name());
    v1::GroupProposal& proposal = *out.add_proposals();
    proposal.set_version(read->version());
    for (const v1::OrgSignature& signature : waiting.signatures()) {
      proposal.add_signed_by(NameOf(OrgId::From(signature.org_id()).value_or(OrgId())));
    }
    for (size_t i = 0; i < read->members().size() && whole_; ++i) proposal.add_members(NameOf(read->members()[i]));
    const v1::MembershipDocument& document = read->document();
    for (const OrgId& admin : read->admins()) proposal.add_admins(NameOf(admin));
    for (const OrgId& issuer : read->issuers()) proposal.add_issuers(NameOf(issuer));
    proposal.set_hash(crypto::ToHex(read->hash().view()));
    proposal.set_threshold(document.threshold());
    proposal.set_log_keeper(NameOf(read->log_org()));
    proposal.set_ceiling(std::string(model::Name(static_cast<model::Label>(document.ceiling()))));
    proposal.set_stays(document.onward() == v1::ONWARD_RULE_NONE);
    proposal.set_clients(document.clients());
    proposal.set_exercise(document.exercise_id());
    out.set_needed(std::max(out.needed(), document.threshold()));
    if (whole_) proposal.set_document(ArmourOf(waiting));
  }

  const AdminSources& sources_;
  const bool whole_;
};

absl::StatusOr<v1::GroupsReply> Behind(const AdminSources& sources, const absl::StatusOr<Groups::Change>& change) {
  if (!change.ok()) return change.status();
  v1::GroupsReply reply;
  *reply.add_groups() = Describing(sources, true).Describe(change->group);
  reply.set_counts(change->counts);
  reply.set_document(ArmourOf(change->document));
  return reply;
}

absl::StatusOr<v1::GroupsReply> Show(const AdminSources& sources, const std::string& name) {
  v1::GroupsReply reply;
  if (!name.empty()) {
    const absl::StatusOr<GroupId> group = sources.groups.Named(name);
    if (!group.ok()) return group.status();
    *reply.add_groups() = Describing(sources, true).Describe(*group);
    return reply;
  }
  std::vector<GroupId> all = sources.room.groups.All();
  for (const GroupId& group : sources.groups.Proposed()) {
    if (std::find(all.begin(), all.end(), group) == all.end()) all.push_back(group);
  }
  for (const GroupId& group : all) *reply.add_groups() = Describing(sources, false).Describe(group);
  return reply;
}

}  // namespace

absl::StatusOr<v1::GroupsReply> RunGroups(const AdminSources& sources, const v1::GroupsRequest& request) {
  const auto done = [&](const std::string& name, auto act) -> absl::StatusOr<v1::GroupsReply> {
    const absl::StatusOr<GroupId> group = sources.groups.Named(name);
    if (!group.ok()) return group.status();
    if (absl::Status status = act(*group); !status.ok()) return status;
    return Show(sources, name);
  };
  switch (request.act_case()) {
    case v1::GroupsRequest::kCreate:
      return Behind(sources, Create(sources, request.create()));
    case v1::GroupsRequest::kChange:
      return Behind(sources, ChangeOne(sources, request.change()));
    case v1::GroupsRequest::kSign:
      return Behind(sources, SignOne(sources, request.sign()));
    case v1::GroupsRequest::kLeave:
      return done(request.leave(), [&](const GroupId& group) { return sources.groups.Leave(group); });
    case v1::GroupsRequest::kRotate: {
      const v1::EpochReason reason = request.rotate().compromise() ? v1::EPOCH_REASON_COMPROMISE : v1::EPOCH_REASON_AGE;
      return done(request.rotate().group(), [&](const GroupId& group) { return sources.groups.Rotate(group, reason); });
    }
    case v1::GroupsRequest::kShow:
      return Show(sources, request.show());
    case v1::GroupsRequest::ACT_NOT_SET:
      break;
  }
  return Reject(RejectReason::kUsage, "the call names nothing to do");
}

}  // namespace entente::admin
