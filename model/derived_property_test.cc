// Generated objects and removal lists: no removed value's bytes are in what leaves, and the id says what it is of.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "crypto/encoding.h"
#include "crypto/name_uuid.h"
#include "model/derived_object.h"
#include "model/required_properties.h"

namespace entente::model {
namespace {

constexpr int kObjects = 20'000;

NamedIds Ids() {
  return {[](ByteView name) { return crypto::NameUuid(Bytes(16, 'n'), name); },
          [](ByteView name) { return crypto::NameUuid(Bytes(16, 's'), name); }};
}

// Objects with properties of every shape whose values sometimes meet each other, and what is to be taken out of them.
class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}

  bool Rarely() { return Below(8) == 0; }
  size_t Below(size_t n) { return random_() % n; }
  std::string Uuid() {
    std::string hex;
    for (int i = 0; i < 32; ++i) hex += "0123456789abcdef"[Below(16)];
    hex[12] = '4', hex[16] = 'a';
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20);
  }
  // A text, as JSON writes it: short and long ones, ids, some that need escapes, and now and then one that was there
  // before.
  std::string Text() {
    if (!texts_.empty() && Rarely()) return texts_[Below(texts_.size())];
    static const char* const kPieces[] = {"a",        "Ac",  "me", " Power", "\\\"", "\\\\", "\\u00e9",
                                          "\xc3\xa9", "\\n", "-",  ".",      "7",    "XN",   "'"};
    std::string text = Rarely() ? "identity--" + Uuid() : "";
    for (size_t n = Below(9); n > 0; --n) text += kPieces[Below(std::size(kPieces))];
    texts_.push_back(text);
    return text;
  }
  std::string Value(int depth = 0) {
    switch (Below(depth > 2 ? 4 : 7)) {
      case 0:
        return std::to_string(static_cast<int>(Below(100'000)) - 500);
      case 1:
        return Rarely() ? "null" : "true";
      case 2:
      case 3:
        return "\"" + Text() + "\"";
      case 4:
        return "[" + Value(depth + 1) + "," + Value(depth + 1) + "]";
      case 5:
        return "[]";
      default:
        return "{\"" + std::string(Rarely() ? "Key " : "k") + std::to_string(Below(3)) + "\":" + Value(depth + 1) + "}";
    }
  }
  std::string Object() {
    texts_.clear();
    std::string json = R"({"type":"identity","spec_version":"2.1","id":"identity--)" + Uuid() +
                       R"(","created":"2026-01-02T03:04:05.678Z","modified":"2026-01-02T03:04:05.678Z","name":")" +
                       Text() + "\"";
    for (const char* const name : kNames) {
      if (Below(2) == 0) json += std::string(",\"") + name + "\":" + Value();
    }
    if (Rarely()) json += R"(,"seen_refs":["tool--)" + Uuid() + R"(","tool--)" + Uuid() + "\"]";
    return json + "}";
  }
  std::vector<std::string> Removal() {
    std::vector<std::string> names;
    for (const char* const name : kNames) {
      if (Below(3) == 0) names.emplace_back(name);
    }
    if (Rarely()) names.emplace_back("name");
    return names;
  }

  static constexpr const char* kNames[] = {"x_a", "x_b", "x_c", "description", "created_by_ref", "labels"};

 private:
  std::mt19937 random_;
  std::vector<std::string> texts_;
};

void Collect(const JsonValue& value, std::set<std::string>& out) {
  if (value.is_string() && value.text().size() >= 4) out.emplace(value.text());
  for (const JsonValue& element : value.elements()) Collect(element, out);
  for (const JsonValue::Member& member : value.members()) Collect(member.value, out);
}
void CollectAll(const JsonValue& value, std::string& out) {
  if (value.is_string()) out += std::string(value.text()) + '\0';
  for (const JsonValue& element : value.elements()) CollectAll(element, out);
  for (const JsonValue::Member& member : value.members()) {
    out += std::string(member.key) + '\0';
    CollectAll(member.value, out);
  }
}

void ExpectFree(const StixObject& source, const DerivedObject& derived, const StixObject& copy) {
  std::set<std::string> removed = {std::string(source.id())};
  for (const std::string& name : derived.removed) {
    if (const JsonValue* value = source.json().Find(name)) Collect(*value, removed);
    EXPECT_EQ(copy.json().Find(name), nullptr) << name;
  }
  std::string all;
  CollectAll(copy.json(), all);
  for (const std::string& value : removed) {
    EXPECT_EQ(derived.content.find(value), std::string::npos) << value << " in " << derived.content;
    EXPECT_EQ(all.find(value), std::string::npos) << value << " in " << derived.content;
  }
}

TEST(DerivedObjects, HoldNoRemovedValueAndAreNamedByWhatTheyAreOf) {
  Draw draw(20261123);
  int derived_count = 0, withheld = 0;
  for (int i = 0; i < kObjects; ++i) {
    const std::string json = draw.Object();
    const auto source = StixObject::Parse(json);
    ASSERT_TRUE(source.ok()) << source.status() << json;
    std::vector<std::string> remove = draw.Removal();
    const auto derived = Derive(*source, {remove, {}}, Ids());
    if (!derived.ok()) {
      ++withheld;
      continue;
    }
    ++derived_count;
    const auto copy = StixObject::Parse(derived->content);
    ASSERT_TRUE(copy.ok()) << copy.status() << derived->content;
    EXPECT_EQ(Canonical(copy->json()), derived->content);
    EXPECT_EQ(copy->id(), derived->id);
    EXPECT_EQ(copy->version(), source->version());
    EXPECT_EQ(copy->json().members().size() + derived->removed.size(), source->json().members().size());
    ExpectFree(*source, *derived, *copy);
    std::reverse(remove.begin(), remove.end());
    const auto again = Derive(*source, {remove, {}}, Ids());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->id, derived->id);
    EXPECT_EQ(again->content, derived->content);
  }
  EXPECT_GT(derived_count, kObjects / 5);
  EXPECT_GT(withheld, kObjects / 20);
}

// Of one object: one id for each set of properties that is gone, and no two sets with one id.
TEST(DerivedObjects, EachProfileHasItsId) {
  const auto source = StixObject::Parse(
      R"({"type":"identity","id":"identity--05b7c427-1452-437e-a19e-32590edf60c3","name":"n","a":"aaaaa","b":"bbbbb","c":"ccccc","d":"ddddd"})");
  ASSERT_TRUE(source.ok());
  std::map<std::string, unsigned> ids;
  for (unsigned set = 1; set < 16; ++set) {
    std::vector<std::string> remove;
    for (unsigned bit = 0; bit < 4; ++bit) {
      if ((set >> bit) & 1) remove.emplace_back(1, static_cast<char>('a' + bit));
    }
    const auto derived = Derive(*source, {remove, {}}, Ids());
    ASSERT_TRUE(derived.ok()) << derived.status();
    EXPECT_TRUE(ids.emplace(derived->id, set).second) << set;
  }
}

}  // namespace
}  // namespace entente::model
