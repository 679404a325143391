#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "envelope/header.h"
#include "envelope/limits.h"
#include "model/timestamp.h"
#include "services/entente/commands.h"
#include "services/entente/input_file.h"
#include "services/entente/rows.h"
#include "services/entente/verify_export.h"
#include "services/entente/verify_group.h"
#include "services/entente/verify_identity.h"
#include "services/entente/verify_report.h"
#include "services/entente/verify_sealed.h"
#include "services/entente/verify_statement.h"
#include "trust/armour.h"

// Checks without a node and without a network: what a file proves to whoever has the cards (docs/formats/files.md,
// verify).
namespace entente::cli {
namespace {

constexpr size_t kMaxProofText = 48u << 20;
constexpr std::pair<std::string_view, std::string_view> kSecretFiles[] = {
    {"ENTK", "a keystore, which `entente key list` and `entente doctor` look at"},
    {"ENTB", "a backup of keys, which `entente key restore` reads"}};

struct VerifyFlags {
  std::string file, at, passphrase_file;
  std::vector<std::string> identities, documents;
};

// What a run checks with: the cards, the keys of a node where something sealed is to be opened, and groups' documents.
struct Means {
  absl::Time at;
  Cards cards;
  std::unique_ptr<NodeKeys> keys;
  std::unique_ptr<GivenGroups> groups;
  Tally documents{"given "};
};

absl::StatusOr<absl::Time> MomentOf(const std::string& text) {
  if (text.empty()) return absl::Now();
  const auto parsed = model::ParseTimestamp(text);
  if (parsed.ok()) return absl::FromUnixNanos(*parsed);
  return Reject(RejectReason::kUsage, "--at takes a time, for example 2026-01-02T03:04:05Z");
}

absl::Status TakeCards(const VerifyFlags& flags, Means& means) {
  for (const std::string& path : flags.identities) {
    if (absl::Status status = CheckNoPipe(path); !status.ok()) return status;
    if (absl::Status status = means.cards.Add(path, means.at); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// With the keys of a node where `node` names one.
absl::Status TakeDocuments(const VerifyFlags& flags, const std::string& node, Means& means) {
  if (!node.empty()) {
    auto opened = NodeKeys::Open(node, flags.passphrase_file, means.cards, means.at);
    if (!opened.ok()) return opened.status();
    means.keys = *std::move(opened);
  }
  means.groups = std::make_unique<GivenGroups>(means.cards, means.keys.get());
  if (flags.documents.size() > kMaxDocumentFiles) {
    return Reject(RejectReason::kUsage,
                  "--documents is given over 16 times; give the files of the groups that are asked about");
  }
  for (const std::string& path : flags.documents) {
    const absl::Status taken =
        TakeDocumentFile(path, means.cards, means.keys.get(), *means.groups, means.at, means.documents);
    if (!taken.ok()) return taken;
  }
  return absl::OkStatus();
}

// With what became of --documents in front.
Exit Tell(const Invocation& invocation, const Means& means, Report report) {
  Report given{report.kind, report.id, report.tlp, report.exercise, {}, report.status};
  means.documents.Tell(given);
  given.rows.insert(given.rows.end(), report.rows.begin(), report.rows.end());
  return PrintReport(invocation, given);
}

Exit VerifyExportFile(const Invocation& invocation, const VerifyFlags& flags, Means& means, InputFile& file) {
  if (const absl::Status status = TakeDocuments(flags, invocation.node, means); !status.ok()) return Fail(status);
  return Tell(invocation, means, CheckExportFile(file, means.cards, means.keys.get(), *means.groups, means.at));
}

Exit VerifyEnvelope(const Invocation& invocation, const VerifyFlags& flags, Means& means) {
  const auto wire = ReadInputFile(flags.file, "envelope", envelope::kMaxEnvelopeBytes);
  if (!wire.ok()) return Fail(wire.status());
  if (const absl::Status status = TakeDocuments(flags, invocation.node, means); !status.ok()) return Fail(status);
  return Tell(invocation, means, CheckEnvelope(*wire, means.cards, means.keys.get(), *means.groups, means.at));
}

Exit VerifyStatement(const Invocation& invocation, const VerifyFlags& flags, Means& means, const std::string& text) {
  if (const absl::Status status = TakeDocuments(flags, "", means); !status.ok()) return Fail(status);
  return Tell(invocation, means, CheckStatement(text, means.cards, *means.groups, means.at));
}

Exit NotRead(const VerifyFlags& flags, const std::optional<std::string>& kind) {
  const std::string named = "'" + Shown(flags.file) + "'";
  if (kind == kEvidenceArmour) {
    return Fail(RejectReason::kUsage,
                named +
                    " is evidence against an organisation, which this version does not read: nothing "
                    "in it was checked",
                "install a version that reads it");
  }
  return Fail(RejectReason::kUsage,
              named +
                  " is no card or identity chain, no statement's proof, no membership document, no prekey, no "
                  "envelope and no export file",
              "give a card, or what `entente key card --chain`, `entente get ID --proof`, `entente group` or `entente "
              "export` wrote");
}

Exit VerifyText(const Invocation& invocation, const VerifyFlags& flags, Means& means) {
  const auto text = ReadInputFile(flags.file, "file", kMaxProofText);
  if (!text.ok()) return Fail(text.status());
  const auto kind = trust::ArmourKind(*text);
  if (kind == trust::kStatementArmour) return VerifyStatement(invocation, flags, means, *text);
  if (!flags.documents.empty()) {
    return Fail(RejectReason::kUsage,
                "--documents goes with an envelope, an export file and a statement's proof; leave it away");
  }
  if (kind == trust::kMembershipArmour) return PrintReport(invocation, CheckMembership(*text, means.cards, means.at));
  if (kind == kPrekeyArmour) return PrintReport(invocation, CheckPrekeyFile(*text, means.cards, means.at));
  if (kind == trust::kCardArmour || kind == trust::kIdentityArmour) {
    return PrintReport(invocation, CheckIdentity(*text, means.at));
  }
  return NotRead(flags, kind);
}

Exit RunVerify(const Invocation& invocation, const VerifyFlags& flags) {
  const auto at = MomentOf(flags.at);
  if (!at.ok()) return Fail(at.status());
  if (const absl::Status status = CheckNoPipe(flags.file); !status.ok()) return Fail(status);
  Means means{*at, {}, nullptr, nullptr};
  if (const absl::Status status = TakeCards(flags, means); !status.ok()) return Fail(status);
  const auto file = InputFile::Open(flags.file);
  if (!file.ok()) return Fail(file.status());
  const std::string magic = (*file)->regular() ? MagicOf(**file) : "";
  for (const auto& [secret, what] : kSecretFiles) {
    if (magic != secret) continue;
    return Fail(RejectReason::kUsage,
                "'" + Shown(flags.file) + "' is " + std::string(what) + ": nothing in it was opened");
  }
  if (magic == kExportMagic) return VerifyExportFile(invocation, flags, means, **file);
  if (magic == envelope::kMagic) return VerifyEnvelope(invocation, flags, means);
  return VerifyText(invocation, flags, means);
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
  command
      .AddOption("--identity", flags->identities,
                 "Card or identity chain of an organisation that signed; may be repeated")
      .Kind("CARD");
  command
      .AddOption("--documents", flags->documents,
                 "Documents of a group, as `export --documents` wrote them; may be repeated, 16 at most")
      .Kind("FILE");
  command.AddOption("--at", flags->at, "Check times as of this moment (default: now)").Kind("TIME");
  command
      .AddOption("--passphrase-file", flags->passphrase_file,
                 "With --node: file with its passphrase (default: DIR/passphrase)")
      .Kind("FILE");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunVerify(invocation, *flags); }; });
}

}  // namespace entente::cli
