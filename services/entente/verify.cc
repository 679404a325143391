#include <algorithm>
#include <map>
#include <memory>

#include "absl/time/clock.h"
#include "crypto/encoding.h"
#include "envelope/proof.h"
#include "model/timestamp.h"
#include "policy/constraints.h"
#include "services/entente/commands.h"
#include "services/entente/input_file.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"
#include "trust/armour.h"
#include "trust/card.h"

// Checks without a node and without a network: what a file proves to whoever has the cards (docs/formats/files.md, verify).
namespace entente::cli {
namespace {

using envelope::ProofCheck;

constexpr size_t kMaxProofText = 48u << 20;

// Its documents as of `at`: what was issued later counts too, for it may say that a key was stolen before.
absl::StatusOr<trust::IdentityHistory> Checked(const v1::Card& card, absl::Time at) {
  auto history = trust::HistoryOfCard(card, std::max(at, absl::Now()));
  if (!history.ok()) return history;
  if (absl::Status fresh = history->CheckFresh(at); !fresh.ok()) return fresh;
  return history;
}

// The organisations whose cards were given.
class Cards final : public trust::Parties {
 public:
  absl::Status Add(const std::string& path, absl::Time now) {
    auto text = ReadInputFile(path, "card", trust::kMaxCardBytes);
    if (!text.ok()) return text.status();
    const auto card = trust::ReadCard(*text);
    if (!card.ok()) return card.status();
    const auto history = Checked(*card, now);
    if (!history.ok()) return history.status();
    for (const auto& [org, party] : known_) {
      if (org != history->org() && SharesNameOrKey(*party, *history)) {
        return Reject(RejectReason::kConflict,
                      "the card '" + Shown(path) + "' has a name or a key of another card; ask whose it is, and leave one away");
      }
    }
    trust::Accepted accepted{{}, history->newest(), std::make_shared<const trust::IdentityHistory>(*history)};
    accepted.party.org = accepted.identity.org();
    accepted.party.name = accepted.identity.name();
    known_[accepted.party.org] = std::make_shared<const trust::Accepted>(std::move(accepted));
    return absl::OkStatus();
  }
  std::shared_ptr<const trust::Accepted> Find(const OrgId& org) const override {
    const auto found = known_.find(org);
    return found == known_.end() ? nullptr : found->second;
  }
  // What the card calls it, with the fingerprint, since everybody chooses a name alone; else the fingerprint.
  std::string NameOf(const OrgId& org) const {
    const auto party = Find(org);
    const std::string fingerprint = crypto::ToFingerprint(org);
    return party ? party->party.name + " " + fingerprint : fingerprint;
  }

