#include "trust/membership_maker.h"

#include <algorithm>

#include "crypto/crypto.h"

namespace entente::trust {
namespace {

void PutPlace(v1::MembershipDocument& document, const Membership* before, absl::Time now) {
  absl::Time issued = now;
  document.set_version(1);
  if (before != nullptr) {
    document.set_version(before->version() + 1);
    document.set_group_id(before->group().str());
    document.set_previous_hash(before->hash().str());
    issued = std::max(now, before->issued() + absl::Microseconds(1));
  }
  document.set_issued_us(absl::ToUnixMicros(issued));
  document.set_expires_us(absl::ToUnixMicros(issued + kMembershipLifetime));
}

}  // namespace

GroupTerms TermsOf(const Membership& membership) {
  const v1::MembershipDocument& document = membership.document();
  GroupTerms terms;
  terms.name = document.name();
  terms.admins = {membership.admins().begin(), membership.admins().end()};
  terms.threshold = document.threshold();
  terms.issuers = membership.issuers();
  for (const v1::GroupMember& member : document.members()) terms.members[*OrgId::From(member.org_id())] = member.min_identity_version();
  terms.log_org = membership.log_org();
  terms.ceiling = document.ceiling();
  terms.onward = document.onward();
  terms.longest_epoch = membership.longest_epoch();
  terms.catch_up = membership.catch_up();
  terms.clients = document.clients();
  terms.exercise_id = document.exercise_id();
  return terms;
}

absl::StatusOr<v1::SignedMembership> MakeMembership(const GroupTerms& terms, const Membership* before, absl::Time now) {
  v1::MembershipDocument document;
  PutPlace(document, before, now);
  document.set_name(terms.name);
  for (const OrgId& admin : terms.admins) document.add_admins(admin.str());
  document.set_threshold(terms.threshold);
  for (const OrgId& issuer : terms.issuers) document.add_issuers(issuer.str());
  for (const auto& [org, min_identity_version] : terms.members) {
    v1::GroupMember& member = *document.add_members();
    member.set_org_id(org.str());
    member.set_min_identity_version(min_identity_version);
  }
  document.set_log_org(terms.log_org.str());
  document.set_suite(std::max<uint32_t>(crypto::kSuite, before == nullptr ? 0 : before->document().suite()));
  document.set_min_suite(std::max<uint32_t>(crypto::kSuite, before == nullptr ? 0 : before->document().min_suite()));
  const bool strict = terms.ceiling >= v1::LABEL_AMBER_STRICT;
  document.set_max_epoch_s(static_cast<uint32_t>(absl::ToInt64Seconds(strict ? std::min(terms.longest_epoch, kStrictEpoch) : terms.longest_epoch)));
  document.set_catch_up_s(static_cast<uint32_t>(absl::ToInt64Seconds(terms.catch_up)));
  document.set_ceiling(terms.ceiling);
  document.set_onward(terms.onward);
  document.set_clients(terms.clients);
  document.set_exercise_id(terms.exercise_id);

  v1::SignedMembership out;
  out.set_document(document.SerializeAsString());
  const absl::StatusOr<Membership> read = Membership::Read(out);
  if (!read.ok()) return read.status();
  if (absl::Status status = CheckMembershipFields(*read); !status.ok()) return status;
  return out;
}

absl::Status SignMembership(const OrgId& org, const crypto::Signer& admin_key, v1::SignedMembership& membership) {
  absl::StatusOr<Bytes> signature = admin_key.Sign(kMembershipType, membership.document());
  if (!signature.ok()) return signature.status();
  v1::OrgSignature& out = *membership.add_signatures();
  out.set_org_id(org.str());
  out.set_key_id(MakeKeyId(v1::KEY_USAGE_GROUP_ADMIN, admin_key.public_key()).str());
  out.set_signature(*std::move(signature));
  return absl::OkStatus();
}

}  // namespace entente::trust
