#include "trust/armour.h"

#include <algorithm>

#include "base/reject.h"
#include "crypto/encoding.h"

namespace entente::trust {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kBegin = "-----BEGIN ENTENTE ", kEnd = "-----END ENTENTE ", kDashes = "-----";
constexpr size_t kLineLength = 64;

absl::Status Malformed(std::string_view what) { return Reject(RejectReason::kParse, what); }

std::string Line(std::string_view begin, std::string_view kind) {
  return std::string(begin) + std::string(kind) + std::string(kDashes);
}

// The next line without its end. Mail turns line feeds into CR LF: both count as one.
std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kWhiteSpace) + 1 - first);
}

// The base64 text between the two lines, which must be all that `text` holds.
absl::StatusOr<std::string> Between(std::string_view kind, std::string_view text) {
  text = Trimmed(text);
  if (text.empty()) return Malformed("there is nothing in it");
  if (TakeLine(text) != Line(kBegin, kind)) return Malformed("it does not begin with " + Line(kBegin, kind));
  std::string base64;
  bool last = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line == Line(kEnd, kind)) {
      if (!text.empty()) return Malformed("something follows its END line");
      return base64;
    }
    if (last || line.empty() || line.size() > kLineLength) return Malformed("its lines are not of 64 characters");
    last = line.size() < kLineLength;
    base64 += line;
  }
  return Malformed("it has no END line");
}

}  // namespace

std::string Armour(std::string_view kind, ByteView bytes) {
  const std::string base64 = crypto::ToBase64(bytes);
  std::string out = Line(kBegin, kind) + "\n";
  out.reserve(base64.size() + base64.size() / kLineLength + 2 * (kBegin.size() + kind.size() + kDashes.size()) + 2);
  for (size_t i = 0; i < base64.size(); i += kLineLength) out.append(base64, i, kLineLength).push_back('\n');
  return out + Line(kEnd, kind) + "\n";
}

absl::StatusOr<Bytes> Unarmour(std::string_view kind, std::string_view text) {
  absl::StatusOr<std::string> base64 = Between(kind, text);
  if (!base64.ok()) return base64.status();
  absl::StatusOr<Bytes> bytes = crypto::FromBase64(*base64);
  if (!bytes.ok() || crypto::ToBase64(*bytes) != *base64) return Malformed("a character of it is damaged");
  return bytes;
}

std::optional<std::string> ArmourKind(std::string_view text) {
  text = Trimmed(text);
  std::string_view line = TakeLine(text);
  if (!line.starts_with(kBegin) || !line.ends_with(kDashes) || line.size() <= kBegin.size() + kDashes.size()) {
    return std::nullopt;
  }
  line.remove_prefix(kBegin.size());
  line.remove_suffix(kDashes.size());
  return std::string(line);
}

}  // namespace entente::trust
