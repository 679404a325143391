#include "trust/card.h"

#include <algorithm>
#include <charconv>

#include "base/reject.h"
#include "crypto/encoding.h"
#include "proto/strict_parse.h"

namespace entente::trust {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ENTENTE CARD-----", kEnd = "-----END ENTENTE CARD-----";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr size_t kLineLength = 64;
constexpr size_t kMaxHostBytes = 253;

absl::Status RefuseCard(std::string_view what) {
  return Reject(RejectReason::kIdentity, "card refused: " + std::string(what) +
                                             "; copy the whole card again, from its BEGIN line to its END line");
}

// The next line without its end. Mail turns line feeds into CR LF: both count as one.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

bool IsHost(std::string_view host) {
  if (host.empty() || host.size() > kMaxHostBytes) return false;
  const bool bracketed = host.front() == '[' && host.back() == ']' && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool digit = c >= '0' && c <= '9', letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return bracketed ? digit || c == ':' || c == '.' || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')
                     : digit || letter || c == '.' || c == '-';
  });
}

bool IsAddress(std::string_view address) {
  if (address.empty()) return true;
  const size_t colon = address.rfind(':');
  if (colon == std::string_view::npos || !IsHost(address.substr(0, colon))) return false;
  const std::string_view port = address.substr(colon + 1);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc() && end == port.data() + port.size() && number != 0 && port.front() != '0';
}

// The base64 text between the two lines, which must be all that `text` holds.
absl::StatusOr<std::string> Unarmour(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return RefuseCard("there is nothing in it");
  text = text.substr(first, text.find_last_not_of(kWhiteSpace) + 1 - first);
  if (TakeLine(text) != kBegin) return RefuseCard("it does not begin with " + std::string(kBegin));
  std::string base64;
  bool last = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line == kEnd) {
      if (!text.empty()) return RefuseCard("something follows its END line");
      return base64;
    }
    if (last || line.empty() || line.size() > kLineLength) return RefuseCard("its lines are not of 64 characters");
    last = line.size() < kLineLength;
    base64 += line;
  }
  return RefuseCard("it has no END line");
}

}  // namespace

std::string ArmourCard(const v1::Card& card) {
  const std::string base64 = crypto::ToBase64(card.SerializeAsString());
  std::string out = std::string(kBegin) + "\n";
  for (size_t i = 0; i < base64.size(); i += kLineLength) out += base64.substr(i, kLineLength) + "\n";
  return out + std::string(kEnd) + "\n";
}

absl::StatusOr<v1::Card> ReadCard(const std::string& text) {
  if (text.size() > kMaxCardBytes) return RefuseCard("it is over 128 KiB");
  absl::StatusOr<std::string> base64 = Unarmour(text);
  if (!base64.ok()) return base64.status();
  absl::StatusOr<Bytes> bytes = crypto::FromBase64(*base64);
  if (!bytes.ok() || crypto::ToBase64(*bytes) != *base64) return RefuseCard("a character is damaged");
  v1::Card card;
  if (!StrictParse(*bytes, card).ok()) return RefuseCard("its content is damaged");
  if (card.version() != 1) return RefuseCard("its version is not 1, the only one that this software reads");
  if (!card.has_identity()) return RefuseCard("it holds no identity");
  if (!card.later().empty()) return RefuseCard("it holds versions of its identity that this software does not read");
  if (!IsAddress(card.address())) return RefuseCard("its address is not host:port");
  return card;
}

}  // namespace entente::trust
