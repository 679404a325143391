#include "model/value_scan.h"

#include <array>
#include <cstring>

namespace entente::model {
namespace {

constexpr uint64_t kKnownLevels = 64;  // bits of objects_
static_assert(kMaxJsonDepth <= kKnownLevels);

constexpr std::array<bool, 256> kTurns = [] {
  std::array<bool, 256> table{};
  for (const unsigned char c : {'"', '{', '}', '[', ']'}) table[c] = true;
  return table;
}();

constexpr uint64_t kOnes = 0x0101010101010101, kHighs = 0x8080808080808080;

bool HasByte(uint64_t word, unsigned char byte) {
  const uint64_t zero_where_equal = word ^ (kOnes * byte);
  return ((zero_where_equal - kOnes) & ~zero_where_equal & kHighs) != 0;
}

// The next quote or backslash, eight bytes a step: long descriptions and patterns are most of a bundle.
const char* NextInString(const char* at, const char* end) {
  while (end - at >= 8) {
    uint64_t word;
    std::memcpy(&word, at, sizeof word);
    if (HasByte(word, '"') || HasByte(word, '\\')) break;
    at += 8;
  }
  while (at != end && *at != '"' && *at != '\\') ++at;
  return at;
}

}  // namespace

ValueScan::ValueScan(char opening, uint64_t levels_outside) : max_depth_(kMaxJsonDepth - levels_outside) {
  if (opening == '"') {
    in_string_ = true;
  } else {
    Push(opening == '{');
  }
}

void ValueScan::Push(bool is_object) {
  if (depth_ < kKnownLevels) {
    const uint64_t bit = uint64_t{1} << depth_;
    objects_ = is_object ? objects_ | bit : objects_ & ~bit;
  }
  ++depth_;
}

const char* ValueScan::EndOfString(const char* at, const char* end) {
  while (at != end) {
    if (escaped_) {
      escaped_ = false;
      ++at;
      continue;
    }
    at = NextInString(at, end);
    if (at == end) break;
    if (*at++ == '"') {
      in_string_ = false;
      break;
    }
    escaped_ = true;
  }
  return at;
}

ValueScan::Stop ValueScan::Read(ByteView ahead, size_t& read) {
  const char* at = ahead.data();
  const char* const end = at + ahead.size();
  const auto stop = [&](Stop why) {
    read = static_cast<size_t>(at - ahead.data());
    return why;
  };
  while (at != end) {
    if (in_string_) {
      at = EndOfString(at, end);
      if (!in_string_ && depth_ == 0) return stop(Stop::kDone);
      continue;
    }
    while (at != end && !kTurns[static_cast<unsigned char>(*at)]) ++at;
    if (at == end) break;
    const char c = *at;
    if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      if (depth_ == max_depth_ && !said_too_deep_) {
        said_too_deep_ = true;
        return stop(Stop::kTooDeep);
      }
      Push(c == '{');
    } else {
      const bool known = depth_ <= kKnownLevels;
      if (known && (((objects_ >> (depth_ - 1)) & 1) != 0) != (c == '}')) return stop(Stop::kMismatch);
      --depth_;
    }
    ++at;
    if (depth_ == 0 && !in_string_) return stop(Stop::kDone);
  }
  return stop(Stop::kMore);
}

}  // namespace entente::model
