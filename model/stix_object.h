#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/json.h"
#include "model/json_fault.h"
#include "model/marking.h"

namespace entente::model {

inline constexpr size_t kMaxStixIdBytes = 256;

// "<type>--<UUID>", whatever case its hex digits have.
bool IsStixId(std::string_view id, std::string_view type);

// One STIX 2.1 object (2.0 objects are read the same way) over its exact bytes. Knows the common properties; carries
// everything else untouched. Immutable, movable; reading is thread-safe.
class StixObject {
 public:
  // Refuses with kJson or kLimit as JsonDocument does; with kNoId when `id` is missing or no string; with kStix when
  // `type` is missing, the id is not "<type>--<uuid>", or created or modified is no timestamp. `start` is where the
  // content begins in its file, for the places in messages.
  static absl::StatusOr<StixObject> Parse(ByteView content, TextPlace start = {});

  std::string_view id() const { return id_; }
  std::string_view type() const { return type_; }
  // `modified`, else `created`, else "": the text that names this version, and the same in nanoseconds (0 when none).
  std::string_view version() const { return version_; }
  int64_t version_ns() const { return version_ns_; }
  std::string_view name() const { return document_.root().StringAt("name"); }
  const JsonValue& json() const { return document_.root(); }

 private:
  explicit StixObject(JsonDocument document) : document_(std::move(document)) {}
  JsonDocument document_;
  std::string_view id_, type_, version_;
  int64_t version_ns_ = 0;
};

inline constexpr size_t kMaxValuesPerObject = 256;

// The values an analyst would look this object up by, normalised by NormaliseValue, each once: literals compared in an
// indicator's STIX pattern, a cyber-observable's value, hashes, name and path, external ids (T0800, CVE-...), names and
// aliases of domain objects, URLs of external references. At most kMaxValuesPerObject, the references' URLs last.
std::vector<std::string> SearchValues(const StixObject& object);
// ASCII lower case, surrounding white space removed; "hxxp", "[.]" and "(.)" refanged.
std::string NormaliseValue(std::string_view value);

}  // namespace entente::model
