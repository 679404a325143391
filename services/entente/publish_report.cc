#include "services/entente/publish_report.h"

#include <cstdio>

#include "services/entente/json_writer.h"
#include "services/entente/process.h"
#include "services/entente/rows.h"

namespace entente::cli {

Meter::~Meter() {
  if (on_line_) std::fputs("\r\033[K", stderr);
}

void Meter::Show(const PublishTotals& totals, double percent) {
  const std::lock_guard lock(mutex_);
  const auto now = Steady::now();
  if (now < next_) return;
  next_ = now + (terminal_.err_tty ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000));
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::string line = "publishing: " + Grouped(totals.objects) + " objects on disk, " +
                     Grouped(static_cast<uint64_t>(static_cast<double>(totals.objects) / seconds)) + "/s";
  if (percent >= 0) line += ", " + std::to_string(static_cast<int>(percent)) + " % of the file read";
  if (terminal_.err_tty) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
    std::fflush(stderr);
    on_line_ = true;
  } else {
    Say(line);
  }
}

namespace {

void WriteCounts(JsonWriter& json, std::string_view key, const std::map<std::string, uint64_t>& counts) {
  json.Key(key).BeginObject();
  for (const auto& [peer, count] : counts) json.Field(peer, count);
  json.EndObject();
}

void WriteWarnings(JsonWriter& json, const PublishTotals& totals) {
  json.Field("warned", totals.warned).Key("warnings").BeginArray();
  for (const v1::WarnedObject& warned : totals.warnings) {
    json.BeginObject().Field("index", warned.index()).Field("id", warned.id()).Key("lists").BeginArray();
    for (const std::string& list : warned.lists()) json.Value(list);
    json.EndArray().EndObject();
  }
  json.EndArray();
}

void PrintWarnings(const Terminal& terminal, const PublishTotals& totals) {
  if (totals.warned == 0) return;
  Print("  " + Grouped(totals.warned) + " have values on warning lists: probably no news, and perhaps a mistake");
  for (const v1::WarnedObject& warned : totals.warnings) {
    Print("  " + terminal.Warn("warned") + "  " + Shown(warned.id()) + "  " + Listed(warned.lists()));
  }
}

}  // namespace

std::string PublishJson(const PublishTotals& totals) {
  JsonWriter json;
  json.BeginObject().Field("objects", totals.objects);
  if (totals.draft > 0) json.Field("draft", totals.draft);
  json.Field("published", totals.published);
  json.Field("unchanged", totals.unchanged).Field("quarantined", totals.quarantined).Field("rejected", totals.rejected);
  json.Field("imputed", totals.imputed).Field("inherited", totals.inherited);
  WriteCounts(json, "permitted", totals.permitted);
  WriteCounts(json, "withheld", totals.withheld);
  if (!totals.redacted.empty()) WriteCounts(json, "redacted", totals.redacted);
  if (totals.warned > 0) WriteWarnings(json, totals);
  if (!totals.notable.empty()) {
    json.Key("notable").BeginArray();
    for (const v1::PublishOutcome& outcome : totals.notable) {
      json.BeginObject().Field("index", outcome.index()).Field("id", outcome.id()).Field("outcome", outcome.outcome());
      json.Field("reason", outcome.reason()).Field("detail", outcome.detail());
      if (outcome.line() > 0) json.Field("line", outcome.line()).Field("column", outcome.column());
      json.EndObject();
    }
    json.EndArray();
  }
  return json.EndObject().text();
}

void PrintPublish(const Terminal& terminal, const PublishTotals& totals) {
  if (totals.draft > 0) {
    Print("draft " + std::to_string(totals.draft) + " of " + Grouped(totals.objects) + " objects; nothing was signed or sent");
    PrintWarnings(terminal, totals);
    return;
  }
  Print(Grouped(totals.objects) + " objects: " + Grouped(totals.published) + " published, " +
        Grouped(totals.unchanged) + " unchanged, " + Grouped(totals.quarantined) + " quarantined, " +
        Grouped(totals.rejected) + " rejected");
  if (totals.imputed > 0) Print("  " + Grouped(totals.imputed) + " had no label and got one by an import profile");
  if (totals.inherited > 0) Print("  " + Grouped(totals.inherited) + " are as strict as others of their bundle make them");
  PrintWarnings(terminal, totals);
  std::vector<std::vector<std::string>> rows = {{"peer", "permitted", "withheld"}};
  for (const auto& [peer, permitted] : totals.permitted) {
    const auto withheld = totals.withheld.find(peer);
    rows.push_back(
        {Shown(peer), Grouped(permitted), Grouped(withheld == totals.withheld.end() ? 0 : withheld->second)});
  }
  if (rows.size() > 1) Print(Columns(rows));
  for (const auto& [peer, count] : totals.redacted) {
    Print("  " + Shown(peer) + " gets " + Grouped(count) + " of them redacted; entente explain ID --peer P says how");
  }
  for (const v1::PublishOutcome& outcome : totals.notable) {
    std::string id = outcome.id().empty() ? "object " + std::to_string(outcome.index() + 1) : Shown(outcome.id());
    if (outcome.line() > 0) {
      id += " (line " + std::to_string(outcome.line()) + ", column " + std::to_string(outcome.column()) + ")";
    }
    const bool quarantined = outcome.outcome() == "quarantined";
    Print("  " + (quarantined ? terminal.Warn("quarantined") : terminal.Bad("rejected")) + "  " + id + "  " +
          Shown(outcome.reason()) + (outcome.detail().empty() ? "" : ": " + Shown(outcome.detail())));
  }
  const uint64_t held = totals.quarantined + totals.rejected;
  if (held > totals.notable.size()) Print("  ... and " + Grouped(held - totals.notable.size()) + " more");
}

bool IsOwed(const PublishTotals& totals, const v1::PeerStatus& peer) {
  const auto permitted = totals.permitted.find(peer.name()), position = totals.positions.find(peer.name());
  const auto redacted = totals.redacted.find(peer.name());
  const bool something = (permitted != totals.permitted.end() && permitted->second > 0) ||
                         (redacted != totals.redacted.end() && redacted->second > 0);
  return something && position != totals.positions.end() && peer.acknowledged() < position->second;
}

absl::Status AwaitDelivery(AdminClient& client, const PublishTotals& totals, absl::Duration patience) {
  absl::Status last;
  std::string late;
  const bool delivered = WaitUntil(patience, [&] {
    const auto status = client.Status();
    last = status.status();
    if (!last.ok()) return true;
    late.clear();
    for (const v1::PeerStatus& peer : status->peers()) {
      if (!IsOwed(totals, peer)) continue;
      late += (late.empty() ? "" : ", ") + peer.name() + " (" + Grouped(peer.lag_objects()) + " objects)";
    }
    return late.empty();
  });
  if (!last.ok()) return last;
  if (delivered) return absl::OkStatus();
  return Reject(RejectReason::kPeerDown, "everything is stored here, but within " + absl::FormatDuration(patience) +
                                             " not acknowledged by " + late);
}

}  // namespace entente::cli
