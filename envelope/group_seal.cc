#include <algorithm>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/seal_load.h"
#include "trust/group_directory.h"

// Sealing in group mode: docs/formats/envelope.md. No slots, and no asymmetric operation besides the seal's signature.
namespace entente::envelope {
namespace {

// Every member could open it: each is in the audience that was signed, and policy permits each of them each statement.
absl::Status CheckReaders(const trust::Membership& members, const Load& load, const OrgId& self, PermitOf permit) {
  const bool of_group = load.group && load.group->group == members.group();
  if (!of_group ||
      !std::includes(load.audience.begin(), load.audience.end(), members.members().begin(), members.members().end())) {
    return Reject(
        RejectReason::kAudience,
        "not all members of the group's epoch are in the audience that was signed; sign anew for the group as it is");
  }
  for (const OrgId& member : members.members()) {
    for (size_t i = 0; member != self && i < load.statements.size(); ++i) {
      const policy::Permit* const given = permit(member, i);
      if (given == nullptr || given->recipient() != member) {
        return Reject(RejectReason::kInternal, "sealing to a group without a permit for each member and statement");
      }
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Bytes> SealUnder(const trust::Self& self, const Load& load, const trust::EpochUse& epoch,
                                absl::Time now) {
  Header header = NewHeader(now);
  header.mode = kGroupMode;
  header.route_tag = epoch.tag;
  // The salt alone makes this envelope's key its own, whatever the machine's generator does.
  const auto hedge = self.statement_key->Hedged("entente/1/msg-salt", HashOfSaid(self, load, now).view());
  if (!hedge.ok()) return hedge.status();
  const auto secret = hedge->ExposeSecret();
  header.msg_salt = crypto::Sha256(ByteView(reinterpret_cast<const char*>(secret.data()), secret.size()));
  const auto keying = [&](const Digest&) -> absl::StatusOr<Keying> {
    return Keying{epoch.secret->ContentKey(epoch.membership->group(), epoch.number, header.msg_salt), {}};
  };
  return SealLoad(self, load, header, keying, now);
}

}  // namespace

absl::StatusOr<Bytes> SealGroup(const trust::Self& self, const Cargo& cargo, const GroupId& group, PermitOf permit,
                                const trust::GroupDirectory& groups, absl::Time now) {
  const auto load = LoadCargo(self, cargo, &groups, now);
  if (!load.ok()) return load.status();
  const auto epoch = groups.ToSealUnder(group, now);
  if (!epoch.ok()) return epoch.status();
  if (auto s = CheckReaders(*epoch->membership, *load, self.org(), permit); !s.ok()) return s;
  return SealUnder(self, *load, *epoch, now);
}

absl::StatusOr<Bytes> SealGroup(const trust::Self& self, const SignedRecalls& recalls, const GroupId& group,
                                const trust::GroupDirectory& groups, absl::Time now) {
  const auto load = LoadNotices({recalls, {}});
  if (!load.ok()) return load.status();
  const auto epoch = groups.ToSealUnder(group, now);
  if (!epoch.ok()) return epoch.status();
  return SealUnder(self, *load, *epoch, now);
}

}  // namespace entente::envelope
