#include "services/entente/rows.h"

#include <algorithm>

#include "model/timestamp.h"

namespace entente::cli {
namespace {

void WriteNames(JsonWriter& json, std::string_view key, const google::protobuf::RepeatedPtrField<std::string>& names) {
  json.Key(key).BeginArray();
  for (const std::string& name : names) json.Value(name);
  json.EndArray();
}

}  // namespace

void WritePeerStatus(JsonWriter& json, const v1::PeerStatus& peer) {
  json.Field("name", peer.name()).Field("state", peer.state()).Field("lag_objects", peer.lag_objects());
  json.Field("org_id", peer.org_id()).Field("refused_objects", peer.refused_objects());
  json.Field("held_objects", peer.held_objects()).Field("embargoed_objects", peer.embargoed_objects());
  json.Field("last_contact", Timestamp(peer.last_contact_us())).Field("detail", peer.detail());
}

void WriteDerived(JsonWriter& json, const google::protobuf::RepeatedPtrField<v1::DerivedRow>& rows) {
  json.Key("derived").BeginArray();
  for (const v1::DerivedRow& row : rows) {
    json.BeginObject().Field("id", row.id()).Field("version", row.version()).Field("journal_seq", row.journal_seq());
    WriteNames(json, "removed", row.removed());
    WriteNames(json, "peers", row.peers());
    json.EndObject();
  }
  json.EndArray();
}

std::string Listed(const google::protobuf::RepeatedPtrField<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + Shown(name);
  return out;
}

void WriteObjectRow(JsonWriter& json, const v1::ObjectRow& row) {
  json.Field("id", row.id()).Field("type", row.type()).Field("origin", row.origin()).Field("tlp", row.tlp());
  json.Field("version", row.version()).Field("journal_seq", row.journal_seq());
  json.Field("received", Timestamp(row.received_us())).Field("name", row.name());
  json.Field("source_role", row.source_role()).Field("imputed", row.imputed());
  if (row.has_lineage()) {
    json.Key("derived_from").BeginObject().Field("id", row.lineage().source_id());
    json.Field("version", row.lineage().source_version());
    WriteNames(json, "removed", row.lineage().removed());
    json.EndObject();
  }
  if (!row.derived().empty()) WriteDerived(json, row.derived());
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

void PrintLines(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    Print(Shown(text.substr(0, end), 4 * end + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace entente::cli
