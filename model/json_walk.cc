#include "model/json_walk.h"

#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <utility>

#include "model/json_text.h"

namespace entente::model {
namespace {

namespace od = simdjson::ondemand;

constexpr double kMaxInteger = 9007199254740991.0;  // 2^53 - 1: the last integer whose neighbours a double tells apart
constexpr size_t kPairwiseKeys = 16;                // up to here comparing all pairs beats sorting
constexpr size_t kKeptParserBytes = 64u << 10;      // larger texts get a parser of their own, freed afterwards

std::string_view TrimRight(std::string_view token) {
  while (!token.empty() && static_cast<uint8_t>(token.back()) <= ' ') token.remove_suffix(1);
  return token;
}

bool IsWrittenAsInteger(std::string_view number) {
  return number.find_first_of(".eE") == std::string_view::npos;
}

}  // namespace

// The text is walked inside an array of our own ("[" text "]"): so even a lone scalar has a neighbour token, which
// spares simdjson's special cases for root scalars (they cap their length) and makes trailing text a second element.
class JsonWalk::Pass {
 public:
  std::optional<JsonFault> Run(ByteView text, Bytes& buffer, JsonValue& root) {
    begin_ = buffer.data() + 1;
    size_ = text.size();
    if (text.find_first_not_of(" \t\r\n") == ByteView::npos) return JsonFault{"the text is empty", 0};
    od::array wrapped;
    const auto padded = simdjson::padded_string_view(buffer.data(), text.size() + 2, buffer.size());
    if (parser_.iterate(padded).get(document_) != simdjson::SUCCESS || document_.get_array().get(wrapped)) {
      if (auto fault = FirstTextFault(text)) return fault;
      return JsonFault{"the text is no JSON value", 0};
    }
    if (!Root(wrapped, root)) return fault_;
    return std::nullopt;
  }
  // Ready for the next text; nothing of the last one stays reachable.
  void Reset() {
    pending_elements_.clear();
    pending_members_.clear();
    tokens_ = 0;
  }
  bool IsSmall() const { return pending_elements_.capacity() + pending_members_.capacity() <= 4096; }

 private:
  bool Root(od::array& wrapped, JsonValue& root) {
    auto it = wrapped.begin();
    od::value value;
    if (!(it != wrapped.end()) || (*it).get(value)) return Fail("the text is no JSON value", begin_);
    if (!Value(value, 1, root)) return false;
    // What stands behind the value must be our own bracket, the last byte of all.
    return Here() == begin_ + size_ || Fail("there is more than one value", Here());
  }

  bool Value(od::value& value, int depth, JsonValue& out) {
    const std::string_view token = value.raw_json_token();
    if (++tokens_ > kMaxJsonTokens) return Fail("more than 1000000 keys and values", token.data());
    od::json_type type;
    if (value.type().get(type)) return Fail("a value is missing or misspelt", token.data());
    switch (type) {
      case od::json_type::object:
      case od::json_type::array:
        if (depth > kMaxJsonDepth) return Fail("nested deeper than 64 levels", token.data());
        return type == od::json_type::array ? Array(value, depth, out) : Object(value, depth, out);
      case od::json_type::string:
        return String(value, TrimRight(token), out);
      case od::json_type::number:
        return Number(value, TrimRight(token), out);
      case od::json_type::boolean:
        out.kind_ = JsonValue::Kind::kBool;
        return !value.get_bool().get(out.boolean_) || Fail("a value is misspelt", token.data());
      case od::json_type::null: {
        bool is_null = false;
        out.kind_ = JsonValue::Kind::kNull;
        return (!value.is_null().get(is_null) && is_null) || Fail("a value is misspelt", token.data());
      }
    }
    return Fail("a value is misspelt", token.data());
  }

  bool Array(od::value& value, int depth, JsonValue& out) {
    out.kind_ = JsonValue::Kind::kArray;
    od::array array;
    if (value.get_array().get(array)) return FailHere("an array is not closed");
    const size_t base = pending_elements_.size();
    auto end = array.end();
    const char* at = Here();
    for (auto it = array.begin(); it != end; ++it) {
      od::value element;
      if ((*it).get(element)) return Fail("expected ',' or ']' in an array", at);
      JsonValue child;
      if (!Value(element, depth + 1, child)) return false;
      pending_elements_.push_back(std::move(child));
      at = Here();
    }
    const auto first = pending_elements_.begin() + static_cast<ptrdiff_t>(base);
    out.elements_.assign(std::make_move_iterator(first), std::make_move_iterator(pending_elements_.end()));
    pending_elements_.erase(first, pending_elements_.end());
    return true;
  }

