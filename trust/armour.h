#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/bytes.h"

// Bytes as text that survives mail and clipboards: "-----BEGIN ENTENTE KIND-----", base64 in lines of 64, an END line
// (docs/formats/files.md, Armour).
namespace entente::trust {

inline constexpr std::string_view kCardArmour = "CARD", kStatementArmour = "STATEMENT",
                                  kMembershipArmour = "MEMBERSHIP", kIdentityArmour = "IDENTITY";

std::string Armour(std::string_view kind, ByteView bytes);
// White space around and CR LF are fine, anything else around or between is not. Refuses with kParse; the message says
// in words what is wrong, beginning with "it".
absl::StatusOr<Bytes> Unarmour(std::string_view kind, std::string_view text);
// The kind that the first line names, whatever follows.
std::optional<std::string> ArmourKind(std::string_view text);

}  // namespace entente::trust
