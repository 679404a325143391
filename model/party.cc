#include "model/party.h"

#include <algorithm>
#include <array>

#include "base/reject.h"
#include "model/text.h"

namespace entente::model {
namespace {

constexpr std::array kPartyKinds = {PartyKind::kNation,   PartyKind::kCert,     PartyKind::kPrivate,
                                    PartyKind::kResearch, PartyKind::kObserver, PartyKind::kRelay};
constexpr size_t kMaxPartyName = 64;

// ISO 3166-1 alpha-2, officially assigned, in alphabetical order, one after the other.
constexpr std::string_view kNations =
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCVCWCXCYCZ"
    "DEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISIT"
    "JEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZ"
    "NANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZ"
    "TCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

bool IsAssigned(std::string_view code) {
  for (size_t i = 0; i < kNations.size(); i += 2) {
    if (kNations.substr(i, 2) == code) return true;
  }
  return false;
}

bool IsUserAssigned(std::string_view code) {
  return code == "AA" || code == "ZZ" || code[0] == 'X' || (code[0] == 'Q' && code[1] >= 'M');
}

bool IsLowerOrDigit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string_view Name(PartyKind kind) {
  switch (kind) {
    case PartyKind::kNation:
      return "nation";
    case PartyKind::kCert:
      return "cert";
    case PartyKind::kPrivate:
      return "private";
    case PartyKind::kResearch:
      return "research";
    case PartyKind::kObserver:
      return "observer";
    case PartyKind::kRelay:
      return "relay";
  }
  return "";
}

absl::StatusOr<PartyKind> ParsePartyKind(std::string_view text) {
  std::vector<std::string> names;
  for (const PartyKind kind : kPartyKinds) {
    if (Name(kind) == text) return kind;
    names.emplace_back(Name(kind));
  }
  std::string message = "'" + Escaped(text, 32) +
                        "' is no kind of party; choose nation, cert, private, research, "
                        "observer or relay";
  if (const std::string near = DidYouMean(text, names); !near.empty()) message += " (did you mean '" + near + "'?)";
  return Reject(RejectReason::kUsage, message);
}

absl::StatusOr<std::string> ParseNation(std::string_view text) {
  std::string code(text);
  for (char& c : code) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  const bool letters =
      code.size() == 2 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  if (letters && (IsAssigned(code) || IsUserAssigned(code))) return code;
  std::string message = "'" + Escaped(text, 32) + "' is no country code; give the two letters of ISO 3166-1";
  if (code == "UK") message += " (the United Kingdom is GB)";
  if (code == "EL") message += " (Greece is GR)";
  return Reject(RejectReason::kUsage, message);
}

absl::StatusOr<std::string> ParsePartyName(std::string_view text) {
  const bool allowed = std::all_of(text.begin(), text.end(),
                                   [](char c) { return IsLowerOrDigit(c) || c == '.' || c == '-' || c == '_'; });
  if (!text.empty() && text.size() <= kMaxPartyName && allowed && IsLowerOrDigit(text.front()) &&
      IsLowerOrDigit(text.back())) {
    return std::string(text);
  }
  return Reject(RejectReason::kUsage, "'" + Escaped(text, 80) +
                                          "' is no party name; use 1 to 64 of a-z 0-9 . - _ and begin and end with a "
                                          "letter or digit, for example cert.norlandia");
}

}  // namespace entente::model
