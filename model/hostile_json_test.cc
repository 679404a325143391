// What a stranger's text may not do to the parser: each case is refused at a named place, or kept to the byte.
#include <gtest/gtest.h>
#include <pthread.h>

#include "base/testing/peak_memory.h"
#include "model/bundle_reader.h"
#include "model/json.h"
#include "model/stix_object.h"

namespace entente::model {
namespace {

using entente::test::PeakMemory;

bool EndsWith(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}
std::string Refusal(ByteView text) {
  const absl::Status status = JsonDocument::Parse(text).status();
  if (status.ok()) return "accepted";
  EXPECT_EQ(ReasonOf(status), RejectReason::kJson);
  return std::string(status.message());
}
RejectReason ReasonFor(ByteView text) { return ReasonOf(JsonDocument::Parse(text).status()); }
std::string Nested(int depth) {
  return std::string(static_cast<size_t>(depth), '[') + std::string(static_cast<size_t>(depth), ']');
}
std::string Repeated(std::string_view piece, size_t times) {
  std::string out;
  out.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i) out += piece;
  return out;
}
BundleReader ReaderOf(ByteView text) {
  return BundleReader([text](char* buffer, size_t size) mutable -> absl::StatusOr<size_t> {
    const ByteView part = text.substr(0, size);
    part.copy(buffer, part.size());
    text.remove_prefix(part.size());
    return part.size();
  });
}

#ifdef ENTENTE_ADDRESS_SANITIZER
constexpr size_t kSmallStack = 2u << 20;  // its frames are several times as large
#else
constexpr size_t kSmallStack = 128u << 10;
#endif

// Runs `step` on a small stack: recursion as deep as the text ends the program.
template <typename Step>
void OnASmallStack(Step step) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSmallStack);
  pthread_t thread;
  const auto run = [](void* what) -> void* {
    (*static_cast<Step*>(what))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &step), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(HostileJson, P48DepthIsCountedFromTheOutermostContainer) {
  EXPECT_TRUE(JsonDocument::Parse(Nested(kMaxJsonDepth)).ok());
  EXPECT_EQ(Refusal(Nested(kMaxJsonDepth + 1)), "nested deeper than 64 levels at line 1, column 65");
  std::string objects;
  for (int i = 0; i < kMaxJsonDepth; ++i) objects += "{\"a\":";
  EXPECT_TRUE(JsonDocument::Parse(objects + "1" + std::string(kMaxJsonDepth, '}')).ok());
  EXPECT_NE(Refusal(objects + "[]" + std::string(kMaxJsonDepth, '}')), "accepted");
}

TEST(HostileJson, P48AMillionLevelsAreRefusedAtTheLimitOnASmallStack) {
  constexpr size_t kLevels = 1'000'000;
  const std::string arrays(kLevels, '['), objects = Repeated("{\"a\":", kLevels);
  OnASmallStack([&] {
    const PeakMemory memory;
    EXPECT_EQ(Refusal(arrays), "nested deeper than 64 levels at line 1, column 65");
    EXPECT_EQ(Refusal(arrays + std::string(kLevels, ']')), "nested deeper than 64 levels at line 1, column 65");
    EXPECT_EQ(Refusal(objects.substr(0, objects.size() / 2)), "nested deeper than 64 levels at line 1, column 321");
    EXPECT_NE(Refusal(objects).find("more than 1000000 keys and values"), std::string::npos);  // the count comes first
    EXPECT_EQ(ReasonOf(StixObject::Parse("{\"type\":\"x\",\"id\":" + arrays).status()), RejectReason::kJson);
    EXPECT_TRUE(memory.GrewLessThan(128u << 20)) << memory.Growth();
  });
}

TEST(HostileJson, P48AMillionLevelsInABundleAreRefusedAlone) {
  constexpr size_t kLevels = 1'000'000;
  const std::string deep = Repeated("{\"a\":", kLevels) + "1" + std::string(kLevels, '}');
  const std::string text = "[" + deep + ",{\"b\":1}]";
  OnASmallStack([&] {
    BundleReader reader = ReaderOf(text);
    const auto first = reader.Next(), second = reader.Next();
    ASSERT_TRUE(first.ok() && first->has_value() && second.ok() && second->has_value());
    EXPECT_EQ(ReasonOf((*first)->refused), RejectReason::kJson);
    EXPECT_EQ((*second)->content, "{\"b\":1}");
  });
}

TEST(HostileJson, P49KeysAndValuesAreCounted) {
  std::string zeros = "[0";
  while (zeros.size() < 2 * (kMaxJsonTokens - 1)) zeros += ",0";
  EXPECT_TRUE(JsonDocument::Parse(zeros + "]").ok());
  EXPECT_NE(Refusal(zeros + ",0]").find("more than 1000000 keys and values"), std::string::npos);
}

