#pragma once

#include "entente/v1/admin.pb.h"
#include "services/entente/json_writer.h"
#include "services/entente/output.h"

// How a group looks in JSON and on a terminal.
namespace entente::cli {

// An object of its own.
void WriteGroup(JsonWriter& json, const v1::GroupRecord& group);
void PrintGroup(const Terminal& terminal, const v1::GroupRecord& group);

}  // namespace entente::cli
