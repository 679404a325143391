#pragma once

#include "entente/v1/admin_agreement.pb.h"
#include "services/entente/json_writer.h"
#include "services/entente/output.h"

namespace entente::cli {

// One row as the value of an open key or array: docs/cli.md.
void WriteAgreement(JsonWriter& json, const v1::AgreementRow& row);
// What stands with one peer: what counts, and what waits for whom.
void PrintAgreement(const Terminal& terminal, const v1::AgreementRow& row);
// A line for each.
void PrintAgreements(const Terminal& terminal, const v1::AgreementReply& reply);

}  // namespace entente::cli