// Counted before anything is built.
TEST(HostileJson, P49AnArrayOfTenMillionElementsIsRefusedByCount) {
  const std::string text = "[0" + Repeated(",0", 9'999'999) + "]";
  const PeakMemory memory;
  EXPECT_NE(Refusal(text).find("more than 1000000 keys and values"), std::string::npos);
  EXPECT_TRUE(memory.GrewLessThan(2u << 20)) << memory.Growth();
}

TEST(HostileJson, P49AMillionKeysAreRefusedByCount) {
  std::string text = "{";
  for (int i = 0; i < 1'000'000; ++i) text += "\"k" + std::to_string(i) + "\":0,";
  text.back() = '}';
  const PeakMemory memory;
  EXPECT_NE(Refusal(text).find("more than 1000000 keys and values"), std::string::npos);
  EXPECT_TRUE(memory.GrewLessThan(2u << 20)) << memory.Growth();
}

// Separators inside strings are no tokens, and a string that never ends hides what stands behind it from nobody.
TEST(HostileJson, P49CommasInsideStringsAreNotCounted) {
  const std::string commas = Repeated(",:", 2'000'000);
  const auto document = JsonDocument::Parse("[\"" + commas + "\",\"\\\"" + commas + "\"]");
  ASSERT_TRUE(document.ok()) << document.status();
  EXPECT_EQ(document->root().elements()[0].text(), commas);
  EXPECT_NE(Refusal("[\"\\" + commas + "\"," + commas), "accepted");
}

