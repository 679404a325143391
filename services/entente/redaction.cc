#include "services/entente/redaction.h"

#include <arpa/inet.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "services/entented/config.h"

namespace entente::cli {
namespace {

// What stands in front of ':' and a number in a line about a file of ours, and is no host.
constexpr auto kFileEndings = {".cc", ".h", ".c", ".toml", ".json"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  absl::AsciiStrToLower(&lower);
  return lower;
}
bool IsAlnum(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }
bool IsWord(char c) { return IsAlnum(c) || c == '-' || c == '_'; }
bool IsHostChar(char c) { return IsWord(c) || c == '.'; }
bool IsAddressChar(char c) { return absl::ascii_isxdigit(static_cast<unsigned char>(c)) || c == ':' || c == '.'; }

bool IsPlain(const std::string& host) {
  static const std::set<std::string> plain = {"localhost", "::1", "::", "0.0.0.0"};
  in_addr address{};
  const bool v4 = inet_pton(AF_INET, host.c_str(), &address) == 1;
  return plain.contains(host) || (v4 && ntohl(address.s_addr) >> 24 == 127);
}

bool IsAddress(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

// The longest address at the start of `text`, with its zone; 0 when there is none.
size_t AddressAt(std::string_view text) {
  size_t run = 0;
  while (run < text.size() && IsAddressChar(text[run])) ++run;
  for (size_t end = run; end > 1; --end) {
    const std::string_view behind = text.substr(end);
    const bool goes_on = !behind.empty() && (IsAlnum(behind[0]) || (behind[0] == '.' && behind.size() > 1 && IsAlnum(behind[1])));
    if (goes_on || !IsAddress(std::string(text.substr(0, end)))) continue;
    if (behind.starts_with('%')) {
      for (++end; end < text.size() && IsHostChar(text[end]);) ++end;
    }
    return end;
  }
  return 0;
}

// "name.with.dots" in front of ":digits"; 0 when there is none.
size_t HostInFrontOfPort(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && IsHostChar(text[end])) ++end;
  if (end + 1 >= text.size() || text[end] != ':' || !absl::ascii_isdigit(static_cast<unsigned char>(text[end + 1]))) return 0;
  const std::string_view host = text.substr(0, end);
  const size_t dot = host.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == end || !absl::ascii_isalpha(static_cast<unsigned char>(host[dot + 1]))) {
    return 0;
  }
  const bool file = std::any_of(kFileEndings.begin(), kFileEndings.end(), [&](const char* e) { return host.ends_with(e); });
  return file ? 0 : end;
}

}  // namespace

std::string Redaction::NameOf(std::string_view host) {
  const std::string lower = Lower(host);
  if (IsPlain(lower)) return std::string(host);
  return "redacted-" + std::to_string(numbers_.try_emplace(lower, numbers_.size() + 1).first->second);
}

void Redaction::Know(const std::string& address) {
  const auto parsed = node::ParseHostPort(address);
  if (!parsed.ok() || IsPlain(Lower(parsed->first))) return;
  NameOf(parsed->first);
  known_.insert(Lower(parsed->first));
}

// The longest known host at the start of `text`, whole words only; 0 when there is none.
size_t Redaction::KnownAt(std::string_view text) const {
  size_t end = 0;
  while (end < text.size() && IsHostChar(text[end])) ++end;
  while (end > 0 && !known_.contains(Lower(text.substr(0, end)))) {
    const size_t dot = text.substr(0, end).rfind('.');
    end = dot == std::string_view::npos ? 0 : dot;
  }
  return end;
}

std::string Redaction::WithoutKnown(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const bool begins = IsWord(text[at]) && (at == 0 || !IsWord(text[at - 1]));
    const size_t length = begins ? KnownAt(text.substr(at)) : 0;
    out += length == 0 ? std::string(1, text[at]) : NameOf(text.substr(at, length));
    at += std::max<size_t>(length, 1);
  }
  return out;
}

std::string Redaction::Of(std::string_view text) {
  const std::string known = WithoutKnown(text);
  const std::string_view rest = known;
  std::string out;
  for (size_t at = 0; at < rest.size();) {
    const bool begins = at == 0 || !IsHostChar(rest[at - 1]);
    size_t length = begins ? AddressAt(rest.substr(at)) : 0;
    if (length == 0 && begins) length = HostInFrontOfPort(rest.substr(at));
    out += length == 0 ? std::string(1, rest[at]) : NameOf(rest.substr(at, length));
    at += std::max<size_t>(length, 1);
  }
  return out;
}

}  // namespace entente::cli
