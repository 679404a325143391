#include <algorithm>
#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "crypto/encoding.h"
#include "envelope/header.h"
#include "envelope/limits.h"
#include "envelope/proof.h"
#include "model/timestamp.h"
#include "policy/constraints.h"
#include "services/entente/commands.h"
#include "services/entente/input_file.h"
#include "services/entente/rows.h"
#include "services/entente/verify_group.h"
#include "services/entente/verify_identity.h"
#include "services/entente/verify_report.h"
#include "services/entente/verify_sealed.h"
#include "trust/armour.h"

// Checks without a node and without a network: what a file proves to whoever has the cards (docs/formats/files.md,
// verify).
namespace entente::cli {
namespace {

using envelope::ProofCheck;

constexpr size_t kMaxProofText = 48u << 20;
constexpr std::string_view kExportMagic = "ENTX";
constexpr std::pair<std::string_view, std::string_view> kSecretFiles[] = {
    {"ENTK", "a keystore, which `entente key list` and `entente doctor` look at"},
    {"ENTB", "a backup of keys, which `entente key restore` reads"}};

const std::vector<std::pair<ProofCheck, std::string>>& Checks() {
  static const std::vector<std::pair<ProofCheck, std::string>> checks = {
      {ProofCheck::kBatch, "signature"}, {ProofCheck::kStatement, "statement"},
      {ProofCheck::kTimes, "times"},     {ProofCheck::kCosignatures, "co-signatures"},
      {ProofCheck::kGroup, "group"},     {ProofCheck::kForwards, "forward chain"},
      {ProofCheck::kContent, "content"}};
  return checks;
}

std::string Hops(const Cards& cards, const std::vector<envelope::Hop>& hops) {
  std::string out;
  for (const envelope::Hop& hop : hops) {
    out += (out.empty() ? "" : "; then ") + cards.NameOf(hop.forwarder) + " to " + cards.Listed(hop.audience) +
           " as TLP:" + std::string(model::Name(hop.label));
  }
  return out;
}

// What binds who reads it at `at`: an embargo makes it stricter, and so may whoever passed it on.
model::Label LabelAt(const envelope::ProvenStatement& proven, absl::Time at) {
  const model::Label own = policy::EffectiveLabel(proven.constraints, at);
  return proven.hops.empty() ? own : std::max(own, proven.hops.back().label);
}

void AddHeld(const Cards& cards, const envelope::ProvenStatement& proven, const v1::StatementProof& proof,
             absl::Time at, Report& report) {
  report.id = crypto::ToHex(proven.id.view());
  report.tlp = std::string(model::Name(LabelAt(proven, at)));
  report.exercise = proven.constraints.exercise_id;
  const auto holds = [&](ProofCheck check, std::string detail, const char* result = kHolds) {
    report.Add(Checks()[static_cast<size_t>(check)].second, result, std::move(detail));
  };
  holds(ProofCheck::kBatch, cards.NameOf(proven.origin));
  holds(ProofCheck::kStatement, "for " + cards.Listed(proven.audience));
  holds(ProofCheck::kTimes, "made " + UtcOf(proven.created) + ", ends " + UtcOf(proven.expires));
  holds(ProofCheck::kCosignatures, proven.cosigners.empty() ? "none were asked for" : cards.Listed(proven.cosigners));
  if (proven.hops.empty()) {
    holds(ProofCheck::kForwards, "the file has none, which does not show that nobody passed it on", kNotChecked);
  } else {
    holds(ProofCheck::kForwards, Hops(cards, proven.hops));
  }
  if (proven.content_shown) {
    holds(ProofCheck::kContent, Grouped(proof.statement().content().size()) + " bytes, those that were signed");
  } else {
    holds(ProofCheck::kContent, "the file has none: what the statement is about is not shown", kNotChecked);
  }
}

// The checks before the one that refused hold; those behind it were not reached.
void AddRefused(ProofCheck failed, Report& report) {
  for (const auto& [check, name] : Checks()) {
    if (check == ProofCheck::kGroup && check != failed) continue;  // most statements are for organisations by name
    if (check < failed) report.Add(name, kHolds, "");
    if (check == failed) {
      report.Add(name, kFails, std::string(Describe(ReasonOf(report.status)).name));
    }
    if (check > failed) report.Add(name, kNotChecked, "an earlier check fails");
  }
}

Report CheckStatement(const std::string& text, const Cards& cards, absl::Time at) {
  Report report{"statement", "", "", "", {}, absl::OkStatus()};
  const auto bytes = trust::Unarmour(trust::kStatementArmour, text);
  const auto proof = bytes.ok() ? envelope::ReadProof(*bytes) : absl::StatusOr<v1::StatementProof>(bytes.status());
  if (!proof.ok()) return report.AddFailed("form", proof.status()), report;
  ProofCheck failed = ProofCheck::kBatch;
  const auto proven = envelope::CheckProof(*proof, cards, at, nullptr, nullptr, &failed);
  report.status = proven.status();
  if (proven.ok()) {
    AddHeld(cards, *proven, *proof, at, report);
  } else {
    AddRefused(failed, report);
  }
  report.Add("seal", kNotChecked, "the file is no envelope");
  report.Add("reader", kNotChecked, "nobody says for which organisation this is read");
  report.Add("revocation", kNotChecked, "newer documents of who signed are not known here");
  report.Add("stream, replay, recall", kNotChecked, "a node's journal knows them");
  return report;
}

struct VerifyFlags {
  std::string file, at, passphrase_file;
  std::vector<std::string> identities;
};

// What stands at a file's beginning; nothing where it is shorter, or no file.
std::string MagicOf(InputFile& file) {
  char magic[4];
  const auto size = file.Read(magic, sizeof(magic));
  return size.ok() && *size == sizeof(magic) && file.Rewind().ok() ? std::string(magic, sizeof(magic)) : "";
}

// An envelope, or a file of them; nothing for what is neither.
std::optional<Exit> VerifySealed(const Invocation& invocation, const VerifyFlags& flags, const Cards& cards,
                                 absl::Time at) {
  const auto file = InputFile::Open(flags.file);
  if (!file.ok()) return Fail(file.status());
  const std::string magic = MagicOf(**file);
  for (const auto& [secret, what] : kSecretFiles) {
    if (magic != secret) continue;
    return Fail(RejectReason::kUsage, "'" + Shown(flags.file) + "' is " + std::string(what) + ": nothing in it was opened");
  }
  if (magic != envelope::kMagic && magic != kExportMagic) return std::nullopt;
  std::unique_ptr<NodeKeys> keys;
  if (!invocation.node.empty()) {
    auto opened = NodeKeys::Open(invocation.node, flags.passphrase_file, cards, at);
    if (!opened.ok()) return Fail(opened.status());
    keys = *std::move(opened);
  }
  if (magic == kExportMagic) return PrintReport(invocation, CheckExportFile(**file, cards, keys.get(), at));
  const auto wire = ReadInputFile(flags.file, "envelope", envelope::kMaxEnvelopeBytes);
  if (!wire.ok()) return Fail(wire.status());
  return PrintReport(invocation, CheckEnvelope(*wire, cards, keys.get(), at));
}

Exit RunVerify(const Invocation& invocation, const VerifyFlags& flags) {
  absl::Time at = absl::Now();
  if (!flags.at.empty()) {
    const auto parsed = model::ParseTimestamp(flags.at);
    if (!parsed.ok()) return Fail(RejectReason::kUsage, "--at takes a time, for example 2026-01-02T03:04:05Z");
    at = absl::FromUnixNanos(*parsed);
  }
  Cards cards;
  for (const std::string& path : flags.identities) {
    if (const absl::Status status = cards.Add(path, at); !status.ok()) return Fail(status);
  }
  if (const auto sealed = VerifySealed(invocation, flags, cards, at)) return *sealed;
  const auto text = ReadInputFile(flags.file, "file", kMaxProofText);
  if (!text.ok()) return Fail(text.status());
  const auto kind = trust::ArmourKind(*text);
  if (kind == trust::kStatementArmour) return PrintReport(invocation, CheckStatement(*text, cards, at));
  if (kind == trust::kMembershipArmour) return PrintReport(invocation, CheckMembership(*text, cards, at));
  if (kind == trust::kCardArmour || kind == trust::kIdentityArmour) {
    return PrintReport(invocation, CheckIdentity(*text, at));
  }
  return Fail(RejectReason::kUsage,
              "'" + Shown(flags.file) +
                  "' is no card or identity chain, no statement's proof, no membership document, no envelope and no "
                  "export file",
              "give a card, or what `entente key card --chain`, `entente get ID --proof`, `entente group` or `entente "
              "export` wrote");
}

}  // namespace

void AddVerify(Command app, Invocation& invocation) {
  Command command = app.AddCommand(
      "verify", "What a file proves, check by check; needs no network, and no node but to open what is sealed");
  const auto flags = std::make_shared<VerifyFlags>();
  command
      .AddOption("FILE", flags->file,
                 "A card, an envelope, or what `entente get ID --proof`, `group`, `export` or `key card --chain` wrote")
      .Required()
      .Kind("FILE");
  command.AddOption("--identity", flags->identities, "Card or identity chain of an organisation that signed; may be repeated")
      .Kind("CARD");
  command.AddOption("--at", flags->at, "Check times as of this moment (default: now)").Kind("TIME");
  command
      .AddOption("--passphrase-file", flags->passphrase_file,
                 "With --node: file with its passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunVerify(invocation, *flags); }; });
}

}  // namespace entente::cli