 private:
  static bool SharesNameOrKey(const trust::Accepted& a, const trust::IdentityHistory& b) {
    if (a.identity.name() == b.newest().name()) return true;
    const std::vector<Bytes> keys = a.history->keys().PublicKeys();
    const std::vector<Bytes> others = b.keys().PublicKeys();
    return std::find_first_of(keys.begin(), keys.end(), others.begin(), others.end()) != keys.end();
  }
  std::map<OrgId, std::shared_ptr<const trust::Accepted>> known_;
};

struct Row {
  std::string check, result, detail;
};
constexpr auto kHolds = "holds", kFails = "fails", kNotChecked = "not checked";

struct Report {
  std::string kind, id, tlp, exercise;
  std::vector<Row> rows;
  absl::Status status;
};

std::string UtcOf(absl::Time time) { return Timestamp(absl::ToUnixMicros(time)); }

std::string Listed(const Cards& cards, const std::vector<OrgId>& orgs) {
  constexpr size_t kShown = 4;
  std::string out;
  for (size_t i = 0; i < orgs.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + cards.NameOf(orgs[i]);
  return orgs.size() > kShown ? out + " and " + std::to_string(orgs.size() - kShown) + " others" : out;
}

const std::vector<std::pair<ProofCheck, std::string>>& Checks() {
  static const std::vector<std::pair<ProofCheck, std::string>> checks = {
      {ProofCheck::kBatch, "signature"},          {ProofCheck::kStatement, "statement"},
      {ProofCheck::kTimes, "times"},              {ProofCheck::kCosignatures, "co-signatures"},
      {ProofCheck::kForwards, "forward chain"},   {ProofCheck::kContent, "content"}};
  return checks;
}

std::string Hops(const Cards& cards, const std::vector<envelope::Hop>& hops) {
  std::string out;
  for (const envelope::Hop& hop : hops) {
    out += (out.empty() ? "" : "; then ") + cards.NameOf(hop.forwarder) + " to " + Listed(cards, hop.audience) + " as TLP:" +
           std::string(model::Name(hop.label));
  }
  return out;
}

// What binds who reads it at `at`: an embargo makes it stricter, and so may whoever passed it on.
model::Label LabelAt(const envelope::ProvenStatement& proven, absl::Time at) {
  const model::Label own = policy::EffectiveLabel(proven.constraints, at);
  return proven.hops.empty() ? own : std::max(own, proven.hops.back().label);
}

void AddHeld(const Cards& cards, const envelope::ProvenStatement& proven, const v1::StatementProof& proof, absl::Time at,
             Report& report) {
  report.id = crypto::ToHex(proven.id.view());
  report.tlp = std::string(model::Name(LabelAt(proven, at)));
  report.exercise = proven.constraints.exercise_id;
  const auto holds = [&](ProofCheck check, std::string detail, const char* result = kHolds) {
    report.rows.push_back({Checks()[static_cast<size_t>(check)].second, result, std::move(detail)});
  };
  holds(ProofCheck::kBatch, cards.NameOf(proven.origin));
  holds(ProofCheck::kStatement, "for " + Listed(cards, proven.audience));
  holds(ProofCheck::kTimes, "made " + UtcOf(proven.created) + ", ends " + UtcOf(proven.expires));
  holds(ProofCheck::kCosignatures, proven.cosigners.empty() ? "none were asked for" : Listed(cards, proven.cosigners));
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
    if (check < failed) report.rows.push_back({name, kHolds, ""});
    if (check == failed) {
      report.rows.push_back({name, kFails, std::string(Describe(ReasonOf(report.status)).name)});
    }
    if (check > failed) report.rows.push_back({name, kNotChecked, "an earlier check fails"});
  }
}

Report CheckStatement(const std::string& text, const Cards& cards, absl::Time at) {
  Report report{"statement", "", "", "", {}, absl::OkStatus()};
  const auto bytes = trust::Unarmour(trust::kStatementArmour, text);
  const auto proof = bytes.ok() ? envelope::ReadProof(*bytes) : absl::StatusOr<v1::StatementProof>(bytes.status());
  report.status = proof.status();
  if (!report.status.ok()) {
    report.rows.push_back({"form", kFails, std::string(Describe(ReasonOf(report.status)).name)});
    return report;
  }
  ProofCheck failed = ProofCheck::kBatch;
  const auto proven = envelope::CheckProof(*proof, cards, at, nullptr, &failed);
  report.status = proven.status();
  if (proven.ok()) {
    AddHeld(cards, *proven, *proof, at, report);
  } else {
    AddRefused(failed, report);
  }
  report.rows.push_back({"seal", kNotChecked, "the file is no envelope"});
  report.rows.push_back({"reader", kNotChecked, "nobody says for which organisation this is read"});
  report.rows.push_back({"revocation", kNotChecked, "newer documents of who signed are not known here"});
  report.rows.push_back({"stream, replay, recall", kNotChecked, "a node's journal knows them"});
  return report;
}

Report CheckCard(const std::string& text, absl::Time at) {
  Report report{"card", "", "", "", {}, absl::OkStatus()};
  const auto card = trust::ReadCard(text);
  const auto history = card.ok() ? Checked(*card, at) : absl::StatusOr<trust::IdentityHistory>(card.status());
  report.status = history.status();
  if (!history.ok()) {
    report.rows.push_back({"identity", kFails, std::string(Describe(ReasonOf(report.status)).name)});
    return report;
  }
  const trust::Identity& newest = history->newest();
  report.id = crypto::ToFingerprint(history->org());
  report.rows.push_back({"identity", kHolds, newest.name() + ", version " + std::to_string(newest.version()) + ", until " + UtcOf(newest.expires())});
  report.rows.push_back({"keys", kHolds, std::to_string(newest.keys().size()) + ", each proven held by its owner"});
  report.rows.push_back({"fingerprint", kNotChecked, "compare it with its owner over a channel you trust"});
  report.rows.push_back({"address", kNotChecked, "nobody signs it"});
  return report;
}

Exit Print(const Invocation& invocation, const Report& report) {
  if (invocation.json) {
    JsonWriter json;
    json.BeginObject().Field("kind", report.kind).Field("ok", report.status.ok()).Field("id", report.id).Field("tlp", report.tlp).Field("exercise", report.exercise);
    json.Field("reason", report.status.ok() ? "" : Describe(ReasonOf(report.status)).name).Key("checks").BeginArray();
    for (const Row& row : report.rows) {
      json.BeginObject().Field("check", row.check).Field("result", row.result).Field("detail", row.detail).EndObject();
    }
    cli::Print(json.EndArray().EndObject().text());
  } else {
    cli::Print(invocation.terminal.Bold(report.kind + " " + (report.id.empty() ? "that does not hold" : report.id)) +
               (report.tlp.empty() ? "" : "  " + PaintedLabel(invocation.terminal, report.tlp)) +
               (report.exercise.empty() ? "" : "  EXERCISE " + Shown(report.exercise)));
    std::vector<std::vector<std::string>> rows;
    for (const Row& row : report.rows) {
      const Terminal& terminal = invocation.terminal;
      const std::string result = row.result == kHolds ? terminal.Good(row.result) : row.result == kFails ? terminal.Bad(row.result) : row.result;
      rows.push_back({row.check, result, Shown(row.detail)});
    }
    cli::Print(Columns(rows));
  }
  if (report.status.ok()) return Exit::kOk;
  Fail(report.status, ReasonOf(report.status) == RejectReason::kUnknownParty ? "give the card of who signed with --identity CARD" : "");
  return Exit::kVerification;
}

struct VerifyFlags {
  std::string file, at;
  std::vector<std::string> identities;
};

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
  const auto text = ReadInputFile(flags.file, "file", kMaxProofText);
  if (!text.ok()) return Fail(text.status());
  const auto kind = trust::ArmourKind(*text);
  if (kind == trust::kStatementArmour) return Print(invocation, CheckStatement(*text, cards, at));
  if (kind == trust::kCardArmour) return Print(invocation, CheckCard(*text, at));
  return Fail(RejectReason::kUsage, "'" + Shown(flags.file) + "' is neither a card nor a statement's proof",
              "give a card, or what `entente get ID --proof` wrote; other kinds of file are not verified in this version");
}

}  // namespace

void AddVerify(Command app, Invocation& invocation) {
  Command command = app.AddCommand("verify", "What a file proves, check by check; needs no node and no network");
  const auto flags = std::make_shared<VerifyFlags>();
  command.AddOption("FILE", flags->file, "A card, or what `entente get ID --proof` wrote").Required().Kind("FILE");
  command.AddOption("--identity", flags->identities, "Card of an organisation that signed; may be repeated").Kind("CARD");
  command.AddOption("--at", flags->at, "Check times as of this moment (default: now)").Kind("TIME");
  command.OnChosen(
      [&invocation, flags] { invocation.command = [&invocation, flags] { return RunVerify(invocation, *flags); }; });
}

}  // namespace entente::cli
