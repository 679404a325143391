#include "services/entente/verify_report.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "crypto/encoding.h"
#include "services/entente/input_file.h"
#include "services/entente/json_writer.h"
#include "services/entente/rows.h"
#include "trust/armour.h"
#include "trust/card.h"

namespace entente::cli {
namespace {

bool SharesNameOrKey(const trust::Accepted& a, const trust::IdentityHistory& b) {
  if (a.identity.name() == b.newest().name()) return true;
  const std::vector<Bytes> keys = a.history->keys().PublicKeys();
  const std::vector<Bytes> others = b.keys().PublicKeys();
  return std::find_first_of(keys.begin(), keys.end(), others.begin(), others.end()) != keys.end();
}

void PrintJson(const Report& report) {
  JsonWriter json;
  json.BeginObject().Field("kind", report.kind).Field("ok", report.status.ok()).Field("id", report.id);
  json.Field("tlp", report.tlp).Field("exercise", report.exercise);
  json.Field("reason", report.status.ok() ? "" : Describe(ReasonOf(report.status)).name).Key("checks").BeginArray();
  for (const Row& row : report.rows) {
    json.BeginObject().Field("check", row.check).Field("result", row.result).Field("detail", row.detail).EndObject();
  }
  Print(json.EndArray().EndObject().text());
}

void PrintText(const Terminal& terminal, const Report& report) {
  const std::string unnamed = report.status.ok() ? "that was not checked wholly" : "that does not hold";
  Print(terminal.Bold(report.kind + " " + (report.id.empty() ? unnamed : report.id)) +
        (report.tlp.empty() ? "" : "  " + PaintedLabel(terminal, report.tlp)) +
        (report.exercise.empty() ? "" : "  EXERCISE " + Shown(report.exercise)));
  std::vector<std::vector<std::string>> rows;
  for (const Row& row : report.rows) {
    const std::string result = row.result == kHolds   ? terminal.Good(row.result)
                               : row.result == kFails ? terminal.Bad(row.result)
                                                      : row.result;
    rows.push_back({row.check, result, Shown(row.detail)});
  }
  Print(Columns(rows));
}

}  // namespace

absl::StatusOr<trust::IdentityHistory> CheckedIdentity(const std::string& text, absl::Time at) {
  const absl::Time now = std::max(at, absl::Now());
  absl::StatusOr<trust::IdentityHistory> history = absl::UnknownError("");
  if (trust::ArmourKind(text) == trust::kIdentityArmour) {
    history = trust::ReadChain(text, now);
  } else {
    const auto card = trust::ReadCard(text);
    history = card.ok() ? trust::HistoryOfCard(*card, now) : absl::StatusOr<trust::IdentityHistory>(card.status());
  }
  if (!history.ok()) return history;
  if (absl::Status fresh = history->CheckFresh(at); !fresh.ok()) return fresh;
  return history;
}

absl::Status Cards::Add(const std::string& path, absl::Time at) {
  auto text = ReadInputFile(path, "card", trust::kMaxChainText);
  if (!text.ok()) return text.status();
  const auto history = CheckedIdentity(*text, at);
  if (!history.ok()) return history.status();
  for (const auto& [org, party] : known_) {
    if (org != history->org() && SharesNameOrKey(*party, *history)) {
      return Reject(
          RejectReason::kConflict,
          "the card '" + Shown(path) + "' has a name or a key of another card; ask whose it is, and leave one away");
    }
  }
  trust::Accepted accepted{{}, history->newest(), std::make_shared<const trust::IdentityHistory>(*history)};
  accepted.party.org = accepted.identity.org();
  accepted.party.name = accepted.identity.name();
  known_[accepted.party.org] = std::make_shared<const trust::Accepted>(std::move(accepted));
  return absl::OkStatus();
}

std::shared_ptr<const trust::Accepted> Cards::Find(const OrgId& org) const {
  const auto found = known_.find(org);
  return found == known_.end() ? nullptr : found->second;
}

std::string Cards::NameOf(const OrgId& org) const {
  const auto party = Find(org);
  const std::string fingerprint = crypto::ToFingerprint(org);
  return party ? party->party.name + " " + fingerprint : fingerprint;
}

std::string Cards::Listed(const std::vector<OrgId>& orgs) const {
  constexpr size_t kShown = 4;
  std::string out;
  for (size_t i = 0; i < orgs.size() && i < kShown; ++i) out += (i == 0 ? "" : ", ") + NameOf(orgs[i]);
  return orgs.size() > kShown ? out + " and " + std::to_string(orgs.size() - kShown) + " others" : out;
}

void Report::AddFailed(std::string check, const absl::Status& why) {
  Add(std::move(check), kFails, std::string(Describe(ReasonOf(why)).name));
  if (status.ok()) status = why;
}

std::string UtcOf(absl::Time time) {
  return Timestamp(absl::ToUnixMicros(time));
}

Exit PrintReport(const Invocation& invocation, const Report& report) {
  invocation.json ? PrintJson(report) : PrintText(invocation.terminal, report);
  if (report.status.ok()) return Exit::kOk;
  const bool unknown = ReasonOf(report.status) == RejectReason::kUnknownParty;
  Fail(report.status, unknown ? "give the card of who signed with --identity CARD" : "");
  return Exit::kVerification;
}

}  // namespace entente::cli
