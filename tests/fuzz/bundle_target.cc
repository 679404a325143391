#include <utility>

#include "model/bundle_reader.h"
#include "tests/fuzz/fuzz.h"

namespace entente::fuzz {
namespace {

using model::BundleReader;

struct Cut {
  Bytes content;
  uint64_t line, column;
  RejectReason refused;
  bool operator==(const Cut&) const = default;
};
struct Reading {
  std::vector<Cut> objects;
  RejectReason end = RejectReason::kNone;
  std::string message;
  bool operator==(const Reading&) const = default;
};

// Reads all of `input`, handed over `step` bytes at a time.
Reading ReadAll(ByteView input, size_t step) {
  size_t at = 0;
  BundleReader reader([&](char* buffer, size_t size) -> absl::StatusOr<size_t> {
    const ByteView part = input.substr(at, std::min(size, step));
    part.copy(buffer, part.size());
    at += part.size();
    return part.size();
  });
  Reading reading;
  while (true) {
    absl::StatusOr<std::optional<BundleReader::Object>> next = reader.Next();
    if (!next.ok()) {
      CheckRefused(next.status(), {RejectReason::kJson, RejectReason::kLimit});
      reading.end = ReasonOf(next.status());
      reading.message = std::string(next.status().message());
      FUZZ_CHECK(reader.Next().status() == next.status());
      return reading;
    }
    if (!next->has_value()) return reading;
    BundleReader::Object object = **std::move(next);
    if (!object.refused.ok()) {
      CheckRefused(object.refused, {RejectReason::kJson, RejectReason::kLimit, RejectReason::kStix});
      FUZZ_CHECK(object.content.empty());
    }
    reading.objects.push_back({std::move(object.content), object.line, object.column, ReasonOf(object.refused)});
    FUZZ_CHECK(reading.objects.size() <= input.size());
  }
}

// The text that starts at a place.
ByteView From(ByteView text, uint64_t line, uint64_t column) {
  for (; line > 1; --line) {
    const size_t end = text.find('\n');
    FUZZ_CHECK(end != ByteView::npos);
    text.remove_prefix(end + 1);
  }
  FUZZ_CHECK(column - 1 <= text.size());
  return text.substr(column - 1);
}

}  // namespace

bool FuzzBundle(ByteView input) {
  const Reading reading = ReadAll(input, input.size() + 1);
  FUZZ_CHECK(ReadAll(input, 1) == reading);
  FUZZ_CHECK(ReadAll(input, 7) == reading);
  for (const Cut& cut : reading.objects) {
    FUZZ_CHECK(From(input, cut.line, cut.column).starts_with(cut.content));
  }
  // What is strict JSON as a whole is so in its parts, and none of them gets lost.
  const auto whole = model::JsonDocument::Parse(input);
  if (!whole.ok()) return reading.end == RejectReason::kNone;
  const model::JsonValue& root = whole->root();
  if (!root.is_object() && !root.is_array()) {
    FUZZ_CHECK(reading.end == RejectReason::kJson);
    return false;
  }
  const model::JsonValue* objects = root.Find("objects");
  if (objects == nullptr || objects->is_array()) FUZZ_CHECK(reading.end == RejectReason::kNone);
  if (root.is_array()) FUZZ_CHECK(reading.objects.size() == root.elements().size());
  for (const Cut& cut : reading.objects) {
    FUZZ_CHECK(cut.refused == RejectReason::kNone || cut.refused == RejectReason::kStix);
    FUZZ_CHECK(cut.refused != RejectReason::kNone || model::JsonDocument::Parse(cut.content).ok());
  }
  return reading.end == RejectReason::kNone;
}

}  // namespace entente::fuzz
