#include "services/entente/verify_identity.h"

#include "crypto/encoding.h"
#include "proto/strict_parse.h"
#include "services/entente/rows.h"
#include "trust/armour.h"
#include "trust/card.h"
#include "trust/prekey.h"

namespace entente::cli {
namespace {

constexpr size_t kMaxPrekeyArmour = 8192;  // of what the armour holds

std::string Counted(size_t n, std::string_view what) {
  return Grouped(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

void AddRevoked(const trust::IdentityHistory& history, Report& report) {
  size_t revoked = 0;
  std::string stolen;
  for (const Bytes& key : history.keys().PublicKeys()) {
    const trust::KeyStanding* standing = history.keys().Standing(key);
    if (standing == nullptr || !standing->revocation) continue;
    ++revoked;
    if (standing->revocation->reason() != v1::REVOCATION_REASON_COMPROMISED) continue;
    stolen += (stolen.empty() ? "; stolen: " : ", ") + crypto::ToHex(standing->key.key_id()).substr(0, 16) + " since " +
              UtcOf(absl::FromUnixMicros(standing->revocation->cutoff_us()));
  }
  report.Add("revocations", kHolds, revoked == 0 ? "none" : Counted(revoked, "key") + stolen);
}

}  // namespace

Report CheckIdentity(const std::string& text, absl::Time at) {
  const bool card = trust::ArmourKind(text) == trust::kCardArmour;
  Report report{card ? "card" : "identity chain", "", "", "", {}, absl::OkStatus()};
  const auto history = CheckedIdentity(text, at);
  if (!history.ok()) return report.AddFailed("identity", history.status()), report;
  const trust::Identity& newest = history->newest();
  report.id = crypto::ToFingerprint(history->org());
  report.Add("identity", kHolds,
             newest.name() + ", version " + std::to_string(newest.version()) + ", until " + UtcOf(newest.expires()));
  const size_t versions = history->versions().size();
  report.Add("chain", kHolds,
             versions == 1
                 ? "one version, which names its own root keys"
                 : Counted(versions, "version") + ", each signed by the root keys of the one before it and its own");
  report.Add("keys", kHolds, std::to_string(newest.keys().size()) + ", each proven held by its owner");
  AddRevoked(*history, report);
  report.Add("newest", kNotChecked, "whether its owner has made a later version since");
  report.Add("fingerprint", kNotChecked, "compare it with its owner over a channel you trust");
  if (card) report.Add("address", kNotChecked, "nobody signs it");
  return report;
}

Report CheckPrekeyFile(const std::string& text, const Cards& cards, absl::Time at) {
  Report report{"prekey", "", "", "", {}, absl::OkStatus()};
  const auto bytes = trust::Unarmour(kPrekeyArmour, text);
  absl::Status form = bytes.status();
  v1::SignedBody wire;
  v1::PrekeyBody body;
  if (form.ok() && bytes->size() > kMaxPrekeyArmour) form = Reject(RejectReason::kLimit, "it has over 8 KiB; ask its owner for a new one");
  if (form.ok()) form = StrictParse(*bytes, wire);
  if (form.ok()) form = StrictParse(wire.body(), body);
  const auto org = OrgId::From(body.org_id());
  if (form.ok() && !org) form = Reject(RejectReason::kParse, "it names no owner; ask for a new one");
  if (!form.ok()) return report.AddFailed("form", form), report;
  report.id = crypto::ToHex(body.prekey_id());
  report.Add("form", kHolds, body.prekey_class() == v1::PREKEY_CLASS_OFFLINE ? "of class offline" : "of class online");
  const auto owner = cards.Find(*org);
  const auto prekey =
      owner == nullptr
          ? absl::StatusOr<trust::Prekey>(Reject(RejectReason::kUnknownParty, "no card was given of its owner"))
          : trust::CheckPrekey(*owner->history, wire, at, body.prekey_class());
  if (!prekey.ok()) return report.AddFailed("signature", prekey.status()), report;
  report.Add("signature", kHolds, cards.NameOf(*org) + ", until " + UtcOf(prekey->not_after));
  report.Add("secret", kNotChecked, "whether its owner still has it");
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  return report;
}

}  // namespace entente::cli
