#include "model/stix_object.h"

#include <algorithm>

#include "base/reject.h"
#include "model/timestamp.h"

namespace entente::model {
namespace {

constexpr size_t kMinTypeBytes = 3, kMaxTypeBytes = 250;

absl::Status NoStix(std::string_view why) {
  return Reject(RejectReason::kStix, "this is no STIX object: " + std::string(why));
}

bool IsType(std::string_view type) {
  return type.size() >= kMinTypeBytes && type.size() <= kMaxTypeBytes &&
         std::all_of(type.begin(), type.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool IsUuid(std::string_view text) {
  constexpr std::string_view kShape = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < kShape.size(); ++i) {
    const char c = text[i];
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (kShape[i] == 'x' ? !hex : c != '-') return false;
  }
  return true;
}

}  // namespace

bool IsStixId(std::string_view id, std::string_view type) {
  return id.starts_with(type) && id.substr(type.size()).starts_with("--") && IsUuid(id.substr(type.size() + 2));
}

namespace {

// The nanoseconds of `property`; 0 when it is absent.
absl::StatusOr<int64_t> TimeAt(const JsonValue& object, std::string_view property) {
  const JsonValue* value = object.Find(property);
  if (value == nullptr) return 0;
  if (!value->is_string()) return NoStix(std::string(property) + " is no string");
  auto time = ParseTimestamp(value->text());
  if (!time.ok()) return NoStix(std::string(property) + ": " + std::string(time.status().message()));
  return time;
}

absl::Status CheckId(const JsonValue& object) {
  const JsonValue* id = object.Find("id");
  if (id == nullptr || !id->is_string()) {
    return Reject(RejectReason::kNoId, "the object has no id; give it one, \"<type>--<uuid>\"");
  }
  const std::string_view type = object.StringAt("type");
  if (type.empty()) return NoStix("it has no type");
  if (!IsType(type)) return NoStix("its type is not 3 to 250 of a-z 0-9 -");
  if (type == "bundle") return NoStix("a bundle is a wrapper and stands in no other; publish its objects");
  const std::string_view text = id->text();
  if (text.size() > kMaxStixIdBytes) return NoStix("its id is over 256 bytes");
  if (!IsStixId(text, type)) {
    return NoStix("its id is not \"<its type>--<uuid>\"");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StixObject> StixObject::Parse(ByteView content, TextPlace start) {
  auto document = JsonDocument::Parse(content, start);
  if (!document.ok()) return document.status();
  StixObject object(*std::move(document));
  const JsonValue& root = object.json();
  if (!root.is_object()) return NoStix("it is no JSON object");
  if (absl::Status id = CheckId(root); !id.ok()) return id;
  const auto created = TimeAt(root, "created"), modified = TimeAt(root, "modified");
  if (!created.ok()) return created.status();
  if (!modified.ok()) return modified.status();
  object.id_ = root.StringAt("id");
  object.type_ = root.StringAt("type");
  const bool has_modified = root.Find("modified") != nullptr;
  object.version_ = root.StringAt(has_modified ? "modified" : "created");
  object.version_ns_ = has_modified ? *modified : *created;
  return object;
}

}  // namespace entente::model
