#include <algorithm>
#include <cstring>

#include "base/reject.h"
#include "crypto/crypto.h"
#include "envelope/seal_load.h"
#include "trust/memberships.h"

// Sealing in direct mode: docs/formats/envelope.md, with the payload of statement.md inside.
namespace entente::envelope {
namespace {

// A permit for each statement, made out to whom it is sealed.
bool Permitted(const Recipient& recipient, const Load& load) {
  return recipient.permits.size() == load.statements.size() &&
         std::all_of(recipient.permits.begin(), recipient.permits.end(),
                     [&](const policy::Permit& permit) { return permit.recipient() == recipient.prekey.org; });
}

// Who was taken out of a group since is in the audience that was signed, and gets nothing more.
absl::Status CheckRecipients(const std::vector<Recipient>& recipients, const Load& load,
                             const trust::Memberships* groups, absl::Time now) {
  for (const Recipient& recipient : recipients) {
    if (!std::binary_search(load.audience.begin(), load.audience.end(), recipient.prekey.org)) {
      return Reject(RejectReason::kAudience, "a recipient is not in the audience that was signed");
    }
    if (load.group) {
      if (auto in = groups->CheckMember(load.group->group, recipient.prekey.org, now); !in.ok()) return in;
    }
    if (!Permitted(recipient, load))
      return Reject(RejectReason::kInternal, "sealing without a permit for each statement");
  }
  return absl::OkStatus();
}

using Prekeys = std::vector<const trust::Prekey*>;  // one slot each, in this order

absl::Status CheckPrekeys(const Prekeys& prekeys, absl::Time now) {
  if (prekeys.empty() || prekeys.size() > kMaxSlots) {
    return Reject(RejectReason::kLimit, "an envelope has 1 to 1000 recipients");
  }
  std::vector<OrgId> orgs;
  for (const trust::Prekey* prekey : prekeys) {
    if (prekey->not_after <= now)
      return Reject(RejectReason::kPrekey, "a recipient's prekey has expired; await its next one");
    orgs.push_back(prekey->org);
  }
  std::sort(orgs.begin(), orgs.end());
  return std::adjacent_find(orgs.begin(), orgs.end()) == orgs.end()
             ? absl::OkStatus()
             : Reject(RejectReason::kPrekey, "a recipient is named twice; each gets one slot");
}

absl::StatusOr<Bytes> MakeSlots(const Digest& h0, const Prekeys& prekeys, const crypto::SecretBytes& content_key) {
  const auto secret = content_key.ExposeSecret();
  const ByteView key(reinterpret_cast<const char*>(secret.data()), secret.size());
  Bytes slots;
  slots.reserve(prekeys.size() * kSlotSize);
  for (const trust::Prekey* prekey : prekeys) {
    Digest hedge = crypto::LabeledHash("entente/1/encaps", {key, h0.view(), prekey->id.view()});
    const Bytes info = WrapInfo(h0, prekey->org, prekey->id, prekey->public_key);
    const auto slot = crypto::WrapSlot(prekey->public_key, prekey->id, info, content_key, hedge.view());
    explicit_bzero(hedge.data(), Digest::kSize);
    if (!slot.ok()) return slot.status();
    slots.append(*slot);
  }
  return slots;
}

// One slot for each, with a new content key.
absl::StatusOr<Bytes> SealTo(const trust::Self& self, const Load& load, const Prekeys& prekeys, absl::Time now) {
  Header header = NewHeader(now);
  header.slots = static_cast<uint16_t>(prekeys.size());
  const auto keying = [&](const Digest& h0) -> absl::StatusOr<Keying> {
    auto content_key = self.statement_key->Hedged("entente/1/cek", HashOfSaid(self, load, now).view());
    if (!content_key.ok()) return content_key.status();
    auto slots = MakeSlots(h0, prekeys, *content_key);
    if (!slots.ok()) return slots.status();
    return Keying{*std::move(content_key), *std::move(slots)};
  };
  return SealLoad(self, load, header, keying, now);
}

}  // namespace

absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Cargo& cargo, const std::vector<Recipient>& recipients,
                                 absl::Time now, const trust::Memberships* groups) {
  const auto load = LoadCargo(self, cargo, groups, now);
  if (!load.ok()) return load.status();
  Prekeys prekeys;
  for (const Recipient& recipient : recipients) prekeys.push_back(&recipient.prekey);
  if (auto s = CheckPrekeys(prekeys, now); !s.ok()) return s;
  if (auto s = CheckRecipients(recipients, *load, groups, now); !s.ok()) return s;
  return SealTo(self, *load, prekeys, now);
}

absl::StatusOr<Bytes> SealDirect(const trust::Self& self, const Notices& notices,
                                 const std::vector<trust::Prekey>& recipients, absl::Time now) {
  const auto load = LoadNotices(notices);
  if (!load.ok()) return load.status();
  Prekeys prekeys;
  for (const trust::Prekey& recipient : recipients) prekeys.push_back(&recipient);
  if (auto s = CheckPrekeys(prekeys, now); !s.ok()) return s;
  return SealTo(self, *load, prekeys, now);
}

}  // namespace entente::envelope
