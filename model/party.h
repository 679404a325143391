#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/marking.h"

namespace entente::model {

enum class PartyKind { kNation, kCert, kPrivate, kResearch, kObserver, kRelay };
std::string_view Name(PartyKind kind);                         // "nation", "cert", ...
absl::StatusOr<PartyKind> ParsePartyKind(std::string_view);    // refuses with kUsage and names the choices
// ISO 3166-1 alpha-2, upper-cased. Refuses with kUsage. User-assigned codes (XA-XZ, QM-QZ, AA, ZZ) are accepted.
absl::StatusOr<std::string> ParseNation(std::string_view);
// 1 to 64 of a-z 0-9 . - _ ; starts and ends with a letter or digit. Refuses with kUsage.
absl::StatusOr<std::string> ParsePartyName(std::string_view);

inline constexpr size_t kMaxIdentitiesOfParty = 16;

// What the operator has on file about an organisation. Nothing in here is the organisation's own word.
struct Party {
  OrgId org;
  std::string name;
  std::string nation;
  PartyKind kind = PartyKind::kPrivate;
  std::vector<std::string> sectors;  // sorted
  Label ceiling = Label::kGreen;     // the strictest label ever exchanged with it
  std::string address;               // host:port, or empty
  std::vector<std::string> identities;  // ids of the STIX identity objects that are it; sorted
};

}  // namespace entente::model
