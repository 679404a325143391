#include "services/entente/rows.h"

#include "model/timestamp.h"

namespace entente::cli {

void WritePeerStatus(JsonWriter& json, const v1::PeerStatus& peer) {
  json.Field("name", peer.name()).Field("state", peer.state()).Field("lag_objects", peer.lag_objects());
  json.Field("org_id", peer.org_id()).Field("refused_objects", peer.refused_objects());
  json.Field("held_objects", peer.held_objects()).Field("embargoed_objects", peer.embargoed_objects());
  json.Field("last_contact", Timestamp(peer.last_contact_us())).Field("detail", peer.detail());
}

void WriteObjectRow(JsonWriter& json, const v1::ObjectRow& row) {
  json.Field("id", row.id()).Field("type", row.type()).Field("origin", row.origin()).Field("tlp", row.tlp());
  json.Field("version", row.version()).Field("journal_seq", row.journal_seq());
  json.Field("received", Timestamp(row.received_us())).Field("name", row.name());
  json.Field("source_role", row.source_role());
}

std::string Origin(const std::string& origin, const std::string& source_role) {
  return Shown(origin) + (source_role == "custodian" ? " (custodian)" : "");
}

std::string PaintedState(const Terminal& terminal, std::string_view state) {
  if (state == "up") return terminal.Good(state);
  return state == "refused" || state == "over budget" ? terminal.Bad(state) : terminal.Warn(Shown(state));
}

std::string PaintedLabel(const Terminal& terminal, std::string_view tlp) {
  if (tlp.empty()) return "unlabelled";
  const std::string text = "TLP:" + Shown(tlp);
  if (tlp == "RED") return terminal.Bad(text);
  if (tlp == "AMBER" || tlp == "AMBER+STRICT") return terminal.Warn(text);
  return tlp == "GREEN" ? terminal.Good(text) : text;
}

std::string Timestamp(int64_t unix_us) {
  return unix_us == 0 ? std::string() : model::FormatTimestamp(absl::FromUnixMicros(unix_us));
}

}  // namespace entente::cli
