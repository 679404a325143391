#pragma once

#include <cstddef>
#include <string_view>

#include "absl/time/time.h"
#include "base/bytes.h"
#include "trust/payload_types.h"

// Payload types that are signed and limits that both ends hold to (docs/formats/envelope.md, statement.md).
namespace entente::envelope {

using trust::kBatchType, trust::kExerciseStatementType, trust::kSealType, trust::kStatementType;
inline constexpr std::string_view kStixContent = "application/stix+json;version=2.1";
inline constexpr size_t kMaxEnvelopeBytes = 64u << 20, kMaxContentBytes = 32u << 20, kMaxSlots = 1000;
inline constexpr size_t kMaxStatements = 1024, kMaxStatementBytes = 4u << 20, kMaxAudience = 1000;
inline constexpr size_t kMaxReferences = 64;  // statements that one replaces, and that it is derived from
inline constexpr absl::Duration kStatementLifetime = absl::Hours(24 * 366), kEnvelopeLifetime = absl::Hours(24 * 14);

// Bounds of docs/formats/statement.md that callers need not know.
// One statement body: room for a full audience, as many addressees and all lists. Bounds what parsing one may allocate.
inline constexpr size_t kMaxBodyBytes = 128 * 1024;
// A batch's or seal's body, which have a fixed form and room for optional fields.
inline constexpr size_t kMaxSignedBytes = 16 * 1024;

// Random bytes that make two statements with the same words different.
inline constexpr size_t kMessageIdSize = 16;

}  // namespace entente::envelope
