#pragma once

#include <string>

#include "entente/v1/admin.pb.h"
#include "services/entente/json_writer.h"
#include "services/entente/output.h"

// How the daemon's records look in JSON and on a terminal: one place for each, used by several commands.
namespace entente::cli {

// Members of an open object.
void WritePeerStatus(JsonWriter& json, const v1::PeerStatus& peer);
// Of redacted copies: ids, what is gone, to whom they went.
void WriteDerived(JsonWriter& json, const google::protobuf::RepeatedPtrField<v1::DerivedRow>& rows);
// Names, parted by commas.
std::string Listed(const google::protobuf::RepeatedPtrField<std::string>& names);
void WriteObjectRow(JsonWriter& json, const v1::ObjectRow& row);
// One line, as `entente status --json` prints it.
std::string StatusJson(const v1::StatusReply& status);

std::string PaintedState(const Terminal& terminal, std::string_view state);
// Who signed, and whether it passed on what others wrote.
std::string Origin(const std::string& origin, const std::string& source_role);
// "TLP:AMBER+STRICT", or "unlabelled".
std::string PaintedLabel(const Terminal& terminal, std::string_view tlp);
// To stdout line by line, so that what is not safe to look at is escaped and line ends are not.
void PrintLines(std::string_view text);
// "2026-01-02T03:04:05.678Z"; empty at 0.
std::string Timestamp(int64_t unix_us);

}  // namespace entente::cli