  bool Object(od::value& value, int depth, JsonValue& out) {
    out.kind_ = JsonValue::Kind::kObject;
    od::object object;
    if (value.get_object().get(object)) return FailHere("an object is not closed");
    const size_t base = pending_members_.size();
    auto end = object.end();
    const char* at = Here();
    bool first_member = true;
    for (auto it = object.begin(); it != end; ++it) {
      if (!first_member && *at++ != ',') return Fail("expected ',' or '}' in an object", at - 1);
      first_member = false;
      if (!Member(*it, at, depth)) return false;
      at = Here();
    }
    const auto first = pending_members_.begin() + static_cast<ptrdiff_t>(base);
    out.members_.assign(std::make_move_iterator(first), std::make_move_iterator(pending_members_.end()));
    pending_members_.erase(first, pending_members_.end());
    return KeysDiffer(out.members_);
  }

  bool Member(simdjson::simdjson_result<od::field> result, const char* at, int depth) {
    od::field field;
    if (std::move(result).get(field)) {
      while (at < begin_ + size_ && static_cast<uint8_t>(*at) <= ' ') ++at;
      return Fail("expected a key in quotes and ':' behind it", at);
    }
    if (++tokens_ > kMaxJsonTokens) return Fail("more than 1000000 keys and values", at);
    JsonValue::Member member;
    const char* key = field.key().raw();
    const char* behind = key;
    while (*behind != '"') behind += *behind == '\\' ? 2 : 1;
    if (!Text(key, static_cast<size_t>(behind - key), member.key)) return false;
    if (!Value(field.value(), depth + 1, member.value)) return false;
    pending_members_.push_back(std::move(member));
    return true;
  }

  bool String(od::value& value, std::string_view token, JsonValue& out) {
    out.kind_ = JsonValue::Kind::kString;
    if (token.size() < 2 || value.get_raw_json_string().error()) return Fail("a string is not closed", token.data());
    return Text(token.data() + 1, token.size() - 2, out.text_);
  }

  // `content` lies in the caller's own buffer, so it may be decoded where it stands: simdjson never looks back.
  bool Text(const char* content, size_t size, std::string_view& out) {
    const Unescaped decoded = UnescapeInPlace(const_cast<char*>(content), size);
    if (decoded.fault) return Fail(decoded.fault->what, content + decoded.fault->offset);
    out = std::string_view(content, decoded.size);
    return true;
  }

  bool Number(od::value& value, std::string_view token, JsonValue& out) {
    out.kind_ = JsonValue::Kind::kNumber;
    out.text_ = token;
    if (value.get_double().get(out.number_)) return Fail("a number is malformed or too large", token.data());
    if (std::abs(out.number_) > kMaxInteger && IsWrittenAsInteger(token)) {
      return Fail("an integer is beyond 2^53-1, which not every reader keeps exact", token.data());
    }
    return true;
  }

  bool KeysDiffer(const std::vector<JsonValue::Member>& members) {
    constexpr std::string_view kTwice = "an object has the same key twice";
    if (members.size() <= kPairwiseKeys) {
      for (size_t i = 1; i < members.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (members[i].key == members[j].key) return Fail(kTwice, members[i].key.data() - 1);
        }
      }
      return true;
    }
    std::vector<std::string_view> keys;
    keys.reserve(members.size());
    for (const JsonValue::Member& member : members) keys.push_back(member.key);
    std::sort(keys.begin(), keys.end());
    const auto twice = std::adjacent_find(keys.begin(), keys.end());
    return twice == keys.end() || Fail(kTwice, std::max(twice[0].data(), twice[1].data()) - 1);
  }

  // The token the walk stands before; behind our own last bracket when an open array or object has swallowed that.
  const char* Here() {
    const char* at = nullptr;
    return document_.current_location().get(at) == simdjson::SUCCESS ? at : begin_ + size_ + 1;
  }
  bool FailHere(std::string_view what) { return Fail(what, Here()); }
  bool Fail(std::string_view what, const char* at) {
    const size_t offset = at < begin_ ? 0 : static_cast<size_t>(at - begin_);
    fault_ = {offset >= size_ ? "the text breaks off" : what, std::min(offset, size_)};
    return false;
  }

  od::parser parser_;
  od::document document_;
  const char* begin_ = nullptr;
  size_t size_ = 0, tokens_ = 0;
  JsonFault fault_;
  // Children wait here until their number is known, so that each container allocates once.
  std::vector<JsonValue> pending_elements_;
  std::vector<JsonValue::Member> pending_members_;
};

std::optional<JsonFault> JsonWalk::Run(ByteView text, Bytes& buffer, JsonValue& root) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF")
    return JsonFault{"the text starts with a byte order mark; save it without", 0};
  buffer.clear();
  buffer.reserve(text.size() + 2 + simdjson::SIMDJSON_PADDING);
  buffer.append("[").append(text).append("]").append(simdjson::SIMDJSON_PADDING, '\0');
  if (text.size() > kKeptParserBytes) return std::make_unique<Pass>()->Run(text, buffer, root);
  thread_local std::unique_ptr<Pass> kept;
  if (kept == nullptr || !kept->IsSmall()) kept = std::make_unique<Pass>();
  kept->Reset();
  return kept->Run(text, buffer, root);
}

}  // namespace entente::model
