#include "model/json.h"

#include <bit>
#include <cstring>
#include <utility>

#include "model/json_fault.h"
#include "model/json_text.h"
#include "model/json_walk.h"

namespace entente::model {
namespace {

// Eight bytes a step: every byte of a bundle passes here.
uint64_t CountLineEnds(ByteView text) {
  constexpr uint64_t kOnes = 0x0101010101010101, kLow = 0x7F * kOnes;
  uint64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, sizeof word);
    word ^= kOnes * '\n';  // line ends are now zero bytes; the next line leaves a bit for each of exactly those
    count += static_cast<uint64_t>(std::popcount(~(((word & kLow) + kLow) | word | kLow)));
  }
  for (; i < text.size(); ++i) count += text[i] == '\n' ? 1 : 0;
  return count;
}

}  // namespace

const JsonValue* JsonValue::Find(std::string_view key) const {
  for (const Member& member : members_) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view JsonValue::StringAt(std::string_view key) const {
  const JsonValue* value = Find(key);
  return value != nullptr && value->is_string() ? value->text() : std::string_view();
}

TextPlace PlaceBehind(ByteView text, TextPlace start) {
  TextPlace place = start;
  const size_t last = text.rfind('\n');
  if (last == ByteView::npos) {
    place.column += text.size();
    return place;
  }
  place.line += CountLineEnds(text.substr(0, last + 1));
  place.column = text.size() - last;
  return place;
}

absl::Status RejectAt(RejectReason reason, std::string_view what, TextPlace place) {
  return Reject(reason, std::string(what) + " at line " + std::to_string(place.line) + ", column " +
                            std::to_string(place.column));
}

absl::StatusOr<JsonDocument> JsonDocument::Parse(ByteView text, TextPlace start) {
  if (text.size() > kMaxJsonBytes) {
    return RejectAt(RejectReason::kLimit, "this JSON text is over 32 MiB; split it: the limit is passed",
                    PlaceBehind(text.substr(0, kMaxJsonBytes), start));
  }
  // Shorter texts have not the room for so many.
  if (text.size() > 2 * kMaxJsonTokens) {
    if (auto fault = TooManyTokens(text, kMaxJsonTokens)) {
      return RejectAt(RejectReason::kJson, fault->what, PlaceBehind(text.substr(0, fault->offset), start));
    }
  }
  JsonDocument document;
  document.buffer_ = std::make_unique<Bytes>();
  document.root_ = std::make_unique<JsonValue>();
  if (auto fault = JsonWalk::Run(text, *document.buffer_, *document.root_)) {
    return RejectAt(RejectReason::kJson, fault->what, PlaceBehind(text.substr(0, fault->offset), start));
  }
  return document;
}

}  // namespace entente::model