// What has few separators and many tokens, such as empty arrays in a row, the parser counts.
TEST(HostileJson, P49WhatIsBuiltIsBoundedToo) {
  const std::string text = "[" + Repeated("[[]],", 600'000) + "0]";
  const PeakMemory memory;
  EXPECT_NE(Refusal(text).find("more than 1000000 keys and values"), std::string::npos);
  EXPECT_TRUE(memory.GrewLessThan(320u << 20)) << memory.Growth();
}

TEST(HostileJson, P49AStringOf64MegabytesIsRefusedBySizeWithoutGrowth) {
  const std::string text = "\"" + std::string(64'000'000, 'x') + "\"";
  const PeakMemory memory;
  EXPECT_EQ(ReasonFor(text), RejectReason::kLimit);
  EXPECT_TRUE(memory.GrewLessThan(1u << 20)) << memory.Growth();
}

TEST(HostileJson, P49AStringOf64MegabytesInABundleIsSkippedWhole) {
  const std::string text = "[{\"a\":\"" + std::string(64'000'000, 'x') + "\"},{}]";
  const PeakMemory memory;
  BundleReader reader = ReaderOf(text);
  const auto first = reader.Next(), second = reader.Next();
  ASSERT_TRUE(first.ok() && first->has_value() && second.ok() && second->has_value());
  EXPECT_EQ(ReasonOf((*first)->refused), RejectReason::kLimit);
  EXPECT_EQ((*second)->content, "{}");
  EXPECT_TRUE(memory.GrewLessThan(100u << 20)) << memory.Growth();  // the largest object, twice while it grows
}

TEST(HostileJson, P49OneByteOverTheLimitIsRefused) {
  const std::string full = "\"" + std::string(kMaxJsonBytes - 2, 'x') + "\"";
  EXPECT_TRUE(JsonDocument::Parse(full).ok());
  const auto over = JsonDocument::Parse(full + " ");
  EXPECT_EQ(ReasonOf(over.status()), RejectReason::kLimit);
  EXPECT_TRUE(EndsWith(std::string(over.status().message()), "at line 1, column 33554433"));
}

TEST(HostileJson, P50DuplicateKeysAreComparedDecoded) {
  EXPECT_EQ(Refusal("{\"a\":1,\n \"\\u0061\":2}"), "an object has the same key twice at line 2, column 2");
  EXPECT_NE(Refusal(R"({"x":[{"k":1,"j":2,"k":3}]})"), "accepted");
  EXPECT_TRUE(JsonDocument::Parse(R"({"a":1,"A":2,"b":{"a":3}})").ok());
}

TEST(HostileJson, P50DuplicateKeysOfAnObjectAndOfABundleAreRefused) {
  const std::string id = "\"indicator--62689db9-09a7-4ee7-9a4f-4a9f970a1a4f\"";
  const std::string object = "{\"type\":\"indicator\",\"id\":" + id + ",\"\\u0069d\":" + id + "}";
  EXPECT_EQ(ReasonOf(StixObject::Parse(object).status()), RejectReason::kJson);
  BundleReader reader = ReaderOf(R"({"objects":[],"\u006fbjects":[]})");
  EXPECT_EQ(ReasonOf(reader.Next().status()), RejectReason::kJson);
}

TEST(HostileJson, P51InvalidAndOverlongUtf8IsRefusedAtItsPlace) {
  for (const std::string bad :
       {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xC3", "\xF0\x9F\x98"}) {
    EXPECT_EQ(Refusal("[\"a\",\n\"" + bad + "\"]"), "the text is not valid UTF-8 at line 2, column 2");
    EXPECT_NE(Refusal("{\"" + bad + "\":1}"), "accepted");
    EXPECT_NE(Refusal("[1" + bad + "]"), "accepted");
  }
}

TEST(HostileJson, P51LoneSurrogatesAreRefusedAtTheirPlace) {
  EXPECT_EQ(Refusal(R"(["ab\ud800"])"), "a \\u escape names half of a surrogate pair at line 1, column 5");
}

TEST(HostileJson, P51NulAndOtherRawControlCharactersAreRefused) {
  for (char c = 0; c < 0x20; ++c) {
    EXPECT_NE(Refusal(std::string("[\"a") + c + "\"]"), "accepted") << static_cast<int>(c);
  }
  EXPECT_TRUE(EndsWith(Refusal(std::string_view("[\"ab\0\"]", 7)), " at line 1, column 5"));
  EXPECT_TRUE(EndsWith(Refusal(std::string_view("{\"a\":\0}", 7)), " at line 1, column 6"));
  EXPECT_TRUE(JsonDocument::Parse("[\"\x7F\"]").ok());
}

TEST(HostileJson, P51AByteOrderMarkIsRefusedAtItsPlace) {
  EXPECT_NE(Refusal("\xEF\xBB\xBF{}").find("byte order mark"), std::string::npos);
  EXPECT_TRUE(EndsWith(Refusal("\xEF\xBB\xBF{}"), " at line 1, column 1"));
  EXPECT_TRUE(EndsWith(Refusal("\n\xEF\xBB\xBF{}"), " at line 2, column 1"));
  EXPECT_NE(Refusal(std::string("\xFF\xFE{\0}\0", 6)), "accepted");
}

TEST(HostileJson, P52WhatIsAcceptedStaysAsItWasWritten) {
  for (const char* text : {"-0", "-0.0", "0e0", "1.50e3", "1E+2", "9007199254740991", "-9007199254740991", "1e20", "1e-400"}) {
    const auto document = JsonDocument::Parse(text);
    ASSERT_TRUE(document.ok()) << text << document.status();
    EXPECT_EQ(document->root().text(), text);
  }
}

TEST(HostileJson, P52AHundredKilobytesOfDigits) {
  const std::string digits(100'000, '7');
  EXPECT_NE(Refusal(digits), "accepted");
  const auto fraction = JsonDocument::Parse("[0." + digits + "]");
  ASSERT_TRUE(fraction.ok()) << fraction.status();
  EXPECT_DOUBLE_EQ(fraction->root().elements()[0].number(), 7.0 / 9.0);
  EXPECT_EQ(fraction->root().elements()[0].text().size(), digits.size() + 2);
}

TEST(HostileJson, P53BytesBehindABundleAreRefusedBehindItsObjects) {
  for (const char* text : {"[{}] x", "[{}][{}]", "{\"objects\":[{}]}{\"objects\":[]}", "[{}]//c", "[{}]\n{\"a\":1}"}) {
    BundleReader reader = ReaderOf(text);
    const auto first = reader.Next();
    ASSERT_TRUE(first.ok() && first->has_value()) << text;
    EXPECT_EQ(ReasonOf(reader.Next().status()), RejectReason::kJson) << text;
  }
}

TEST(HostileJson, P54CompressedBytesAreNoJson) {
  const ByteView gzip("\x1f\x8b\x08\0\0\0\0\0\x02\xff", 10), zip("PK\x03\x04\x14\0\0\0", 8), zstd("\x28\xb5\x2f\xfd", 4);
  for (const ByteView bytes : {gzip, zip, zstd}) {
    EXPECT_EQ(ReasonFor(bytes), RejectReason::kJson);
    BundleReader reader = ReaderOf(bytes);
    const absl::Status status = reader.Next().status();
    EXPECT_EQ(ReasonOf(status), RejectReason::kJson);
    EXPECT_TRUE(EndsWith(std::string(status.message()), " at line 1, column 1")) << status;
  }
}

}  // namespace
}  // namespace entente::model
