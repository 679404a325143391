#include "model/warning_list.h"

#include <algorithm>

#include "base/reject.h"
#include "model/json.h"
#include "model/stix_object.h"
#include "model/text.h"

namespace entente::model {
namespace {

absl::Status Refused(std::string_view file, const std::string& what) {
  return Reject(RejectReason::kConfig, Escaped(file, 256) + ": " + what);
}

// The host of a URL, or the value itself; empty for neither. A dot behind the name is the root's.
std::string_view HostOf(std::string_view value) {
  if (const size_t scheme = value.find("://"); scheme != std::string_view::npos) {
    value.remove_prefix(scheme + 3);
    value = value.substr(0, value.find_first_of("/?#"));
    if (const size_t user = value.rfind('@'); user != std::string_view::npos) value.remove_prefix(user + 1);
    if (value.substr(0, 1) == "[") return {};  // an IPv6 address
    value = value.substr(0, value.find(':'));
  }
  while (!value.empty() && value.back() == '.') value.remove_suffix(1);
  return value;
}

std::string_view WithoutDots(std::string_view name) {
  while (!name.empty() && name.front() == '.') name.remove_prefix(1);
  while (!name.empty() && name.back() == '.') name.remove_suffix(1);
  return name;
}

bool IsHostName(std::string_view name) {
  return !name.empty() && name.find_first_of(" /:@\t") == std::string_view::npos &&
         name.find("..") == std::string_view::npos;
}

absl::StatusOr<uint64_t> VersionOf(const JsonValue& root, std::string_view file) {
  const JsonValue* version = root.Find("version");
  const bool number = version != nullptr && version->kind() == JsonValue::Kind::kNumber;
  if (!number || version->text().find_first_not_of("0123456789") != std::string_view::npos) {
    return Refused(file, "version must be a whole number");
  }
  return static_cast<uint64_t>(version->number());
}

absl::StatusOr<WarningList::Type> TypeOf(const JsonValue& root, std::string_view file) {
  const std::string_view type = root.StringAt("type");
  if (type == "string") return WarningList::Type::kString;
  if (type == "hostname") return WarningList::Type::kHostname;
  if (type == "cidr") return WarningList::Type::kCidr;
  return Refused(file, "type must be string, hostname or cidr, is '" + Escaped(type, 32) + "'");
}

}  // namespace

// What is wrong with an entry, as a phrase; empty when it was added.
std::string WarningList::AddEntry(std::string_view text) {
  if (text.empty() || text.size() > kMaxWarningEntryBytes) return "is not 1 to 1,024 bytes long";
  const std::string value = NormaliseValue(text);
  if (value.empty()) return "is white space alone";
  if (type_ == Type::kCidr) {
    const std::optional<Network> network = ParseNetwork(value);
    if (!network) return "is no address and no network";
    networks_.Add(*network);
  } else if (type_ == Type::kHostname) {
    const std::string_view name = WithoutDots(value);
    if (!IsHostName(name)) return "is no host name";
    words_.emplace(name);
  } else {
    words_.insert(value);
  }
  return {};
}

absl::StatusOr<WarningList> WarningList::Parse(ByteView json, std::string_view file) {
  absl::StatusOr<JsonDocument> document = JsonDocument::Parse(json);
  if (!document.ok()) return Refused(file, std::string(document.status().message()));
  const JsonValue& root = document->root();
  if (!root.is_object()) return Refused(file, "a warning list is one JSON object");
  WarningList out;
  out.name_ = root.StringAt("name");
  if (out.name_.empty() || out.name_.size() > kMaxWarningNameBytes)
    return Refused(file, "name must be 1 to 256 bytes long");
  const absl::StatusOr<uint64_t> version = VersionOf(root, file);
  if (!version.ok()) return version.status();
  out.version_ = *version;
  const absl::StatusOr<Type> type = TypeOf(root, file);
  if (!type.ok()) return type.status();
  out.type_ = *type;
  const JsonValue* list = root.Find("list");
  if (list == nullptr || !list->is_array() || list->elements().empty() ||
      list->elements().size() > kMaxWarningEntries) {
    return Refused(file, "list must be an array of 1 to 500,000 texts");
  }
  for (const JsonValue& entry : list->elements()) {
    const std::string wrong = entry.is_string() ? out.AddEntry(entry.text()) : "is no text";
    if (!wrong.empty()) return Refused(file, "list[" + std::to_string(out.size_) + "] " + wrong);
    ++out.size_;
  }
  return out;
}

bool WarningList::Holds(std::string_view value) const {
  if (type_ == Type::kString) return words_.contains(value);
  if (type_ == Type::kCidr) {
    const std::optional<Network> address = ParseNetwork(value);
    return address && value.find('/') == std::string_view::npos && networks_.Holds(*address);
  }
  std::string_view name = HostOf(value);
  while (!name.empty()) {
    if (words_.contains(name)) return true;
    const size_t dot = name.find('.');
    name = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  }
  return false;
}

std::vector<std::string> WarningsOf(const std::vector<WarningList>& lists, const std::vector<std::string>& values) {
  std::vector<std::string> names;
  for (const WarningList& list : lists) {
    if (std::any_of(values.begin(), values.end(), [&](const std::string& v) { return list.Holds(v); })) {
      names.push_back(list.name());
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace entente::model
