#include "model/bundle_reader.h"

#include <algorithm>
#include <utility>

#include "model/json_fault.h"
#include "model/json_walk.h"
#include "model/value_scan.h"

namespace entente::model {
namespace {

constexpr size_t kMaxKeyOfInterest = 64;  // "objects" with every letter written as \uXXXX has 44 bytes

bool IsObjectsKey(const Capture& key) {
  if (key.over()) return false;
  if (key.view() == "\"objects\"") return true;
  if (key.view().find('\\') == ByteView::npos) return false;
  const auto decoded = JsonDocument::Parse(key.view());
  return decoded.ok() && decoded->root().text() == "objects";
}

}  // namespace

BundleReader::BundleReader(Source source) : input_(std::move(source)) {}

absl::StatusOr<std::optional<BundleReader::Object>> BundleReader::Next() {
  if (!refusal_.ok()) return refusal_;
  Result result = std::nullopt;
  switch (state_) {
    case State::kStart:
      result = Begin();
      break;
    case State::kFirstElement:
    case State::kNextElement:
      result = NextElement();
      break;
    case State::kBehind:
      result = CheckEnd();
      break;
    case State::kEnd:
      break;
  }
  if (!result.ok()) refusal_ = result.status();
  return result;
}

BundleReader::Result BundleReader::Begin() {
  const char first = input_.NextVisible(nullptr);
  head_start_ = input_.place();
  if (first == '{') {
    input_.Take(1, &frame_);
    return ReadMembers();
  }
  if (first == '[') {
    input_.Take(1, nullptr);
    state_ = State::kFirstElement;
    return NextElement();
  }
  if (first == '\xEF') return Broken("the file starts with a byte order mark; save it as UTF-8 without one");
  if (input_.Ahead().empty() && input_.status().ok()) {
    return RejectAt(RejectReason::kJson, "the file is empty", input_.place());
  }
  return Broken("the file is no STIX bundle, array or object");
}

BundleReader::Result BundleReader::ReadMembers() {
  while (true) {
    switch (input_.NextVisible(&frame_)) {
      case '}':
        input_.Take(1, &frame_);
        return in_bundle_ ? EndOfBundle() : EndOfSingleObject();
      case ',':  // a missing or doubled one is found by parsing the frame
        input_.Take(1, &frame_);
        break;
      case '"': {
        const auto is_objects = ReadKey();
        if (!is_objects.ok()) return is_objects.status();
        if (*is_objects && in_bundle_) return Broken("the bundle has \"objects\" twice");
        if (*is_objects && input_.NextVisible(&frame_) == '[') {
          const auto is_bundle = EnterBundle();
          if (!is_bundle.ok()) return is_bundle.status();
          if (*is_bundle) return NextElement();
        }
        if (const absl::Status skipped = SkipValue(frame_); !skipped.ok()) return skipped;
        break;
      }
      default:
        return Broken("expected a key in quotes, ',' or '}'");
    }
    if (in_bundle_ && frame_.over()) return FrameTooLarge();
  }
}

absl::StatusOr<bool> BundleReader::ReadKey() {
  Capture key(kMaxKeyOfInterest);
  const size_t before = frame_.view().size();
  if (const absl::Status followed = Follow('"', frame_); !followed.ok()) return followed;
  if (!frame_.over()) key.Append(frame_.view().substr(before));
  if (input_.NextVisible(&frame_) != ':') return Broken("expected ':' behind a key");
  input_.Take(1, &frame_);
  return !frame_.over() && IsObjectsKey(key);
}

absl::Status BundleReader::SkipValue(Capture& kept) {
  const char first = input_.NextVisible(&kept);
  if (first == '"' || first == '{' || first == '[') return Follow(first, kept);
  bool empty = true;
  while (true) {
    const ByteView ahead = input_.Ahead();
    if (ahead.empty()) return Broken("a value is missing");
    const size_t end = ahead.find_first_of(",:{}[]\" \t\r\n");
    empty = empty && end == 0;
    input_.Take(std::min(end, ahead.size()), &kept);
    if (end != ByteView::npos) return empty ? Broken("a value is missing") : absl::OkStatus();
  }
}

absl::StatusOr<bool> BundleReader::EnterBundle() {
  // Tried without the '[' in the frame, so that a single object with an array of that name can go on as it is.
  const auto is_bundle = FrameIsBundle("[]}");
  if (!is_bundle.ok() || !*is_bundle) return is_bundle;
  frame_.Lower(kMaxBundleFrameBytes);
  input_.Take(1, &frame_);
  if (frame_.over()) return FrameTooLarge();
  head_size_ = frame_.view().size();
  in_bundle_ = true;
  state_ = State::kFirstElement;
  return true;
}

BundleReader::Result BundleReader::NextElement() {
  char next = input_.NextVisible(nullptr);
  if (next == ']') {
    if (in_bundle_) {
      tail_start_ = input_.place();
      input_.Take(1, &frame_);
      return ReadMembers();
    }
    input_.Take(1, nullptr);
    return CheckEnd();
  }
  if (state_ == State::kNextElement) {
    if (next != ',') return Broken("expected ',' or ']' behind an object");
    input_.Take(1, nullptr);
    next = input_.NextVisible(nullptr);
  }
  const TextPlace start = input_.place();
  too_deep_.reset();
  if (next != '{') return RefuseElement(next, start);
  Capture content(kMaxJsonBytes);
  if (const absl::Status followed = Follow('{', content); !followed.ok()) return followed;
  state_ = State::kNextElement;
  ++elements_;
  return Finish(content, start);
}

BundleReader::Result BundleReader::RefuseElement(char first, TextPlace start) {
  constexpr std::string_view kStarts = "\"[-0123456789tfn";
  if (kStarts.find(first) == std::string_view::npos) return Broken("expected an object");
  Capture content(kMaxJsonBytes);
  if (const absl::Status skipped = SkipValue(content); !skipped.ok()) return skipped;
  state_ = State::kNextElement;
  const std::string what = "element [" + std::to_string(elements_++) + "] is no object";
  Object element = Finish(content, start);
  if (!element.refused.ok()) return element;
  if (!JsonDocument::Parse(element.content).ok()) return RejectAt(RejectReason::kJson, "expected an object", start);
  element.content.clear();
  element.refused = RejectAt(RejectReason::kStix, what, start);
  return element;
}

BundleReader::Object BundleReader::Finish(Capture& kept, TextPlace start) {
  Object object{.content = {}, .line = start.line, .column = start.column, .refused = absl::OkStatus()};
  if (kept.over()) {
    object.refused = RejectAt(RejectReason::kLimit, "an object is over 32 MiB; it starts", start);
  } else if (too_deep_) {
    object.refused = RejectAt(RejectReason::kJson, "an object is nested deeper than 64 levels", *too_deep_);
  } else {
    object.content = kept.Release();
  }
  return object;
}

BundleReader::Result BundleReader::EndOfBundle() {
  const auto is_bundle = FrameIsBundle("");
  if (!is_bundle.ok()) return is_bundle.status();
  if (!*is_bundle) {
    return RejectAt(RejectReason::kJson, "a file with \"objects\" is of another type than \"bundle\"; it starts",
                    head_start_);
  }
  return CheckEnd();
}

BundleReader::Result BundleReader::EndOfSingleObject() {
  state_ = State::kBehind;
  if (!frame_.over() && !too_deep_) {
    const auto whole = JsonDocument::Parse(frame_.view());
    if (whole.ok() && whole->root().StringAt("type") == "bundle") {
      if (whole->root().Find("objects") != nullptr) {
        return RejectAt(RejectReason::kJson, "\"objects\" is no array in the bundle that starts", head_start_);
      }
      return CheckEnd();
    }
  }
  return Finish(frame_, head_start_);
}

BundleReader::Result BundleReader::CheckEnd() {
  input_.NextVisible(nullptr);
  if (!input_.status().ok()) return input_.status();
  if (!input_.Ahead().empty()) return Broken("there is more behind the end");
  state_ = State::kEnd;
  return std::nullopt;
}

absl::Status BundleReader::Broken(std::string_view what) {
  const bool ended = input_.Ahead().empty();
  if (!input_.status().ok()) return input_.status();
  return RejectAt(RejectReason::kJson, ended ? "the file breaks off" : what, input_.place());
}

}  // namespace entente::model
