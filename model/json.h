#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "model/json_fault.h"

namespace entente::model {

inline constexpr size_t kMaxJsonBytes = 32u << 20;
inline constexpr int kMaxJsonDepth = 64;          // an object or array directly inside the document is depth 2
inline constexpr size_t kMaxJsonTokens = 1'000'000;

// One value of a strictly parsed JSON document (RFC 8259 within I-JSON, RFC 7493). Immutable; owned by its JsonDocument.
class JsonValue {
 public:
  enum class Kind { kNull, kBool, kNumber, kString, kArray, kObject };
  struct Member;

  Kind kind() const { return kind_; }
  bool is_object() const { return kind_ == Kind::kObject; }
  bool is_array() const { return kind_ == Kind::kArray; }
  bool is_string() const { return kind_ == Kind::kString; }
  bool boolean() const { return boolean_; }
  double number() const { return number_; }
  // A number exactly as written ("1.50e3"); a string decoded to UTF-8.
  std::string_view text() const { return text_; }
  const std::vector<JsonValue>& elements() const { return elements_; }
  const std::vector<Member>& members() const { return members_; }  // in document order
  // Null when absent or when this is no object.
  const JsonValue* Find(std::string_view key) const;
  // The decoded string under `key`, or empty when absent or of another kind.
  std::string_view StringAt(std::string_view key) const;

 private:
  friend class JsonWalk;
  Kind kind_ = Kind::kNull;
  bool boolean_ = false;
  double number_ = 0;
  std::string_view text_;
  std::vector<JsonValue> elements_;
  std::vector<Member> members_;
};

struct JsonValue::Member {
  std::string_view key;
  JsonValue value;
};

// Parses a whole document. Refuses with kJson, message ending "at line L, column C" (1-based, columns in bytes): anything
// but one value, duplicate keys (compared decoded), depth over 64, more than 10^6 tokens, integers beyond +-(2^53-1),
// numbers that no double holds, invalid UTF-8, lone surrogates, a BOM, NUL, comments, trailing bytes.
// Refuses with kLimit over 32 MiB. The document owns everything it hands out. Movable; reading is thread-safe.
class JsonDocument {
 public:
  // Lines and columns count from `start`, where the text begins in its file.
  static absl::StatusOr<JsonDocument> Parse(ByteView text, TextPlace start = {});
  const JsonValue& root() const { return *root_; }

 private:
  JsonDocument() = default;
  std::unique_ptr<Bytes> buffer_;   // decoded strings and number texts live here
  std::unique_ptr<JsonValue> root_;
};

// RFC 8785 (JCS): members sorted by UTF-16 code units, ECMAScript numbers, minimal escapes.
Bytes Canonical(const JsonValue& value);

}  // namespace entente::model
