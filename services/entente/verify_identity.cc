#include "services/entente/verify_identity.h"

#include "crypto/encoding.h"
#include "services/entente/rows.h"
#include "trust/armour.h"
#include "trust/card.h"

namespace entente::cli {
namespace {

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

}  // namespace entente::cli
