#pragma once

#include <string_view>
#include <vector>

#include "exchange/exchange.h"

// Where derived objects come from, as the journal has it. Private to exchange.
namespace entente::exchange {

// What was derived from that version of an object, and to whom each went or goes; at most kMaxDerivedListed.
absl::StatusOr<std::vector<v1::DerivedRow>> DerivedRows(const Room& room, std::string_view id, int64_t version_ns);

// The strictest label of what a stored object is derived from: raising the source raises what was made of it.
// kUnlabelled where it is derived from nothing.
absl::StatusOr<model::Label> SourceLabel(const storage::Reader& reader, const v1::ObjectAccepted& object);

}  // namespace entente::exchange
