#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "entente/v1/envelope.pb.h"
#include "envelope/wire_walk.h"

// Private to envelope/.
namespace entente::envelope {

// Parses a payload strictly, after its counts and sizes were checked on the bytes: a repeated field of empty elements
// would otherwise allocate a hundred times what it weighs. It has a batch and statements, or notices alone. Refuses with kParse,
// kLimit, kChain (over 16 forwards or permissions), kSeal (none).
absl::StatusOr<v1::Payload> ReadPayload(ByteView bytes);
// The counts and sizes alone, which a sealer holds to as well. Refuses with kParse, kLimit, kChain.
absl::Status CheckPayloadSizes(ByteView bytes);

// Walks one level of fields in front of a parser; `check` refuses one. What is malformed refuses with kParse.
absl::Status CheckEachField(ByteView wire, absl::FunctionRef<absl::Status(const WireField&)> check);
// The counts and sizes of one StatementEntry. Refuses with kParse and kLimit.
absl::Status CheckEntrySizes(ByteView entry);
// One co-signature, forward or permission, the `count`th of its kind. Refuses with kLimit and kChain.
absl::Status CheckCosignatureSize(ByteView cosignature, size_t count);
absl::Status CheckForwardSize(ByteView forward, size_t count);

}  // namespace entente::envelope
